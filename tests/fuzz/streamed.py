"""What is read of the network: events, answers, and refusals."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from zlib import crc32

import httpx2
import openai

from chatcmd.errors import ProviderError
from chatcmd.provider.answer import Answer
from chatcmd.provider.events import Event, Events, TooLong
from chatcmd.provider.place import Place
from chatcmd.provider.refusal import translate
from chatcmd.provider.request import Clocks
from chatcmd.settings.settings import Service
from tests.provider.test_events import STREAMS
from tests.replies import CLOSING, MORE, OPENING, chunk, encoded, event

THINKING = event(chunk({"reasoning_content": "hm"})) + event(
    chunk({"content": [{"type": "thinking", "thinking": "x"}]})
)
USAGE = event(chunk({}, "stop", usage={"prompt_tokens": 44, "completion_tokens": 8}))
ERRORS = (
    {"error": {"message": "The server is overloaded", "type": "server_error", "param": None, "code": None}},
    {"error": "upstream is busy"},
    {"detail": [{"loc": ["body", "messages", 0], "msg": "field required"}]},
    {
        "error": {
            "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
            "code": "context_length_exceeded",
            "n_ctx": 4096,
            "n_prompt_tokens": 5000,
        }
    },
)
_CLIENT = openai.AsyncOpenAI(api_key="x", base_url="https://api.example/v1")
PLACE = Place(Service("", "https://api.example/v1", None, None), None, "gpt-3.5-turbo", Clocks())


def streams() -> list[bytes]:
    """Give streams as services send them, whole answers, and what is no answer."""
    whole = chunk(None) | {"choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}
    usual = [OPENING + MORE, OPENING + THINKING + USAGE + CLOSING]
    return [
        *(usual * 8),  # what is no answer is told at once
        b": ping\n\n" + (OPENING + MORE).replace(b"\n", b"\r\n"),
        OPENING + b"event: error\n" + event(ERRORS[1]),
        *(event(each) for each in ERRORS),
        *(encoded(each) for each in ERRORS),
        encoded(whole),
        b"<!DOCTYPE html><html><body>Please log in</body></html>",
        *(stream for stream, _events in STREAMS.values() if stream),
    ]


def bodies() -> list[bytes]:
    return [encoded(each) for each in ERRORS] + [b"<html><h1>502 Bad Gateway</h1></html>", b"busy"]


def events(data: bytes, _folder: Path) -> None:
    """The same events come however the bytes are cut."""
    whole = _events([data])
    assert _events(_cut(data)) == whole
    assert all(b"\r" not in each.data for each in whole if isinstance(each, Event))


def answer(data: bytes, _folder: Path) -> None:
    """The same text, thoughts, counts and end come however the bytes are cut; the only errors are the provider's."""
    whole = asyncio.run(_answer([data] if data else []))
    assert asyncio.run(_answer(_cut(data))) == whole


def refusal(data: bytes, _folder: Path) -> None:
    """Whatever a server says beside its status becomes a sentence of ours."""
    chance = Random(crc32(data))
    headers = {
        name.encode(): _header(data, chance)
        for name in ("retry-after", "location", "x-should-retry")
        if chance.random() < 0.7
    }
    request = httpx2.Request("POST", "https://api.example/v1/chat/completions")
    for status in (307, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 503):
        response = httpx2.Response(status, headers=headers, content=data, request=request)
        error = translate(_CLIENT._make_status_error_from_response(response), PLACE)
        assert isinstance(error, ProviderError)
        assert str(error)


def _header(data: bytes, chance: Random) -> bytes:
    if chance.random() < 0.5:
        return chance.choice(
            (
                b"1",
                b"1e9",
                b"-1",
                b"nan",
                b"inf",
                b"9" * 400,
                b"http://[",
                b"//x",
                b"Wed, 21 Oct 2015 07:28:00 GMT",
                b"",
            )
        )
    return data[: chance.randrange(50)].translate(None, b"\r\n\0")


def _cut(data: bytes) -> list[bytes]:
    """Cut bytes where their own sum says, so that a seed is always cut alike."""
    chance = Random(crc32(data))
    most = chance.choice((1, 3, 50, 2000))
    pieces, place = [], 0
    while place < len(data):
        size = chance.randint(1, most if len(data) < 20_000 else 5000)
        pieces.append(data[place : place + size])
        place += size
    return pieces


def _events(pieces: list[bytes]) -> list[Event | str]:
    parser, found = Events(), list[Event | str]()
    try:
        for piece in pieces:
            found += parser.feed(piece)
        found += parser.end()
    except TooLong:
        found.append("too long")
    return found


async def _answer(pieces: list[bytes]) -> tuple[str, str, list[str], list[str], str]:
    """Read an answer; return its text, thoughts, finishes and counts, and how it ended."""
    for_ever = 1e6  # no machine is so slow
    clocks = Clocks(for_ever, for_ever, for_ever)
    reader = Answer("host", "text/event-stream", clocks, usage_wait=for_ever, drain_wait=for_ever)
    text, thoughts, finishes, usages, end = "", "", list[str](), list[str](), "complete"
    try:
        async for delta in reader.read(_sent(pieces)):
            text += delta.text
            thoughts += delta.reasoning
            finishes += [delta.finish_reason] if delta.finish_reason else []
            usages += [repr(delta.usage)] if delta.usage else []
            (delta.text + delta.reasoning + (delta.finish_reason or "") + (delta.model or "")).encode()
    except ProviderError as error:
        end = f"{type(error).__name__}: {error}"
        end.encode()
    return text, thoughts, finishes, usages, end


async def _sent(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
