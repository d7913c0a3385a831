"""The line while its terminal changes its size, and what of it gets into the scrollback: nothing, and nothing twice."""

import re
from pathlib import Path

import pytest

from tests.chat.stage import Stage
from tests.terminal.glass import Glass
from tests.terminal_driver import Terminal

ROWS = 24
LINE = "some long text that is resized, 你好世界你好世界你好 and more of it than stands in a row"
ALONE = {"NO_COLOR": "1", "CHATCMD_TITLE": "false"}
REFLOWING = {"TERM_PROGRAM": "WezTerm"}
_MODES = re.compile(r"\x1b\[(\?\d+[hl]|\d q)")


class Moving(Glass):
    """A glass that knows the movements within a row, which a line is edited with."""

    def _obey(self, command: str, number: int) -> None:
        if command == "C":
            self.x = min(self.x + max(number, 1), self.columns - 1)
        elif command == "D":
            self.x = max(min(self.x, self.columns - 1) - max(number, 1), 0)
        else:
            super()._obey(command, number)


def drawn(terminal: Terminal, since: int = 0) -> str:
    return _MODES.sub("", terminal.bytes[since:].decode()).replace("\x07", "")


def settled(terminal: Terminal, columns: int, rows: int = ROWS) -> None:
    """Change the size, and wait until the line has been drawn at it, with its bar below."""
    before = len(terminal.bytes)
    terminal.resize(rows, columns)
    terminal.expect_screen(lambda _: terminal.bytes[before:].endswith(b"\x1b[?25h"))


@pytest.mark.parametrize("sizes", [(40,), (60, 30, 90), (33, 32, 31, 20), (25, 24)])
def test_line_stands_there_once_when_the_terminal_gets_narrower(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    with Stage(tmp_path).terminal("-u", "anna", env=ALONE | REFLOWING, rows=ROWS) as terminal:
        terminal.expect("【anna】")
        terminal.send(LINE)
        terminal.expect_screen(lambda text: "stands in a row" in text.replace("\n", "") and "/3,072" in text)
        glass = Moving(80, ROWS, reflows=True)
        glass.feed(drawn(terminal))
        for columns in sizes:
            before = len(terminal.bytes)
            glass.resize(columns, ROWS)
            settled(terminal, columns)
            glass.feed(drawn(terminal, before))
            shown = "".join(glass.lines())
            assert shown.count("【anna】") == 1
            assert re.sub(r"\s", "", LINE) in re.sub(r"\s", "", shown)
            assert "chatcmd" in shown, "what stands above is left alone"


def test_nothing_is_erased_from_the_very_first_cell(tmp_path: Path) -> None:
    """As tmux would move what is there into the scrollback, where it would stand a second time."""
    with Stage(tmp_path).terminal("-u", "anna", env=ALONE) as terminal:
        terminal.expect("【anna】")
        terminal.line("/clear")
        terminal.expect("【anna】")
        terminal.line("hello")
        terminal.expect("Your question was: hello")
        terminal.expect("【anna】")
        cleared = terminal.bytes.partition(b"\x1b[3J")[2]
        assert b"\x1b[J" in cleared
        assert cleared.count(b"\x1b[J") == cleared.count(b"\x1b[C\x1b[J")
