"""What is looked for in what was said: words and phrases, the places where a text holds them, and what is around."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from chatcmd.cells import cells
from chatcmd.conversation.words import RUN, WORD, folded, is_inside, is_unspaced
from chatcmd.errors import UsageError
from chatcmd.language import _

Span = tuple[int, int]
"""The place of something found in a text: its first character, and the one behind its last."""

_PART = '"([^"]*)"|“([^”]*)”|「([^」]*)」|(\\S+)'
_ASCII = "[0-9a-z_]+"
"""WORD in a folded text that is plain ASCII; the other takes a while to be compiled."""

_BLANK = r"[\x00-\x1f\x7f\x85\u2028\u2029]"

MOST_TERMS = 32
"""Terms of a query that an index is asked for; a text that holds all of these is looked through for all the rest."""

MOST_PER_CELL = 100
"""Characters that are looked at for each cell of an excerpt: blanks that follow upon each other take none."""

BEFORE = 3
"""An excerpt has so many times less before what was found than behind it."""


class Needle(Struct, frozen=True):
    """One word or phrase, folded: a word is also found where it begins a longer one, a phrase (`whole`) is not."""

    text: str
    whole: bool

    def places(self, text: str) -> Iterator[Span]:
        """Find it in a folded text: a word from its beginning, a phrase also to its end."""
        pattern = re.compile(r"\s+".join(map(re.escape, self.text.split())))  # `re` keeps what it has compiled
        begins, ends = is_inside(self.text[0]), self.whole and is_inside(self.text[-1])
        at = 0
        while (found := pattern.search(text, at)) is not None:
            begin, end = found.span()
            before, behind = text[begin - 1 : begin], text[end : end + 1]
            if (begins and before and is_inside(before)) or (ends and behind and is_inside(behind)):
                at = begin + 1
            else:
                at = end
                yield begin, end

    @property
    def terms(self) -> Iterator[tuple[str, bool]]:
        """Give the terms that every text with it has, and of each whether longer ones do too that begin so."""
        for found in re.finditer(_ASCII if self.text.isascii() else f"{WORD}|{RUN}", self.text):
            term, ends = found[0], found.end() == len(self.text)
            if is_unspaced(term[0]):
                yield from ((term[place : place + 2], False) for place in range(len(term) - 1))
                if len(term) == 1:
                    yield term, True
            elif not ends or self.whole:
                yield term, False
            elif len(term) > 1:  # nearly every text has a word that begins with some one letter
                yield term, True


class Query(Struct, frozen=True):
    """All of its needles are looked for."""

    text: str
    needles: tuple[Needle, ...]

    @staticmethod
    def parse(text: str) -> "Query":
        """Read words, and phrases in quotation marks; raises UsageError when there is nothing to look for."""
        needles: dict[Needle, None] = {}
        for *phrases, word in re.findall(_PART, text):
            phrase = " ".join(folded("".join(phrases)).split())
            needle = phrase or folded(word).strip()
            if needle:  # an empty one would be found everywhere
                needles[Needle(needle, bool(phrase))] = None
        if not needles:
            raise UsageError(_("there is nothing to look for; give a word, or several"))
        return Query(text, tuple(needles))

    @property
    def terms(self) -> list[tuple[str, bool]]:
        """Give terms that every text that is found holds; True with those that may go on."""
        return list(dict.fromkeys(term for needle in self.needles for term in needle.terms))[:MOST_TERMS]

    def found(self, text: str) -> tuple[int, ...]:
        """Tell which needles a text holds, by their numbers."""
        searched = folded(text)
        return tuple(number for number, each in enumerate(self.needles) if next(each.places(searched), None))

    def spans(self, text: str) -> tuple[Span, ...]:
        """Find all places in a text, in order; what overlaps is one."""
        searched = folded(text)
        places = sorted(place for each in self.needles for place in each.places(searched))
        merged: list[Span] = []
        for begin, end in places:
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((begin, end))
        return tuple(merged)


def excerpt(text: str, spans: Sequence[Span], width: int, ellipsis: str = "…") -> tuple[str, tuple[Span, ...]]:
    """Cut one line of at most `width` cells out of a text, around what was found first; with the places in it.

    Line breaks and tabs are blanks in it, and blanks that follow upon each other are one.
    """
    room = max(width - 2 * len(ellipsis), 0)
    begin = _beginning(text, spans[0][0] if spans else 0, room // BEFORE)
    line = ellipsis if begin else ""
    places: list[int] = []  # of each character from `begin` on
    taken = 0
    for char in _blank(text[begin : begin + MOST_PER_CELL * width]):
        places.append(len(line))
        if char == " " and line[-1:] in ("", " ", ellipsis):
            continue
        taken += cells(char)
        if taken > room:
            line += ellipsis
            break
        line += char
    places.append(len(line))
    last = len(places) - 1
    inside = (
        (places[min(first - begin, last)], places[min(end - begin, last)]) for first, end in spans if first >= begin
    )
    return line, tuple((first, end) for first, end in inside if first < end)


def _beginning(text: str, found: int, room: int) -> int:
    """Find where an excerpt begins, at most `room` cells before what was found, and not in the middle of a word."""
    begin = found
    while begin > 0 and cells(_blank(text[begin - 1 : found])) <= room:
        begin -= 1
    while begin and begin < found and _goes_on(text[begin - 1], text[begin]):
        begin += 1
    return begin


def _goes_on(char: str, following: str) -> bool:
    return char.isascii() and char.isalnum() and following.isascii() and following.isalnum()


def _blank(text: str) -> str:
    return re.sub(_BLANK, " ", text)
