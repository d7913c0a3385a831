"""A service asked whether it can be reached, takes the key and has the model, without asking it a question."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import httpx2
import msgspec
import openai

from chatcmd import errors
from chatcmd.conversation.message import Message
from chatcmd.conversation.window import Budget, Window
from chatcmd.language import _
from chatcmd.provider.compatible import Compatible, client
from chatcmd.provider.opened import closing_what_was_opened, take_note
from chatcmd.provider.outcome import Outcome
from chatcmd.provider.place import Place
from chatcmd.provider.proxy import proxy_for
from chatcmd.provider.refusal import translate
from chatcmd.provider.request import Clocks, Request
from chatcmd.settings.settings import Service

LONGEST_LIST = 4_000_000
"""Bytes of a list of models that are read; the longest known has a tenth of them."""

SHORT = 16
"""Tokens that an answer to the short question may have."""


async def probe(
    service: Service, environ: Mapping[str, str], seconds: float, *, question_for: str | None = None
) -> Outcome:
    """Ask a service for its models, for at most so many seconds; raises UsageError for a bad proxy or trust store.

    The model `question_for` is asked a question as well, which costs some tokens and tells more; that takes as long
    again at most.
    """
    proxy = proxy_for(service.base_url, service.proxy, environ)
    place = Place(service, proxy, question_for or "", Clocks(seconds, seconds, seconds))
    found = Outcome()
    asked = client(service, proxy, _Watch(found).see)
    try:
        async with asyncio.timeout(seconds), closing_what_was_opened(but=openai.APIStatusError):
            found.models = await _models(asked, place, with_key=service.key is not None)
            found.open = found.models is not None and service.key is not None and await _is_open(asked, place)
    except TimeoutError:
        found.fault = errors.TimedOut(_silence(found).format(host=place.way, seconds=seconds))
    except Exception as error:  # whatever a library below raises
        found.fault = translate(error, place)
    finally:
        await asked.close()
    if question_for and found.answered is not None and not isinstance(found.fault, errors.KeyRefused):
        found.asked, found.fault = True, await _asked(service, environ, question_for, seconds)
    return found


async def _asked(
    service: Service, environ: Mapping[str, str], model: str, seconds: float
) -> errors.ProviderError | None:
    """Ask a model a question of a few tokens, and give what is wrong; None when it answers."""
    window = Window((Message(role="user", content="1+1=?"),), 0, 0, "", Budget(0, 0))
    clocks = Clocks(seconds, seconds, seconds)
    provider = Compatible(service, environ)
    try:
        async with asyncio.timeout(seconds):
            request = Request(model, window, {"max_tokens": SHORT}, clocks=clocks)
            async with aclosing(provider.stream(request)) as deltas:
                async for delta in deltas:
                    if delta.text or delta.reasoning:
                        break
    except TimeoutError:
        sentence = _("{model} did not answer in {seconds:g} seconds; try again with a longer --timeout")
        return errors.TimedOut(sentence.format(model=model, seconds=seconds))
    except errors.EmptyAnswer:  # it thought longer than it was given tokens for
        return None
    except errors.ProviderError as error:
        return error
    finally:
        await provider.close()
    return None


class _Watch:
    """Notes what the transport does, as it tells it."""

    def __init__(self, found: Outcome) -> None:
        self._found = found
        self._began = 0.0

    async def see(self, request: httpx2.Request) -> None:
        request.extensions["trace"] = self._trace

    async def _trace(self, name: str, details: Mapping[str, Any]) -> None:
        await take_note(name, details)
        _layer, what, state = name.rsplit(".", 2)
        found, now = self._found, time.perf_counter()
        if state == "started":
            self._began = now
            found.securing = what == "start_tls"
            if what == "send_request_headers" and details["request"].method != b"CONNECT":
                found.sent = True
        elif (what, state) == ("connect_tcp", "complete"):
            found.connected = now - self._began
        elif (what, state) == ("start_tls", "complete"):
            found.secured, found.securing = now - self._began, False
        elif (what, state) == ("receive_response_headers", "complete") and found.sent:
            found.answered = now - self._began


async def _is_open(asked: openai.AsyncOpenAI, place: Place) -> bool:
    """Tell whether a service tells its models to everyone, so that telling them says nothing about a key."""
    try:
        return await _models(asked, place, with_key=False) is not None
    except (openai.OpenAIError, errors.ProviderError):
        return False


async def _models(asked: openai.AsyncOpenAI, place: Place, *, with_key: bool) -> tuple[str, ...] | None:
    """Ask for the list, and read the names in it; None where what came is none. Raises what the SDK raises."""
    headers = {} if with_key else {"Authorization": openai.Omit()}
    async with asked.models.with_streaming_response.list(extra_headers=headers) as response:
        data = b""
        async for piece in response.iter_bytes():
            data += piece
            if len(data) > LONGEST_LIST:
                return None
        if "html" in response.headers.get("content-type", ""):
            sentence = _("{host} sent no list of models but a web page, perhaps of a proxy or a login; check base_url")
            raise errors.NotAnAnswer(sentence.format(host=place.way))
    try:
        return tuple(str(each["id"]) for each in msgspec.json.decode(data)["data"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _silence(found: Outcome) -> str:
    """Say how far it came in the time that it had."""
    if found.connected is None:
        return _("no connection to {host} in {seconds:g} seconds; check address, network and proxy")
    if not found.sent:
        return _("{host} accepted the connection, then said nothing for {seconds:g} seconds; check address and proxy")
    return _("{host} did not answer in {seconds:g} seconds; try again with a longer --timeout")
