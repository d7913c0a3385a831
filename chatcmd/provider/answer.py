"""From the bytes of a response to the pieces of an answer, and whether it is complete.

The SDK ends a stream in silence when it just stops, when it is a web page, or when it is an error with status 200. An
answer is complete here only when the server said so: with a finish_reason or with `[DONE]`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing

from msgspec.structs import replace

from chatcmd.conversation.reply import Delta
from chatcmd.errors import BrokenOff, NotAnAnswer, ProviderError, ServerFailed, TimedOut
from chatcmd.language import _
from chatcmd.provider.chunk import Chunk, error_text, parse
from chatcmd.provider.events import BOM, LONGEST, Event, Events, TooLong
from chatcmd.provider.request import Clocks

LONGEST_ANSWER = 4 * 1024 * 1024
"""Characters of an answer that are still taken."""

USAGE_WAIT = 2.0
"""Seconds to wait, once the answer is finished, for the usage that follows it."""

DRAIN_WAIT = 0.25
"""Seconds to wait, after `[DONE]`, for the end of the response, so that the connection can be used again."""

_STREAM_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")
_ENOUGH = len(BOM) + 6
"""Bytes by which a stream of events is told from anything else, whatever its content type says."""


class Answer:
    """One response being read; `host` is named in errors, `clocks` say how long is waited for words.

    Silence is waiting without an event: comments, which services send to keep a connection open, do not break it.
    `begun` seconds of the wait for the first word have passed already.
    """

    def __init__(
        self,
        host: str,
        content_type: str,
        clocks: Clocks,
        *,
        begun: float = 0.0,
        usage_wait: float = USAGE_WAIT,
        drain_wait: float = DRAIN_WAIT,
    ) -> None:
        self._host = host
        self._content_type = content_type.partition(";")[0].strip() or _("no content type")
        self._clocks = clocks
        self._usage_wait = usage_wait
        self._drain_wait = drain_wait
        self._patience = clocks.first - begun  # how much longer to wait; time that the reader takes does not count
        self._begun = False
        self._finished = False
        self._usage = False
        self._done = False
        self._length = 0

    async def read(self, response: AsyncIterator[bytes]) -> AsyncGenerator[Delta, None]:
        """Yield the pieces; raises NotAnAnswer, ServerFailed, BrokenOff, TimedOut, and what `response` raises."""
        async with aclosing(self._patiently(response)) as pieces:
            head = b""
            async for piece in pieces:
                head = (head + piece).lstrip()
                if len(head) >= _ENOUGH:
                    break
            is_stream = head.removeprefix(BOM).startswith(_STREAM_STARTS)
            read = self._stream(head, pieces) if is_stream else self._whole(head, pieces)
            async with aclosing(read) as deltas:
                async for delta in deltas:
                    yield delta

    async def _stream(self, head: bytes, pieces: AsyncIterator[bytes]) -> AsyncGenerator[Delta, None]:
        events = Events()
        for delta in self._deltas(events.feed(head)):
            yield delta
        async for piece in pieces:
            if not self._done:
                for delta in self._deltas(events.feed(piece)):
                    yield delta
        for delta in self._deltas(events.end()):
            yield delta
        if not self._finished:
            raise BrokenOff(
                _("{host} stopped before it said that the answer was complete; try again").format(host=self._host)
            )

    async def _whole(self, head: bytes, pieces: AsyncIterator[bytes]) -> AsyncGenerator[Delta, None]:
        """Read a response that is not a stream: a whole answer, or something else with status 200."""
        body = bytearray(head.removeprefix(BOM))
        if body:
            self._hear()
        async for piece in pieces:
            if piece.strip():
                self._hear()
            body += piece
            if len(body) > LONGEST:
                raise self._too_long()
        chunk = self._document(bytes(body))
        for delta in self._delta(chunk):
            yield delta
        if not self._finished:
            raise BrokenOff(
                _("{host} sent an answer without saying that it is complete; try again").format(host=self._host)
            )

    def _document(self, body: bytes) -> Chunk:
        if not body:
            raise NotAnAnswer(_("{host} sent an empty response; check base_url").format(host=self._host))
        try:
            chunk = parse(body)
        except ValueError:
            page = _(
                "{host} sent no chat answer but a web page, perhaps of a proxy or a login ({type}); "
                "check base_url and proxy"
            )
            other = _("{host} sent no chat answer but something else ({type}); check base_url and proxy")
            sentence = page if body[:1] == b"<" else other
            raise NotAnAnswer(sentence.format(host=self._host, type=self._content_type)) from None
        if chunk.error or not chunk.choices:
            raise NotAnAnswer(
                _("{host} sent no chat answer ({type}): {reason}; check base_url, or try again").format(
                    host=self._host, type=self._content_type, reason=_words(chunk)
                )
            )
        return chunk

    async def _patiently(self, response: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Pull bytes, with a clock of our own; once the answer is finished, nothing that follows can hurt it."""
        clock = asyncio.get_running_loop().time
        try:
            while self._patience > 0 or not self._finished:
                began = clock()
                async with asyncio.timeout(self._patience):
                    piece = await anext(response, None)
                self._patience -= clock() - began
                if piece is None:
                    return
                yield piece
        except TimeoutError:
            if not self._finished:
                raise self._silent() from None
        except Exception:
            if not self._finished:
                raise

    def _deltas(self, events: Iterator[Event]) -> Iterator[Delta]:
        """Read events one by one, so that what came before a fault is kept."""
        try:
            for event in events:
                yield from self._event(event)
        except TooLong:
            raise self._too_long() from None
        except ProviderError:
            if not self._finished:
                raise

    def _event(self, event: Event) -> Iterator[Delta]:
        if self._done:
            return
        if self._begun and not self._finished:
            self._patience = self._clocks.silence
        if event.data.strip() == b"[DONE]":
            self._finished = self._done = True
            self._patience = self._drain_wait
            return
        chunk = self._chunk(event)
        if chunk.error or event.type == "error":
            raise ServerFailed(
                _("{host} reports an error in the answer: {reason}; try again").format(
                    host=self._host, reason=_words(chunk)
                )
            )
        yield from self._delta(chunk)

    def _chunk(self, event: Event) -> Chunk:
        try:
            return parse(event.data)
        except ValueError:
            if event.type == "error":
                return Chunk(error=event.data.decode("utf-8", "replace"))
            raise BrokenOff(
                _("{host} sent a piece of the answer that cannot be read (malformed JSON); try again").format(
                    host=self._host
                )
            ) from None

    def _delta(self, chunk: Chunk) -> Iterator[Delta]:
        delta = chunk.delta
        room = LONGEST_ANSWER - self._length
        self._length += len(delta.text) + len(delta.reasoning)
        if self._length and not self._begun:
            self._hear()
        if self._length > LONGEST_ANSWER:
            yield replace(delta, text=delta.text[:room], reasoning=delta.reasoning[:room], finish_reason=None)
            raise BrokenOff(
                _(
                    "{host} did not come to an end: the answer was cut at {characters:,} characters; "
                    "ask for a shorter one, or set max_tokens"
                ).format(host=self._host, characters=LONGEST_ANSWER)
            )
        self._note(delta)
        yield delta
        if delta.finish_reason == "error":
            raise ServerFailed(
                _("{host} ended the answer with an error and gives no reason; try again").format(host=self._host)
            )

    def _note(self, delta: Delta) -> None:
        """Follow how far the answer is; each step has its own time, which no later event prolongs."""
        if delta.finish_reason not in (None, "error") and not self._finished:
            self._finished = True
            self._patience = self._usage_wait
        if self._finished and delta.usage is not None and not self._usage:
            self._usage = True
            self._patience = self._drain_wait

    def _hear(self) -> None:
        """Take note of a word: from now on only silence counts."""
        self._begun, self._patience = True, self._clocks.silence

    def _silent(self) -> TimedOut:
        if not self._begun:
            return TimedOut(no_first_word(self._host, self._clocks.first))
        sentence = _("{host} was silent for {seconds:g} seconds; try again, or set a longer timeout")
        return TimedOut(sentence.format(host=self._host, seconds=self._clocks.silence))

    def _too_long(self) -> BrokenOff:
        return BrokenOff(
            _("{host} sent more than {bytes:,} bytes at once, the rest was left out; try again").format(
                host=self._host, bytes=LONGEST
            )
        )


def no_first_word(host: str, seconds: float) -> str:
    """Say that no answer began in time, and what to do."""
    sentence = _("{host} sent no word of an answer in {seconds:g} seconds; try again, or set a longer first_timeout")
    return sentence.format(host=host, seconds=seconds)


def _words(chunk: Chunk) -> str:
    said = (error_text(found) for found in (chunk.error, chunk.message, chunk.detail, chunk.msg))
    return next(filter(None, said), _("it gives no reason"))
