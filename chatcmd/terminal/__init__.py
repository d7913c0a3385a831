"""The human's side: a keyboard that gives lines, and a screen that shows what is safe to show."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from chatcmd.errors import Exit


class EndOfInput(Exception):
    """Ctrl-D, or the end of a pipe."""


class Interrupted(Exception):
    """Ctrl-C where there is nothing to clear."""


class ReaderGone(Exception):
    """Nobody reads what is written any more: the pipe was closed, or the terminal vanished."""

    def __init__(self, exit_code: Exit) -> None:
        super().__init__()
        self.exit_code = exit_code


class Keyboard(Protocol):
    """Where lines come from: a line editor or a pipe."""

    interactive: bool

    async def line(
        self, prompt: str, *, text: str = "", offers: Sequence[str] | None = None, secret: bool = False
    ) -> str:
        """Read a line, less its ending; `text` is there to be edited, `offers` can be completed.

        Raises EndOfInput, and Interrupted for Ctrl-C on an empty line.
        """
        ...

    def answering(self) -> AbstractContextManager[None]:
        """Keep what is typed meanwhile off the screen; it is there at the next line."""
        ...
