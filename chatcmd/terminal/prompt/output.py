"""The terminal as the line editor draws on it."""

import sys
from collections.abc import Mapping
from contextlib import suppress

from prompt_toolkit.output.vt100 import Vt100_Output


class Output(Vt100_Output):
    """A terminal in which pastes stay marked from one line to the next, and nothing is erased into the scrollback."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Output":
        """Take the terminal behind standard output."""
        output = cls.from_pty(sys.stdout, term=environ.get("TERM"))
        assert isinstance(output, Output), "it makes one of its own class"
        # The terminal is never asked where its cursor is: one that does not answer would delay every Enter.
        output.enable_cpr = False
        return output

    def disable_bracketed_paste(self) -> None:
        """Leave it to whoever gives the terminal away."""

    def erase_down(self) -> None:
        """Erase from the beginning of a row to the end of the screen.

        From the very first cell tmux takes it for clearing the screen, and moves what is there into the scrollback.
        """
        self.write_raw("\x1b[K\x1b[C\x1b[J\x1b[D")

    def mark_pastes(self, *, on: bool) -> None:
        """Have the terminal mark what is pasted, or no more."""
        with suppress(OSError):  # the terminal has vanished
            self.write_raw("\x1b[?2004h" if on else "\x1b[?2004l")
            self.flush()
