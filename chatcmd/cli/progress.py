"""How far a long work has come, on one line of the terminal that is gone when it is done."""

import os
import sys
from time import monotonic

from chatcmd.cells import filled
from chatcmd.cli.page import width
from chatcmd.language import _, marked
from chatcmd.terminal.chart import gauge, ink_for

PATIENCE, EVERY = 0.3, 0.1
"""Seconds before it shows, and between two changes."""

GAUGE = 20
"""Cells of the drawn bar."""


class Progress:
    """Call it with what is done, and all that is to be done; of quick work, and in a pipe, nothing shows.

    `sentence` says how far it has come, with {done} and {total}; where no total is known, there is no bar.
    """

    def __init__(
        self, sentence: str = marked("{done:,} of {total:,} sessions are indexed"), *, patience: float = PATIENCE
    ) -> None:
        self._sentence = sentence
        self._shows = sys.stderr.isatty()
        self._due = monotonic() + patience
        self._drawn = 0

    def __call__(self, done: int, total: int | None = None) -> None:
        if total is not None and done >= total:
            self.clear()
        elif self._shows and monotonic() >= self._due:
            self._due = monotonic() + EVERY
            self._draw(_bar(done, total) + _(self._sentence).format(done=done, total=total))

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._write("\r" + " " * min(self._drawn, width() - 1) + "\r")
            self._drawn = 0

    def _draw(self, line: str) -> None:
        self._drawn = width() - 1  # the last cell of a line makes some terminals go on below
        self._write("\r" + filled(line, self._drawn) + "\r")  # what the terminal writes at Ctrl-C goes with it

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _bar(done: int, total: int | None) -> str:
    if total is None:
        return ""
    ink = ink_for(sys.stderr.encoding, os.environ.get("TERM"), plain=False)
    return f"{ink.ends[0]}{gauge(done / total, GAUGE, ink)}{ink.ends[1]} "
