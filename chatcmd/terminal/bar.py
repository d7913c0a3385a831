"""The bar below the line: who talks, how full the window is, and what the last answer took, in a given width (pure)."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from chatcmd.cells import cells, cut
from chatcmd.clean import clean_line
from chatcmd.language import _, ngettext
from chatcmd.terminal.chart import BLOCKS, Ink, gauge

LEAST_WIDTH = 20
"""Cells below which there is no bar."""

GAUGE = 8
"""Cells of the drawn meter, between its ends."""

_NAME_SIZES = (8, 12, 24)
"""Cells that a name may take, as the bar gets wider; the user's begins with four."""

_LONGEST_NAME = 200
_ORDER = ("user", "persona", "model", "meter", "answer", "first", "rate", "money")
_MARKS = {"exact": "", "bound": "<=", "estimate": "~"}


class Facts(Struct, frozen=True, kw_only=True):
    """What the bar tells, as it came from outside.

    `tokens` of `room` is what the next request holds, as `kind` of count (exact, bound, estimate), and `dropped` the
    turns that stay out of it. `answer` are the last answer's tokens, `first` the seconds to its first word, `rate` its
    tokens a second, each None where it is not known; `money` is what it cost, as it is to be shown.
    """

    user: str
    persona: str
    model: str
    tokens: int
    room: int
    kind: str = "exact"
    dropped: int = 0
    answer: int | None = None
    first: float | None = None
    rate: float | None = None
    money: str = ""


def lay_out(facts: Facts, width: int, ink: Ink = BLOCKS) -> str:
    """Lay the bar out in at most `width` cells, clean; a wider one never shows less, and below 20 cells is none.

    User and meter come first, then the model, the persona, the money, and the last answer's tokens and times.
    """
    shown = dict.fromkeys(_ORDER, "")
    taken = dict.fromkeys(_ORDER, 0)
    best = ""
    for name, text in _steps(facts, ink) if width >= LEAST_WIDTH else ():
        shown[name], taken[name] = text, cells(text) + len(ink.between)
        if shown["user"] and shown["meter"]:
            if sum(taken.values()) - len(ink.between) > width:
                break
            best = ink.between.join(filter(None, shown.values()))
    return best


def _steps(facts: Facts, ink: Ink) -> Iterator[tuple[str, str]]:
    """Give the pieces in the order in which they get room, each longer than what it takes the place of."""
    left = f" -{facts.dropped}" if facts.dropped else ""
    mark, share = _MARKS[facts.kind], min(facts.tokens / max(facts.room, 1), 9.99)
    count = f"{mark}{facts.tokens:,}/{facts.room:,}{left}"
    yield "meter", f"{mark}{share:.0%}{left}"
    yield from _name("user", facts.user, (4, *_NAME_SIZES), ink)
    yield "meter", count
    yield from _name("model", facts.model, _NAME_SIZES, ink)
    yield from _name("persona", facts.persona, _NAME_SIZES, ink)
    yield "meter", f"{ink.ends[0]}{gauge(share, GAUGE, ink)}{ink.ends[1]} {count}"
    if facts.money:
        yield "money", facts.money
    if facts.answer is not None:
        yield "answer", ngettext("{n:,} token", "{n:,} tokens", facts.answer).format(n=facts.answer)
    if facts.first is not None:
        yield "first", _("first {seconds:.1f} s").format(seconds=facts.first)
    if facts.rate is not None:
        yield "rate", _("{rate:,.0f} tokens/s").format(rate=facts.rate)


def _name(field: str, name: str, sizes: Sequence[int], ink: Ink) -> Iterator[tuple[str, str]]:
    whole = clean_line(name[:_LONGEST_NAME]).strip()
    for size in sizes:
        yield field, cut(whole, size, ink.ellipsis)
        if cells(whole) <= size:
            return
