"""Sessions as the rows of a table, in the columns that there is room for."""

from collections.abc import Sequence

from chatcmd.cells import cells
from chatcmd.clean import clean_line
from chatcmd.clock import local
from chatcmd.history.entry import Entry
from chatcmd.language import _, marked

HEADS = {
    "id": marked("session"),
    "started": marked("when"),
    "user": marked("user"),
    "turns": marked("turns"),
    "model": marked("model"),
    "tags": marked("tags"),
    "parent": marked("branch of"),
    "title": marked("title"),
}
"""All columns, as they stand beside each other."""

LEAVING = ("parent", "model", "tags", "user", "turns", "started")
"""The order in which columns leave where there is no room for all; a user who is the only one leaves first."""

TITLE, GAP = 20, 2
"""Cells that the title has beside the others at least, and those between two columns."""

BRANCH = "↳ "
"""Stands before the title of a branch."""

LONGEST = 2000
"""Characters of a cell that are looked at; no screen shows more."""


def rows(
    entries: Sequence[Entry], width: int | None, live: Sequence[bool] = (), *, without: Sequence[str] = ()
) -> tuple[list[list[str]], list[str]]:
    """Give sessions as rows, and the headings over them, in about `width` cells (None: whatever they take).

    `live` tells of each whether it is open in a chat; the columns `without` are left out.
    """
    told = live or [False] * len(entries)
    all_cells = [_cells(entry, is_live=is_live) for entry, is_live in zip(entries, told, strict=True)]
    left = [name for name in HEADS if name not in without and (name not in LEAVING or any(c[name] for c in all_cells))]
    taken = {name: max((cells(c[name]) for c in all_cells), default=0) for name in left}
    taken = {name: max(size, cells(_(HEADS[name]))) for name, size in taken.items()} | {"title": TITLE}
    alone = len({entry.user for entry in entries}) <= 1
    for name in ("user", *LEAVING) if alone else LEAVING:
        if width is None or sum(taken.values()) + GAP * (len(taken) - 1) <= width:
            break
        taken.pop(name, None)
    return [[c[name] for name in taken] for c in all_cells], [_(HEADS[name]) for name in taken]


def when(at: str) -> str:
    """Write a time to the minute, by the clock on the wall; what is no time stays as it is."""
    found = local(at)
    return f"{found:%Y-%m-%d %H:%M}" if found is not None else at


def _cells(entry: Entry, *, is_live: bool) -> dict[str, str]:
    title = _("{title} (open now)").format(title=entry.title) if is_live else entry.title
    each = {
        "id": entry.id,
        "started": when(entry.started),
        "user": entry.user,
        "turns": str(entry.turns),
        "model": entry.model,
        "tags": _(", ").join(entry.tags),
        "parent": entry.parent.id if entry.parent is not None else "",
        "title": BRANCH + title if entry.parent is not None else title,
    }
    return {name: clean_line(text[:LONGEST]) for name, text in each.items()}
