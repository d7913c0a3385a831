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
from chatcmd.language import _
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
        if self.proxy is None:
            return self.host
        sentence = _("{host} through the proxy {proxy} ({place})")
        return sentence.format(host=self.host, proxy=host_of(self.proxy.url), place=self.proxy.origin)

    @property
    def key(self) -> str:
        return str(self.service.key.origin) if self.service.key else _("nowhere: none was sent")

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
    return _(": {text}").format(text=text) if text else ""


def _unreachable(error: Exception, place: Place) -> errors.ProviderError:
    cause: BaseException = error
    while True:
        if isinstance(cause, httpx2.ProxyError):
            sentence = _("no way to {host}: it says {cause}; check the proxy's address and password")
            return errors.Unreachable(sentence.format(host=place.way, cause=cause))
        if isinstance(cause, httpx2.RemoteProtocolError | httpx2.ReadError):
            sentence = _("{host} closed the connection without an answer; try again")
            return errors.Unreachable(sentence.format(host=place.way))
        if isinstance(cause, httpx2.LocalProtocolError | UnicodeEncodeError):
            sentence = _("the request to {host} could not be written; check key and address")
            return errors.Unreachable(sentence.format(host=place.host))
        inner = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else cause.__cause__ or cause.__context__
        if inner is None:
            sentence = _("cannot reach {host}: {reason}; check address, network and proxy")
            return errors.Unreachable(sentence.format(host=place.way, reason=_reason(cause)))
        cause = inner


def _reason(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLError):
        return _("TLS failed ({reason})").format(reason=cause.reason or cause)
    if isinstance(cause, OSError) and cause.strerror:
        # asyncio gives a strerror that repeats number and address: the number has the words.
        words = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror
        return _(words).lower()
    return str(cause) or type(cause).__name__


def _timed_out(error: Exception, place: Place) -> errors.ProviderError:
    if isinstance(error.__cause__ or error, httpx2.ConnectTimeout):
        sentence = _("no connection to {host} in time; check address, network and proxy")
        return errors.TimedOut(sentence.format(host=place.way))
    sentence = _("{host} was silent for {seconds:g} seconds; try again, or set a longer timeout")
    return errors.TimedOut(sentence.format(host=place.way, seconds=place.timeout))


def _broken_off(_error: Exception, place: Place) -> errors.ProviderError:
    sentence = _("the connection to {host} broke off in the middle of the answer; try again")
    return errors.BrokenOff(sentence.format(host=place.way))


def _undecodable(_error: Exception, place: Place) -> errors.ProviderError:
    sentence = _("{host} sent bytes that cannot be unpacked; try again, or check the proxy")
    return errors.BrokenOff(sentence.format(host=place.way))


def _key_refused(error: Any, place: Place) -> errors.ProviderError:
    if place.service.key is None:
        sentence = _("{host} wants a key, and none was sent{said}; give it one (see README)")
        return errors.KeyRefused(sentence.format(host=place.host, said=said(error)))
    sentence = _("{host} refused the key (it comes from {place}); put a valid one there")
    return errors.KeyRefused(sentence.format(host=place.host, place=place.key))


def _forbidden(error: Any, place: Place) -> errors.ProviderError:
    sentence = _("{host} forbids this{said}; check what the key (from {place}) may use, and from where")
    return errors.Forbidden(sentence.format(host=place.way, said=said(error), place=place.key))


def _not_found(error: Any, place: Place) -> errors.ProviderError:
    sentence = _("{host} does not have the model {model} or this address{said}; check /model and base_url")
    return errors.ModelNotFound(sentence.format(host=place.way, model=place.model, said=said(error)))


def _bad_request(error: Any, place: Place) -> errors.ProviderError:
    text = error_text(error.body) or error_text(str(error))
    if is_too_long(error.code, text):
        sentence = _(
            "{host} finds the request too long for {model}: {text}; shorten it, or set the model's window in "
            "envs/settings.toml"
        ).format(host=place.host, model=place.model, text=text.rstrip("."))
        return errors.ContextTooLong(sentence, *numbers(error.body, text))
    return _refused(error, place)


def _refused(error: Any, place: Place) -> errors.ProviderError:
    status = error.status_code
    if 300 <= status < 400:  # noqa: PLR2004 - redirects
        sentence = _("{host} redirects to {target}, and no question follows it there; correct base_url")
        return errors.RequestRefused(sentence.format(host=place.host, target=_target(error)))
    if status == 407:  # noqa: PLR2004
        sentence = _("the proxy asks for a password: {host}; write its address as http://NAME:PASSWORD@HOST")
        return errors.Unreachable(sentence.format(host=place.way))
    if status == 408:  # noqa: PLR2004
        return errors.TimedOut(_("{host} gave up waiting (408); try again").format(host=place.way))
    if status == 402:  # noqa: PLR2004
        return _quota(error, place)
    sentence = _("{host} refused the request ({status}){said}; change the question, /model or /set")
    return errors.RequestRefused(sentence.format(host=place.way, status=status, said=said(error)))


def _target(error: Any) -> str:
    try:
        target = host_of(error.response.headers.get("location", ""))
    except ValueError:
        target = ""
    return target or _("another address")


def _rate_limited(error: Any, place: Place) -> errors.ProviderError:
    if "insufficient_quota" in (error.code, error.type) or "billing" in str(error.code):
        return _quota(error, place)
    after = error.response.headers.get("retry-after", "")
    seconds = float(after) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", after) else None
    if seconds is None:
        sentence = _("{host} gets too many requests{said}; try again in a while")
    else:
        sentence = _("{host} gets too many requests{said}; try again in {seconds:g} s")
    return errors.RateLimited(sentence.format(host=place.way, said=said(error), seconds=seconds), seconds)


def _quota(error: Any, place: Place) -> errors.ProviderError:
    sentence = _(
        "the quota of the key (from {place}) is used up at {host}{said}; look at the account there, or use another key"
    )
    return errors.QuotaUsedUp(sentence.format(place=place.key, host=place.host, said=said(error)))


def _server_failed(error: Any, place: Place) -> errors.ProviderError:
    status = getattr(error, "status_code", None)
    number = f" ({status})" if status else ""
    sentence = _("{host} failed{number}{said}; try again")
    return errors.ServerFailed(sentence.format(host=place.way, number=number, said=said(error)))


def _not_an_answer(_error: Exception, place: Place) -> errors.ProviderError:
    sentence = _("{host} sent something that is no chat answer; check base_url and proxy")
    return errors.NotAnAnswer(sentence.format(host=place.way))


def _misused(error: Exception, place: Place) -> errors.ProviderError:
    sentence = _("the request to {host} could not be made: {error}; check the settings")
    return errors.ProviderError(sentence.format(host=place.host, error=error))


def _unexpected(error: Exception, place: Place) -> errors.ProviderError:
    sentence = _("the request to {host} failed in an unexpected way: {error}; try again")
    return errors.ProviderError(sentence.format(host=place.host, error=type(error).__name__))


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
