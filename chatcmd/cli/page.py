"""Pages of help: columns lined up by cells, for a Chinese character takes two."""

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from chatcmd.cells import cells, filled, wrapped

USUAL = 80
LEAST = 20
"""Cells that a page has, however narrow the terminal says that it is."""


def width(stream: TextIO | None = None) -> int:
    """Tell how many cells a line has where a stream (None: standard output) is shown; what is no terminal has 80."""
    told = os.environ.get("COLUMNS", "")
    if told.isascii() and told.isdigit() and int(told):
        return max(int(told), LEAST)
    stream = stream or sys.__stdout__
    try:
        there = os.get_terminal_size(stream.fileno()).columns if stream else USUAL
    except (ValueError, OSError):  # closed, or no terminal
        return USUAL
    return max(there or USUAL, LEAST)


def listed(rows: Sequence[tuple[str, str]], room: int) -> str:
    """Lay out a list in at most `room` cells: what each is beside its word, or below it where there is no place."""
    beside = 2 + max(cells(word) for word, _ in rows) + 2
    narrow = room - beside < LEAST
    indent = " " * (6 if narrow else beside)
    lines = []
    for word, text in rows:
        head, *rest = wrapped(text, room - len(indent))
        lines += [f"  {word}", indent + head] if narrow else [filled(f"  {word}", beside) + head]
        lines += [indent + line for line in rest]
    return "\n".join(line.rstrip() for line in lines)
