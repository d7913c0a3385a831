"""Errors of the SDK and of its transport, in our words: one table, the only one (design: 2.6)."""

import re
import ssl
from collections.abc import Callable
from typing import Any

import httpx2
import openai
from msgspec import Struct

from chatcmd import errors
from chatcmd.provider.chunk import error_text
from chatcmd.provider.proxy import Proxy
from chatcmd.settings.settings import Service
from chatcmd.settings.url import host_of


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
        return str(self.service.key.origin) if self.service.key else "nowhere: no key was sent"


def translate(error: Exception, place: Place) -> errors.ProviderError:
    """Put any exception of a request into our words; a key in a foreign text is masked."""
    row = next((ROWS[kind] for kind in type(error).__mro__ if kind in ROWS), _unexpected)
    translated = row(error, place)
    if place.service.key is not None:
        secret = place.service.key.secret.reveal()
        translated.args = tuple(
            part.replace(secret, "••••") if isinstance(part, str) else part for part in translated.args
        )
    return translated


def said(error: Any) -> str:
    """Quote what a server said, if it said anything."""
    text = error_text(getattr(error, "body", None)) or ""
    return f": {text}" if text else ""


def _unreachable(error: Exception, place: Place) -> errors.ProviderError:
    cause: BaseException = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        cause = cause.__cause__ or cause.__context__ or cause
        if isinstance(cause, httpx2.ProxyError):
            return errors.Unreachable(
                f"the proxy refused: {place.way}: {cause}; check the proxy's address and password"
            )
        if isinstance(cause, httpx2.RemoteProtocolError | httpx2.ReadError):
            return errors.Unreachable(f"{place.way} closed the connection without an answer; try again")
        if isinstance(cause, httpx2.LocalProtocolError | UnicodeEncodeError):
            return errors.Unreachable(f"the request to {place.host} could not be written; check key and address")
    return errors.Unreachable(f"cannot reach {place.way}: {_reason(cause)}; check address, network and proxy")


def _reason(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed ({cause.reason or cause})"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return str(cause) or type(cause).__name__


def _timed_out(error: Exception, place: Place) -> errors.ProviderError:
    if isinstance(error.__cause__ or error, httpx2.ConnectTimeout):
        return errors.TimedOut(f"no connection to {place.way} in time; check address, network and proxy")
    return errors.TimedOut(f"{place.host} was silent for {place.timeout:g} seconds; try again, or set a longer timeout")


def _broken_off(_: Exception, place: Place) -> errors.ProviderError:
    return errors.BrokenOff(f"the connection to {place.way} broke off in the middle of the answer; try again")


def _key_refused(_: Any, place: Place) -> errors.ProviderError:
    return errors.KeyRefused(f"{place.host} refused the key (it comes from {place.key}); put a valid one there")


def _forbidden(error: Any, place: Place) -> errors.ProviderError:
    return errors.Forbidden(
        f"{place.host} forbids this{said(error)}; check what the key (from {place.key}) may use, and from where"
    )


def _not_found(error: Any, place: Place) -> errors.ProviderError:
    return errors.ModelNotFound(
        f"{place.host} does not have the model {place.model} or this address{said(error)}; check /model and base_url"
    )


def _bad_request(error: Any, place: Place) -> errors.ProviderError:
    text = error_text(error.body) or str(error)
    if error.code == "context_length_exceeded" or re.search(r"context (length|window|size)|n_ctx", text, re.IGNORECASE):
        limit = re.search(r"(?:context length|context window|n_ctx)\D{0,20}(\d[\d,]+)", text, re.IGNORECASE)
        tokens = re.search(r"(?:resulted in|requested|request has|prompt is)\D{0,20}(\d[\d,]+)", text, re.IGNORECASE)
        return errors.ContextTooLong(
            f"the request is too long for {place.model}: {text}", _number(limit), _number(tokens)
        )
    return _refused(error, place)


def _number(found: re.Match[str] | None) -> int | None:
    return int(found[1].replace(",", "")) if found else None


def _refused(error: Any, place: Place) -> errors.ProviderError:
    status = getattr(error, "status_code", 0)
    if 300 <= status < 400:  # noqa: PLR2004 - redirects
        target = host_of(error.response.headers.get("location", "")) or "another address"
        return errors.RequestRefused(
            f"{place.host} redirects to {target}, and no question follows it there; correct base_url"
        )
    if status == 407:  # noqa: PLR2004
        return errors.Unreachable(f"the proxy asks for a password: {place.way}; write it as http://NAME:PASSWORD@HOST")
    if status == 408:  # noqa: PLR2004
        return errors.TimedOut(f"{place.host} gave up waiting (408); try again")
    return errors.RequestRefused(f"{place.host} refused the request ({status}){said(error)}")


def _rate_limited(error: Any, place: Place) -> errors.ProviderError:
    if "insufficient_quota" in (error.code, error.type) or "billing" in str(error.code):
        return errors.QuotaUsedUp(f"the quota of the key (from {place.key}) is used up at {place.host}{said(error)}")
    after = error.response.headers.get("retry-after", "")
    seconds = float(after) if re.fullmatch(r"\d+(\.\d+)?", after) else None
    wait = f" in {seconds:g} seconds" if seconds is not None else " in a while"
    return errors.RateLimited(f"{place.host} gets too many requests{said(error)}; try again{wait}", seconds)


def _server_failed(error: Any, place: Place) -> errors.ProviderError:
    status = getattr(error, "status_code", None)
    number = f" ({status})" if status else ""
    return errors.ServerFailed(f"{place.host} failed{number}{said(error)}; try again")


def _not_an_answer(_: Exception, place: Place) -> errors.ProviderError:
    return errors.NotAnAnswer(f"{place.host} sent something that is no chat answer; check base_url and proxy")


def _misused(error: Exception, place: Place) -> errors.ProviderError:
    return errors.ProviderError(f"the request to {place.host} could not be made: {error}")


def _unexpected(error: Exception, place: Place) -> errors.ProviderError:
    return errors.ProviderError(f"the request to {place.host} failed in an unexpected way: {type(error).__name__}")


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
    httpx2.StreamError: _broken_off,
    httpx2.InvalidURL: _misused,
    httpx2.CookieConflict: _misused,
    UnicodeEncodeError: _unreachable,
}
