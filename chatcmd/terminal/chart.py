"""Small charts of text: bars, sparklines and gauges, of Unicode's blocks or of plain ASCII (pure)."""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from chatcmd.cells import ELLIPSIS, cells, cut

LEAST_BAR = 4
"""Cells that a bar keeps however narrow the screen is: its label gives way first."""


class Ink(Struct, frozen=True):
    """What is drawn with: a whole cell and its parts, the parts of a bar, the steps of a sparkline, and the rest."""

    whole: str
    parts: str
    shades: str
    steps: str
    ends: tuple[str, str]
    ellipsis: str = ELLIPSIS
    between: str = " · "


BLOCKS = Ink("█", "▏▎▍▌▋▊▉", "░█▒", "▁▂▃▄▅▆▇█", ("▕", "▏"))
ASCII = Ink("#", "", "-#=", "_.:-=+*#", ("[", "]"), "..", " | ")


def ink_for(encoding: str, term: str | None, *, plain: bool) -> Ink:
    """Choose blocks, or ASCII for a terminal that is plain, dumb, or has another encoding."""
    unicode = encoding.lower().replace("-", "").replace("_", "") == "utf8"
    return BLOCKS if unicode and term != "dumb" and not plain else ASCII


class Bar(Struct, frozen=True):
    """One row of a bar chart: a clean label, parts that are drawn one behind the other, and a clean text."""

    label: str
    parts: tuple[float, ...]
    text: str


def gauge(share: float, width: int, ink: Ink) -> str:
    """Draw how much of a whole is used, in just `width` cells; whatever is more than nothing shows."""
    steps = len(ink.parts) + 1
    filled = round(min(max(share, 0.0), 1.0) * width * steps) or (1 if share > 0 else 0)
    whole, part = divmod(filled, steps)
    return (ink.whole * whole + (ink.parts[part - 1] if part else "")).ljust(width)


def bars(rows: Sequence[Bar], width: int, ink: Ink) -> list[str]:
    """Draw rows that line up, the longest as long as there is room, in at most `width` cells (20 and more)."""
    text_room = max((cells(row.text) for row in rows), default=0)
    label_room = min(max((cells(row.label) for row in rows), default=0), max(width // 3, 1))
    label_room = max(min(label_room, width - text_room - LEAST_BAR - 2), 0)
    bar_room = width - text_room - label_room - 2
    longest = max((sum(row.parts) for row in rows), default=0) or 1
    drawn = []
    for row in rows:
        label = cut(row.label, label_room, ink.ellipsis)
        bar = _bar(row.parts, longest, max(bar_room, 0), ink)
        line = f"{label}{' ' * (label_room - cells(label))} {bar} {row.text}"
        drawn.append(cut(line, width, ink.ellipsis))
    return drawn


def sparkline(values: Sequence[float], width: int, ink: Ink, top: float | None = None) -> str:
    """Draw values over time in at most `width` cells; where they are more, each cell shows the largest of its share.

    `top` is the value of a full cell; without it the largest one is.
    """
    if not values or width < 1:
        return ""
    count = min(len(values), width)
    edges = [place * len(values) // count for place in range(count + 1)]
    shown = [max(values[begin:end]) for begin, end in pairwise(edges)]
    full = top if top is not None else max(shown)
    last = len(ink.steps) - 1
    return "".join(ink.steps[min(max(int(value * last / full + 0.5), 0), last) if full > 0 else 0] for value in shown)


def _bar(parts: Sequence[float], longest: float, room: int, ink: Ink) -> str:
    """Draw the parts of one bar, each up to where their sum has come: rounding never adds up."""
    drawn, done = "", 0.0
    for place, part in enumerate(parts):
        done += part
        end = round(done / longest * room)
        if part > 0 and place == len(parts) - 1:
            end = max(end, 1 if room else 0)
        shade = ink.whole if len(parts) == 1 else ink.shades[place % len(ink.shades)]
        drawn += shade * (end - len(drawn))
    return drawn
