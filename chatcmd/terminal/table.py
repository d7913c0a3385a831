"""Tables: columns that line up by cells, with Chinese in them too (pure)."""

import re
from collections.abc import Sequence

from chatcmd.cells import cells, cut, filled, fitted, wrapped

GAP, INDENT = "  ", "  "
"""What stands between two columns, and before what stands below them."""

LEAST, LEAST_WRAPPED = 12, 24
"""Cells that the last column has beside the others, cut or wrapped; with fewer it stands below them."""

LEAST_BELOW = 6
"""Cells that it has there however narrow the screen is; the terminal breaks such lines."""

_NUMBER = re.compile(r"(?:<= |~ )?[\d,]+|-?")


def lay_out(rows: Sequence[Sequence[str]], head: Sequence[str], width: int | None, *, wrap: bool = False) -> str:
    """Lay cleaned rows out as plain text in `width` cells (None: as many as they take), headings and all.

    Where there is no room for all, the last column is cut, or wrapped; where there is hardly any, the columns that do
    not fit beside the first ones stand below them.
    """
    bodies = list(zip(*rows, strict=True)) or [()] * len(head)
    heads = head or [""] * len(bodies)
    widths, beside = _fit(heads, bodies, width, LEAST_WRAPPED if wrap else LEAST)
    right = [_is_number(body) for body in bodies]
    lines = []
    for number, row in enumerate([head, *rows] if head else rows):
        is_head = bool(head) and number == 0
        shown = [_lines(cell, room, wrap=wrap or is_head) for cell, room in zip(row, widths[:beside], strict=False)]
        lines += _lined_up(shown, widths, right, from_below=is_head)
        lines += _below(row[beside:], width, wrap=wrap)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _fit(heads: Sequence[str], bodies: Sequence[Sequence[str]], width: int | None, least: int) -> tuple[list[int], int]:
    """Give the columns' widths, and how many stand beside each other: all, if the last one keeps its least.

    Headings are broken at their blanks if that leaves the last column enough.
    """
    whole = [max(map(cells, (each, *body))) for each, body in zip(heads, bodies, strict=True)]
    narrow = [max(map(cells, ("", *each.split(), *body))) for each, body in zip(heads, bodies, strict=True)]
    if width is None:
        return whole, len(whole)
    for *before, last in (whole, narrow):
        if _taken([*before, min(last, least)]) <= width:
            return [*before, min(last, width - _taken([*before, 0]))], len(whole)
    beside = next((count for count in range(len(whole) - 1, 1, -1) if _taken(whole[:count]) <= width), 1)
    return [min(whole[0], width), *whole[1:]], beside


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _is_number(body: Sequence[str]) -> bool:
    return any(map(str.strip, body)) and all(_NUMBER.fullmatch(cell) for cell in body)


def _lines(cell: str, room: int, *, wrap: bool) -> list[str]:
    if cells(cell) <= room:
        return [cell]
    return fitted(cell, room) if wrap else [cut(cell, room)]


def _lined_up(
    shown: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool], *, from_below: bool
) -> list[str]:
    """Put the lines of a row's cells beside each other; those of a heading stand on the row below it."""
    rows = max(map(len, shown))
    lines = []
    for number in range(rows):
        places = [number - (rows - len(cell) if from_below else 0) for cell in shown]
        parts = [cell[place] if 0 <= place < len(cell) else "" for cell, place in zip(shown, places, strict=True)]
        aligned = [
            " " * (room - cells(part)) + part if is_right else filled(part, room)
            for part, room, is_right in zip(parts, widths, right, strict=False)
        ]
        lines.append(GAP.join(aligned))
    return lines


def _below(rest: Sequence[str], width: int | None, *, wrap: bool) -> list[str]:
    text = GAP.join(filter(None, rest))
    if not text or width is None:
        return []
    room = max(width - len(INDENT), LEAST_BELOW)
    return [INDENT + line for line in (wrapped(text, room) if wrap else [cut(text, room)])]
