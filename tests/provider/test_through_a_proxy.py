"""Through real proxies that fail: one sentence that names the proxy, where it was set and what to do, no password."""

import base64
import gc
import sys
from pathlib import Path

import pytest

from chatcmd.errors import UsageError
from chatcmd.provider import Clocks
from chatcmd.provider.compatible import Compatible
from tests.certificates import Certificate
from tests.loopback import FAULTS, Loopback, Reply, raw, status
from tests.provider.asking import CANARY, QUICK, Heard, ask, connected, request, service
from tests.proxies import Asked, Encrypted, OpenProxy
from tests.replies import EVENT_STREAM, OPENING, framed
from tests.terminal_driver import run

pytestmark = [pytest.mark.usefixtures("names"), pytest.mark.faults(17)]

PASSWORD = "pr0xy-CANARY"
SENT = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"


def address(server: Loopback | OpenProxy, scheme: str = "http", sign_in: str = f"me:{PASSWORD}") -> str:
    return f"{scheme}://{sign_in}{'@' if sign_in else ''}127.0.0.1:{server.port}"


def said_of(heard: Heard) -> str:
    """Return the sentence, which is one line, says what to do, and holds nothing secret."""
    for secret in (PASSWORD, SENT, CANARY):
        assert secret not in heard.sentence
    assert "\n" not in heard.sentence
    assert "; " in heard.sentence
    return heard.sentence


async def test_a_plain_service_is_asked_for_by_its_whole_address(server: Loopback) -> None:
    async with connected("http://model.test/v1", environ={"http_proxy": address(server)}.items()) as provider:
        for _ in range(3):
            assert (await ask(provider, request())).text == "Hello."
    assert [received.target for received in server.chats] == ["http://model.test/v1/chat/completions"] * 3
    assert server.chats[0].headers["host"] == "model.test"
    assert server.chats[0].headers["authorization"] == f"Bearer {CANARY}"
    assert server.chats[0].headers["proxy-authorization"] == f"Basic {SENT}"
    assert server.connections == 1


REFUSED = "; correct them there (@ is written as %40, : as %3A)"
CLOSED = "WAY closed the connection without an answer; try again"
NO_HTTP = "WAY does not speak HTTP; check the address, its beginning (https or http) and the proxy"
ECHO = status(500, f"no {PASSWORD} nor Basic {SENT} for {CANARY}")

