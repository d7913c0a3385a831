"""Why no answer came at all, in one sentence: what lies beneath an error of the transport, and who stood in the way."""

import os
import ssl
from urllib.parse import urlsplit

import httpx2

from chatcmd.language import _
from chatcmd.provider.chunk import error_text
from chatcmd.provider.place import Place
from chatcmd.settings.url import Proxy, host_of

WANTS_PASSWORD = ("407", "NO ACCEPTABLE METHODS", "username/password")
"""In what a proxy says when it lets nobody in without a name and a password, or not with these."""


def unreached(cause: BaseException, place: Place) -> str:
    """Say what stood between us and the service; `cause` is the error at the bottom of what was raised."""
    if isinstance(cause, httpx2.ProxyError):
        return _stopped(cause, place)
    if isinstance(cause, ssl.SSLError):
        return _unencrypted(cause, place)
    if isinstance(cause, httpx2.RemoteProtocolError | httpx2.ReadError):
        sentence = _("{host} closed the connection without an answer; try again")
        if is_no_http(cause):
            sentence = _("{host} does not speak HTTP; check the address, its beginning (https or http) and the proxy")
        return sentence.format(host=place.way)
    if isinstance(cause, httpx2.LocalProtocolError | UnicodeEncodeError):
        sentence = _("the request to {host} could not be written; check key and address")
        return sentence.format(host=place.host)
    if place.proxy is not None:  # a connection is always made to the proxy, never past it
        proxy, origin = host_of(place.proxy.url), place.proxy.origin
        sentence = _(
            "cannot reach the proxy {proxy} ({place}) on the way to {host}: {reason}; start it, correct its address, "
            "or do without"
        )
        return sentence.format(proxy=proxy, place=origin, host=place.host, reason=_reason(cause))
    sentence = _("cannot reach {host}: {reason}; check address, network and proxy")
    return sentence.format(host=place.host, reason=_reason(cause))


def is_no_http(cause: BaseException) -> bool:
    """Tell whether something answered that is no HTTP, rather than nothing."""
    return isinstance(cause, httpx2.RemoteProtocolError) and "disconnected" not in str(cause)


def wants_password(proxy: Proxy) -> str:
    """Say that a proxy lets nobody in without a password, or not with the one that it was given."""
    parts = urlsplit(proxy.url)
    sentence = _(
        "the proxy {proxy} ({place}) asks for a name and a password; write its address as "
        "{scheme}://NAME:PASSWORD@{proxy}"
    )
    if parts.username or parts.password:
        sentence = _(
            "the proxy {proxy} ({place}) does not accept the name and password in its address; correct them there (@ "
            "is written as %40, : as %3A)"
        )
    return sentence.format(proxy=host_of(proxy.url), place=proxy.origin, scheme=parts.scheme)


def _stopped(cause: httpx2.ProxyError, place: Place) -> str:
    """Say what a proxy answered that was asked for a way through."""
    words = error_text(str(cause)).rstrip(".")
    if place.proxy is not None and any(each in words for each in WANTS_PASSWORD):
        return wants_password(place.proxy)
    sentence = _("no way to {host}: it says {cause}; check the address, or ask whoever runs the proxy")
    return sentence.format(host=place.way, cause=words)


def _unencrypted(cause: ssl.SSLError, place: Place) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        sentence = _(
            "the certificate of {host} is not trusted: {reason}; if it ought to be, name the file of its authority in "
            "SSL_CERT_FILE"
        )
        return sentence.format(host=place.way, reason=cause.verify_message.rstrip("."))
    sentence = _("cannot reach {host}: TLS failed ({reason}); check address, network and proxy")
    return sentence.format(host=place.way, reason=(cause.reason or str(cause)).replace("_", " ").lower())


def _reason(cause: BaseException) -> str:
    if isinstance(cause, OSError) and cause.strerror:
        # asyncio gives a strerror that repeats number and address: the number has the words.
        words = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror
        return _(words).lower()
    return str(cause) or type(cause).__name__
