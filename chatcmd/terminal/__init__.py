"""The human's side: a keyboard that gives lines, and a screen that shows what is safe to show."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from chatcmd.errors import Exit

if TYPE_CHECKING:
    from chatcmd.terminal.pick import Choice, Shelf


class EndOfInput(Exception):
    """Ctrl-D, or the end of a pipe."""


class Interrupted(Exception):
    """Ctrl-C where there is nothing to clear."""


class ReaderGone(Exception):
    """Nobody reads what is written any more: the pipe was closed, or the terminal vanished."""

    def __init__(self, exit_code: Exit) -> None:
        super().__init__()
        self.exit_code = exit_code


class Line(Struct, frozen=True):
    """What was entered; `ats` are the places of the `@` in it that a person typed, rather than pasted or piped."""

    text: str
    ats: tuple[int, ...] = ()


NO_DRAFT = Line("")


class Offer(Struct, frozen=True):
    """A completion: the text that replaces `back` characters before the cursor, and what it is."""

    text: str
    back: int
    help: str = ""


class Desk(Protocol):
    """What a line editor asks of the chat around it while a line is typed; all of it answers at once."""

    def complete(self, before: str) -> Iterable[Offer]:
        """Offer what can stand behind the text before the cursor: commands and their arguments."""
        ...

    def bar(self, width: int) -> str:
        """Give the bottom bar in at most `width` cells, clean and unstyled; empty for none."""
        ...

    def recall(self) -> Path | None:
        """Name the file of the current user's earlier inputs; None when nothing is kept."""
        ...

    def setting(self, name: str) -> Any:
        """Look a setting up that can change in the chat, such as `vi`, `multiline` and `theme`."""
        ...


class Keyboard(Protocol):
    """Where lines come from: a line editor or a pipe."""

    interactive: bool

    def sit_at(self, desk: Desk) -> None:
        """Learn where completions, bar, recall and settings come from."""
        ...

    async def line(
        self, prompt: str, *, draft: Line = NO_DRAFT, offers: Sequence[str] | None = None, secret: bool = False
    ) -> Line:
        """Read a line, less its ending; a draft is there to be edited, `offers` can be completed.

        Raises EndOfInput, Interrupted for Ctrl-C on an empty line, and ReaderGone when the terminal has vanished.
        """
        ...

    async def edit(self, text: str) -> str:
        """Let the user change a text in their own editor; raises UsageError when there is none, or it fails."""
        ...

    def answering(self) -> AbstractContextManager[None]:
        """Keep what is typed meanwhile off the screen; it is there at the next line."""
        ...

    def pressing(self, take: Callable[[str], None]) -> AbstractContextManager[None]:
        """Give each key by its name as it is pressed, in place of lines; where there are none, nothing comes."""
        ...

    async def pick(self, shelf: "Shelf", typed: str = "") -> "Choice | None":
        """Let a person pick one of what is found by what they type; None when they leave without.

        Raises UsageError where there is nobody, and ReaderGone.
        """
        ...

    def close(self) -> None:
        """Give the terminal back as it was."""
        ...
