"""What was found in the history, and what can be done about it."""

from typing import Literal

from msgspec import Struct

Kind = Literal[
    "unreadable",  # the system does not give it to us
    "damaged",  # a saved session that does not load
    "copies",  # of a session only damaged copies are left
    "id",  # another than the file's name
    "user",  # another than the folder's
    "persona",  # its message is missing
    "keys",  # of two of one name only the last is read
    "journal",  # left by a killed process
    "temporary",  # as well
    "link",
    "place",  # a folder or a device where a file should be
    "rights",  # others may read it
    "name",  # no user can be called so, or it is no text
    "twins",  # two folders of one user
    "twice",  # two sessions of one id
    "index",
    # What follows is nothing wrong.
    "open",
    "newer",
    "older",
    "mark",  # a byte order mark
    "order",
    "parent",
    "attachments",
    "kept",
    "recall",
    "trash",
    "stranger",
]

REPAIRABLE: frozenset[Kind] = frozenset(
    {"damaged", "copies", "id", "user", "persona", "keys", "journal", "temporary", "rights"}
)
REMARKS: frozenset[Kind] = frozenset(
    {"open", "newer", "older", "mark", "order", "parent", "attachments", "kept", "recall", "trash", "stranger"}
)


class Finding(Struct, frozen=True):
    """One thing that was found at a path.

    `what` is a sentence on what is the matter, `advice` one on what can be done, or was done if it is `repaired`.
    """

    path: str
    kind: Kind
    what: str
    advice: str = ""
    repaired: bool = False

    @property
    def is_wrong(self) -> bool:
        """Tell whether something is to be done: what is a mere remark, or mended, is not wrong."""
        return self.kind not in REMARKS and not self.repaired

    @property
    def is_repairable(self) -> bool:
        """Tell whether a repair would try it."""
        return self.kind in REPAIRABLE and not self.repaired
