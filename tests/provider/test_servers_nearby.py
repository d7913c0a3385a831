"""Servers on this machine: found by their models, and whatever else answers is passed over."""

import socket

import pytest

from chatcmd.provider.nearby import Nearby, find_nearby
from tests.loopback import FAULTS, Loopback, Reply, raw, status

NO_SERVERS: dict[str, Reply] = {
    "page": FAULTS["200html"],
    "hangs": FAULTS["hang_headers"],
    "hangs in the middle": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "hold"),
    "resets": raw(b"", "rst"),
    "no http": raw(b"220 smtp ready\r\n"),
    "refuses": FAULTS["401"],
    "redirects": status(302, b"", {"Location": "http://127.0.0.1:9/v1/models"}),
    "list": status(200, b"[1, 2]"),
    "no data": status(200, {"object": "list"}),
    "null": status(200, {"data": None}),
    "no ids": status(200, {"data": [{"name": "x"}]}),
    "no models": status(200, {"data": []}),
    "text": status(200, {"data": "abc"}),
    "deep": status(200, b"[" * 100_000),
    "bytes": status(200, b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("name", NO_SERVERS)
async def test_what_lists_no_models_is_passed_over(name: str, server: Loopback) -> None:
    server.on("/v1/models", NO_SERVERS[name])
    with Loopback() as other:
        other.models = ["llama3:8b", "通义"]
        found = await find_nearby({server.port: "LM Studio", other.port: "Ollama"})
        assert found == [Nearby("Ollama", f"http://127.0.0.1:{other.port}/v1", ("llama3:8b", "通义"))]
    assert all(request.headers.get("authorization") is None for request in server.requests)


async def test_nobody_is_found_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert await find_nearby({port: "vLLM"}) == []
