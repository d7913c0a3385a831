"""Where a value came from."""

from typing import Literal

from msgspec import Struct

from chatcmd.language import _, marked

Kind = Literal["default", "file", "environment", "flag", "chat"]


class Origin(Struct, frozen=True):
    """How a value was given, and the words that name the place: a flag, a variable, a file with its line.

    Words of ours are `marked`: they are translated where they are shown.
    """

    kind: Kind
    place: str

    def __str__(self) -> str:
        return _(self.place)


DEFAULT = Origin("default", marked("the default"))
