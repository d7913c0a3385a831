"""A saved session watched: what was said appears again as it appeared then, and keys say how fast."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext, suppress

from chatcmd.clock import elapsed
from chatcmd.conversation.message import Message
from chatcmd.conversation.pace import Act, Beat, acts, beats
from chatcmd.conversation.remark import MARKS
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece
from chatcmd.language import _
from chatcmd.replay.playhead import Playhead
from chatcmd.replay.speed import FASTEST, SLOWEST
from chatcmd.terminal.screen import Screen, heading

LATE = 0.25
"""Recorded seconds by which it may be late before it goes on from where it is: the program was stopped for a while."""

LINE = 40
"""Cells of a row that a line's end leaves empty, or about so many."""

NARROW = 60
"""Cells of a status that has no room for the keys."""

Pressing = Callable[[Callable[[str], None]], AbstractContextManager[None]]
"""Gives each key by its name, as a keyboard does."""

Wait = Callable[[asyncio.Event, float | None], Awaitable[None]]
"""Waits until something happens, for so many seconds at most."""


async def until(happens: asyncio.Event, seconds: float | None) -> None:
    """Wait until something happens, for so many seconds at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await happens.wait()


def no_keys(_take: Callable[[str], None]) -> AbstractContextManager[None]:
    """Stand in for a keyboard where there is none."""
    return nullcontext()


async def watch(
    session: Session,
    screen: Screen,
    *,
    speed: float = 1.0,
    pressing: Pressing = no_keys,
    wait: Wait = until,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Show a session at its recorded pace, times `speed`, until it ends or the user leaves.

    Space pauses, right and left step by turns, up and down change the speed, q and Esc leave. Being cancelled leaves
    the screen as leaving does. Raises ReaderGone.
    """
    watching = Watching(session, screen, Playhead(monotonic, speed), wait)
    with pressing(watching.press):
        await watching.run()


async def at_once(session: Session, screen: Screen) -> None:
    """Show all of a session now; Ctrl-C gets through between two messages."""
    for message in session.messages:
        screen.message(message, session.user)
        await asyncio.sleep(0)


