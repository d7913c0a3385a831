"""The rows at the end of the screen that can still change, and the least bytes that change them (pure)."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chatcmd.cells import broken, is_sure


class Row(NamedTuple):
    """One row of the screen: its text with its colours, without blanks at its end, and the cells that it takes at most.

    No row is laid out wider than the screen: only a terminal that got narrower since then has broken it.
    """

    text: str
    cells: int


BLANK = Row("", 0)

_SYNCHRONIZED = "\x1b[?2026h{}\x1b[?2026l"
"""What stands between appears at once; a terminal that does not know this mode passes over it."""


_UNSTEADY = 3
"""Rows at the end that more text may change: what is behind a block, a line that gets longer, or a word that moves."""


class Tail:
    """What stands at the end of the screen, down to the cursor, and may be drawn again.

    `reflows` says that the terminal breaks long rows anew when it gets narrower, rather than cutting them. Rows that
    have no room on the screen are hidden above it until they are settled, so that the scrollback holds each row once;
    only where rows are hidden and the screen gets lower, the terminal itself moves some into it out of their order.
    """

    def __init__(self, *, reflows: bool) -> None:
        self._reflows = reflows
        self._shown: list[Row] = [BLANK]  # the cursor stands behind the last one
        self._first = 0  # the place of the first shown row in the tail
        self._printed = 0  # rows of the tail that a screen that got lower pushed into the scrollback
        self._pushed = ""  # what they say
        self._unknown = False
        self._width, self._height = 0, 0

    def draw(self, settled: Sequence[Row], tail: Sequence[Row], width: int, height: int) -> str:
        """Return what makes the screen end with the settled rows, which it never touches again, and then the tail.

        Without a tail the cursor stands at the beginning of the next row.
        """
        tail = tail or [BLANK]
        self._resize(width, height)
        if self._unknown and self._pushed:
            self._printed = _covered([*settled, *tail], self._pushed)
        rows, self._printed = list(settled[self._printed :]), max(0, self._printed - len(settled))
        first = max(self._printed, self._room(tail))
        below = list(tail[first:]) or [BLANK]
        moved = self._lift(_shift(self._shown, below)) if first > self._printed and not settled else ""
        same = _common(self._shown, [*rows, *below])
        drawn = self._replace([*rows, *below], same, at_top=bool(moved))
        self._shown, self._first = below, first
        self._pushed = "".join(map(_said, tail[: self._printed]))
        return _SYNCHRONIZED.format(moved + drawn) if (moved + drawn).startswith("\r") else drawn

    def _resize(self, width: int, height: int) -> None:
        """Work out where the rows are after the terminal has changed its size."""
        if (width, height) != (self._width, self._height) and self._width:
            narrower = self._reflows and width < self._width
            heights = [_rows(row, width) if narrower else 1 for row in self._shown]
            lost = 0
            while len(heights) > 1 and sum(heights) > height:
                heights.pop(0)
                lost += 1
            if self._first == self._printed:
                self._printed += lost
                self._pushed += "".join(map(_said, self._shown[:lost]))
            self._shown = [Row("", each * width) for each in heights]
            self._unknown = True
        self._width, self._height = width, height

    def _room(self, tail: Sequence[Row]) -> int:
        """Return how many of the first rows have no room on the screen."""
        return max(0, len(tail) - max(1, self._height - 1))

    def _lift(self, rows: int) -> str:
        """Take the first rows off the screen, the others move up; nothing goes into the scrollback."""
        if not 0 < rows < len(self._shown) or self._unknown:
            return ""
        up = self._up(self._shown) + f"\x1b[{rows}M"
        self._shown = self._shown[rows:]
        return up

    def _replace(self, rows: Sequence[Row], same: int, *, at_top: bool) -> str:
        """Write the rows over what is shown, of which the first are the same already."""
        shown, unknown, self._unknown = self._shown, self._unknown, False
        if not at_top and same == len(shown) == len(rows):
            return ""
        if not at_top and same == len(shown):
            return "".join("\n" + row.text for row in rows[same:])
        same = min(same, len(rows) - 1, len(shown) - 1)
        begin = "\n" * same if at_top else self._up(shown[same:])
        if unknown:
            return begin + "\x1b[J" + "\n".join(row.text for row in rows[same:])
        if not at_top and same == len(shown) - 1 and rows[same].text.startswith(shown[same].text):
            return "\n".join([rows[same].text[len(shown[same].text) :], *(row.text for row in rows[same + 1 :])])
        over = zip(rows[same:], shown[same:], strict=False)
        written = [_over(row, below) for row, below in over] + [row.text for row in rows[len(shown) :]]
        if len(shown) > len(rows):
            written.append("\x1b[J\x1b[A\r" + rows[-1].text)
        return begin + "\n".join(written)

    def _up(self, rows: Sequence[Row]) -> str:
        """Go from the end of the last of these rows to the beginning of the first."""
        up = sum(_rows(row, self._width) for row in rows) - 1
        return f"\r\x1b[{up}A" if up > 0 else "\r"


def _rows(row: Row, width: int) -> int:
    """Count the rows that a terminal makes of one, breaking it if it has become too narrow for it."""
    if row.cells <= width:
        return 1
    return len(broken(_plain(row), width)) if row.text else -(-row.cells // width)


def _over(row: Row, below: Row) -> str:
    """Write a row over another one of which nothing may be left."""
    if not (is_sure(row.text) and is_sure(below.text)):
        return "\x1b[K" + row.text
    return row.text + "\x1b[K" if row.cells < below.cells else row.text


def _plain(row: Row) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", row.text)


def _said(row: Row) -> str:
    """Return what a row says however wide it is laid out."""
    return re.sub(r"[\s▌]", "", _plain(row))


def _covered(rows: Sequence[Row], said: str) -> int:
    """Count the first rows that say no more than what has been said."""
    taken = 0
    for place, row in enumerate(rows):
        if taken >= len(said) or not said.startswith(text := _said(row), taken):
            return place
        taken += len(text)
    return len(rows)


def _shift(shown: Sequence[Row], below: Sequence[Row]) -> int:
    """Count the rows that left at the beginning, when the others stay as they are but for the last few."""
    steady = len(shown) - _UNSTEADY
    return next((away for away in range(steady) if shown[away:steady] == below[: steady - away]), 0)


def _common(one: Sequence[Row], other: Sequence[Row]) -> int:
    """Count the rows that are the same at the beginning of both."""
    same = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        same += 1
    return same


_REFLOWING = (
    *("TMUX", "VTE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "WEZTERM_PANE"),
    *("ALACRITTY_WINDOW_ID", "GHOSTTY_RESOURCES_DIR"),
)
_REFLOWING_PROGRAMS = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Apple_Terminal", "WarpTerminal", "rio", "tmux")
_REFLOWING_TERMS = ("tmux", "alacritty", "foot", "xterm-kitty", "xterm-ghostty", "wezterm", "contour")


def reflows(environ: Mapping[str, str]) -> bool:
    """Tell by what a terminal leaves in the environment whether it breaks long rows anew when it gets narrower."""
    return (
        any(environ.get(name) for name in _REFLOWING)
        or environ.get("TERM_PROGRAM") in _REFLOWING_PROGRAMS
        or environ.get("TERM", "").startswith(_REFLOWING_TERMS)
    )
