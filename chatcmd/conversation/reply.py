"""An answer while it arrives: it remembers what passes through."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress

from msgspec import Struct

from chatcmd.conversation.message import Latency, Message, Sent, Status, Turn, Usage
from chatcmd.conversation.thinking import Piece, Thinking
from chatcmd.conversation.window import Window

SPARE = 32 * 1024 * 1024
"""Bytes that an answer sets aside while it comes: the longest, several times over. Where memory runs out, what has come
can still be kept in them. Nobody writes into them until then, so that they take addresses alone."""


class Delta(Struct, frozen=True):
    """One piece of an answer as a provider yields it; `notice` is a sentence for the user about the request itself.

    `again_in` are the seconds after which the request is made again, and then the notice says why.
    """

    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    model: str | None = None
    notice: str | None = None
    again_in: float | None = None


class Reply:
    """The answer to one question: take its pieces once, then its turn.

    `monotonic` gives seconds. The answer is complete once its deltas have ended by themselves.
    """

    def __init__(self, deltas: AsyncIterator[Delta], window: Window, monotonic: Callable[[], float]) -> None:
        self.window = window
        self.notices: list[str] = []
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self._deltas = deltas
        self._monotonic = monotonic
        self._began = monotonic()
        self._first: float | None = None
        self._ended: float | None = None
        self._complete = False
        self._model: str | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._spare = b""
        with suppress(MemoryError):  # where there is less, an answer comes all the same
            self._spare = bytes(SPARE)

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Yield the answer's text and reasoning as they come, and remember them."""
        thinking = Thinking()
        try:
            async for delta in self._deltas:
                if delta.again_in is not None:
                    yield Piece(notice=delta.notice or "", again_in=delta.again_in)
                    continue
                self._note(delta)
                split = thinking.feed(delta.text) if delta.text else Piece()
                if piece := self._remember(split.text, delta.reasoning + split.reasoning):
                    yield piece
            held = thinking.end()
            if piece := self._remember(held.text, held.reasoning):
                yield piece
            self._complete = True
        finally:
            held = thinking.end()  # a provider that fails, or is stopped, may have begun a word
            self._remember(held.text, held.reasoning)
            self._ended = self._monotonic()

    def _note(self, delta: Delta) -> None:
        if delta.notice:
            self.notices.append(delta.notice)
        self.finish_reason = delta.finish_reason or self.finish_reason
        self.usage = delta.usage or self.usage
        self._model = delta.model or self._model

    def _remember(self, text: str, reasoning: str) -> Piece | None:
        """Keep what has come; None when nothing has."""
        if text:
            if self._first is None:
                self._first = self._monotonic()
            self._text.append(text)
        if reasoning:
            self._reasoning.append(reasoning)
        return Piece(text, reasoning) if text or reasoning else None

    @property
    def content(self) -> str:
        return "".join(self._text)

    def turn(self, question: Message, at: str, *, stopped: bool = False) -> Turn | None:
        """Make the turn of what has come, or None when no word has; `stopped` says that the user broke it off."""
        self._spare = b""
        if not self.content:
            return None
        finished = self._complete or (stopped and self.finish_reason is not None)  # only its usage was awaited
        status: Status = "complete" if finished else "interrupted" if stopped else "incomplete"
        ended = self._monotonic() if self._ended is None else self._ended
        first = None if self._first is None else round(self._first - self._began, 3)
        answer = Message(
            role="assistant",
            content=self.content,
            at=at,
            model=self._model,
            status=status,
            finish_reason=self.finish_reason,
            latency=Latency(first=first, total=round(ended - self._began, 3)),
            usage=self.usage,
            window=self._sent(),
            reasoning="".join(self._reasoning) or None,
        )
        return Turn(question, answer)

    def _sent(self) -> Sent:
        """Say what was sent; where we only had a bound and the server's count keeps within it, its count is better."""
        window = self.window
        if window.kind == "bound":
            told = self.usage.prompt_tokens if self.usage else 0
            if told > 0 and window.least <= told <= window.tokens:
                return Sent(told, window.dropped)
            return Sent(window.tokens, window.dropped, at_most=True)
        return Sent(window.tokens, window.dropped, estimate=window.kind == "estimate")

    @property
    def difference(self) -> int:
        """How many tokens more the server counted than we did; bounds differ when they are left."""
        told = self.usage.prompt_tokens if self.usage else 0
        if not told:
            return 0
        if self.window.kind == "bound" and told <= self.window.tokens:
            return min(told - self.window.least, 0)
        return told - self.window.tokens
