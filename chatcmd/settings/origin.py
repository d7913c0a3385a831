"""Where a value came from."""

from typing import Literal

from msgspec import Struct

Kind = Literal["default", "file", "environment", "flag", "chat"]


class Origin(Struct, frozen=True):
    """How a value was given, and the words that name the place: a flag, a variable, a file with its line."""

    kind: Kind
    place: str

    def __str__(self) -> str:
        return self.place


DEFAULT = Origin("default", "the default")
