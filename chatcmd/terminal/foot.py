"""What stands at the foot of the screen only for a while: a text as far as it is typed, and a status below it."""

from collections.abc import Callable

from chatcmd.cells import broken, cells, cut
from chatcmd.clean import clean
from chatcmd.terminal.tail import Row, Tail

LEAST_ROWS = 3
"""Rows of a screen that has room for a status."""

_PLAIN = "\x1b[0m"


class Foot:
    """Draws at the end of the screen, where the cursor is at the beginning of a row, and leaves no trace.

    `status` gives a sentence for so many cells, `style` its SGR parameters; `write` and `size` are as for an answer.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        size: Callable[[], tuple[int, int]],
        status: Callable[[int], str],
        *,
        style: str,
        reflows: bool,
    ) -> None:
        self._write, self._size, self._status, self._style = write, size, status, style
        self._tail = Tail(reflows=reflows)

    @property
    def room(self) -> int:
        """Cells of the whole screen."""
        width, height = self._size()
        return width * height

    def rows(self, width: int, height: int) -> list[Row]:
        """Lay out the status alone; a screen that is too low has none."""
        text = cut(self._status(width), width) if height >= LEAST_ROWS else ""
        if not text:
            return []
        return [Row(f"\x1b[{self._style}m{text}{_PLAIN}" if self._style else text, cells(text))]

    def draw(self, text: str = "") -> None:
        """Show the text, and the status below it, in place of what was drawn before."""
        width, height = self._size()
        seen = text[-width * height :]  # what is above the screen need not be laid out
        lines = clean(seen).expandtabs().split("\n") if text else ()
        rows = [Row(row, cells(row)) for line in lines for row in broken(line, width)]
        self._write(self._tail.draw([], [*rows, *self.rows(width, height)], width, height))

    def give_way(self, text: str = "") -> None:
        """Take all of it away again; a text, which is clean and has its line ends, then stands in its place."""
        self._write(self._tail.draw([], [], *self._size()) + text)
