"""Which proxy stands before a service (pure): what was said, the usual variables, the file; never for this machine."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from chatcmd.errors import UsageError
from chatcmd.language import _
from chatcmd.settings.url import Proxy, host_of, is_loopback, proxy_url


def proxy_for(url: str, setting: Proxy | None, environ: Mapping[str, str]) -> Proxy | None:
    """Choose the proxy for an address; raises UsageError for a variable that holds none, and for one that may err."""
    proxy = _chosen(url, setting, environ)
    if proxy is not None and ":" in (urlsplit(url).hostname or "") and urlsplit(proxy.url).scheme in ("http", "https"):
        # The transport leaves out the brackets: [fd00::1]:80 is asked for as fd00::1:80, which is also another host.
        raise UsageError(
            _(
                "the proxy {proxy} ({place}) could take {host} for another host; name the service in place of its IPv6 "
                "address, or reach it without a proxy"
            ).format(proxy=host_of(proxy.url), place=proxy.origin, host=host_of(url))
        )
    return proxy


def _chosen(url: str, setting: Proxy | None, environ: Mapping[str, str]) -> Proxy | None:
    if is_loopback(url):
        return None  # the proxy would take it for its own machine, and hand key and question to whoever listens there
    if setting is not None and setting.flagged:
        # Unlike curl's, for here a flag comes before the environment, and NO_PROXY is of the environment: whoever asks
        # for a proxy for this one run must not be led past it, seen by all, without a word.
        return setting
    if _excepted(url, environ):
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
