"""Through real proxies: what they are asked, and what is said when they fail, never with their password."""

import asyncio
import gc
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from chatcmd.errors import UsageError
from chatcmd.provider.compatible import Compatible
from tests.loopback import FAULTS, Loopback, Reply, raw, status
from tests.provider.asking import CANARY, Heard, ask, connected, request, service
from tests.terminal_driver import CHATCMD, run

PASSWORD = "pr0xy-CANARY"


def address(server: Loopback, scheme: str = "http") -> str:
    return f"{scheme}://me:{PASSWORD}@127.0.0.1:{server.port}"


def said_of(heard: Heard) -> str:
    assert PASSWORD not in heard.sentence
    assert CANARY not in heard.sentence
    return heard.sentence


async def test_a_plain_service_is_asked_for_by_its_whole_address(server: Loopback) -> None:
    async with connected("http://model.test/v1", environ={"http_proxy": address(server)}.items()) as provider:
        for _ in range(3):
            assert (await ask(provider, request())).text == "Hello."
    assert [received.target for received in server.chats] == ["http://model.test/v1/chat/completions"] * 3
    assert server.chats[0].headers["host"] == "model.test"
    assert server.chats[0].headers["authorization"] == f"Bearer {CANARY}"
    assert server.chats[0].headers["proxy-authorization"].startswith("Basic ")
    assert server.connections == 1


PLAIN_FAULTS: list[tuple[Reply, str, str]] = [
    (status(407, b"", {"Proxy-Authenticate": "Basic"}), "Unreachable", "the proxy asks for a password: WAY; write"),
    (FAULTS["200html"], "NotAnAnswer", "WAY sent no chat answer but a web page, perhaps of a proxy or a login"),
    (FAULTS["502html"], "ServerFailed", "WAY failed (502); try again"),
    (status(403, "<html>Blocked</html>"), "Forbidden", "WAY forbids this; check"),
    (status(404, "Not here"), "ModelNotFound", "WAY does not have the model gpt-4o or this address: Not here; check"),
    (raw(b""), "Unreachable", "WAY closed the connection without an answer; try again"),
    (raw(b"SOCKS only\r\n"), "Unreachable", "WAY closed the connection without an answer; try again"),
    (FAULTS["cut_chunked"], "BrokenOff", "the connection to WAY broke off in the middle of the answer; try again"),
    (FAULTS["cut_clean"], "BrokenOff", "WAY stopped before it said that the answer was complete; try again"),
    (status(500, f"no {PASSWORD} for {CANARY}"), "ServerFailed", "WAY failed (500): no •••• for ••••; try again"),
]


@pytest.mark.parametrize(("reply", "kind", "words"), PLAIN_FAULTS)
async def test_a_failing_proxy_of_a_plain_service_is_named(
    reply: Reply, kind: str, words: str, server: Loopback
) -> None:
    server.answer(reply)
    async with connected("http://model.test/v1", proxy=address(server)) as provider:
        heard = await ask(provider, request())
    way = f"model.test through the proxy 127.0.0.1:{server.port} (--proxy)"
    assert words.replace("WAY", way) in said_of(heard)
    assert heard.raised == kind


CONNECT_FAULTS: list[tuple[Reply, str]] = [
    (status(403, "<html>Blocked</html>"), "no way to WAY: it says 403 Forbidden; check the proxy's address"),
    (status(407), "no way to WAY: it says 407 Proxy Authentication Required; check the proxy's address and password"),
    (status(502, "no route"), "no way to WAY: it says 502 Bad Gateway; check the proxy's address and password"),
    (FAULTS["307out"], "no way to WAY: it says 307 Temporary Redirect; check the proxy's address and password"),
    (raw(b""), "WAY closed the connection without an answer; try again"),
    (raw(b"220 smtp\r\n"), "WAY closed the connection without an answer; try again"),
    (raw(b"HTTP/1.1 200 OK\r\n\r\n<html>"), "cannot reach WAY: TLS failed ("),
    (raw(b"HTTP/1.1 200 OK\r\n\r\n"), "cannot reach WAY: "),
    (raw(f"HTTP/1.1 403 no {PASSWORD}\r\n\r\n".encode()), "it says 403 no ••••; check"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "words"), CONNECT_FAULTS)
async def test_a_proxy_that_does_not_let_a_tunnel_through_is_named(reply: Reply, words: str, server: Loopback) -> None:
    server.on("443", reply)
    async with connected("https://model.test/v1", environ={"HTTPS_PROXY": address(server)}.items()) as provider:
        heard = await ask(provider, request())
    way = f"model.test through the proxy 127.0.0.1:{server.port} (HTTPS_PROXY)"
    assert words.replace("WAY", way) in said_of(heard)
    assert heard.raised == "Unreachable"
    assert [(received.method, received.target) for received in server.requests] == [("CONNECT", "model.test:443")]
    assert CANARY not in repr(server.requests)


async def test_a_silent_proxy_is_given_up(server: Loopback) -> None:
    server.on("443", FAULTS["hang_headers"])
    async with connected("https://model.test/v1", proxy=address(server), timeout=0.2) as provider:
        heard = await ask(provider, request())
    assert heard.raised == "TimedOut"
    assert f"model.test through the proxy 127.0.0.1:{server.port}" in said_of(heard)


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
async def test_a_proxy_that_is_not_there_is_named(scheme: str, server: Loopback) -> None:
    server.close()
    async with connected("http://model.test/v1", environ={"ALL_PROXY": address(server, scheme)}.items()) as provider:
        heard = await ask(provider, request())
    assert said_of(heard) == (
        f"cannot reach model.test through the proxy 127.0.0.1:{server.port} (ALL_PROXY): connection refused; "
        "check address, network and proxy"
    )


