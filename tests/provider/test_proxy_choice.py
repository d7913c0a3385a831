"""Which proxy stands before a service: the setting, the usual variables, NO_PROXY, and never one for this machine."""

import itertools

import pytest

from chatcmd.errors import UsageError
from chatcmd.provider.proxy import proxy_for
from chatcmd.settings.url import Proxy

API = "https://api.test/v1"
PLAIN = "http://api.test/v1"
P = "http://127.0.0.1:3128"
SOCKS = "socks5://127.0.0.1:1080"

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


NAMES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
OTHERS = ("http_proxy", "HTTP_PROXY", "ftp_proxy", "ws_proxy", "no_proxy", "socks_proxy", "SOCKS_PROXY")


def test_every_set_of_variables_is_read_in_one_order() -> None:
    """All 3 ** 4 ways in which four variables can be unset, empty or full; those of other schemes change nothing."""
    for values in itertools.product((None, "", "full"), repeat=len(NAMES)):
        given = dict(zip(NAMES, values, strict=True))
        environ = {
            name: value and f"{P}{place}" for place, (name, value) in enumerate(given.items()) if value is not None
        }
        found = proxy_for(API, None, environ)
        expected = next((name for name, value in given.items() if value), None)
        assert (found and found.origin) == expected
        assert found == proxy_for(API, None, {**dict.fromkeys(OTHERS, "http://other:1"), **environ})


def test_every_set_of_places_is_read_in_one_order() -> None:
    """Flag, CHATCMD_PROXY, a variable, the file; and which of them NO_PROXY refines: all but the flag."""
    places = {"--proxy": (True, True), "CHATCMD_PROXY": (True, False), "file": (False, False)}
    for setting, variable, no_proxy in itertools.product([None, *places], (False, True), (False, True)):
        proxy = None if setting is None else Proxy(P, setting, *places[setting])
        environ = ({"HTTPS_PROXY": P} if variable else {}) | ({"NO_PROXY": "api.test"} if no_proxy else {})
        found = proxy_for(API, proxy, environ)
        there = {setting, "HTTPS_PROXY" if variable else None}
        ranked = [each for each in ("--proxy", "CHATCMD_PROXY", "HTTPS_PROXY", "file") if each in there]
        expected = next((each for each in ranked if each == "--proxy" or not no_proxy), None)
        assert (found and found.origin) == expected, (setting, environ)


SIX = "http://[fd00::7]:8000/v1"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("url", [SIX, "https://[fd00::7]/v1", "https://[fe80::1%25eth0]/v1"])
def test_an_address_that_a_proxy_could_take_for_another_is_refused(url: str, scheme: str) -> None:
    with pytest.raises(UsageError) as told:
        proxy_for(url, Proxy(f"{scheme}://me:secret@proxy.test:1", "--proxy", said=True, flagged=True), {})
    assert str(told.value) == (
        f"the proxy proxy.test:1 (--proxy) could take {url.split('/')[2]} for another host; name the service in place "
        "of its IPv6 address, or reach it without a proxy"
    )


def test_an_ipv6_address_goes_through_socks_or_past_the_proxy() -> None:
    assert proxy_for(SIX, None, {"http_proxy": SOCKS}) == Proxy(SOCKS, "http_proxy")
    assert proxy_for(SIX, None, {"http_proxy": P, "NO_PROXY": "fd00::/8"}) is None
    assert proxy_for("http://[::1]:8000/v1", None, {"http_proxy": P}) is None


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
    "http://me:secret#@proxy.test:1",
    "http://me:1#secret@proxy.test",
    "http://me:1/secret@proxy.test",
    "http://me:1?secret@proxy.test",
    "http://me:secret@proxy.test:99999",
    "http://me:secret@pro\u200bxy.test",
    "http://me:secret@proxy.test\udcff",
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
    ("http://192.168.1.7/v1", "192.168.1.7/33", False),
    ("http://192.168.1.7/v1", "192.168.1.7:", False),
    ("http://192.168.1.7/v1", "0192.168.1.7", False),
    ("http://[fd00::7]/v1", "[fd00::7", True),
    ("http://[fe80::1%25eth0]/v1", "fe80::/10", True),
    ("https://api.test/v1", "https://api.test", False),
    ("https://api.test/v1", "api.test:https", False),
    ("https://api.test/v1", "api.test:99999999999999999999", False),
    ("https://api.test/v1", "\udcff\x00", False),
    ("https://例子.test/v1", "例子.test", True),
]


@pytest.mark.parametrize(("url", "exceptions", "is_excepted"), EXCEPTIONS)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_names_hosts_in_many_ways(name: str, url: str, exceptions: str, is_excepted: bool) -> None:  # noqa: FBT001 - a table
    environ = {"ALL_PROXY": SOCKS, name: exceptions}
    assert (proxy_for(url, None, environ) is None) == is_excepted
    for setting in (Proxy(SOCKS, "envs/settings.toml line 1"), Proxy(SOCKS, "CHATCMD_PROXY", said=True)):
        assert (proxy_for(url, setting, environ) is None) == is_excepted
        assert (proxy_for(url, setting, {name: exceptions}) is None) == is_excepted
    flagged = Proxy(SOCKS, "--proxy", said=True, flagged=True)
    assert proxy_for(url, flagged, environ) == flagged


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
