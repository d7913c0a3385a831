"""Errors of the SDK and of its transport, in our words: one table, the only one (design: 2.6)."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import openai

from chatcmd import errors
from chatcmd.language import _
from chatcmd.provider.answer import no_first_word
from chatcmd.provider.chunk import error_text
from chatcmd.provider.pause import retry_after
from chatcmd.provider.place import Place
from chatcmd.provider.too_long import is_too_long, numbers
from chatcmd.provider.unreached import is_no_http, unreached, wants_password
from chatcmd.settings.url import host_of


def translate(error: Exception, place: Place) -> errors.ProviderError:
    """Put any exception of a request into our words; a key or password in a foreign text is masked."""
    if isinstance(error, errors.ProviderError):
        translated = error
    else:
        row = next((ROWS[kind] for kind in type(error).__mro__ if kind in ROWS), _unexpected)
        translated = row(error, place)
        translated.passing = _passes(error, translated)
        if isinstance(error, openai.APIStatusError):
            translated.retry_after = retry_after(error.response.headers, datetime.now(UTC))
    translated.args = tuple(place.masked(part) if isinstance(part, str) else part for part in translated.args)
    return translated


def _passes(error: Exception, translated: errors.ProviderError) -> bool:
    """Tell whether a failure may be gone a moment later: as the server says itself, else by what it is."""
    if isinstance(translated, errors.QuotaUsedUp):
        return False
    if isinstance(error, openai.APIStatusError):
        says = error.response.headers.get("x-should-retry")
        status = error.status_code
        return says == "true" or (says != "false" and (status in PASSING or status >= 500))  # noqa: PLR2004
    cause = _cause(error)
    if isinstance(error, openai.APITimeoutError):
        return isinstance(cause, httpx2.ConnectTimeout)  # what was waited for so long is not asked for again
    if isinstance(cause, httpx2.ProxyError):  # it says so in words: it found no way for now
        return any(status in str(cause) for status in ("502", "503", "504"))
    lasts = isinstance(cause, LASTING) or is_no_http(cause)
    return isinstance(error, openai.APIConnectionError) and not lasts


def said(error: Any) -> str:
    """Quote what a server said, if it said anything."""
    text = error_text(getattr(error, "body", None)).rstrip(".")
    return _(": {text}").format(text=text) if text else ""


def _unreachable(error: Exception, place: Place) -> errors.ProviderError:
    return errors.Unreachable(unreached(_cause(error), place))


def _cause(error: BaseException) -> BaseException:
    """Follow an error to the one beneath it that says what happened."""
    while not isinstance(error, TELLING):
        group = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else None
        inner = group or error.__cause__ or error.__context__
        if inner is None:
            break
        error = inner
    return error


def _timed_out(error: Exception, place: Place) -> errors.ProviderError:
    if isinstance(_cause(error), httpx2.ConnectTimeout):
        sentence = _(
            "no connection to {host} in {seconds:g} seconds; check address, network and proxy, or set a longer "
            "connect_timeout"
        )
        return errors.TimedOut(sentence.format(host=place.way, seconds=place.clocks.connect))
    return errors.TimedOut(no_first_word(place.way, place.clocks.first))


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
    if status == 407 and place.proxy is not None:  # noqa: PLR2004
        return errors.Unreachable(wants_password(place.proxy))
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
    seconds = retry_after(error.response.headers, datetime.now(UTC))
    if seconds is None:
        sentence = _("{host} gets too many requests{said}; try again in a while")
    else:
        sentence = _("{host} gets too many requests{said}; try again in {seconds:g} s")
    return errors.RateLimited(sentence.format(host=place.way, said=said(error), seconds=seconds))


def _quota(error: Any, place: Place) -> errors.ProviderError:
    sentence = _(
        "the quota of the key (from {place}) is used up at {host}{said}; look at the account there, or use another key"
    )
    return errors.QuotaUsedUp(sentence.format(place=place.key, host=place.host, said=said(error)))


def _server_failed(error: Any, place: Place) -> errors.ProviderError:
    status = getattr(error, "status_code", None)
    sentence = _("{host} failed ({status}){said}; try again") if status else _("{host} failed{said}; try again")
    return errors.ServerFailed(sentence.format(host=place.way, status=status, said=said(error)))


def _not_an_answer(_error: Exception, place: Place) -> errors.ProviderError:
    sentence = _("{host} sent something that is no chat answer; check base_url and proxy")
    return errors.NotAnAnswer(sentence.format(host=place.way))


def _misused(error: Exception, place: Place) -> errors.ProviderError:
    sentence = _("the request to {host} could not be made: {error}; check the settings")
    return errors.ProviderError(sentence.format(host=place.host, error=error))


def _unexpected(error: Exception, _place: Place) -> errors.ProviderError:
    """Nothing that a server or a library below is known to do: a fault of ours, and reported as such."""
    return errors.ProviderError(str(errors.OurFault(error, "a request")))


PASSING = (408, 409, 429)
"""Below 500, what may be gone a moment later (the SDK's own rule)."""

LASTING = (
    httpx2.LocalProtocolError,
    httpx2.UnsupportedProtocol,
    UnicodeEncodeError,
    ssl.SSLCertVerificationError,
)
"""What stands between us and a server and does not go away by itself."""

TELLING = (*LASTING, httpx2.ProxyError, httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.ConnectTimeout)

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
