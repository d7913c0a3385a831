"""Addresses of services and proxies: what is allowed in them, and how they are shown."""

from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from chatcmd.language import _
from chatcmd.settings.origin import Origin

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


class Address(Struct, frozen=True):
    """A service's address, and where it was set."""

    url: str
    origin: Origin


class Proxy(Struct, frozen=True):
    """A proxy's address, with user name and password if it has them, and where it was set.

    `said` marks one that a flag or a CHATCMD_ variable names: it comes before the usual proxy variables. `flagged`
    marks one that a flag names: it comes before NO_PROXY too.
    """

    url: str
    origin: str
    said: bool = False
    flagged: bool = False


def service_url(text: str) -> str:
    """Return the base_url of a service without a slash at its end; raise ValueError with what is wrong."""
    text = text.strip()
    parts = _split(text, "https://host/v1")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(_("is no address of a service; write it like https://host/v1"))
    if parts.username or parts.password:
        raise ValueError(_("holds a user name or password, which would end up in logs; give the key as a key"))
    if "?" in text or "#" in text:
        raise ValueError(_("holds a query; write it like https://host/v1"))
    return text.rstrip("/")


def proxy_url(text: str) -> str:
    """Return a proxy's address; one without a scheme is http. Raise ValueError with what is wrong."""
    whole = text.strip() if "://" in text else f"http://{text.strip()}"
    parts = _split(whole, "http://127.0.0.1:7890")
    if parts.scheme not in PROXY_SCHEMES:
        raise ValueError(
            _("has the scheme {scheme!r}; a proxy is {schemes}").format(
                scheme=parts.scheme, schemes=_(", ").join(PROXY_SCHEMES)
            )
        )
    if not parts.hostname:
        raise ValueError(_("names no host; write it like http://127.0.0.1:7890"))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(_("holds more than host and port; write it like http://127.0.0.1:7890"))
    return whole


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if not host[:1].isdigit() and ":" not in host:
        return False
    from ipaddress import ip_address  # noqa: PLC0415 - 1.3 ms of the start, for addresses in numbers only

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """Name the host and port of an address, without user name and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _split(text: str, example: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises on a port that is no number
    except ValueError:
        raise ValueError(_("is no address; write it like {example}").format(example=example)) from None
    if any(char.isspace() or not char.isprintable() for char in text):
        raise ValueError(_("holds a blank or an invisible character; remove it"))
    return parts
