import re

import pytest

from chatcmd.settings.url import host_of, is_loopback, proxy_url, service_url

NO_SERVICE = "is no address of a service; write it like https://host/v1"
NO_ADDRESS = "is no address; write it like https://host/v1"
NO_PROXY = "is no address; write it like http://127.0.0.1:7890"
INVISIBLE = "holds a blank or an invisible character; remove it"
USER = "holds a user name or password, which would end up in logs; give the key as a key"
QUERY = "holds a query; write it like https://host/v1"

SERVICES = {
    "https://api.openai.com/v1": "https://api.openai.com/v1",
    "  https://host/v1/// ": "https://host/v1",
    "http://127.0.0.1:11434/v1": "http://127.0.0.1:11434/v1",
    "http://[::1]:8080/v1": "http://[::1]:8080/v1",
    "HTTPS://Host/v1": "HTTPS://Host/v1",
    "https://host": "https://host",
    "https://例子.cn/v1": "https://例子.cn/v1",
}

BAD_SERVICES = {
    "": NO_SERVICE,
    "host": NO_SERVICE,
    "host/v1": NO_SERVICE,
    "127.0.0.1:7890": NO_SERVICE,
    "localhost:1234/v1": NO_SERVICE,
    "ftp://host/v1": NO_SERVICE,
    "file:///etc/passwd": NO_SERVICE,
    "https://": NO_SERVICE,
    "https:///v1": NO_SERVICE,
    "https:/host/v1": NO_SERVICE,
    "http://[::1": NO_ADDRESS,
    "http://::1]/v1": NO_ADDRESS,
    "https://host:abc/v1": NO_ADDRESS,
    "https://host:99999/v1": NO_ADDRESS,
    "https://user:pw@host/v1": USER,
    "https://sk-key@host/v1": USER,
    "https://:pw@host/v1": USER,
    "https://host/v1?key=x": QUERY,
    "https://host/v1?": QUERY,
    "https://host/v1#top": QUERY,
    "https://host/v1#": QUERY,
    "https://ho st/v1": INVISIBLE,
    "https://ho\nst/v1": INVISIBLE,
    "https://ho\tst/v1": INVISIBLE,
    "https://host\u200b/v1": INVISIBLE,
    "\ufeffhttps://host/v1": INVISIBLE,
    "https://host/\x1b[31mv1": INVISIBLE,
    "https://host/\u202ev1": INVISIBLE,
    "https://host/\udcff": INVISIBLE,
}

PROXIES = {
    "http://127.0.0.1:7890": "http://127.0.0.1:7890",
    "127.0.0.1:7890": "http://127.0.0.1:7890",
    " proxy:3128 ": "http://proxy:3128",
    "https://proxy": "https://proxy",
    "socks5://127.0.0.1:1080": "socks5://127.0.0.1:1080",
    "socks5h://[::1]:1080": "socks5h://[::1]:1080",
    "http://user:p%40w@proxy:3128/": "http://user:p%40w@proxy:3128/",
}

BAD_PROXIES = {
    "socks://127.0.0.1:1080": "has the scheme 'socks'; a proxy is http, https, socks5, socks5h",
    "socks4://127.0.0.1:1080": "has the scheme 'socks4'; a proxy is http, https, socks5, socks5h",
    "ftp://127.0.0.1": "has the scheme 'ftp'; a proxy is http, https, socks5, socks5h",
    "://127.0.0.1": "has the scheme ''; a proxy is http, https, socks5, socks5h",
    "": "names no host; write it like http://127.0.0.1:7890",
    "http://": "names no host; write it like http://127.0.0.1:7890",
    ":7890": "names no host; write it like http://127.0.0.1:7890",
    "http:/127.0.0.1:7890": "holds more than host and port; write it like http://127.0.0.1:7890",
    "http://proxy:1/path": "holds more than host and port; write it like http://127.0.0.1:7890",
    "http://proxy:1?x": "holds more than host and port; write it like http://127.0.0.1:7890",
    "http://[::1": NO_PROXY,
    "http://127.0.0.1:abc": NO_PROXY,
    "127.0.0.1:70000": NO_PROXY,
    "127.0.0.1 :7890": INVISIBLE,
    "127.0.0.1:78\u200b90": NO_PROXY,
    "pro\u200bxy:7890": INVISIBLE,
}


@pytest.mark.parametrize("text", SERVICES)
def test_an_address_of_a_service_is_kept_as_it_is_less_its_end(text: str) -> None:
    assert service_url(text) == SERVICES[text]


@pytest.mark.parametrize("text", BAD_SERVICES)
def test_what_is_no_address_of_a_service_is_told_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(BAD_SERVICES[text])}$"):
        service_url(text)


@pytest.mark.parametrize("text", PROXIES)
def test_a_proxy_without_a_scheme_is_http(text: str) -> None:
    assert proxy_url(text) == PROXIES[text]


@pytest.mark.parametrize("text", BAD_PROXIES)
def test_what_is_no_proxy_is_told_without_its_password(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(BAD_PROXIES[text])}$"):
        proxy_url(text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:1/v1", True),
        ("http://LOCALHOST./v1", True),
        ("http://models.localhost/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://127.8.9.10/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://0.0.0.0/v1", False),
        ("http://localhost.example/v1", False),
        ("http://127.0.0.1.example/v1", False),
        ("http://192.168.0.1/v1", False),
        ("http://notlocalhost/v1", False),
    ],
)
def test_only_this_machine_is_this_machine(url: str, *, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://host/v1", "host"), ("http://u:p@host:1/x", "host:1"), ("http://[::1]:2/v1", "[::1]:2")],
)
def test_a_host_is_named_without_user_and_password(url: str, host: str) -> None:
    assert host_of(url) == host
