"""The modes of the terminal: ours while the chat runs, and for everyone else those that were before."""

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

_INPUT, _LOCAL, _CHARACTERS = 0, 3, 6  # places in the attributes
_TRANSLATION = termios.ICRNL | termios.INLCR | termios.IGNCR
_FLOW = termios.IXON | termios.IXOFF
_LINES = termios.ECHO | termios.ICANON | termios.IEXTEN


class Modes:
    """The modes of one terminal; where there is none, nothing changes."""

    def __init__(self, terminal: TextIO) -> None:
        self._fd = terminal.fileno()
        self._before: list[Any] | None = None
        with suppress(termios.error):
            self._before = termios.tcgetattr(self._fd)
        self._now = self._before

    @property
    def enter_was_line_feed(self) -> bool:
        """Tell whether what was typed before us has a line feed for every Enter."""
        return self._before is not None and bool(self._before[_INPUT] & termios.ICRNL)

    def collect(self) -> None:
        """Let keys come one by one and unseen, whatever a line's length; Ctrl-C and Ctrl-Z remain signals.

        They take nothing with them that was typed before.
        """
        self._apply(self._without(_TRANSLATION, _LINES, more=termios.NOFLSH))

    def give_back(self) -> None:
        """Make the terminal what it was before."""
        self._apply(self._before)

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Take every key, Ctrl-C and Ctrl-Z too, for a while."""
        with self._for_a_while(self._without(_TRANSLATION | _FLOW, _LINES | termios.ISIG)):
            yield

    @contextmanager
    def as_before(self) -> Iterator[None]:
        """Let other programs have the terminal as it was, for a while."""
        with self._for_a_while(self._before):
            self._now = None  # theirs to change
            yield

    def again(self) -> None:
        """Set once more what other programs changed while we were stopped, unless the terminal is theirs."""
        self._apply(self._now)

    @contextmanager
    def _for_a_while(self, attributes: list[Any] | None) -> Iterator[None]:
        before = self._now
        self._apply(attributes)
        try:
            yield
        finally:
            self._apply(before)

    def _without(self, of_input: int, of_local: int, more: int = 0) -> list[Any] | None:
        if self._before is None:
            return None
        attributes = [*self._before]
        attributes[_INPUT] &= ~of_input
        attributes[_LOCAL] = attributes[_LOCAL] & ~of_local | more
        attributes[_CHARACTERS] = [*attributes[_CHARACTERS]]
        attributes[_CHARACTERS][termios.VMIN] = 1  # where this slot is also that of Ctrl-D, it would be four
        attributes[_CHARACTERS][termios.VQUIT] = os.fpathconf(self._fd, "PC_VDISABLE")  # nothing ends us at a slip
        return attributes

    def _apply(self, attributes: list[Any] | None) -> None:
        self._now = attributes
        if attributes is not None:
            with suppress(termios.error):  # the terminal has vanished
                termios.tcsetattr(self._fd, termios.TCSANOW, attributes)
