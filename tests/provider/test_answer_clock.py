"""The clock of an answer: what counts as life, and how long the end of a finished answer is waited for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from chatcmd.conversation.message import Usage
from chatcmd.errors import BrokenOff, NotAnAnswer, TimedOut
from chatcmd.provider.answer import Answer
from chatcmd.provider.request import Clocks
from tests.replies import DONE, MORE, OPENING, STOP, chunk, event

LONG = 3600.0
"""Longer than any test may take: who waits so long fails by the time-out of the tests."""

USAGE = event(chunk({}) | {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
PING = b": ping\n\n"
MENDED = event(chunk({"content": "late"}))


async def silent_after(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    await asyncio.Event().wait()


async def repeating(first: bytes, again: bytes) -> AsyncIterator[bytes]:
    yield first
    while True:
        await asyncio.sleep(0)
        yield again


async def ending_after(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def failing_after(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    raise OSError("cut")


def answer(*, first: float = LONG, timeout: float = LONG, usage_wait: float = LONG, drain_wait: float = LONG) -> Answer:
    return Answer(
        "api.test", "text/event-stream; x=y", Clocks(9, first, timeout), usage_wait=usage_wait, drain_wait=drain_wait
    )


async def read(reader: Answer, response: AsyncIterator[bytes]) -> tuple[str, Usage | None]:
    text, usage = "", None
    async with aclosing(reader.read(response)) as deltas:
        async for delta in deltas:
            text += delta.text
            usage = delta.usage or usage
    return text, usage


Source = Callable[[], AsyncIterator[bytes]]

# How the bytes come, the one wait that has to end it, and what was read by then.
WAITS: list[tuple[Source, str, tuple[str, Usage | None]]] = [
    (lambda: silent_after(OPENING + STOP), "usage_wait", ("partial ", None)),
    (lambda: repeating(OPENING + STOP, PING), "usage_wait", ("partial ", None)),
    (lambda: repeating(OPENING + STOP, event({"choices": []})), "usage_wait", ("partial ", None)),
    (lambda: silent_after(OPENING + STOP + USAGE), "drain_wait", ("partial ", Usage(3, 4))),
    (lambda: repeating(OPENING + STOP + USAGE, USAGE), "drain_wait", ("partial ", Usage(3, 4))),
    (lambda: silent_after(OPENING, STOP, USAGE, DONE), "drain_wait", ("partial ", Usage(3, 4))),
    (lambda: repeating(OPENING + DONE, PING), "drain_wait", ("partial ", None)),
    (lambda: repeating(OPENING + DONE, MENDED), "drain_wait", ("partial ", None)),
    (lambda: repeating(OPENING + DONE, b"x" * 65_536), "drain_wait", ("partial ", None)),
]


@pytest.mark.parametrize(("source", "wait", "read_by_then"), WAITS)
async def test_the_end_of_a_finished_answer_is_not_waited_for_in_vain(
    source: Source, wait: str, read_by_then: tuple[str, Usage | None]
) -> None:
    assert await read(answer(**{wait: 0.05}), source()) == read_by_then


SILENCES: list[Source] = [
    lambda: silent_after(OPENING),
    lambda: silent_after(OPENING + b"data: {"),
    lambda: repeating(OPENING, PING),
    lambda: repeating(b'{"choices": ', b" "),
]

ROLE = event(chunk({"role": "assistant", "content": ""}))
NO_WORD: list[Source] = [
    lambda: silent_after(b""),
    lambda: silent_after(ROLE),
    lambda: repeating(b"", PING),
    lambda: repeating(b"", b"\n"),
    lambda: repeating(ROLE, ROLE),
]


@pytest.mark.parametrize("source", SILENCES)
async def test_silence_ends_an_answer_that_is_not_finished(source: Source) -> None:
    with pytest.raises(TimedOut, match=r"api\.test was silent for 0\.05 seconds; try again"):
        await read(answer(timeout=0.05), source())


@pytest.mark.parametrize("source", NO_WORD)
async def test_the_first_word_has_a_clock_of_its_own(source: Source) -> None:
    with pytest.raises(TimedOut, match=r"api\.test sent no word of an answer in 0\.05 seconds; .* first_timeout$"):
        await read(answer(first=0.05), source())


async def test_the_first_words_clock_began_with_the_request() -> None:
    late = Answer("api.test", "text/event-stream", Clocks(LONG, LONG, LONG), begun=LONG - 0.05)
    with pytest.raises(TimedOut, match="sent no word"):
        await read(late, silent_after(ROLE))


@pytest.mark.parametrize("thought", [OPENING, event(chunk({"reasoning_content": "hm"}))])
async def test_once_a_word_or_a_thought_came_only_silence_counts(thought: bytes) -> None:
    with pytest.raises(TimedOut, match="was silent"):
        await read(answer(first=LONG, timeout=0.05), silent_after(thought))
    with pytest.raises(TimedOut, match="was silent"):
        await read(answer(first=0.2, timeout=0.3), silent_after(thought))


async def test_the_time_that_the_reader_takes_is_not_silence() -> None:
    reader = answer(timeout=0.05)
    text = ""
    async with aclosing(reader.read(ending_after(OPENING, MORE))) as deltas:
        async for delta in deltas:
            text += delta.text
            await asyncio.sleep(0.06)  # a terminal that is stopped with Ctrl-S
    assert text == "partial answer"


async def test_a_failure_after_the_end_is_no_failure() -> None:
    assert await read(answer(), failing_after(OPENING + STOP)) == ("partial ", None)
    with pytest.raises(OSError, match="cut"):
        await read(answer(), failing_after(OPENING))


STARTS = [
    (b"", OPENING + STOP),
    (b"\xef\xbb\xbf", OPENING + STOP),
    (b"\r\n\n  ", OPENING + STOP),
    (b": \xe2\x82\xac\n\n", OPENING + STOP),
    (b"event: message\n", OPENING + STOP),
    (b"id: 1\nretry: 5\n", OPENING + STOP),
    (b"\xef\xbb\xbf", b'{"choices": [{"message": {"content": "partial "}, "finish_reason": "stop"}]}'),
    (b" \n", b'{"choices": [{"message": {"content": "partial "}, "finish_reason": "stop"}]}\n'),
]


@pytest.mark.parametrize(("start", "body"), STARTS)
@pytest.mark.parametrize("step", [1, 2, 5, 10_000])
async def test_a_stream_is_known_by_its_first_bytes_however_they_come(start: bytes, body: bytes, step: int) -> None:
    whole = start + body
    pieces = [whole[place : place + step] for place in range(0, len(whole), step)]
    assert (await read(answer(), ending_after(*pieces)))[0] == "partial "


@pytest.mark.parametrize("body", [b"", b"\n \r\n"])
async def test_an_empty_response_is_told(body: bytes) -> None:
    with pytest.raises(NotAnAnswer, match=r"api\.test sent an empty response; check base_url"):
        await read(answer(), ending_after(body))


async def test_comments_alone_are_no_answer() -> None:
    with pytest.raises(BrokenOff, match="stopped before it said"):
        await read(answer(), ending_after(PING, PING))


async def test_an_answer_that_is_left_is_closed_at_once() -> None:
    closed = asyncio.Event()

    async def response() -> AsyncIterator[bytes]:
        try:
            yield OPENING
            await asyncio.Event().wait()
        finally:
            closed.set()

    source = response()
    deltas = answer().read(source)
    assert (await anext(deltas)).text == ""
    await deltas.aclose()
    assert not closed.is_set()  # whoever opened the response closes it
    await source.aclose()  # type: ignore[attr-defined]
    assert closed.is_set()
