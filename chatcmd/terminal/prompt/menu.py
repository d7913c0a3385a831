"""The menu of completions: what can stand there, and what each is."""

from typing import TYPE_CHECKING

from prompt_toolkit.buffer import CompletionState

from chatcmd.cells import cells, cut, filled
from chatcmd.language import _

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

MOST_ROWS = 8
"""Completions that are shown at once."""

LEAST_HELP = 30
"""Cells that long completions leave to what they are, where there are as many."""

LEAST_WIDTH = 20
"""Cells below which there is no room for help."""

_CHOSEN, _HELP = "reverse", "dim"


def lay_out(state: CompletionState, width: int) -> "StyleAndTextTuples":
    """Lay the menu out in at most `width` cells, around what is chosen, with a last row when there is more."""
    completions, chosen = state.completions, state.complete_index
    first = min(max((chosen or 0) - MOST_ROWS // 2, 0), max(len(completions) - MOST_ROWS, 0))
    shown = completions[first : first + MOST_ROWS]
    room = max(width - 3 - LEAST_HELP, width // 2) if width >= LEAST_WIDTH else max(width - 2, 1)
    column = min(max(cells(each.display_text) for each in shown), room)
    fragments: StyleAndTextTuples = []
    for number, each in enumerate(shown, first):
        about = cut(each.display_meta_text, max(width - column - 4, 0)) if width >= LEAST_WIDTH else ""
        fragments += [
            (_CHOSEN if number == chosen else "", f" {filled(each.display_text, column)} "),
            (_HELP, f" {about}\n"),
        ]
    if len(shown) < len(completions):
        sentence = _(" {first} to {last} of {n}; Tab goes on")
        more = sentence.format(first=first + 1, last=first + len(shown), n=len(completions))
        fragments.append((_HELP, cut(more, width)))
    elif fragments:
        fragments[-1] = (fragments[-1][0], fragments[-1][1].removesuffix("\n"))
    return fragments
