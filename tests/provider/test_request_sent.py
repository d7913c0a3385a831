"""The request: exactly what the window promises, settings by the API's names, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatcmd.conversation.message import Message, Usage
from chatcmd.conversation.window import Budget, Window
from chatcmd.provider import Request
from chatcmd.provider.compatible import Compatible
from tests.loopback import Loopback, say
from tests.provider.asking import CANARY, MESSAGES, ask, connected, request
from tests.terminal_driver import CHATCMD, run

USUAL: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": MESSAGES,
    "stream": True,
    "stream_options": {"include_usage": True},
}

EVERY: dict[str, Any] = {
    "temperature": 0.5,
    "top_p": 0.25,
    "max_tokens": 64,
    "presence_penalty": -1.5,
    "frequency_penalty": 2.0,
    "seed": -7,
}

BODIES: dict[str, tuple[Request, dict[str, Any]]] = {
    "usual": (request(), USUAL),
    "every setting": (
        request(**EVERY, stop=("\n", "。"), end_user="简说"), USUAL | EVERY | {"stop": ["\n", "。"], "user": "简说"}
    ),
    "zeros": (request(temperature=0.0, seed=0), USUAL | {"temperature": 0.0, "seed": 0}),
    "not streamed": (request(stream=False), {"model": "gpt-4o", "messages": MESSAGES, "stream": False}),
    "reasoning model": (request(model="o3", reasons=True, max_tokens=64),
                        USUAL | {"model": "o3", "max_completion_tokens": 64}),
    "reasoning model, no limit": (request(model="gpt-5", reasons=True), USUAL | {"model": "gpt-5"}),
    "its own name": (request(model="meta-llama/Llama-3:free"), USUAL | {"model": "meta-llama/Llama-3:free"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
async def test_the_body_is_exactly_what_was_asked_for(name: str, server: Loopback, provider: Compatible) -> None:
    asked, body = BODIES[name]
    heard = await ask(provider, asked)
    assert (heard.text, heard.raised) == ("Hello.", "")
    assert server.requests[0].body == body
    assert (server.requests[0].method, server.requests[0].target) == ("POST", "/v1/chat/completions")


async def test_a_message_is_sent_as_role_and_content_alone(server: Loopback, provider: Compatible) -> None:
    known = Message(
        role="assistant",
        content="1+1=2。\u2028\0",
        at="2026-11-20T21:30:13.377Z",
        model="m",
        status="interrupted",
        finish_reason="length",
        usage=Usage(1, 2),
        reasoning="because",
        settings={"seed": 1},
    )
    window = Window((known, Message(role="user", content="x", at="now")), 9, 3, "exact", Budget(4096, 1024))
    await ask(provider, Request("gpt-4o", window, {}))
    assert server.requests[0].messages == [
        {"role": "assistant", "content": "1+1=2。\u2028\0"},
        {"role": "user", "content": "x"},
    ]


async def test_the_same_window_is_the_same_bytes(server: Loopback, provider: Compatible) -> None:
    for _ in range(2):
        await ask(provider, request(turns=3, **EVERY))
    assert server.requests[0].raw == server.requests[1].raw


@pytest.mark.parametrize("stream", [True, False])
async def test_answer_usage_and_finish_are_heard_in_both_ways(
    stream: bool,  # noqa: FBT001 - a table
    server: Loopback,
    provider: Compatible,
) -> None:
    server.answer(say("1+1=2。", finish="length", reasoning="hm"))
    heard = await ask(provider, request(stream=stream))
    assert (heard.text, heard.reasoning, heard.finish) == ("1+1=2。", "hm", "length")
    assert heard.usage == Usage(server.count(MESSAGES), 8)


HEADERS = {
    "host", "accept-encoding", "connection", "accept", "content-type", "content-length", "user-agent", "authorization",
    # The SDK's own: what it runs on, and how it waits; nothing of the user or the conversation.
    "x-stainless-lang", "x-stainless-package-version", "x-stainless-os", "x-stainless-arch", "x-stainless-runtime",
    "x-stainless-runtime-version", "x-stainless-async", "x-stainless-raw-response", "x-stainless-retry-count",
}  # fmt: skip


async def test_the_headers_are_known_and_hold_the_key_alone(server: Loopback, provider: Compatible) -> None:
    await ask(provider, request())
    headers = server.requests[0].headers
    assert headers.keys() == HEADERS
    assert headers["authorization"] == f"Bearer {CANARY}"
    assert headers["content-type"] == "application/json"


async def test_a_service_without_a_key_is_sent_none(server: Loopback) -> None:
    async with connected(server.base_url, key=None) as provider:
        await ask(provider, request())
        await ask(provider, request(stream=False))
    for received in server.requests:
        assert received.headers.keys() == HEADERS - {"authorization"}


FOREIGN = {
    "OPENAI_ORG_ID": "org-leak",
    "OPENAI_PROJECT_ID": "proj-leak",
    "OPENAI_CUSTOM_HEADERS": "X-Leak: leak\nAuthorization: Bearer leak",
    "OPENAI_ADMIN_KEY": "sk-admin-leak",
    "OPENAI_WEBHOOK_SECRET": "leak",
    "OPENAI_LOG": "debug",
    "OPENAI_API_VERSION": "leak",
    "AZURE_OPENAI_API_KEY": "leak",
}


@pytest.mark.parametrize("keyless", [False, True])
def test_what_the_environment_holds_for_other_programs_does_not_leak_in(
    tmp_path: Path,
    server: Loopback,
    keyless: bool,  # noqa: FBT001 - a table
) -> None:
    with Loopback() as other:
        env = FOREIGN | {"OPENAI_BASE_URL": other.base_url, "HTTP_PROXY": other.base_url, "ALL_PROXY": other.base_url}
        env |= {} if keyless else {"OPENAI_API_KEY": CANARY}
        flags = ["--root", str(tmp_path), "--base-url", server.base_url, "--user", "u"]
        done = run([*CHATCMD, "ask", *flags, "1+1=几"], env=env)
        assert (done.code, other.requests) == (0, [])
    assert done.out == "Hello.\n"
    assert len(server.requests) == 1
    assert server.requests[0].headers.keys() == HEADERS - ({"authorization"} if keyless else set())
    assert "leak" not in json.dumps(server.requests[0].headers) + server.requests[0].raw.decode() + done.err
    assert CANARY not in done.out + done.err
    assert "HTTP Request" not in done.err


def test_a_trust_store_that_cannot_be_read_is_told_in_one_sentence(tmp_path: Path, server: Loopback) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    for path in (tmp_path / "nowhere.pem", junk):
        flags = ["--root", str(tmp_path), "--base-url", server.base_url, "--user", "u"]
        done = run([*CHATCMD, "ask", *flags, "x"], env={"SSL_CERT_FILE": str(path)})
        assert done.code == 2
        assert "SSL_CERT_FILE or SSL_CERT_DIR cannot be used: " in done.err
        assert "Traceback" not in done.err
    assert server.requests == []
