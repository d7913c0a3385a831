"""One answer on a terminal while it comes: what is settled is printed once, only the rest is drawn again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from math import ceil

from chatcmd.cells import cells, cut
from chatcmd.clean import Cleaner, clean
from chatcmd.conversation.thinking import Piece
from chatcmd.language import _
from chatcmd.terminal.markdown import Layout, Printer
from chatcmd.terminal.tail import Row, Tail

PERIOD = 1 / 30
"""Seconds between two drawings, at least."""

SHARE = 4
"""A drawing that took long is followed by a pause so many times as long: however long an open block gets, most of the
time is left for what comes."""

NOTICE = "markdown.note"

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPIN_PERIOD, SPIN_AFTER = 0.1, 0.3


class Live:
    """Draws one answer: `write` shows text at once, `size` tells the columns and rows that there are now.

    `thoughts` shows the reasoning before the answer, too; else only that there is some. `below` lays out what stands
    below the answer while it comes, and `clock` tells the seconds for which it is awaited, where they are not the
    loop's.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        size: Callable[[], tuple[int, int]],
        printer: Printer,
        *,
        head: str,
        reflows: bool,
        thoughts: bool,
        below: Callable[[int, int], list[Row]] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._write, self._size, self._printer = write, size, printer
        self._head, self._shows_thoughts = head, thoughts
        self._below, self._clock = below, clock
        self._tail = Tail(reflows=reflows)
        self._layout = Layout(printer, head)
        self._cleaners = Cleaner(), Cleaner()
        self._thoughts: list[str] = []
        self._notices: list[str] = []
        self._again_at = 0.0
        self._thinking = self._answering = self._in_haste = False
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._fault: Exception | None = None

    async def follow(self, pieces: AsyncIterator[Piece]) -> None:
        """Draw the answer until it ends, however it ends, and leave the cursor on the row below it."""
        self._loop = asyncio.get_running_loop()
        self._now = self._clock or self._loop.time
        self._began = self._now()
        self._draw_at(self._loop.time())  # the question goes out first
        try:
            async for piece in pieces:
                if self._fault is not None:
                    break
                self._take(piece)
                if self._loop.time() >= self._due:
                    self._draw()
                elif self._timer is None or self._timer.when() > self._due:
                    self._draw_at(self._due)
        except asyncio.CancelledError:
            self._in_haste = True
            raise
        finally:
            self._wait_no_longer()
            if self._fault is None:
                self._draw(ended=True)
        if self._fault is not None:
            raise self._fault

    def _take(self, piece: Piece) -> None:
        said, thought = self._cleaners
        if piece.notice:
            self._notices.append(clean(piece.notice))
            self._again_at = self._loop.time() + piece.again_in
        if piece.reasoning:
            if not self._thinking:  # what comes first is there at once
                self._thinking, self._due = True, 0.0
            if self._shows_thoughts:
                self._thoughts.append(thought.feed(piece.reasoning))
        if piece.text:
            if not self._answering:
                self._answering, self._due = True, 0.0
                self._wait_no_longer()
            self._layout.feed(said.feed(piece.text))

    def _draw_at(self, when: float) -> None:
        self._wait_no_longer()
        self._timer = self._loop.call_at(when, self._draw_now)

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _draw_now(self) -> None:
        """Draw what came too soon after the last drawing, or the next frame of the spinner."""
        self._timer = None
        try:
            self._draw()
        except Exception as fault:  # it is raised where the answer is awaited
            self._fault = fault
        else:
            if not self._answering:
                self._draw_at(self._loop.time() + SPIN_PERIOD)

    def _draw(self, *, ended: bool = False) -> None:
        began = self._loop.time()
        width, height = self._size()
        settled, tail = self._rows(width, height, ended=ended)
        if self._below is not None and not ended:
            tail = [*tail, *self._below(width, height)]
        if drawn := self._tail.draw(settled, tail, width, height):
            self._write(drawn)
        now = self._loop.time()
        self._due = now + max(PERIOD, SHARE * (now - began))

    def _rows(self, width: int, height: int, *, ended: bool) -> tuple[list[Row], list[Row]]:
        """Lay out what is settled by now, and what is not."""
        notices = [row for notice in self._notices for row in self._printer.text(notice, NOTICE, width)]
        self._notices.clear()
        settled, thought = self._thoughts_settled(width, all_of_them=ended or self._answering)
        settled = [*notices, *settled]
        if ended and not self._answering:  # the heading goes with the answer that did not come
            return settled, []
        if ended:
            return [*settled, *self._layout.settle(width), *self._layout.rest(width, in_haste=self._in_haste)], []
        if self._answering:
            return [*settled, *self._layout.settle(width)], self._layout.tail(width, height)
        return settled, [*thought, *self._waiting(width)]

    def _thoughts_settled(self, width: int, *, all_of_them: bool) -> tuple[list[Row], list[Row]]:
        """Lay out the reasoning: whole lines of it are settled, the last one is not."""
        lines = "".join(self._thoughts)
        if all_of_them:
            lines, line = lines.rstrip("\n") + "\n" if lines.strip() else "", ""
        else:
            lines, _newline, line = lines.rpartition("\n")
        self._thoughts = [line] if line else []
        style = "markdown.reasoning"
        return (
            self._printer.text(lines.removesuffix("\n"), style, width) if lines else [],
            self._printer.text(line, style, width) if line else [],
        )

    def _waiting(self, width: int) -> list[Row]:
        """Head the answer that is still awaited, with the seconds that it has taken so far."""
        head = (self._head, "markdown.head")
        seconds, again_in = self._now() - self._began, self._again_at - self._loop.time()
        if seconds < SPIN_AFTER and again_in <= 0:
            return self._printer.line(width, head)
        frame = FRAMES[int(seconds / SPIN_PERIOD) % len(FRAMES)]
        what = _("{seconds} s, thinking") if self._thinking else _("{seconds} s")
        if again_in > 0:
            what, seconds = _("asked again in {seconds} s; Ctrl-C stops"), ceil(again_in)
        spinner = cut(f" {frame} {what.format(seconds=int(seconds))}", max(0, width - cells(self._head)))
        return self._printer.line(width, head, (spinner, "markdown.reasoning"))
