"""Tables: columns that line up, with Chinese in them too. The only file that knows rich."""

from collections.abc import Sequence
from io import StringIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 2
"""Cells between two columns."""

LEAST = 6
"""Cells that the last column keeps however narrow the screen is; the terminal breaks such lines."""


def lay_out(rows: Sequence[Sequence[str]], head: Sequence[str], width: int | None, *, wrap: bool = False) -> str:
    """Lay cleaned rows out as plain text; where `width` is not enough for all, the last column is cut, or wrapped."""
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_header=bool(head))
    columns = list(zip(*([head] if head else []), *rows, strict=True))
    # Decided here: where there is no room, rich would take from all columns alike, and narrow ones would be gone.
    widths = [max(map(cell_len, column)) for column in columns]
    before = sum(widths[:-1]) + GAP * len(widths[:-1])
    if width is not None:
        widths[-1] = min(widths[-1], max(width - before, LEAST))
    for number, column in enumerate(columns):
        cells = column[1:] if head else column
        table.add_column(
            column[0] if head else "",
            justify="right" if all(cell.replace(",", "").isdigit() for cell in cells) else "left",
            no_wrap=not (wrap and number == len(columns) - 1),
            overflow="fold" if wrap else "ellipsis",
            width=widths[number],
        )
    for row in rows:
        table.add_row(*map(Text, row))
    out = StringIO()
    Console(file=out, width=before + widths[-1], color_system=None, markup=False, highlight=False, emoji=False).print(
        table
    )
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