# What the proxy answers in place of the server, the error and the sentence: WAY is server and proxy, ITSELF the latter.
PLAIN: dict[str, tuple[Reply, str, str]] = {
    "wants a password": (
        status(407, b"", {"Proxy-Authenticate": "Basic"}),
        "Unreachable",
        f"ITSELF does not accept the name and password in its address{REFUSED}",
    ),
    "a page for people": (
        FAULTS["200html"],
        "NotAnAnswer",
        "WAY sent no chat answer but a web page, perhaps of a proxy or a login (text/html); check base_url and proxy",
    ),
    "a page of failure": (FAULTS["502html"], "ServerFailed", "WAY failed (502); try again"),
    "forbids": (
        status(403, "<html>Blocked</html>"),
        "Forbidden",
        "WAY forbids this; check what the key (from envs/openai_key line 1) may use, and from where",
    ),
    "does not know it": (
        status(404, "Not here"),
        "ModelNotFound",
        "WAY does not have the model gpt-4o or this address: Not here; check /model and base_url",
    ),
    "hangs up": (raw(b""), "Unreachable", CLOSED),
    "hangs up without a good-bye": (raw(b"", "rst"), "Unreachable", CLOSED),
    "is no proxy": (raw(b"SOCKS only\r\n\r\n"), "Unreachable", NO_HTTP),
    "is no proxy, and leaves": (raw(b"SOCKS only\r\n"), "Unreachable", CLOSED),
    "speaks TLS": (raw(TLS_ALERT), "Unreachable", NO_HTTP),
    "cuts within a piece": (
        FAULTS["cut_chunked"], "BrokenOff", "the connection to WAY broke off in the middle of the answer; try again"
    ),
    "cuts without a good-bye": (
        FAULTS["rst_mid"], "BrokenOff", "the connection to WAY broke off in the middle of the answer; try again"
    ),
    "cuts between pieces": (
        FAULTS["cut_clean"], "BrokenOff", "WAY stopped before it said that the answer was complete; try again"
    ),
    "puts a page into the answer": (
        raw(EVENT_STREAM + framed(OPENING) + b"<html>Blocked</html>"),
        "BrokenOff",
        "the connection to WAY broke off in the middle of the answer; try again",
    ),
    "repeats what it was sent": (
        ECHO, "ServerFailed", "WAY failed (500): no •••• nor Basic •••• for ••••; try again"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
async def test_a_failing_proxy_of_a_plain_service_is_named(name: str, server: Loopback) -> None:
    reply, kind, words = PLAIN[name]
    server.answer(reply)
    async with connected("http://model.test/v1", proxy=address(server)) as provider:
        heard = await ask(provider, request())
        assert (said_of(heard), heard.raised) == (filled(words, "--proxy", server), kind)
        assert (await ask(provider, request())).text == "Hello."


def filled(words: str, place: str, server: Loopback | OpenProxy, host: str = "model.test") -> str:
    proxy = f"the proxy 127.0.0.1:{server.port} ({place})"
    return words.replace("WAY", f"{host} through {proxy}").replace("ITSELF", proxy)


NO_WAY = "no way to WAY: it says {}; check the address, or ask whoever runs the proxy"

CONNECT: dict[str, tuple[Reply, str]] = {
    "forbids": (status(403, "<html>Blocked</html>"), NO_WAY.format("403 Forbidden")),
    "wants a password": (
        status(407), f"ITSELF does not accept the name and password in its address{REFUSED}"
    ),
    "does not reach it": (status(502, "no route"), NO_WAY.format("502 Bad Gateway")),
    "leads elsewhere": (FAULTS["307out"], NO_WAY.format("307 Temporary Redirect")),
    "hangs up": (raw(b""), CLOSED),
    "hangs up without a good-bye": (raw(b"", "rst"), CLOSED),
    "is no proxy": (raw(b"220 smtp\r\n\r\n"), NO_HTTP),
    "speaks TLS": (raw(TLS_ALERT), NO_HTTP),
    "repeats the password": (
        raw(f"HTTP/1.1 403 no {PASSWORD} {SENT}\r\n\r\n".encode()), NO_WAY.format("403 no •••• ••••")
    ),
    "is long-winded": (
        raw(b"HTTP/1.1 403 " + b"no " * 9_000 + b"\r\n\r\n"), NO_WAY.format(("403 " + "no " * 999)[:500] + "…")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONNECT)
async def test_a_proxy_that_does_not_let_a_tunnel_through_is_named(name: str, server: Loopback) -> None:
    reply, words = CONNECT[name]
    server.on("443", reply)
    async with connected("https://model.test/v1", environ={"HTTPS_PROXY": address(server)}.items()) as provider:
        heard = await ask(provider, request())
    assert said_of(heard) == filled(words, "HTTPS_PROXY", server)
    assert heard.raised == "Unreachable"
    assert [(received.method, received.target) for received in server.requests] == [("CONNECT", "model.test:443")]
    assert CANARY not in repr(server.requests)
    assert heard.error is not None
    assert heard.error.passing == (name in ("does not reach it", "hangs up", "hangs up without a good-bye"))


@pytest.mark.parametrize("page", [b"", b"<html>Log in</html>"])
async def test_a_proxy_that_only_says_that_there_is_a_way_is_named(page: bytes, server: Loopback) -> None:
    server.on("443", raw(b"HTTP/1.1 200 OK\r\n\r\n" + page))
    async with connected("https://model.test/v1", environ={"HTTPS_PROXY": address(server)}.items()) as provider:
        heard = await ask(provider, request())
    assert said_of(heard).startswith(filled("cannot reach WAY: ", "HTTPS_PROXY", server))
    assert said_of(heard).endswith("; check address, network and proxy")
    assert (heard.raised, len(server.requests)) == ("Unreachable", 1)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
async def test_a_silent_proxy_is_given_up(scheme: str, kind: str, server: Loopback) -> None:
    server.on("443", FAULTS["hang_headers"])
    server.answer(FAULTS["hang_headers"])

    async with connected(f"{scheme}://model.test/v1", proxy=address(server, kind)) as provider:
        heard = await ask(provider, request(clocks=QUICK))
    assert heard.raised == "TimedOut"
    assert f"model.test through the proxy 127.0.0.1:{server.port} (--proxy)" in said_of(heard)
    gc.collect()  # a socket that was left open would be told of here


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["http", "https", "socks5", "socks5h"])
async def test_a_proxy_that_is_not_there_is_named_and_not_the_server(scheme: str, kind: str, server: Loopback) -> None:
    server.close()
    environ = {"ALL_PROXY": address(server, kind)}.items()
    async with connected(f"{scheme}://model.test:{server.port}/v1", environ=environ) as provider:
        heard = await ask(provider, request())
    assert said_of(heard) == (
        f"cannot reach the proxy 127.0.0.1:{server.port} (ALL_PROXY) on the way to model.test:{server.port}: "
        "connection refused; start it, correct its address, or do without"
    )
    assert heard.raised == "Unreachable"


@pytest.mark.parametrize("kind", ["http", "https", "socks5", "socks5h"])
async def test_a_proxy_whose_name_nobody_knows_is_named_and_not_the_server(kind: str) -> None:
    async with connected("https://model.test/v1", proxy=f"{kind}://me:{PASSWORD}@proxy.invalid:3128") as provider:
        heard = await ask(provider, request())
    assert said_of(heard) == (
        "cannot reach the proxy proxy.invalid:3128 (--proxy) on the way to model.test: name or service not known; "
        "start it, correct its address, or do without"
    )


SIGN_INS = {
    "": "asks for a name and a password; write its address as KIND://NAME:PASSWORD@HOST",
    f"me:{PASSWORD}x": f"does not accept the name and password in its address{REFUSED}",
    "me": f"does not accept the name and password in its address{REFUSED}",
}


@pytest.mark.parametrize("sign_in", SIGN_INS, ids=["nobody", "a wrong password", "no password"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_who_does_not_know_the_password_is_told_where_to_write_it(
    kind: str, scheme: str, sign_in: str, server: Loopback
) -> None:
    url = f"{scheme}://model.test:{server.port}/v1"
    with OpenProxy(password=PASSWORD) as proxy:
        async with connected(url, proxy=address(proxy, kind, sign_in)) as provider:
            heard = await ask(provider, request())
        words = SIGN_INS[sign_in].replace("KIND", kind).replace("HOST", f"127.0.0.1:{proxy.port}")
        assert said_of(heard) == filled(f"ITSELF {words}", "--proxy", proxy)
        assert heard.raised == "Unreachable"
        assert (len(proxy.asked), server.connections) == (1, 0)
        assert CANARY.encode() not in proxy.read or scheme == "http"
    gc.collect()  # a socket that was left open would be told of here


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("host", ["model.test", "[fd00::7]", "0.0.0.0"])
async def test_a_socks_proxy_is_given_the_name_and_carries_every_turn(scheme: str, host: str, server: Loopback) -> None:
    with OpenProxy(password=PASSWORD) as proxy:
        environ = {"ALL_PROXY": address(proxy, scheme)}.items()
        async with connected(f"http://{host}:{server.port}/v1", environ=environ) as provider:
            for _ in range(3):
                assert (await ask(provider, request())).text == "Hello."
        assert proxy.asked == [Asked("SOCKS", f"{host.strip('[]')}:{server.port}", "me")]
    assert (len(server.chats), server.connections) == (3, 1)
    assert server.chats[0].target == "/v1/chat/completions"


SOCKS_REFUSALS = {
    1: "Proxy Server could not connect: General SOCKS server failure",
    2: "Proxy Server could not connect: Connection not allowed by ruleset",
    4: "Proxy Server could not connect: Host unreachable",
    5: "Proxy Server could not connect: Connection refused",
}


@pytest.mark.parametrize("refusal", SOCKS_REFUSALS)
async def test_a_socks_proxy_that_refuses_is_named(refusal: int, server: Loopback) -> None:
    with OpenProxy(refusal=refusal) as proxy:
        async with connected(
            "http://model.test/v1", environ={"all_proxy": address(proxy, "socks5")}.items()
        ) as provider:
            heard = await ask(provider, request())
        assert said_of(heard) == filled(NO_WAY.format(SOCKS_REFUSALS[refusal]), "all_proxy", proxy)
        assert heard.raised == "Unreachable"
        assert CANARY.encode() not in proxy.read
    assert server.requests == []
    gc.collect()  # a socket that was left open would be told of here


@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
async def test_a_tunnel_that_breaks_in_mid_answer_leaves_what_came(
    kind: str, server: Loopback, trusted: Certificate
) -> None:
    tls = trusted.context() if kind == "https" else None
    with Encrypted(trusted.context(), server.port) as front, OpenProxy(tls=tls) as proxy:
        server.answer(FAULTS["rst_mid"])
        async with connected(f"https://model.test:{front.port}/v1", proxy=address(proxy, kind)) as provider:
            heard = await ask(provider, request())
            assert (heard.text, heard.raised) == ("partial ", "BrokenOff")
            assert f" through the proxy 127.0.0.1:{proxy.port} (--proxy) broke off in the middle" in said_of(heard)
            assert (await ask(provider, request())).text == "Hello."


UNTRUSTED = "; if it ought to be, name the file of its authority in SSL_CERT_FILE"


@pytest.mark.parametrize("kind", ["", "http", "https", "socks5"])
async def test_a_certificate_that_nobody_trusts_is_told_and_gets_no_key(
    kind: str, server: Loopback, shown: Certificate
) -> None:
    with (
        Encrypted(shown.context(), server.port) as front,
        OpenProxy(tls=shown.context() if kind == "https" else None) as proxy,
    ):
        url = f"https://model.test:{front.port}/v1"
        async with connected(url, proxy=address(proxy, kind) if kind else None) as provider:
            heard = await ask(provider, request())
        way = filled("WAY", "--proxy", proxy, f"model.test:{front.port}") if kind else f"model.test:{front.port}"
        assert said_of(heard) == f"the certificate of {way} is not trusted: self-signed certificate{UNTRUSTED}"
        assert CANARY.encode() not in proxy.read
        assert SENT.encode() not in proxy.read or kind == "http"
    assert server.requests == []


async def test_a_certificate_of_another_host_is_told_and_gets_no_key(server: Loopback, trusted: Certificate) -> None:
    with Encrypted(trusted.context(), server.port) as front:
        async with connected(f"https://third.test:{front.port}/v1") as provider:
            heard = await ask(provider, request())
        mismatch = "Hostname mismatch, certificate is not valid for 'third.test'"
        assert said_of(heard) == f"the certificate of third.test:{front.port} is not trusted: {mismatch}{UNTRUSTED}"
    assert server.requests == []


async def test_a_server_in_the_other_language_is_told(server: Loopback) -> None:
    """A plain server asked in TLS, and one of TLS asked in plain, which answers with an alert."""
    host = f"127.0.0.1:{server.port}"
    server.answer(raw(TLS_ALERT))
    async with connected(server.base_url) as provider:
        assert said_of(await ask(provider, request())) == NO_HTTP.replace("WAY", host)
    async with connected(f"https://{host}/v1") as provider:
        heard = await ask(provider, request(clocks=Clocks(0.2, 10, 10)))
    assert said_of(heard).startswith(f"no connection to {host} in 0.2 seconds; ")


def test_a_socks_proxy_without_its_extra_is_told_in_one_sentence(tmp_path: Path) -> None:
    flags = ["ask", "--root", str(tmp_path), "--base-url", "https://model.test/v1", "--user", "u", "x"]
    env = {"OPENAI_API_KEY": CANARY, "ALL_PROXY": f"socks5://me:{PASSWORD}@127.0.0.1:9"}
    without = "import sys; sys.modules['socksio'] = None; from chatcmd.cli import main; sys.exit(main())"
    done = run([sys.executable, "-c", without, *flags], env=env)
    assert done.code == 2
    assert done.err == "chatcmd: ALL_PROXY is a socks proxy; install what it needs: pip install 'httpx2[socks]'\n"


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
        provider = Compatible(service(base_url, proxy=proxy), {})
    except UsageError as told:
        assert PASSWORD not in str(told)  # noqa: PT017 - one of two ways to be told
        return
    heard = await ask(provider, request(clocks=QUICK))
    await provider.close()
    assert heard.raised in ("Unreachable", "TimedOut", "ProviderError")
    said_of(heard)
