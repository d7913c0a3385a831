"""How many cells of a terminal a clean text takes, and texts cut, filled and broken to a number of them (pure)."""

import re
from collections.abc import Iterable, Iterator
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

_OPENING, _CLOSING = "（「『《【“", "，。；：？！、）」』》】”…"
_RUN = rf"([{_OPENING}]*)([^\s{_OPENING}{_CLOSING}]+|(?=[\s{_CLOSING}]|\Z))([{_CLOSING}]*\s*)"
"""What no blank and no full-width mark divides, between the marks and blanks that must not leave it."""

_EACH = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003ffff"
"""Characters between which a line can be broken."""

_PIECE = rf"(?:[{_EACH}]|[^{_EACH}]+)[.,;:?!)]*"


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
    """Break a clean line at its blanks and between Chinese characters into lines of at most `width` cells.

    A mark stays with what it opens or closes. What has no place to break is longer: a word, a path, an address, all
    of which can be copied from a terminal as long as only the terminal breaks them.
    """
    return _packed(_pieces(text), width)


def fitted(text: str, width: int) -> list[str]:
    """Break a clean line as `wrapped` does, and what is too long behind its slashes, else anywhere.

    All lines fit in `width` cells, 2 and more.
    """
    pieces = (part for line in wrapped(text, width) for part in _packed(re.split("(?<=/)", line), width))
    return [part for piece in pieces for part in broken(piece, width)]


def is_unspaced(text: str) -> bool:
    """Tell whether there are characters in a text between which a line can be broken without a blank."""
    return not text.isascii() and re.search(f"[{_EACH}]", text) is not None


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


def _pieces(text: str) -> Iterator[str]:
    """Give the parts between which a line can be broken: words, paths, and Chinese characters one by one."""
    if text.isascii():  # at start it always is, and the patterns for Chinese take a millisecond and a half to compile
        yield from filter(None, re.findall(r"\S*\s*", text))
        return
    for before, body, behind in re.findall(_RUN, text):
        pieces = [body] if "/" in body or body.isascii() else re.findall(_PIECE, body)
        pieces[0] = before + pieces[0]
        pieces[-1] += behind
        yield from filter(None, pieces)


def _packed(pieces: Iterable[str], width: int) -> list[str]:
    """Put pieces beside each other in lines of `width` cells; what does not fit in one even alone begins in any."""
    lines: list[str] = []
    line, taken = "", 0
    for piece in pieces:
        room = cells(piece.rstrip())
        if line.strip() and room <= width < taken + room:
            lines.append(line.rstrip())
            line, taken = "", 0
        line += piece
        taken += cells(piece)
    return [*lines, line.rstrip()]


def _cells_of(char: str) -> int:
    if char == _EMOJI_STYLE:
        return 1
    if char in _JOINERS or category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in "WF" or any(ord(char) in points for points in _WIDE) else 1
