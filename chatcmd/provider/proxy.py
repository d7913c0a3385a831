"""Which proxy stands before a service (pure): what was said, the usual variables, the file; never for this machine."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from chatcmd.errors import UsageError
from chatcmd.language import _
from chatcmd.settings.url import Proxy, is_loopback, proxy_url


def proxy_for(url: str, setting: Proxy | None, environ: Mapping[str, str]) -> Proxy | None:
    """Choose the proxy for an address; raises UsageError when a variable holds no proxy."""
    if is_loopback(url) or _excepted(url, environ):
        return None
    if setting is not None and setting.said:
        return setting
    for name in (f"{urlsplit(url).scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if variable == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
                continue  # under CGI a client's Proxy: header arrives as this variable
            if value := environ.get(variable):
                try:
                    return Proxy(proxy_url(value), variable)
                except ValueError as error:
                    raise UsageError(
                        _("{name} {fault}; correct it, unset it, or name the host in NO_PROXY").format(
                            name=variable, fault=error
                        )
                    ) from None
    return setting


def _excepted(url: str, environ: Mapping[str, str]) -> bool:
    """Tell whether NO_PROXY names the host: as itself, a suffix, an address, a network, or `*`."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    exceptions = (environ.get("no_proxy") or environ.get("NO_PROXY") or "").replace(",", " ").split()
    return any(_matches(host, port, exception) for exception in exceptions)


def _matches(host: str, port: int | None, exception: str) -> bool:
    if exception == "*":
        return True
    name, colon, number = exception.rpartition(":")
    if colon and number.isdecimal() and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        exception = name
    exception = exception.strip("[]").lower()
    try:
        address = ip_address(host)
    except ValueError:
        exception = exception.removeprefix("*").strip(".")
        return bool(exception) and (host == exception or host.endswith(f".{exception}"))
    try:
        return address in ip_network(exception, strict=False)
    except ValueError:
        return False