class Watching:
    """One replay on a screen. `press` may be called whenever it waits.

    `_at` is the turn that is shown, and `_whole` says that all of it is there: the pause behind it passes. All before
    `_sought` appears at once; a turn to go back to is in `_back`.
    """

    def __init__(self, session: Session, screen: Screen, head: Playhead, wait: Wait) -> None:
        self._session, self._screen, self._head, self._wait = session, screen, head, wait
        self._acts = acts(session, elapsed)
        self._foot = screen.foot(self._status)
        self._changed = asyncio.Event()
        self._due = 0.0
        self._at = self._sought = 0
        self._back: int | None = None
        self._whole = self._left = False

    def press(self, key: str) -> None:
        """Do what a key says."""
        if key == " ":
            self._head.paused = not self._head.paused
        elif key in ("up", "+", "="):
            self._head.speed = min(self._head.speed * 2, FASTEST)
        elif key in ("down", "-", "_"):
            self._head.speed = max(self._head.speed / 2, SLOWEST)
        elif key == "right":
            self._sought = max(self._sought, self._at + (self._whole and self._head.paused)) + 1
        elif key == "left":
            self._back = max(0, (self._at + self._whole if self._back is None else self._back) - 1)
        elif key in ("q", "Q", "escape", "c-c", "c-d"):
            self._left = True
        else:
            return
        self._changed.set()

    async def run(self) -> None:
        """Show turn after turn to the end."""
        try:
            while self._at < len(self._acts) and not self._left:
                await self._play(self._acts[self._at])
                if self._back is None:
                    self._at += 1
                else:
                    self._go_back(self._back)
        finally:
            if self._foot is not None:
                self._foot.give_way()

    async def _play(self, act: Act) -> None:
        self._whole = False
        for message in act.messages:
            await self._show(message)
            if self._broken_off:
                return
        self._whole = True
        await self._pass(act.after)

    async def _show(self, message: Message) -> None:
        if message.role != "assistant":
            await self._type(message)
            return
        if self._foot is not None:
            self._foot.give_way()
        async with aclosing(self._coming(beats(message))) as pieces:
            await self._screen.stream(pieces, foot=self._foot, clock=lambda: self._head.seconds)
        if message.status in MARKS and not self._broken_off:
            self._screen.show(f"({_(MARKS[message.status])})")

    async def _type(self, message: Message) -> None:
        """Type a question where it can be drawn, and then show it as it stays; show anything else at once."""
        who = heading(self._session.user) if message.role == "user" else ""
        typed = ""
        for beat in beats(message):
            await self._pass(beat.delay, who + typed)
            if self._broken_off:
                return
            typed += beat.piece.text
        if self._foot is not None:
            self._foot.give_way()
        self._screen.message(message, self._session.user)

    async def _coming(self, coming: Sequence[Beat]) -> AsyncGenerator[Piece, None]:
        """Give an answer in its time; an empty piece where something changes that is told below it."""
        for place, beat in enumerate(coming):
            self._due += beat.delay
            while not self._is_due():
                await self._rest()
                if self._changed.is_set():
                    yield Piece()
            if self._broken_off:
                return
            if self._in_haste:
                rest = [each.piece for each in coming[place:]]
                yield Piece(reasoning="".join(each.reasoning for each in rest))
                yield Piece("".join(each.text for each in rest))
                return
            yield beat.piece

    async def _pass(self, seconds: float, typed: str = "") -> None:
        """Let recorded seconds pass, with the status below what has been typed so far."""
        self._due += seconds
        while True:
            if self._foot is not None:
                self._foot.draw(typed)
            if self._is_due():
                return
            await self._rest()

    async def _rest(self) -> None:
        """Wait for what is due, or for a key."""
        self._changed.clear()
        await self._wait(self._changed, self._head.until(self._due))

    def _is_due(self) -> bool:
        """Tell whether what comes next is due, in its time or because nobody wants to wait for it."""
        if self._broken_off:
            return True
        if self._in_haste or self._head.seconds > self._due + LATE * max(1.0, self._head.speed):
            self._head.jump(self._due)
        return self._in_haste or (not self._head.paused and self._head.seconds >= self._due)

    @property
    def _broken_off(self) -> bool:
        return self._left or self._back is not None

    @property
    def _in_haste(self) -> bool:
        """Tell whether to wait for nothing: a pause behind a turn, when paused, is where a step ends."""
        return self._at + (self._whole and self._head.paused) < self._sought

    def _go_back(self, to: int) -> None:
        """Show what stood on the screen before a turn, and go on with that turn."""
        if self._foot is not None:
            self._foot.give_way()
            self._screen.clear(scrollback=False)
            for message in last(self._acts[:to], self._foot.room):
                self._screen.message(message, self._session.user)
        self._at = self._sought = to
        self._back, self._whole, self._due = None, False, self._head.seconds

    def _status(self, width: int) -> str:
        """Say in about so many cells where the replay is, and what the keys do."""
        turns, speed = len(self._acts), f"{self._head.speed:g}"
        paused = self._head.paused
        where = _("turn {turn} of {turns}, {speed}x, paused") if paused else _("turn {turn} of {turns}, {speed}x")
        sentence = where.format(turn=min(self._at + 1, turns), turns=turns, speed=speed)
        if width < NARROW:
            return sentence
        keys = _("space goes on, arrows step, q leaves") if paused else _("space pauses, arrows step, q leaves")
        return f"{sentence}  {keys}"


def last(before: Sequence[Act], room: int) -> list[Message]:
    """Choose the messages of the last turns that fill a screen of so many cells."""
    chosen: list[Message] = []
    for act in reversed(before):
        if room <= 0:
            break
        chosen = [*act.messages, *chosen]
        room -= sum(len(message.shown) + LINE * message.shown.count("\n") + LINE for message in act.messages)
    return chosen
