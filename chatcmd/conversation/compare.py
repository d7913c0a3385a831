"""Two answers to one question: how alike they are, and the words in which they differ (pure)."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from chatcmd.conversation.words import UNSPACED

Likeness = Literal["same", "similar", "different"]

SIMILAR = 0.6
"""The ratio from which on two answers count as similar; below it, what they share is what any two texts share."""

MOST_UNITS = 40_000
"""Words up to which an answer is compared by words: 100 kB take half a second, and the time grows with the square."""

_AT_ONCE = 1 << 26
"""Bits of a comparison's table that are kept at once: eight megabytes."""

_MARKS = "\u0300-\u036f\u200d\ufe0e\ufe0f"
_WORD = re.compile(rf"(?:[^\W{UNSPACED}][^\W{UNSPACED}{_MARKS}]*|\S)[{_MARKS}]*")
_LINE = re.compile(r"[^\n]*\S[^\n]*")


class Stretch(Struct, frozen=True):
    """Texts that stand at one place of both answers; those that are the `same` differ in their blanks at most."""

    old: str
    new: str
    same: bool = False


class Comparison(Struct, frozen=True):
    """How alike two answers are; the stretches join to both of them.

    `likeness` is same when nothing but blanks around them differs. `ratio` is twice the number of words that both have
    in one order, of all their words: 0 to 1, whichever is compared with which; a Chinese character counts as a word.
    `by` says what was compared: words, or lines where an answer has more than 40,000 words, or the texts as a whole
    where it has as many lines.
    """

    likeness: Likeness
    ratio: float
    stretches: tuple[Stretch, ...]
    by: Literal["words", "lines", "texts"] = "words"


def compare(old: str, new: str) -> Comparison:
    """Compare an answer with an earlier one."""
    if old.strip() == new.strip():
        return Comparison("same", 1.0, (Stretch(old, new, same=True),))
    for by, pattern in (("words", _WORD), ("lines", _LINE)):
        before, after = _Text(old, pattern), _Text(new, pattern)
        if max(len(before.units), len(after.units)) <= MOST_UNITS:
            pairs = _common(*_numbered(before.units, after.units))
            all_of_them = len(before.units) + len(after.units)
            ratio = 2 * len(pairs) / all_of_them if all_of_them else 0.0
            likeness: Likeness = "similar" if ratio >= SIMILAR else "different"
            stretches = tuple(_stretches(before, after, _legible(_runs(pairs, before, after))))
            return Comparison(likeness, ratio, stretches, "words" if by == "words" else "lines")
    return Comparison("different", 0.0, (Stretch(old, new),), "texts")


class _Text:
    """A text cut into units: each is compared without the blanks behind it, and cut out with them."""

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        found = list(pattern.finditer(text))
        self.units = [each[0].strip() for each in found]
        self._text = text
        self._ends = [0, *(each.start() for each in found[1:]), len(text)] if found else [0]

    def cut(self, begin: int, end: int) -> str:
        return self._text[self._ends[begin] : self._ends[end]] if self.units else self._text


class _Run(Struct, frozen=True):
    """Units `begin` to `end` of both texts, which are the same or not."""

    same: bool
    begin: tuple[int, int]
    end: tuple[int, int]

    @property
    def length(self) -> int:
        return max(self.end[0] - self.begin[0], self.end[1] - self.begin[1])


def _numbered(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    """Give equal units equal numbers, which compare faster than words."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(unit, len(numbers)) for unit in old], [
        numbers.setdefault(unit, len(numbers)) for unit in new
    ]


def _common(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
    """Find a longest common subsequence: pairs of places, in order.

    By bits, after Crochemore and others (2001): a row of the table is one number, so that a row of 40,000 units takes
    microseconds. What is too large to keep is halved, after Hirschberg (1975).
    """
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    inner = _halved if len(middle_old) * len(middle_new) > _AT_ONCE else _traced
    return [
        *((place, place) for place in range(head)),
        *((head + left, head + right) for left, right in inner(middle_old, middle_new)),
        *((len(old) - back, len(new) - back) for back in range(tail, 0, -1)),
    ]


def _traced(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
    """Walk back through all rows of the table."""
    rows = list(_rows(old, new))
    pairs: list[tuple[int, int]] = []
    row, column = len(old), len(new)
    while row and column:
        if rows[row - 1] >> (column - 1) & 1:  # the longest ends before this column
            column -= 1
            continue
        row -= 1
        if not row or rows[row - 1] >> (column - 1) & 1:
            column -= 1
            pairs.append((row, column))
    return pairs[::-1]


def _halved(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
    """Cut the old text in its middle, and the new one where both parts have most in common."""
    middle = len(old) // 2
    before = _lengths(old[:middle], new)
    behind = _lengths(old[middle:][::-1], new[::-1])[::-1]
    place = max(range(len(new) + 1), key=lambda place: before[place] + behind[place])
    later = _common(old[middle:], new[place:])
    return [*_common(old[:middle], new[:place]), *((middle + left, place + right) for left, right in later)]


def _rows(old: Sequence[int], new: Sequence[int]) -> Iterator[int]:
    """Give the table row by row: a bit is 0 where one more unit of `new` makes what is common longer."""
    places: dict[int, list[int]] = {}
    for place, unit in enumerate(new):
        places.setdefault(unit, []).append(place)
    masks = {unit: _mask(places[unit], len(new)) for unit in set(old) & places.keys()}
    full = row = (1 << len(new)) - 1
    for unit in old:
        if mask := masks.get(unit, 0):
            found = row & mask
            row = ((row + found) | (row - found)) & full
        yield row


def _mask(places: Sequence[int], width: int) -> int:
    bits = bytearray(width // 8 + 1)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


def _lengths(old: Sequence[int], new: Sequence[int]) -> list[int]:
    """Tell for each beginning of `new` how much it has in common with `old`."""
    row = (1 << len(new)) - 1
    for row in _rows(old, new):  # noqa: B007 - the last one counts
        pass
    lengths = [0]
    for bit in reversed(f"{row:0{len(new)}b}"):
        lengths.append(lengths[-1] + (bit == "0"))
    return lengths


def _runs(pairs: Sequence[tuple[int, int]], old: _Text, new: _Text) -> Iterator[_Run]:
    """Give what is the same and what is not, by turns."""
    here = (0, 0)
    begin = (0, 0)
    for pair in (*pairs, (len(old.units), len(new.units))):
        if pair == here and pair != (len(old.units), len(new.units)):
            here = (pair[0] + 1, pair[1] + 1)
            continue
        if begin != here:
            yield _Run(same=True, begin=begin, end=here)
        if here != pair:
            yield _Run(same=False, begin=here, end=pair)
        begin, here = pair, (pair[0] + 1, pair[1] + 1)


def _legible(runs: Iterator[_Run]) -> list[_Run]:
    """Take what is the same into the changes around it where both are longer: single words do not tell much."""
    kept: list[_Run] = []
    for run in runs:
        kept.append(run)
        while len(kept) > 2 and not run.same and kept[-2].length < min(kept[-1].length, kept[-3].length):  # noqa: PLR2004
            first, _, last = kept[-3:]
            kept[-3:] = [_Run(same=False, begin=first.begin, end=last.end)]
    return kept


def _stretches(old: _Text, new: _Text, runs: Sequence[_Run]) -> Iterator[Stretch]:
    if not runs:  # neither has a word
        yield Stretch(old.cut(0, 0), new.cut(0, 0))
    for run in runs:
        yield Stretch(old.cut(run.begin[0], run.end[0]), new.cut(run.begin[1], run.end[1]), same=run.same)
