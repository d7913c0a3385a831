"""Which way the bytes of a chat go: every place of a proxy, read from the logs of the proxy and of the server."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Certificate
from tests.chat.stage import KEY, Stage
from tests.loopback import Loopback
from tests.proxies import Asked, Encrypted, OpenProxy

pytestmark = [pytest.mark.usefixtures("names"), pytest.mark.faults(17)]

QUESTION = "1+1=几"


@dataclass(frozen=True)
class Way:
    """Where a proxy is named, and the name under which the bytes then come to it (None: they take no proxy).

    In every text PROXY stands for its address, AS(name) for the same with a name to sign in with, PORT for the
    server's port.
    """

    said: str
    taken: str | None
    env: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    settings: str = ""
    url: str = "http://model.test:PORT/v1"
    model: str = "gpt-4o"


def by(**env: str) -> dict[str, str]:
    return env


AN = {"http_proxy": "AS(an)"}
EVERY = {name: f"AS({name})" for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY")}
NAMED = '[providers.x]\nbase_url = "http://model.test:PORT/v1"\nkey = "sk-x"\n'

WAYS = [
    Way("nothing", None),
    *(Way(name, name, {name: f"AS({name})"}) for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")),
    *(Way(f"{name}, of the other scheme", None, {name: "AS(x)"}) for name in ("https_proxy", "HTTPS_PROXY")),
    Way("all variables", "http_proxy", EVERY),
    Way("all but the scheme's own", "all_proxy", EVERY | {"http_proxy": ""}),
    Way("an empty variable", None, by(http_proxy="", HTTP_PROXY="", all_proxy="", ALL_PROXY="")),
    Way("an empty one before a full one", "HTTP_PROXY", by(http_proxy="", HTTP_PROXY="AS(HTTP_PROXY)")),
    Way("blanks around it", "an", by(http_proxy=" AS(an)\t")),
    Way("no scheme", "", by(http_proxy="127.0.0.1:PROXYPORT")),
    Way("no scheme, and a name", "an", by(http_proxy="an:pw@127.0.0.1:PROXYPORT")),
    Way("a name and a password in another writing", "a@n", by(http_proxy="http://a%40n:p%3Aw@127.0.0.1:PROXYPORT/")),
    Way("socks5", "an", by(http_proxy="SOCKS(an)")),
    Way("socks5h", "", by(ALL_PROXY="socks5h://127.0.0.1:PROXYPORT")),
    Way("HTTP_PROXY as a program of a web server", None, by(HTTP_PROXY="AS(x)", REQUEST_METHOD="GET")),
    Way("http_proxy as such a program", "an", AN | {"REQUEST_METHOD": "GET"}),
    Way("ALL_PROXY as such a program", "an", by(ALL_PROXY="AS(an)", HTTP_PROXY="AS(x)", REQUEST_METHOD="")),
    Way("--proxy", "flag", EVERY, {"proxy": "AS(flag)"}, 'proxy = "AS(file)"'),
    Way("CHATCMD_PROXY", "own", EVERY | {"CHATCMD_PROXY": "AS(own)"}, settings='proxy = "AS(file)"'),
    Way("--proxy before CHATCMD_PROXY", "flag", by(CHATCMD_PROXY="AS(own)"), {"proxy": "AS(flag)"}),
    Way("the file", "file", settings='proxy = "AS(file)"'),
    Way("a variable before the file", "an", AN, settings='proxy = "AS(file)"'),
    Way("a service's own", "x", model="x/m", settings=f'proxy = "AS(file)"\n{NAMED}proxy = "AS(x)"'),
    Way("the file's, before a service without one", "file", model="x/m", settings=f'proxy = "AS(file)"\n{NAMED}'),
    Way("a variable before a service's own", "an", AN, model="x/m", settings=f'{NAMED}proxy = "AS(x)"'),
    Way("--proxy before a service's own", "flag", {}, {"proxy": "AS(flag)"}, f'{NAMED}proxy = "AS(x)"', model="x/m"),
    Way("this machine by number", None, EVERY, {"proxy": "AS(x)"}, url="http://127.0.0.1:PORT/v1"),
    Way("this machine by name", None, EVERY, {"proxy": "AS(x)"}, url="http://localhost:PORT/v1"),
    # Who is excepted from them.
    *(Way(f"NO_PROXY={text}", None, AN | {"NO_PROXY": text})
      for text in ("model.test", "MODEL.test.", "test", ".test", "*.test", "*", "model.test:PORT", "x, model.test"))
    ,
    *(Way(f"NO_PROXY={text}", "an", AN | {"NO_PROXY": text})
      for text in ("", " ", "odel.test", "a.model.test", "model.test:1", "0.0.0.0/0", "http://model.test"))
    ,
    *(Way(f"NO_PROXY={text} of a number", None, AN | {"no_proxy": text}, url="http://0.0.0.0:PORT/v1")
      for text in ("0.0.0.0", "0.0.0.0:PORT", "0.0.0.0/8", "0.255.0.1/8", "10.0.0.0/8 0.0.0.0"))
    ,
    *(Way(f"NO_PROXY={text} of a number", "an", AN | {"no_proxy": text}, url="http://0.0.0.0:PORT/v1")
      for text in ("0.0.0.1", "0.0.0.0:1", "10.0.0.0/8", "0.0", "::/0"))
    ,
    Way("no_proxy before NO_PROXY", "an", AN | {"no_proxy": "x", "NO_PROXY": "*"}),
    Way("NO_PROXY and CHATCMD_PROXY", None, {"CHATCMD_PROXY": "AS(own)", "NO_PROXY": "*"}),
    Way("NO_PROXY and the file", None, {"NO_PROXY": "*"}, settings='proxy = "AS(file)"'),
    Way("NO_PROXY and --proxy", "flag", {"NO_PROXY": "*", "no_proxy": "*"}, {"proxy": "AS(flag)"}),
    Way("NO_PROXY, --proxy and this machine", None, {}, {"proxy": "AS(x)"}, url="http://localhost:PORT/v1"),
]  # fmt: skip

TLS_WAYS = [
    Way("nothing", None),
    *(Way(name, name, {name: f"AS({name})"}) for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")),
    *(Way(f"{name}, of the other scheme", None, {name: "AS(x)"}) for name in ("http_proxy", "HTTP_PROXY")),
    Way("all variables", "https_proxy", EVERY),
    Way("HTTPS_PROXY as a program of a web server", "an", by(HTTPS_PROXY="AS(an)", REQUEST_METHOD="POST")),
    Way("socks5", "an", by(https_proxy="SOCKS(an)")),
    Way("--proxy", "flag", {}, {"proxy": "AS(flag)"}),
    Way("NO_PROXY with a port", None, by(https_proxy="AS(x)", NO_PROXY="model.test:PORT")),
]


def filled(text: str, proxy: OpenProxy, port: int) -> str:
    """Put the addresses into a row of the table."""
    for scheme, word in (("http", "AS("), ("socks5", "SOCKS(")):
        while word in text:
            before, _, rest = text.partition(word)
            name, _, after = rest.partition(")")
            text = before + proxy.url(scheme, f"{name}:pw") + after
    return text.replace("PROXYPORT", str(proxy.port)).replace("PORT", str(port))


async def talk(way: Way, root: Path, proxy: OpenProxy, port: int, url: str = "") -> str:
    """Ask one question the way it is said, and return what was shown."""

    def fill(text: str) -> str:
        return filled(text, proxy, port)

    stage = Stage(root, environ={name: fill(text) for name, text in way.env.items()})
    stage.environ |= {"CHATCMD_OFFLINE": "", "OPENAI_BASE_URL": fill(url or way.url)}
    stage.settings(fill(way.settings))
    key = root / "envs" / "openai_key"
    key.touch(mode=0o600)
    key.write_text(KEY)
    flags: dict[str, Any] = {name: fill(text) for name, text in way.flags.items()}
    talked = await stage.talk("u", QUESTION, model=way.model, **flags)
    assert talked.code == 0, talked.notes
    return talked.out


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.said)
async def test_a_plain_chat_takes_the_way_that_was_said(way: Way, tmp_path: Path) -> None:
    with Loopback() as server, OpenProxy() as proxy:
        assert "【ChatGPT】Hello." in await talk(way, tmp_path, proxy, server.port)
        assert (len(server.chats), server.connections) == (1, 1)
        assert [asked.user for asked in proxy.asked] == ([] if way.taken is None else [way.taken])
        host = filled(way.url, proxy, server.port).split("/")[2]
        for asked in proxy.asked:
            assert asked.target in (host, f"http://{host}/v1/chat/completions")
        assert "proxy-authorization" not in server.chats[0].headers


@pytest.mark.parametrize("way", TLS_WAYS, ids=lambda way: way.said)
async def test_an_encrypted_chat_takes_the_way_that_was_said_and_no_proxy_reads_it(
    way: Way, tmp_path: Path, trusted: Certificate
) -> None:
    with Loopback() as server, Encrypted(trusted.context(), server.port) as front, OpenProxy() as proxy:
        url = f"https://model.test:{front.port}/v1"
        assert "【ChatGPT】Hello." in await talk(way, tmp_path, proxy, front.port, url)
        assert (len(server.chats), server.chats[0].headers["authorization"]) == (1, f"Bearer {KEY}")
        assert [asked.user for asked in proxy.asked] == ([] if way.taken is None else [way.taken])
        assert all(asked.target == f"model.test:{front.port}" for asked in proxy.asked)
        assert (proxy.read == b"") == (way.taken is None)
        assert KEY.encode() not in proxy.read
        assert QUESTION.encode() not in proxy.read


async def test_a_proxy_of_a_plain_chat_reads_it(tmp_path: Path) -> None:
    """So that not to find the key in what a proxy reads means something."""
    with Loopback() as server, OpenProxy() as proxy:
        await talk(Way("", "an", AN), tmp_path, proxy, server.port)
        assert KEY.encode() in proxy.read
        assert QUESTION.encode() in proxy.read


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_spoken_to_in_tls_passes_on_what_its_password_opens(
    scheme: str, tmp_path: Path, trusted: Certificate
) -> None:
    with Loopback() as server, Encrypted(trusted.context(), server.port) as front:
        port = server.port if scheme == "http" else front.port
        with OpenProxy(tls=trusted.context(), password="pw") as proxy:
            way = Way("", "me", flags={"proxy": proxy.url("https", "me:pw")})
            assert "Hello." in await talk(way, tmp_path, proxy, port, f"{scheme}://model.test:{port}/v1")
            target = f"model.test:{port}" if scheme == "https" else f"http://model.test:{port}/v1/chat/completions"
            assert proxy.asked == [Asked("CONNECT" if scheme == "https" else "POST", target, "me")]


async def test_many_turns_take_one_connection_through_a_proxy(tmp_path: Path) -> None:
    with Loopback() as server, OpenProxy() as proxy:
        stage = Stage(tmp_path, server, {"http_proxy": proxy.url("http", "me:pw")})
        stage.environ["OPENAI_BASE_URL"] = f"http://model.test:{server.port}/v1"
        assert (await stage.talk("u", "one", "two", "three")).code == 0
        assert ([asked.user for asked in proxy.asked], server.connections) == (["me"] * 3, 1)
