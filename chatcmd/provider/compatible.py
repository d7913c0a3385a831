"""An OpenAI-compatible service, through the openai SDK: the request out, the answer in."""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing
from functools import cache
from typing import Any

import httpx2
import openai

from chatcmd.conversation.reply import Delta
from chatcmd.errors import TimedOut, UsageError, reason
from chatcmd.language import _
from chatcmd.provider.answer import Answer, no_first_word
from chatcmd.provider.chunk import error_text
from chatcmd.provider.opened import closing_what_was_opened, watch
from chatcmd.provider.place import Place
from chatcmd.provider.proxy import proxy_for
from chatcmd.provider.refusal import translate
from chatcmd.provider.request import Clocks, Request
from chatcmd.settings.settings import Service
from chatcmd.settings.url import Proxy

LONGEST_REFUSAL = 65_536
"""Bytes of an error's body that are still read."""

_API_NAMES = {"end_user": "user"}
_NOT_SUPPORTED = re.compile(
    r"unsupported|not supported|does ?n[o']t support|unrecogni[sz]ed|unknown|unexpected|extra (inputs|fields)"
    r"|not permitted|not allowed",
    re.IGNORECASE,
)
_OUT_OF_RANGE = re.compile(
    r"between|range|at (most|least)|(less|greater|more) than|maximum|minimum|too (large|small|high|low|many)"
    r"|m(ust|ay) not exceed|[<>]=?",
    re.IGNORECASE,
)
_REFUSAL_CODES = ("unsupported_parameter", "unsupported_value", "unknown_parameter")


Hook = Callable[[httpx2.Request], Awaitable[None]]


class Compatible:
    """One service and its client, for the life of the program."""

    def __init__(self, service: Service, environ: Mapping[str, str]) -> None:
        self._service = service
        self._proxy = proxy_for(service.base_url, service.proxy, environ)
        self._client = client(service, self._proxy)
        self._left_out: dict[str, set[str]] = {}

    async def close(self) -> None:
        await self._client.close()

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Ask, and yield the answer; a parameter that the model refuses is left out, and that is said once."""
        place = Place(self._service, self._proxy, request.model, request.clocks)
        while True:
            parameters = self._parameters(request)
            try:
                async with aclosing(self._ask(parameters, place)) as deltas:
                    async for delta in deltas:
                        yield delta
                return
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                refused = _refused_parameter(error, parameters)
                if refused is None:
                    raise translate(error, place) from None
                self._left_out.setdefault(request.model, set()).add(refused)
                if refused != "stream_options":
                    yield Delta(notice=_notice(request.model, refused))
            except Exception as error:  # whatever a library below raises, and not every one says what
                raise translate(error, place) from None

    async def _ask(self, parameters: dict[str, Any], place: Place) -> AsyncGenerator[Delta, None]:
        async with AsyncExitStack() as stack:
            headers = {} if self._service.key else {"Authorization": openai.Omit()}
            create = self._client.chat.completions.with_streaming_response.create
            clocks, now = place.clocks, asyncio.get_running_loop().time
            began = now()
            try:
                # The transport's own clock starts again at every byte: a server could drip headers for ever.
                async with asyncio.timeout(clocks.first), closing_what_was_opened(but=openai.APIStatusError):
                    response = await stack.enter_async_context(
                        create(extra_headers=headers, timeout=_transport(clocks), **_quickly(parameters))
                    )
            except TimeoutError:
                raise TimedOut(no_first_word(place.way, clocks.first)) from None
            answer = Answer(place.way, response.headers.get("content-type", ""), clocks, begun=now() - began)
            pieces = await stack.enter_async_context(aclosing(response.http_response.aiter_bytes()))
            deltas = await stack.enter_async_context(aclosing(answer.read(pieces)))
            async for delta in deltas:
                yield delta

    def _parameters(self, request: Request) -> dict[str, Any]:
        """Build the request: the window's messages as they are, and what was set of the rest."""
        parameters: dict[str, Any] = {"model": request.model, "messages": [m.api for m in request.window.messages]}
        if request.stream:
            parameters |= {"stream": True, "stream_options": {"include_usage": True}}
        else:
            parameters["stream"] = False
        for name, value in request.generation.items():
            parameters[_API_NAMES.get(name, name)] = value
        left_out = self._left_out.get(request.model, set())
        if "max_tokens" in parameters and (request.reasons or "max_tokens" in left_out):
            parameters["max_completion_tokens"] = parameters.pop("max_tokens")
        return {name: value for name, value in parameters.items() if name not in left_out}


