"""Errors of the SDK and of its transport, in our words: one table, the only one (design: 2.6)."""

import os
import re
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx2
import openai
from msgspec import Struct

from chatcmd import errors
from chatcmd.provider.chunk import error_text
from chatcmd.provider.too_long import is_too_long, numbers
from chatcmd.settings.settings import Service
from chatcmd.settings.url import Proxy, host_of

DOTS = "••••"


class Place(Struct, frozen=True):
    """What a sentence may name: the service, the proxy before it, the model, and the time-out in seconds."""

    service: Service
    proxy: Proxy | None
    model: str
    timeout: float

    @property
    def host(self) -> str:
        return host_of(self.service.base_url)

    @property
    def way(self) -> str:
        through = f" through the proxy {host_of(self.proxy.url)} ({self.proxy.origin})" if self.proxy else ""
        return self.host + through

    @property
    def key(self) -> str:
        return str(self.service.key.origin) if self.service.key else "nowhere: none was sent"

    def masked(self, text: str) -> str:
        """Put dots in place of the key and the proxy's password, also where a text was cut within one."""
        for secret in self._secrets():
            text = text.replace(secret, DOTS)
            for length in range(len(secret) - 1, 3, -1):
                text = text.replace(secret[:length] + "…", DOTS + "…")
        return text

    def _secrets(self) -> list[str]:
        password = (urlsplit(self.proxy.url).password if self.proxy else None) or ""
        key = self.service.key.secret.reveal() if self.service.key else ""
        return sorted(filter(None, {key, password, unquote(password)}), key=len, reverse=True)


def translate(error: Exception, place: Place) -> errors.ProviderError:
    """Put any exception of a request into our words; a key or password in a foreign text is masked."""
    if isinstance(error, errors.ProviderError):
        translated = error
    else:
        row = next((ROWS[kind] for kind in type(error).__mro__ if kind in ROWS), _unexpected)
        translated = row(error, place)
    translated.args = tuple(place.masked(part) if isinstance(part, str) else part for part in translated.args)
    return translated


def said(error: Any) -> str:
    """Quote what a server said, if it said anything."""
    text = error_text(getattr(error, "body", None)).rstrip(".")
    return f": {text}" if text else ""


def _unreachable(error: Exception, place: Place) -> errors.ProviderError:
    cause: BaseException = error
    while True:
        if isinstance(cause, httpx2.ProxyError):
            return errors.Unreachable(f"no way to {place.way}: it says {cause}; check the proxy's address and password")
        if isinstance(cause, httpx2.RemoteProtocolError | httpx2.ReadError):
            return errors.Unreachable(f"{place.way} closed the connection without an answer; try again")
        if isinstance(cause, httpx2.LocalProtocolError | UnicodeEncodeError):
            return errors.Unreachable(f"the request to {place.host} could not be written; check key and address")
        inner = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else cause.__cause__ or cause.__context__
        if inner is None:
            return errors.Unreachable(f"cannot reach {place.way}: {_reason(cause)}; check address, network and proxy")
        cause = inner


