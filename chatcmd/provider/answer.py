"""From the bytes of a response to the pieces of an answer, and whether it is complete.

The SDK ends a stream in silence when it just stops, when it is a web page, or when it is an error with status 200. An
answer is complete here only when the server said so: with a finish_reason or with `[DONE]`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from chatcmd.conversation.reply import Delta
from chatcmd.errors import BrokenOff, NotAnAnswer, ServerFailed, TimedOut
from chatcmd.provider.chunk import Chunk, error_text, parse
from chatcmd.provider.events import LONGEST, Event, Events, TooLong

LONGEST_ANSWER = 4 * 1024 * 1024
"""Characters of an answer that are still taken."""

USAGE_WAIT = 2.0
"""Seconds to wait, once the answer is finished, for the usage that follows it."""

DRAIN_WAIT = 0.25
"""Seconds to wait, after `[DONE]`, for the end of the response, so that the connection can be used again."""

_STREAM_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")
_ENOUGH = 6
"""Bytes by which a stream of events is told from anything else, whatever its content type says."""


class Answer:
    """One response being read; `host` is named in errors, `timeout` is the longest silence in seconds."""

    def __init__(self, host: str, content_type: str, timeout: float) -> None:
        self._host = host
        self._content_type = content_type.partition(";")[0].strip() or "no content type"
        self._timeout = timeout
        self._finished = False
        self._done = False
        self._usage = False
        self._length = 0

    async def read(self, response: AsyncIterator[bytes]) -> AsyncGenerator[Delta, None]:
        """Yield the pieces; raises NotAnAnswer, ServerFailed, BrokenOff, TimedOut, and what `response` raises."""
        pieces = self._patiently(response)
        head = b""
        async for piece in pieces:
            head = (head + piece).lstrip()
            if len(head) >= _ENOUGH:
                break
        if head.startswith(_STREAM_STARTS):
            async for delta in self._stream(head, pieces):
                yield delta
        else:
            yield await self._whole(head, pieces)

    async def _stream(self, head: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[Delta]:
        events = Events()
        for delta in self._deltas(events, head):
            yield delta
        async for piece in pieces:
            for delta in self._deltas(events, piece):
                yield delta
        for event in events.end():
            for delta in self._event(event):
                yield delta
        if not self._finished:
            raise BrokenOff(f"{self._host} stopped before it said that the answer was complete")

    async def _whole(self, body: bytes, pieces: AsyncIterator[bytes]) -> Delta:
        """Read a response that is not a stream: a whole answer, or something else with status 200."""
        async for piece in pieces:
            body += piece
            if len(body) > LONGEST:
                raise BrokenOff(f"{self._host} sent more than {LONGEST:,} bytes at once; the rest was left out")
        if not body:
            raise NotAnAnswer(f"{self._host} sent an empty response; check base_url")
        try:
            chunk = parse(body)
        except ValueError:
            what = "a web page, perhaps of a proxy or a login" if body[:1] == b"<" else "something else"
            raise NotAnAnswer(
                f"{self._host} sent no chat answer but {what} ({self._content_type}); check base_url and proxy"
            ) from None
        if chunk.error or not chunk.choices:
            raise NotAnAnswer(f"{self._host} sent no chat answer ({self._content_type}): {_words(chunk)}")
        delta = self._delta(chunk)
        if not self._finished:
            raise BrokenOff(f"{self._host} sent an answer without saying that it is complete")
        return delta

    async def _patiently(self, response: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pull bytes, with a clock of our own; once the answer is finished, nothing that follows can hurt it."""
        try:
            while True:
                async with asyncio.timeout(self._patience):
                    piece = await anext(response, None)
                if piece is None:
                    return
                yield piece
        except TimeoutError:
            if not self._finished:
                raise TimedOut(
                    f"{self._host} was silent for {self._timeout:g} seconds; try again, or set a longer timeout"
                ) from None
        except Exception:
            if not self._finished:
                raise

    @property
    def _patience(self) -> float:
        if self._done or self._usage:
            return DRAIN_WAIT
        return USAGE_WAIT if self._finished else self._timeout

    def _deltas(self, events: Events, piece: bytes) -> list[Delta]:
        try:
            return [delta for event in events.feed(piece) for delta in self._event(event)]
        except TooLong:
            raise BrokenOff(f"{self._host} sent more than {LONGEST:,} bytes at once; the rest was left out") from None

    def _event(self, event: Event) -> list[Delta]:
        if event.data.strip() == b"[DONE]":
            self._finished = self._done = True
            return []
        if self._done:
            return []
        chunk = self._parse(event.data)
        if chunk.error or event.type == "error":
            raise ServerFailed(f"{self._host} reports an error in the answer: {_words(chunk)}")
        return [self._delta(chunk)]

    def _delta(self, chunk: Chunk) -> Delta:
        delta = chunk.delta
        self._length += len(delta.text) + len(delta.reasoning)
        if self._length > LONGEST_ANSWER:
            raise BrokenOff(f"the answer grew beyond {LONGEST_ANSWER:,} characters and was cut there")
        self._finished = self._finished or delta.finish_reason is not None
        self._usage = self._usage or (self._finished and delta.usage is not None)
        return delta

    def _parse(self, data: bytes) -> Chunk:
        try:
            return parse(data)
        except ValueError:
            raise BrokenOff(f"{self._host} sent a piece of the answer that cannot be read (malformed JSON)") from None


def _words(chunk: Chunk) -> str:
    return error_text(chunk.error) or error_text(chunk.message) or "it gives no reason"
