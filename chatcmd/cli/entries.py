"""Sessions in short, as a table or as they stand in a document."""

from collections.abc import Sequence

import msgspec

from chatcmd.history.entry import Entry
from chatcmd.history.row import rows
from chatcmd.terminal.screen import Screen


def show(screen: Screen, entries: Sequence[Entry], live: Sequence[bool] = ()) -> None:
    """Show sessions as a table, in the columns that a terminal has room for."""
    body, head = rows(entries, screen.columns, live)
    screen.table(body, head)


def told(entry: Entry, *, is_live: bool = False) -> dict[str, object]:
    """Say all that is known of a session in short, and whether it is open in a chat."""
    facts: dict[str, object] = msgspec.to_builtins(entry)
    return facts | {"open": is_live}
