"""Pages of help: texts wrapped and columns lined up by cells, for a Chinese character takes two."""

import re
from collections.abc import Sequence
from unicodedata import east_asian_width

LEAST = 20
"""Cells that a page has, however narrow the terminal says that it is."""

# A word, or a single wide character, with the punctuation that must not leave it, and the blanks behind.
_WIDE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6"
_OPENING, _CLOSING = "（「『《【“", "，。；：？！、）」』》】”….,;:?!)"
_PIECE = re.compile(rf"[{_OPENING}]*(?:[^\s{_WIDE}{_OPENING}]+|[^\s{_OPENING}]|(?=\s|$))[{_CLOSING}]*\s*")


def width() -> int:
    """Tell how many cells the terminal has in a line; what is no terminal has 80."""
    from shutil import get_terminal_size  # noqa: PLC0415 - a start without a page need not load it

    return max(get_terminal_size().columns, LEAST)


def cells(text: str) -> int:
    """Count the cells of a text of ours, which has no characters without width."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, to: int) -> str:
    """Fill a text up with blanks to so many cells."""
    return text + " " * (to - cells(text))


def wrap(text: str, room: int) -> list[str]:
    """Break a text into lines of at most `room` cells; what has no place to break is longer."""
    lines: list[str] = []
    line = ""
    for piece in _PIECE.findall(" ".join(text.split())):
        if line and cells(line) + cells(piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()]


def listed(rows: Sequence[tuple[str, str]], room: int) -> str:
    """Lay out a list in at most `room` cells: what each is beside its word, or below it where there is no place."""
    beside = 2 + max(cells(word) for word, _ in rows) + 2
    narrow = room - beside < LEAST
    indent = " " * (6 if narrow else beside)
    lines = []
    for word, text in rows:
        head, *rest = wrap(text, room - len(indent))
        lines += [f"  {word}", indent + head] if narrow else [pad(f"  {word}", beside) + head]
        lines += [indent + line for line in rest]
    return "\n".join(line.rstrip() for line in lines)
