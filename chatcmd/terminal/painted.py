"""Lines some parts of which have colours: each text from outside is made safe by itself, so that no colour is lost."""

from collections.abc import Sequence

from chatcmd.cells import cells
from chatcmd.clean import Cleaner, clean_line

PLAIN = "\x1b[0m"
FOUND = "1;31"
"""SGR parameters of what was looked for, as those know it who search files: it is read on dark and on light."""


def beside(pieces: Sequence[tuple[str, str]], width: int, indent: int, *, colour: bool) -> str:
    """Put texts beside each other in `width` cells, each with its SGR parameters, where there are colours.

    Those that have no room stand on the next line, `indent` cells behind its beginning.
    """
    line, taken = "", 0
    for text, style in pieces:
        shown = clean_line(text)
        gap = "  " if taken > indent else ""
        if gap and taken + len(gap) + cells(shown) > width:
            line, taken, gap = f"{line}\n{' ' * indent}", indent, ""
        taken += len(gap) + cells(shown)
        line += gap + (painted(shown, style) if colour else shown)
    return line


def found_in(text: str, places: Sequence[tuple[int, int]], *, colour: bool) -> str:
    """Show a line of clean text with the places (first character, and the one behind the last) that were looked for."""
    cleaner = Cleaner()

    def shown(piece: str) -> str:
        return clean_line(cleaner.feed(piece))

    line, end = "", 0
    for begin, behind in places if colour else ():
        line += shown(text[end:begin]) + painted(shown(text[begin:behind]), FOUND)
        end = behind
    return line + shown(text[end:])


def painted(text: str, style: str) -> str:
    """Give a clean text its SGR parameters, if there are any, and take them back behind it."""
    return f"\x1b[{style}m{text}{PLAIN}" if style and text else text
