"""How many cells of a terminal a clean text takes, and texts cut and filled to a number of them (pure)."""

import re
from unicodedata import category, east_asian_width

ELLIPSIS = "…"

_EMOJI_STYLE = "\ufe0f"
"""Asks for a character's picture, which is two cells wide even where the character itself is one."""

_JOINERS = "\u200c\u200d\ufe0e"

_WIDE = (
    range(0x2630, 0x2638),
    range(0x268A, 0x2690),
    range(0x4DC0, 0x4E00),
    range(0x1D300, 0x1D377),
    range(0x1F1E6, 0x1F200),
)
"""Wide in Unicode 16 or as emoji, whatever the tables of this Python say: trigrams, hexagrams, halves of flags."""

_UNSURE = (
    "[\u200d\ufe0f\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff"
    "\U0001d300-\U0001d376\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]"
)

_UNBROKEN = r"(?:[^\s\u2e80-\uffff]+|[\u2e80-\uffff][\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f]*|^)\s*"


def cells(text: str) -> int:
    """Count the cells of one clean line: never fewer than a terminal takes for it."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def cut(text: str, width: int, end: str = ELLIPSIS) -> str:
    """Return a clean line in at most `width` cells, with `end` in place of what is missing."""
    if cells(text) <= width:
        return text
    room = width - len(end)
    if room < 0:
        return ""
    for place, char in enumerate(text):
        room -= _cells_of(char)
        if room < 0:
            return text[:place].rstrip(" \u200d") + end
    return text


def filled(text: str, width: int) -> str:
    """Return a clean line in just `width` cells: cut, or with blanks behind it."""
    shown = cut(text, width)
    return shown + " " * (width - cells(shown))


def wrapped(text: str, width: int) -> list[str]:
    """Break a clean line at its blanks and between Chinese characters into lines of at most `width` cells (2 and more).

    A mark that closes stays with what it closes; a word that is too long is broken anywhere.
    """
    lines: list[str] = []
    line = ""
    for piece in re.findall(_UNBROKEN, text):
        if line and cells(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
        while cells(line.rstrip()) > width:
            lines.append(cut(line, width, "") or line[0])
            line = line[len(lines[-1]) :]
    return [*lines, line.rstrip()]


def at_blanks(text: str, width: int) -> list[str]:
    """Break a clean line at its blanks alone, so that a path or an address stays whole; what is longer stays so."""
    lines, line = [], ""
    for word in re.findall(r"\s*\S+|\s+\Z", text):
        if line and cells(line + word) > width >= cells(word.lstrip()):
            lines.append(line)
            line = word.lstrip()
        else:
            line += word
    return [*lines, line]


def broken(text: str, width: int) -> list[str]:
    """Break a clean line where a terminal of so many cells does: anywhere but inside a character."""
    pieces = [""]
    room = width
    for char in text:
        taken = _cells_of(char)
        if taken > room and pieces[-1]:
            pieces.append("")
            room = width
        pieces[-1] += char
        room -= taken
    return pieces


def is_sure(text: str) -> bool:
    """Tell whether terminals agree on the cells of a text: not on joined emoji, flags and shades of skin."""
    return text.isascii() or re.search(_UNSURE, text) is None


def _cells_of(char: str) -> int:
    if char == _EMOJI_STYLE:
        return 1
    if char in _JOINERS or category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in "WF" or any(ord(char) in points for points in _WIDE) else 1
