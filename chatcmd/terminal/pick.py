"""What a person picks from: choices, found by what is typed, and more about each of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

Pulse = Callable[[str], None]
"""Slow work calls it now and then: it raises Abandoned when nobody waits any more.

With a sentence, which says how far the work has come, only when all is left: it is done for whatever is typed next too.
"""


class Abandoned(Exception):
    """Nobody waits for what is being looked for."""


class Passage(Struct, frozen=True):
    """A clean text of one or more lines; `spans` are the places in it (begin, end) of what was looked for.

    `style` is "head", "soft" or nothing.
    """

    text: str
    spans: tuple[tuple[int, int], ...] = ()
    style: str = ""


class Choice(Struct, frozen=True):
    """One row of the list: `facts`, as many as there is room for, and its label. `what` is for whoever asked."""

    what: Any
    facts: tuple[str, ...]
    label: Passage


class Found(Struct, frozen=True):
    """What was found so far: all clean text; `more` says that there is more than what is listed."""

    choices: Sequence[Choice] = ()
    more: bool = False
    trouble: str = ""


class Shelf(Protocol):
    """What holds the choices; it is asked in a thread of its own, one thing after the other."""

    asks: str
    """Stands before what is typed."""

    empty: str
    """Is said where nothing is typed and nothing is found."""

    keys: str
    """Says what Enter does, and how to leave."""

    def find(self, typed: str, pulse: Pulse) -> Iterator[Found]:
        """Give what is found by a text, and again whenever there is more of it."""
        ...

    def preview(self, choice: Choice) -> Sequence[Passage]:
        """Say more about a choice; it may read a file."""
        ...

    def close(self) -> None:
        """Let go what was opened to look in."""
        ...
