"""What appears of a conversation: every text from outside passes the cleaner here."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from errno import ENOSPC, EPIPE
from shutil import get_terminal_size
from typing import TextIO

from chatcmd.conversation.session import Session
from chatcmd.errors import Exit
from chatcmd.terminal import ReaderGone
from chatcmd.terminal.clean import Cleaner, clean, clean_line

ANSWERER = "ChatGPT"
"""How answers are headed, as the tutorials' users know it, whichever model it is."""

LONGEST_CELL = 2000
"""Characters of a table's cell that are looked at; no screen shows more."""

_DIM, _RED, _PLAIN = "\x1b[2m", "\x1b[31m", "\x1b[0m"


class Screen:
    """The conversation goes to `out`, what is said about it to `notes`: on a terminal both are the same.

    `at_terminal` heads an answer while it is still awaited; `colour` allows the few colours there are; without `headed`
    the answer stands alone.
    """

    def __init__(
        self, out: TextIO, notes: TextIO, *, at_terminal: bool = False, colour: bool = False, headed: bool = True
    ) -> None:
        self._out, self._notes = out, notes
        self._at_terminal, self._colour = at_terminal, colour
        self._head = heading(ANSWERER) if headed else ""
        self.gone: ReaderGone | None = None

    def show(self, text: str) -> None:
        """Show what was asked for, such as the result of a command."""
        self._write(self._out, clean(text) + "\n")

    def note(self, *texts: str) -> None:
        """Say something beside the conversation."""
        for text in texts:
            self._line(text, _DIM)

    def fail(self, *texts: str) -> None:
        """Say what went wrong, and what to do."""
        for text in texts:
            self._line(text, _RED)

    def question(self, user: str, text: str) -> None:
        """Show a question where no terminal has echoed it."""
        self._write(self._out, f"{heading(user)}{clean(text)}\n")

    async def stream(self, pieces: AsyncIterator[str]) -> None:
        """Show an answer as it comes, and end its line however it ends."""
        cleaner = Cleaner()
        shown = self._write(self._out, self._head) if self._at_terminal else ""
        try:
            async for piece in pieces:
                head = "" if shown else self._head
                shown = self._write(self._out, head + cleaner.feed(piece)) or shown
        finally:
            if shown and not shown.endswith("\n"):
                self._write(self._out, "\n")

    def transcript(self, session: Session) -> None:
        """Show what was said in a session."""
        for message in session.messages:
            who = {"user": session.user, "assistant": ANSWERER}.get(message.role, message.role)
            mark = f"  ({message.status})" if message.status not in (None, "complete") else ""
            self.show(f"{heading(who)}{message.content}{mark}")

    def table(self, rows: Sequence[Sequence[str]], head: Sequence[str], *, wrap: bool = False) -> None:
        """Show rows under a heading; what the screen is not wide enough for is cut, or with `wrap` goes on below."""
        from chatcmd.terminal import table

        cells = [[clean_line(cell[:LONGEST_CELL]) for cell in row] for row in rows]
        width = get_terminal_size().columns if self._out.isatty() else None
        self._write(self._out, table.lay_out(cells, head, width, wrap=wrap))

    def close(self) -> None:
        """Write out what is held back, or let it go: Python would try again at its end, and complain."""
        try:
            self._out.flush()
        except OSError:
            to_nowhere(self._out)

    def _line(self, text: str, colour: str) -> None:
        line = clean(text)
        self._write(self._notes, f"{colour}{line}{_PLAIN}\n" if self._colour else f"{line}\n")

    def _write(self, to: TextIO, text: str) -> str:
        """Write, and say once that nobody reads any more; from then on nothing is written."""
        if self.gone is None:
            try:
                to.write(text)
                to.flush()
            except OSError as error:
                to_nowhere(to)
                if error.errno == ENOSPC:  # someone is still there: the answer is taken to its end, and saved
                    self.gone = ReaderGone(Exit.NO)
                    self._complain(to, error)
                    return text
                self.gone = ReaderGone(Exit.READER_GONE if error.errno == EPIPE else Exit.HANGUP)
                raise self.gone from None
        return text

    def _complain(self, about: TextIO, error: OSError) -> None:
        if about is not self._notes:
            with suppress(OSError):
                self._notes.write(f"chatcmd: what is shown cannot be written: {error.strerror}\n")
                self._notes.flush()


def to_nowhere(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere: Python would try to write it again at the end, and complain."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def heading(who: str) -> str:
    """Write who is talking, as the tutorials do."""
    return f"【{clean_line(who)}】"
