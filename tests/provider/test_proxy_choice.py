"""Which proxy stands before a service: the setting, the usual variables, NO_PROXY, and never one for this machine."""

import pytest

from chatcmd.errors import UsageError
from chatcmd.provider.proxy import proxy_for
from chatcmd.settings.url import Proxy

API = "https://api.test/v1"
PLAIN = "http://api.test/v1"
P = "http://127.0.0.1:3128"

CHOICES: list[tuple[str, dict[str, str], str | None]] = [
    (API, {}, None),
    (API, {"HTTPS_PROXY": P}, "HTTPS_PROXY"),
    (API, {"https_proxy": P}, "https_proxy"),
    (API, {"https_proxy": P, "HTTPS_PROXY": "http://other:1"}, "https_proxy"),
    (API, {"HTTP_PROXY": P, "http_proxy": P}, None),
    (API, {"ALL_PROXY": P}, "ALL_PROXY"),
    (API, {"all_proxy": P}, "all_proxy"),
    (API, {"all_proxy": "http://other:1", "HTTPS_PROXY": P}, "HTTPS_PROXY"),
    (API, {"https_proxy": "", "HTTPS_PROXY": P}, "HTTPS_PROXY"),
    (API, {"HTTPS_PROXY": "", "ALL_PROXY": ""}, None),
    (PLAIN, {"HTTP_PROXY": P}, "HTTP_PROXY"),
    (PLAIN, {"http_proxy": P}, "http_proxy"),
    (PLAIN, {"HTTPS_PROXY": P}, None),
    (PLAIN, {"HTTP_PROXY": P, "REQUEST_METHOD": "GET"}, None),
    (PLAIN, {"http_proxy": P, "REQUEST_METHOD": "GET"}, "http_proxy"),
    (PLAIN, {"ALL_PROXY": P, "REQUEST_METHOD": "GET"}, "ALL_PROXY"),
    (API, {"HTTPS_PROXY": P, "REQUEST_METHOD": "GET"}, "HTTPS_PROXY"),
]


@pytest.mark.parametrize(("url", "environ", "origin"), CHOICES)
def test_the_usual_variables_are_read_in_the_usual_order(url: str, environ: dict[str, str], origin: str | None) -> None:
    assert proxy_for(url, None, environ) == (None if origin is None else Proxy(P, origin))


SCHEMES = [
    ("127.0.0.1:3128", "http://127.0.0.1:3128"),
    (" proxy.test:1 ", "http://proxy.test:1"),
    ("me:secret@proxy.test:1", "http://me:secret@proxy.test:1"),
    ("https://proxy.test", "https://proxy.test"),
    ("socks5://proxy.test:1080", "socks5://proxy.test:1080"),
    ("socks5h://proxy.test:1080", "socks5h://proxy.test:1080"),
    ("http://[::1]:3128", "http://[::1]:3128"),
]


@pytest.mark.parametrize(("value", "url"), SCHEMES)
def test_a_proxy_without_a_scheme_is_http(value: str, url: str) -> None:
    assert proxy_for(API, None, {"HTTPS_PROXY": value}) == Proxy(url, "HTTPS_PROXY")


WRONG = [
    "socks://me:secret@proxy.test:1080",
    "socks4://me:secret@proxy.test:1080",
    "ftp://me:secret@proxy.test",
    "http://me:secret@proxy.test:port",
    "http://me:secret@:3128",
    "http://me:sec ret@proxy.test",
    "http://me:secret@[::1",
    "http://",
    " ",
    "direct://",
]


@pytest.mark.parametrize("value", WRONG)
def test_a_variable_that_holds_no_proxy_is_named_without_what_it_holds(value: str) -> None:
    with pytest.raises(UsageError) as told:
        proxy_for(API, None, {"HTTPS_PROXY": value})
    assert str(told.value).startswith("HTTPS_PROXY ")
    assert str(told.value).endswith("; correct it, unset it, or name the host in NO_PROXY")
    assert "secret" not in str(told.value)
    assert "ret@" not in str(told.value)


@pytest.mark.parametrize("value", WRONG)
def test_a_wrong_variable_does_not_hurt_a_service_that_needs_none(value: str) -> None:
    environ = {"HTTPS_PROXY": value, "ALL_PROXY": value, "NO_PROXY": "api.test"}
    assert proxy_for(API, None, environ) is None
    assert proxy_for("https://localhost:8000/v1", None, environ) is None


