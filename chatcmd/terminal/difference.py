"""The words in which two texts differ, as a terminal shows them (pure)."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from chatcmd.cells import wrapped
from chatcmd.clean import clean
from chatcmd.conversation.compare import Stretch

OLD, NEW = "31;9", "32;4"
"""SGR parameters: not by colour alone, what went is struck through and what came underlined."""

AROUND = 80
"""Characters of what is the same that stand before and behind a change; more of it is left out."""

LONGEST = 600
"""Characters that are shown of what went, and of what came, at one place: nobody reads more, and a log has its end."""

_PLAIN = "\x1b[0m"
_GAP = " … "
_WORD = re.compile("[A-Za-z0-9]+")

Part = tuple[str, str]
"""A clean text, and its SGR parameters."""


def lay_out(stretches: Iterable[Stretch], width: int | None = None, *, colour: bool) -> str:
    """Lay the differences out in lines of at most `width` cells (None: as they are).

    They stand in colours, or as `[-old-]{+new+}`. The result is empty when only blanks differ.
    """
    everything = list(stretches)
    if all(each.same for each in everything):
        return ""
    last = len(everything) - 1
    parts: list[Part] = []
    for place, each in enumerate(everything):
        if each.same:
            parts.append((_around(_common(each), first=place == 0, last=place == last), ""))
        else:
            parts += _change(each, colour=colour)
    return "".join(f"{row}\n" for row in _rows(parts, width))


def _common(stretch: Stretch) -> str:
    """Write what is the same; a blank behind it that only one of the texts has divides it from the change."""
    old, new = clean(stretch.old), clean(stretch.new)
    return new if new != new.rstrip() else new + old[len(old.rstrip()) :]


def _around(text: str, *, first: bool, last: bool) -> str:
    """Leave out the middle of what is the same, or all of it but the side on which a change stands."""
    if len(text) <= (1 if first or last else 2) * AROUND + len(_GAP):
        return text
    before = "" if first else _whole_words(text[: AROUND + 1][::-1])[::-1].rstrip()
    behind = "" if last else _whole_words(text[-AROUND - 1 :]).lstrip()
    return f"{before}{_GAP}{behind}" if before else f"{_GAP.lstrip()}{behind}"


def _whole_words(text: str) -> str:
    """Leave out the first character, and what it leaves of a word; a word without an end is cut."""
    word = _WORD.match(text)
    return text[word.end() if word and word.end() < len(text) else 1 :]


def _change(stretch: Stretch, *, colour: bool) -> Iterator[Part]:
    """Write what went and what came; the blanks behind them stand outside."""
    old, new = clean(stretch.old), clean(stretch.new)
    behind = new or old
    blanks = behind[len(behind.rstrip()) :]
    old, new = _shortened(old.rstrip()), _shortened(new.rstrip())
    if colour:
        yield from ((old, OLD), (" " if old and new else "", ""), (new, NEW))
    else:
        yield (f"[-{old}-]" if old else "") + (f"{{+{new}+}}" if new else ""), ""
    yield blanks, ""


def _shortened(text: str) -> str:
    """Leave out the middle of a text of which there is too much."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half].rstrip()}{_GAP}{text[-half:].lstrip()}"


def _rows(parts: list[Part], width: int | None) -> Iterator[str]:
    """Break the text into lines, and paint each by itself: no pager is left with a colour."""
    text = "".join(part for part, _ in parts)
    styles = [style for part, style in parts for _ in part]
    place = len(text) - len(text.lstrip("\n"))
    for line in text.strip("\n").split("\n"):
        for row in [line] if width is None else wrapped(line, width):
            place = text.index(row, place)
            within = groupby(range(place, place + len(row)), styles.__getitem__)
            yield "".join(_painted(text, [*places], style) for style, places in within)
            place += len(row)


def _painted(text: str, places: list[int], style: str) -> str:
    shown = text[places[0] : places[-1] + 1]
    return f"\x1b[{style}m{shown}{_PLAIN}" if style else shown
