"""Writing to whoever reads: it is told once that nobody does any more, and from then on nothing is written."""

import os
from contextlib import suppress
from errno import ENOSPC, EPIPE
from typing import TextIO

from chatcmd.errors import Exit
from chatcmd.language import _
from chatcmd.terminal import ReaderGone


class Writer:
    """Writes to `out`, and beside it to `notes`: on a terminal both are the same. `gone` is set when a reader is."""

    def __init__(self, out: TextIO, notes: TextIO) -> None:
        self.out, self.notes = out, notes
        self.gone: ReaderGone | None = None

    def write(self, text: str, *, beside: bool = False) -> None:
        """Write at once; raises ReaderGone."""
        to = self.notes if beside else self.out
        if self.gone is not None:
            return
        try:
            to.write(text)
            to.flush()
        except OSError as error:
            to_nowhere(to)
            if error.errno == ENOSPC:  # someone is still there: the answer is taken to its end, and saved
                self.gone = ReaderGone(Exit.NO)
                self._complain(to, error)
                return
            self.gone = ReaderGone(Exit.READER_GONE if error.errno == EPIPE else Exit.HANGUP)
            raise self.gone from None

    def size(self) -> tuple[int, int]:
        """Return the columns and rows of the terminal behind `out` as they are now; 80 by 24 where none tells."""
        return self._size_of(self.out)

    def room(self) -> int | None:
        """Return the columns of the terminal behind `notes`; None where there is none."""
        return self._size_of(self.notes)[0] if self.notes.isatty() else None

    def close(self) -> None:
        """Write out what is held back, or let it go: Python would try again at its end, and complain."""
        try:
            self.out.flush()
        except OSError:
            to_nowhere(self.out)

    @staticmethod
    def _size_of(stream: TextIO) -> tuple[int, int]:
        try:
            columns, rows = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):
            columns, rows = 0, 0
        return columns or 80, rows or 24

    def _complain(self, about: TextIO, error: OSError) -> None:
        if about is not self.notes:
            with suppress(OSError):
                sentence = _("chatcmd: what is shown cannot be written: {reason}")
                self.notes.write(sentence.format(reason=error.strerror) + "\n")
                self.notes.flush()


def to_nowhere(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere: Python would try to write it again at the end, and complain."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