EXCEPTIONS = [
    ("https://api.test/v1", "api.test", True),
    ("https://api.test/v1", "API.Test", True),
    ("https://API.test/v1", "api.test", True),
    ("https://api.test./v1", "api.test", True),
    ("https://api.test/v1", "api.test.", True),
    ("https://api.test/v1", "test", True),
    ("https://api.test/v1", ".test", True),
    ("https://api.test/v1", "*.test", True),
    ("https://api.test/v1", ".api.test", True),
    ("https://api.test/v1", "pi.test", False),
    ("https://api.test/v1", "est", False),
    ("https://api.test/v1", "api", False),
    ("https://api.test/v1", "www.api.test", False),
    ("https://api.test/v1", "*", True),
    ("https://api.test/v1", "", False),
    ("https://api.test/v1", ", ,", False),
    ("https://api.test/v1", ".", False),
    ("https://api.test/v1", "a.test, b.test,api.test", True),
    ("https://api.test/v1", "a.test api.test", True),
    ("https://api.test/v1", "api.test:443", True),
    ("https://api.test/v1", "api.test:80", False),
    ("https://api.test:8443/v1", "api.test:8443", True),
    ("https://api.test:8443/v1", "api.test:443", False),
    ("https://api.test:8443/v1", "api.test", True),
    ("http://api.test/v1", "api.test:80", True),
    ("https://api.test/v1", ".test:443", True),
    ("http://192.168.1.7/v1", "192.168.1.7", True),
    ("http://192.168.1.7/v1", "192.168.1.8", False),
    ("http://192.168.1.7/v1", "192.168.0.0/16", True),
    ("http://192.168.1.7/v1", "192.168.1.9/24", True),
    ("http://192.168.1.7/v1", "10.0.0.0/8", False),
    ("http://192.168.1.7:8000/v1", "192.168.1.7:8000", True),
    ("http://192.168.1.7:8000/v1", "192.168.1.7:80", False),
    ("http://192.168.1.7/v1", "168.1.7", False),
    ("http://192.168.1.7/v1", "fd00::/8", False),
    ("http://[fd00::7]/v1", "fd00::7", True),
    ("http://[fd00::7]/v1", "[fd00::7]", True),
    ("http://[fd00::7]/v1", "fd00:0::7", True),
    ("http://[fd00::7]/v1", "fd00::/8", True),
    ("http://[fd00::7]:8000/v1", "[fd00::7]:8000", True),
    ("http://[fd00::7]:8000/v1", "[fd00::7]:80", False),
    ("http://[fd00::7]/v1", "10.0.0.0/8", False),
    ("https://api.test/v1", "10.0.0.0/8", False),
    ("https://api.test/v1", "10.0.0.0/99", False),
]


@pytest.mark.parametrize(("url", "exceptions", "is_excepted"), EXCEPTIONS)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_names_hosts_in_many_ways(name: str, url: str, exceptions: str, is_excepted: bool) -> None:  # noqa: FBT001 - a table
    environ = {"ALL_PROXY": P, name: exceptions}
    assert (proxy_for(url, None, environ) is None) == is_excepted
    assert (proxy_for(url, Proxy("http://proxy.test:1", "--proxy"), environ) is None) == is_excepted


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "localhost.", "x.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "127.0.0.1:8000"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_is_never_reached_through_a_proxy(scheme: str, host: str) -> None:
    environ = {"HTTP_PROXY": P, "HTTPS_PROXY": P, "ALL_PROXY": P}
    assert proxy_for(f"{scheme}://{host}/v1", Proxy(P, "--proxy"), environ) is None


@pytest.mark.parametrize("host", ["localhost.evil.test", "notlocalhost", "1270.0.0.1", "128.0.0.1", "0.0.0.0"])
def test_what_only_looks_like_this_machine_is_reached_through_it(host: str) -> None:
    assert proxy_for(f"http://{host}/v1", None, {"HTTP_PROXY": P}) == Proxy(P, "HTTP_PROXY")


def test_what_was_said_comes_before_the_variables_and_they_before_the_file() -> None:
    said = Proxy("socks5://proxy.test:1", "--proxy", said=True)
    assert proxy_for(API, said, {"HTTPS_PROXY": P, "ALL_PROXY": "nonsense://"}) == said
    filed = Proxy("socks5://proxy.test:1", "envs/settings.toml line 1")
    assert proxy_for(API, filed, {"HTTPS_PROXY": P}) == Proxy(P, "HTTPS_PROXY")
    assert proxy_for(API, filed, {}) == filed