class Socks:
    """A small SOCKS5 proxy that leads every name to one server, and notes the names; or answers with a refusal."""

    def __init__(self, target: Loopback, refusal: bytes = b"") -> None:
        self.names: list[str] = []
        self.serving: set[asyncio.Task[None]] = set()
        self._target = target
        self._refusal = refusal

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._greet(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly((await reader.readexactly(2))[1])
        if self._refusal[:1] == b"\xff":
            writer.write(b"\x05\xff")
            return
        writer.write(b"\x05\x02")
        name = await reader.readexactly((await reader.readexactly(2))[1])
        secret = await reader.readexactly((await reader.readexactly(1))[0])
        right = (name, secret) == (b"me", PASSWORD.encode()) and self._refusal != b"\x01"
        writer.write(b"\x01\x00" if right else b"\x01\x01")
        if not right:
            return
        head = await reader.readexactly(5)
        self.names.append((await reader.readexactly(head[4])).decode())
        await reader.readexactly(2)
        writer.write(b"\x05" + (self._refusal or b"\x00") + b"\x00\x01" + bytes(6))
        if not self._refusal:
            await self._relay(reader, writer)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target.port)

        async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65_536):
                sink.write(data)
            sink.close()
            await sink.wait_closed()

        await asyncio.gather(carry(reader, back), carry(there, writer))


@asynccontextmanager
async def listening(socks: Socks) -> AsyncIterator[str]:
    server = await asyncio.start_server(socks.serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*socks.serving)  # every client has hung up by now, or this waits for it in vain


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_a_socks_proxy_is_given_the_name_and_carries_every_turn(scheme: str, server: Loopback) -> None:
    socks = Socks(server)
    async with listening(socks) as place:
        proxy = f"{scheme}://me:{PASSWORD}@{place}"
        async with connected("http://model.test/v1", environ={"ALL_PROXY": proxy}.items()) as provider:
            for _ in range(3):
                assert (await ask(provider, request())).text == "Hello."
    assert (socks.names, len(server.chats), server.connections) == (["model.test"], 3, 1)
    assert server.chats[0].target == "/v1/chat/completions"


SOCKS_FAULTS = [
    (b"\xff", "it says Requested USERNAME/PASSWORD from proxy server, but got NO ACCEPTABLE METHODS"),
    (b"\x01", "it says Invalid username/password"),
    (b"\x04", "it says Proxy Server could not connect: Host unreachable"),
]


@pytest.mark.parametrize(("refusal", "words"), SOCKS_FAULTS)
async def test_a_socks_proxy_that_refuses_is_named(refusal: bytes, words: str, server: Loopback) -> None:
    async with listening(Socks(server, refusal)) as place:
        proxy = f"socks5://me:{PASSWORD}@{place}"
        async with connected("http://model.test/v1", environ={"all_proxy": proxy}.items()) as provider:
            heard = await ask(provider, request())
    assert f"no way to model.test through the proxy {place} (all_proxy): {words}" in said_of(heard)
    assert heard.raised == "Unreachable"
    assert server.requests == []
    del heard
    collect_refused_sockets()


def collect_refused_sockets() -> None:
    """Let the garbage collector close what the transport library leaves open after a failed SOCKS greeting."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


WITHOUT_SOCKSIO = "import sys; sys.modules['socksio'] = None; from chatcmd.cli import main; sys.exit(main())"


def test_a_socks_proxy_without_its_extra_is_told_in_one_sentence(tmp_path: Path) -> None:
    flags = ["ask", "--root", str(tmp_path), "--base-url", "https://model.test/v1", "--user", "u", "x"]
    env = {"OPENAI_API_KEY": CANARY, "ALL_PROXY": f"socks5://me:{PASSWORD}@127.0.0.1:9"}
    done = run([sys.executable, "-c", WITHOUT_SOCKSIO, *flags], env=env)
    assert done.code == 2
    assert done.err == "chatcmd: ALL_PROXY is a socks proxy; install what it needs: pip install 'httpx2[socks]'\n"


def test_a_variable_that_holds_no_proxy_is_told_in_one_sentence(tmp_path: Path) -> None:
    flags = ["--root", str(tmp_path), "--base-url", "https://model.test/v1", "--user", "u"]
    env = {"OPENAI_API_KEY": CANARY, "ALL_PROXY": f"socks://me:{PASSWORD}@127.0.0.1:9"}
    done = run([*CHATCMD, "ask", *flags, "x"], env=env)
    assert done.code == 2
    assert done.err == (
        "chatcmd: ALL_PROXY has the scheme 'socks'; a proxy is http, https, socks5, socks5h; "
        "correct it, unset it, or name the host in NO_PROXY\n"
    )


@pytest.mark.parametrize(
    ("base_url", "proxy"),
    [
        ("http://xn--/v1", None),
        ("http://-bad-.xn--a/v1", None),
        ("http://a..b/v1", None),
        ("http://model.test/v1", f"http://me:{PASSWORD}@xn--/"),
        ("http://model.test/v1", f"socks4://me:{PASSWORD}@h"),
    ],
)
async def test_an_address_that_cannot_be_used_is_told_in_one_sentence(base_url: str, proxy: str | None) -> None:
    try:
        provider = Compatible(service(base_url, proxy=proxy), {}, 0.2)
    except UsageError as told:
        assert PASSWORD not in str(told)  # noqa: PT017 - one of two ways to be told
        return
    heard = await ask(provider, request())
    await provider.close()
    assert heard.raised in ("Unreachable", "TimedOut", "ProviderError")
    said_of(heard)
