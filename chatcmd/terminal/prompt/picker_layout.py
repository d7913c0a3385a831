"""The rows of the list that something is picked from, with a preview beside or below, at any size."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from chatcmd.cells import cells, cut, filled, fitted
from chatcmd.conversation.query import excerpt
from chatcmd.terminal.pick import Choice, Passage

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

BESIDE = 90
"""Columns from which on the preview stands beside the list."""

BELOW = 9
"""Rows from which on it stands below the list, where it has no room beside."""

LEAST_ROWS = 2
"""Rows of which none is spared for what is said at the bottom."""

LEAST_LABEL, MOST_FACT, LEAST_FACTS = 20, 16, 30
"""Cells of a label at least, of a fact at most, and of a list that has facts at all."""

GAP = "  "
STYLES = {"head": "bold", "soft": "dim"}
_CHOSEN, _FACTS, _LINE = "reverse", "dim", "dim"


class View(Struct, frozen=True):
    """All that is shown: the choices and which of them is chosen, its preview, and what is said at the bottom.

    `found` is the style of what was looked for.
    """

    choices: Sequence[Choice]
    chosen: int
    preview: Sequence[Passage]
    status: str
    keys: str
    found: str = "bold"


def lay_out(view: View, width: int, rows: int) -> "StyleAndTextTuples":
    """Lay all of it out in just `rows` rows of at most `width` cells."""
    foot: list[StyleAndTextTuples] = [[("dim", _foot(view, width))]] if rows > LEAST_ROWS else []
    room = rows - len(foot)
    if width >= BESIDE:
        left = width * 11 // 20
        right = _preview(view, width - left - 3, room)
        rule: StyleAndTextTuples = [(_LINE, " │ ")]
        body = [[*a, *rule, *b] for a, b in zip(_list(view, left, room), right, strict=True)]
    elif room >= BELOW and view.choices:
        above = room * 3 // 5
        body = [
            *_list(view, width, above),
            [(_LINE, "─" * width)],
            *_preview(view, width, room - above - 1),
        ]
    else:
        body = _list(view, width, room)
    shown: StyleAndTextTuples = []
    for row in [*body, *foot]:
        shown += [*row, ("", "\n")]
    return shown[:-1]


def listed(view: View, rows: int) -> range:
    """Tell which choices stand in so many rows of the list, around the one that is chosen."""
    first = min(max(view.chosen - rows // 2, 0), max(len(view.choices) - rows, 0))
    return range(first, min(first + rows, len(view.choices)))


def _foot(view: View, width: int) -> str:
    both = GAP.join(filter(None, (view.status, view.keys)))
    return both if cells(both) <= width else cut(view.status or view.keys, width)


def _list(view: View, width: int, rows: int) -> "list[StyleAndTextTuples]":
    shown = listed(view, rows)
    sizes = _sizes(view.choices, width)
    made = [_row(view.choices[place], sizes, width, view, is_chosen=place == view.chosen) for place in shown]
    blank: StyleAndTextTuples = [("", " " * width)]
    return [*made, *[blank] * (rows - len(made))]


def _sizes(choices: Sequence[Choice], width: int) -> list[int]:
    """Tell how wide each fact's column is, of those that there is room for."""
    sizes: list[int] = []
    for number, column in enumerate(zip(*(each.facts for each in choices), strict=False)):
        size = min(max(map(cells, column)), MOST_FACT)
        if width < LEAST_FACTS or sum(sizes) + size + len(GAP) * (number + 1) + LEAST_LABEL > width:
            break
        sizes.append(size)
    return sizes


def _row(choice: Choice, sizes: Sequence[int], width: int, view: View, *, is_chosen: bool) -> "StyleAndTextTuples":
    before = "".join(filled(fact, size) + GAP for fact, size in zip(choice.facts, sizes, strict=False) if size)
    base = _CHOSEN if is_chosen else ""
    return [(base or _FACTS, before), *_marked(choice.label, width - cells(before), base, view.found)]


def _marked(passage: Passage, width: int, base: str, found: str) -> "StyleAndTextTuples":
    """Show a line in just `width` cells, with what was found in it: of a long one the part that holds it."""
    text, spans = passage.text, passage.spans
    if spans and cells(text[: spans[0][1]]) >= width < cells(text):
        text, spans = excerpt(text, spans, width)
    shown = cut(text, width)
    whole = len(shown) if shown == text else max(len(shown) - 1, 0)
    pieces = _pieces(shown, [(min(begin, whole), min(end, whole)) for begin, end in spans], base, found)
    return [*pieces, (base, " " * (width - cells(shown)))]


def _preview(view: View, width: int, rows: int) -> "list[StyleAndTextTuples]":
    made: list[StyleAndTextTuples] = []
    for passage in view.preview:
        if len(made) >= rows:
            break
        made += _lines(passage, width, rows - len(made), view.found)
    return [*made[:rows], *[[]] * (rows - len(made))]


def _lines(passage: Passage, width: int, most: int, found: str) -> "list[StyleAndTextTuples]":
    """Break a passage into lines, with the places of what was found in each of them."""
    made: list[StyleAndTextTuples] = []
    base, place = STYLES.get(passage.style, ""), 0
    text = passage.text.replace("\t", " ")
    for line in text.split("\n"):
        for row in fitted(line, width):
            begin = text.index(row, place)  # between two rows there are blanks alone
            place = begin + len(row)
            spans = [(max(a, begin) - begin, min(b, place) - begin) for a, b in passage.spans]
            made.append(_pieces(row, spans, base, found))
        if len(made) >= most:
            break
        place += 1
    return made


def _pieces(text: str, spans: Sequence[tuple[int, int]], base: str, found: str) -> "StyleAndTextTuples":
    pieces: StyleAndTextTuples = []
    last = 0
    for begin, end in spans:
        if begin < end and begin >= last:
            pieces += [(base, text[last:begin]), (f"{base} {found}".strip(), text[begin:end])]
            last = end
    return [*(each for each in pieces if each[1]), (base, text[last:])]