def _quickly(parameters: dict[str, Any]) -> dict[str, Any]:
    """Pass the messages round the SDK's types, which would look each over: 0.15 ms of Enter to request for each."""
    return {**parameters, "messages": [], "extra_body": {"messages": parameters["messages"]}}


class _Start(httpx2.AsyncByteStream):
    """The first bytes of an error's body: the SDK reads one to its end, wherever that is."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        async for piece in self._body:
            yield piece
            length += len(piece)
            if length >= LONGEST_REFUSAL:
                return

    async def aclose(self) -> None:
        await self._body.aclose()


async def _cut_refusal(response: httpx2.Response) -> None:
    if not response.is_success and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Start(response.stream)


def _transport(clocks: Clocks) -> httpx2.Timeout:
    """Set the transport's clocks: that of reading is ours, which knows what is a word."""
    return httpx2.Timeout(connect=clocks.connect, read=None, write=30, pool=clocks.connect)


def client(service: Service, proxy: Proxy | None, *hooks: Hook) -> openai.AsyncOpenAI:
    """Make the client: our proxy or none, no redirects, no retries, of the environment only the trust store.

    The `hooks` see each request before it leaves. Raises UsageError for a bad proxy or trust store.
    """
    key = service.key.secret.reveal() if service.key else "none"
    origin = proxy.origin if proxy else "base_url"
    try:
        transport = openai.DefaultAsyncHttpxClient(
            follow_redirects=False,
            trust_env=False,
            verify=_trust(),
            proxy=proxy.url if proxy else None,
            event_hooks={"request": [watch, *hooks], "response": [_cut_refusal]},
        )
        return openai.AsyncOpenAI(api_key=key, base_url=service.base_url, max_retries=0, http_client=transport)
    except ImportError:
        raise UsageError(
            _("{place} is a socks proxy; install what it needs: pip install 'httpx2[socks]'").format(place=origin)
        ) from None
    except (ValueError, httpx2.InvalidURL):
        raise UsageError(
            _("{place} cannot be used: it names no host that can be asked; correct it").format(place=origin)
        ) from None


@cache
def _trust() -> ssl.SSLContext:
    """Load whom this machine trusts, once: it takes longer than all the rest of a client."""
    try:
        return httpx2.create_ssl_context(trust_env=True)
    except OSError as error:
        raise UsageError(
            _("SSL_CERT_FILE or SSL_CERT_DIR cannot be used: {reason}; correct it, or unset it").format(
                reason=reason(error)
            )
        ) from None


def _notice(model: str, refused: str) -> str:
    if refused == "max_tokens":
        return _("{model} does not take max_tokens; it is sent as max_completion_tokens from now on").format(
            model=model
        )
    return _("{model} does not take {name}; it is left out from now on").format(model=model, name=refused)


def _refused_parameter(error: openai.APIStatusError, parameters: dict[str, Any]) -> str | None:
    """Find the optional parameter that a refusal is about, or None when it is about something else.

    A parameter that is only out of its range is its owner's to correct; `stream_options` is nobody's wish.
    """
    text = error_text(error.body) or str(error)
    optional = [name for name in parameters if name not in ("model", "messages", "stream")]
    named = error.param.split(".")[0] if isinstance(error.param, str) else ""
    if "stream_options" in optional and "stream_options" in (named, *re.findall(r"\w+", text)):
        return "stream_options"
    if error.code not in _REFUSAL_CODES and (not _NOT_SUPPORTED.search(text) or _OUT_OF_RANGE.search(text)):
        return None
    if named in optional:
        return named
    return next((name for name in optional if re.search(rf"\b{name}\b", text)), None)