def _reason(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed ({cause.reason or cause})"
    if isinstance(cause, OSError) and cause.strerror:
        # asyncio gives a strerror that repeats number and address: the number has the words.
        return os.strerror(cause.errno).lower() if cause.errno and cause.errno > 0 else cause.strerror.lower()
    return str(cause) or type(cause).__name__


def _timed_out(error: Exception, place: Place) -> errors.ProviderError:
    if isinstance(error.__cause__ or error, httpx2.ConnectTimeout):
        return errors.TimedOut(f"no connection to {place.way} in time; check address, network and proxy")
    return errors.TimedOut(f"{place.way} was silent for {place.timeout:g} seconds; try again, or set a longer timeout")


def _broken_off(_: Exception, place: Place) -> errors.ProviderError:
    return errors.BrokenOff(f"the connection to {place.way} broke off in the middle of the answer; try again")


def _undecodable(_: Exception, place: Place) -> errors.ProviderError:
    return errors.BrokenOff(f"{place.way} sent bytes that cannot be unpacked; try again, or check the proxy")


def _key_refused(error: Any, place: Place) -> errors.ProviderError:
    if place.service.key is None:
        return errors.KeyRefused(f"{place.host} wants a key, and none was sent{said(error)}; give it one (see README)")
    return errors.KeyRefused(f"{place.host} refused the key (it comes from {place.key}); put a valid one there")


def _forbidden(error: Any, place: Place) -> errors.ProviderError:
    return errors.Forbidden(
        f"{place.way} forbids this{said(error)}; check what the key (from {place.key}) may use, and from where"
    )


def _not_found(error: Any, place: Place) -> errors.ProviderError:
    return errors.ModelNotFound(
        f"{place.way} does not have the model {place.model} or this address{said(error)}; check /model and base_url"
    )


def _bad_request(error: Any, place: Place) -> errors.ProviderError:
    text = error_text(error.body) or error_text(str(error))
    if is_too_long(error.code, text):
        sentence = (
            f"{place.host} finds the request too long for {place.model}: {text.rstrip('.')}; shorten it, or set the "
            "model's window in envs/settings.toml"
        )
        return errors.ContextTooLong(sentence, *numbers(error.body, text))
    return _refused(error, place)


def _refused(error: Any, place: Place) -> errors.ProviderError:
    status = error.status_code
    if 300 <= status < 400:  # noqa: PLR2004 - redirects
        return errors.RequestRefused(
            f"{place.host} redirects to {_target(error)}, and no question follows it there; correct base_url"
        )
    if status == 407:  # noqa: PLR2004
        return errors.Unreachable(
            f"the proxy asks for a password: {place.way}; write its address as http://NAME:PASSWORD@HOST"
        )
    if status == 408:  # noqa: PLR2004
        return errors.TimedOut(f"{place.way} gave up waiting (408); try again")
    if status == 402:  # noqa: PLR2004
        return _quota(error, place)
    return errors.RequestRefused(
        f"{place.way} refused the request ({status}){said(error)}; change the question, /model or /set"
    )


def _target(error: Any) -> str:
    try:
        return host_of(error.response.headers.get("location", "")) or "another address"
    except ValueError:
        return "another address"


def _rate_limited(error: Any, place: Place) -> errors.ProviderError:
    if "insufficient_quota" in (error.code, error.type) or "billing" in str(error.code):
        return _quota(error, place)
    after = error.response.headers.get("retry-after", "")
    seconds = float(after) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", after) else None
    wait = f" in {seconds:g} s" if seconds is not None else " in a while"
    return errors.RateLimited(f"{place.way} gets too many requests{said(error)}; try again{wait}", seconds)


def _quota(error: Any, place: Place) -> errors.ProviderError:
    return errors.QuotaUsedUp(
        f"the quota of the key (from {place.key}) is used up at {place.host}{said(error)}; "
        "look at the account there, or use another key"
    )


def _server_failed(error: Any, place: Place) -> errors.ProviderError:
    status = getattr(error, "status_code", None)
    number = f" ({status})" if status else ""
    return errors.ServerFailed(f"{place.way} failed{number}{said(error)}; try again")


def _not_an_answer(_: Exception, place: Place) -> errors.ProviderError:
    return errors.NotAnAnswer(f"{place.way} sent something that is no chat answer; check base_url and proxy")


def _misused(error: Exception, place: Place) -> errors.ProviderError:
    return errors.ProviderError(f"the request to {place.host} could not be made: {error}; check the settings")


def _unexpected(error: Exception, place: Place) -> errors.ProviderError:
    return errors.ProviderError(
        f"the request to {place.host} failed in an unexpected way: {type(error).__name__}; try again"
    )


Row = Callable[[Any, Place], errors.ProviderError]

ROWS: dict[type[Exception], Row] = {
    openai.OpenAIError: _misused,
    openai.APIError: _server_failed,
    openai.APIStatusError: _refused,
    openai.APITimeoutError: _timed_out,
    openai.APIConnectionError: _unreachable,
    openai.APIResponseValidationError: _not_an_answer,
    openai.BadRequestError: _bad_request,
    openai.AuthenticationError: _key_refused,
    openai.PermissionDeniedError: _forbidden,
    openai.NotFoundError: _not_found,
    openai.ConflictError: _refused,
    openai.UnprocessableEntityError: _bad_request,
    openai.RateLimitError: _rate_limited,
    openai.InternalServerError: _server_failed,
    openai.LengthFinishReasonError: _not_an_answer,
    openai.ContentFilterFinishReasonError: _not_an_answer,
    openai.InvalidWebhookSignatureError: _misused,
    openai.OAuthError: _key_refused,
    openai.WebSocketQueueFullError: _misused,
    openai.WebSocketConnectionClosedError: _broken_off,
    httpx2.TimeoutException: _timed_out,
    httpx2.HTTPError: _broken_off,
    httpx2.DecodingError: _undecodable,
    httpx2.StreamError: _broken_off,
    httpx2.InvalidURL: _misused,
    httpx2.CookieConflict: _misused,
    UnicodeEncodeError: _unreachable,
    OSError: _broken_off,
}
