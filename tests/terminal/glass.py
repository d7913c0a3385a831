"""Two ways in which real terminals change their size, for pyte has neither: rows broken anew, or cut; a scrollback."""

import re
from dataclasses import dataclass, field

from wcwidth import wcwidth

_TOKEN = re.compile(r"\x1b\[\?2026[hl]|\x1b\[([0-9;]*)([A-Za-z])|(.)", re.DOTALL)


@dataclass
class Line:
    """One row: a string a cell, empty behind a wide character; `soft` says that it goes on in the next row."""

    cells: list[str] = field(default_factory=list)
    soft: bool = False

    def text(self) -> str:
        return "".join(self.cells).rstrip()


class Glass:
    """A terminal that knows text, line ends, colours, and the few sequences that an answer is drawn with.

    `reflows`: rows that get too long go on in the next one, and are joined again; otherwise they are cut, and `torn`
    holds what they were. `pushed` is what changes of the size moved into the scrollback, whole or in part.
    """

    def __init__(self, columns: int, rows: int, *, reflows: bool) -> None:
        self.columns, self.rows, self.reflows = columns, rows, reflows
        self.scrollback: list[Line] = []
        self.screen = [Line() for _ in range(rows)]
        self.x = self.y = 0
        self.torn: list[str] = []
        self.pushed: list[str] = []

    def feed(self, text: str) -> None:
        for found in _TOKEN.finditer(text):
            number, command, char = found.groups()
            if command:
                self._obey(command, int(number) if number.isdigit() else 0)
            elif char == "\n":  # as the driver of a terminal passes it on: with a carriage return
                self.x = 0
                self._down()
            elif char == "\r":
                self.x = 0
            elif char is not None:
                assert char >= " ", repr(text)
                self._put(char)

    def lines(self) -> list[str]:
        """Return scrollback and screen, row by row, without the empty ones at the end."""
        found = [line.text() for line in [*self.scrollback, *self.screen]]
        while found and not found[-1]:
            found.pop()
        return found

    def whole(self) -> str:
        """Return scrollback and screen with the rows joined that the terminal has broken."""
        return "".join("".join(line.cells) + ("" if line.soft else "\n") for line in [*self.scrollback, *self.screen])

    def resize(self, columns: int, rows: int) -> None:
        before = len(self.scrollback)
        if self.reflows:
            self._break_anew(columns)
        else:
            self.torn += [line.text() for line in self.screen if len(line.cells) > columns]
            for line in self.screen:
                del line.cells[columns:]
            self.x = min(self.x, columns)
        while self.y >= rows:
            self.scrollback.append(self.screen.pop(0))
            self.y -= 1
        self.screen = [*self.screen, *(Line() for _ in range(rows))][:rows]
        self.columns, self.rows = columns, rows
        rest = self.screen if len(self.scrollback) > before and self.scrollback[-1].soft else []
        end = next((place for place, line in enumerate(rest) if not line.soft), -1) + 1
        self.pushed += [line.text() for line in [*self.scrollback[before:], *rest[:end]]]

    def _break_anew(self, columns: int) -> None:
        """Break the rows of the screen; those that were broken, and lie in the scrollback in part, stay as they are."""
        made: list[Line] = []
        cursor = (0, 0)
        place = 0
        while place < len(self.screen):
            end = place
            while self.screen[end].soft and end + 1 < len(self.screen):
                end += 1
            logical = self.screen[place : end + 1]
            cells = [cell for line in logical for cell in line.cells]
            broken = _broken(cells, columns)
            if place <= self.y <= end:
                offset = sum(len(line.cells) for line in self.screen[place : self.y]) + self.x
                row = 0
                while row < len(broken) - 1 and offset > len(broken[row].cells):
                    offset -= len(broken[row].cells)
                    row += 1
                cursor = (min(offset, columns), len(made) + row)
            made += broken
            place = end + 1
        while len(made) > cursor[1] + 1 and not made[-1].cells:
            made.pop()
        self.screen = made
        self.x, self.y = cursor

    def _obey(self, command: str, number: int) -> None:
        line = self.screen[self.y]
        match command:
            case "A":
                self.y = max(0, self.y - max(number, 1))
            case "K" | "J":
                assert number == 0
                # Where a row is full, the cursor stands on its last cell: that goes too.
                del line.cells[min(self.x, self.columns - 1) :]
                line.soft = False
                if command == "J":
                    self.screen[self.y + 1 :] = [Line() for _ in self.screen[self.y + 1 :]]
            case "M":
                self.screen = [
                    *self.screen[: self.y],
                    *self.screen[self.y + number :],
                    *(Line() for _ in range(number)),
                ]
                self.x = 0
            case "m":
                pass
            case _:
                raise AssertionError(f"nobody draws an answer with {command!r}")
        assert len(self.screen) == self.rows

    def _put(self, char: str) -> None:
        width = wcwidth(char)
        if width == 0:
            line = self.screen[self.y]
            place = max(0, self.x - 1)
            while place and not line.cells[place]:
                place -= 1
            if line.cells:
                line.cells[place] += char
            return
        if self.x + width > self.columns and self.x:
            self.screen[self.y].soft = True
            self.x = 0
            self._down()
        line = self.screen[self.y]
        line.cells += [" "] * (self.x - len(line.cells))
        line.cells[self.x : self.x + width] = [char, ""][:width]
        self.x += width

    def _down(self) -> None:
        if self.y + 1 < self.rows:
            self.y += 1
        else:
            self.scrollback.append(self.screen.pop(0))
            self.screen.append(Line())


def _broken(cells: list[str], columns: int) -> list[Line]:
    """Break a row where it is full, and never inside a wide character."""
    lines = []
    while len(cells) > columns:
        end = columns if cells[columns] or columns == 1 else columns - 1
        lines.append(Line(cells[:end], soft=True))
        cells = cells[end:]
    return [*lines, Line(cells)]
