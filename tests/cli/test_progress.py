"""A long work's bar: one line, of any width, that leaves nothing behind; a pipe sees nothing of it."""

import pytest

from tests.terminal_driver import PYTHON, Terminal, run

SCRIPT = """
import sys
from chatcmd.cli.progress import Progress
progress = Progress(patience=0)
progress(2500, 10000)
if len(sys.argv) > 1:
    sys.stdin.readline()
progress(10000, 10000)
print("done")
"""


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_bar_fits_in_its_line_and_goes_again(columns: int) -> None:
    with Terminal([PYTHON, "-c", SCRIPT, "wait"], columns=columns) as terminal:
        line = "▕█████               ▏ 2,500 of 10,000 sessions are indexed"
        terminal.expect_screen(lambda text: text.rstrip("…") == line[: columns - 2].rstrip())
        assert len(terminal.text.splitlines()) == 1
        assert b"\x1b" not in terminal.bytes
        terminal.send("\x04")  # nothing of it shows
        assert terminal.wait() == 0
        assert terminal.text == "done"


def test_pipe_sees_nothing_of_it() -> None:
    done = run([PYTHON, "-c", SCRIPT])
    assert (done.out, done.err) == ("done\n", "")


def test_work_that_takes_no_time_shows_no_bar() -> None:
    with Terminal([PYTHON, "-c", SCRIPT.replace("patience=0", "patience=1000")]) as terminal:
        assert terminal.wait() == 0
        assert terminal.bytes == b"done\r\n"
