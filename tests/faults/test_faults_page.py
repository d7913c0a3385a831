"""tests/FAULTS.md says what is played, and the judge of the faults finds what is wrong."""

import re
from pathlib import Path

import pytest

from tests.faults.invariants import KEY, foreign_to_a_pipe, foreign_to_a_terminal, traces_of_the_key
from tests.faults.matrix import INVARIANTS, ROWS
from tests.faults.report import FILE, marked, page, table_row
from tests.faults.scene import Said, Scene
from tests.hostile import HOSTILE, MARKUP
from tests.loopback import FAULTS, Loopback
from tests.terminal_driver import PYTHON

TESTS = marked()


def test_all_rows_of_the_matrix_are_there_in_their_order() -> None:
    assert list(ROWS) == list(range(1, 50))
    assert {name for row in ROWS.values() for name in row.replies} <= FAULTS.keys()
    assert {name for row in ROWS.values() for name in row.without} <= INVARIANTS.keys()


def test_every_row_is_played_by_a_test_and_every_reply_by_a_row() -> None:
    assert {row for row in ROWS if not any(each.startswith("faults/") for each in TESTS.get(row, []))} == set()
    assert set(TESTS) == set(ROWS)
    assert {name for row in ROWS.values() for name in row.replies} == FAULTS.keys()


@pytest.mark.parametrize("number", ROWS)
def test_page_says_how_a_row_is_played_and_that_it_passed(number: int) -> None:
    (line,) = [each for each in FILE.read_text("utf-8").splitlines() if each.startswith(f"| {number} |")]
    before = table_row(ROWS[number], TESTS[number])
    assert line.startswith(before), "stale: run `python -m tests.faults`"
    cases, result = [each.strip() for each in re.split(r"(?<!\\)\|", line.removeprefix(before))[:2]]
    assert int(cases) >= sum("::" in each for each in TESTS[number])
    assert result.startswith("passed"), line


def test_rest_of_the_page_is_what_would_be_written_now() -> None:
    written = FILE.read_text("utf-8").splitlines()
    now = page({}, "").splitlines()
    rows = re.compile(r"\| \d+ \|")
    (run,) = [each for each in written if each.startswith("The last run: ")]
    kept = [each for each in written if not rows.match(each) and each != run]
    assert [each for each in kept if each] == [each for each in now if each and not rows.match(each)]


# The judge

PROGRAM = "import sys; {faulty}; print('\\u3010u\\u3011', flush=True); sys.stdin.readline()"
"""A program that does something, shows a prompt, and ends with the next line."""

FAULTY = {
    "I2": "print('Traceback (most recent call last):', flush=True)",
    "I3": f"print({KEY[5:25]!r}, flush=True)",
    "I3, in a file": f"open({{root}} + '/log', 'w').write({KEY!r})",
    "I4": "print('\\x1b[2J', flush=True)",
    "I5": "import tty; tty.setcbreak(0)",
    "I7": "open({root} + '/.x.tmp', 'w').close()",
    "I1": "pass",
}


@pytest.fixture
def empty(tmp_path: Path, server: Loopback) -> Scene:
    return Scene(tmp_path, server, ROWS[10])


def play(scene: Scene, faulty: str) -> None:
    program = [PYTHON, "-c", PROGRAM.format(faulty=faulty.format(root=repr(str(scene.root))))]
    with scene.chat(program=program) as chat:
        chat.terminal.line("0")
        chat.ends(0)


@pytest.mark.gives_key_away
@pytest.mark.parametrize("name", FAULTY)
def test_judge_names_what_does_not_hold(empty: Scene, name: str) -> None:
    if name == "I1":
        empty.said.append(Said("u", "a question", "its answer"))
    with pytest.raises(AssertionError, match=f"row 10 breaks {name[:2]}: "):
        play(empty, FAULTY[name])


def test_judge_finds_nothing_wrong_where_nothing_is(empty: Scene) -> None:
    play(empty, "pass")


def test_judge_wants_the_exit_code_that_the_row_says(empty: Scene) -> None:
    with pytest.raises(AssertionError, match="exit code 2, not 0"):
        empty.pipe("", "--nothing-of-this-name")
    with pytest.raises(AssertionError, match="exit code 77 is not documented"):
        empty.pipe("", program=[PYTHON, "-c", "raise SystemExit(77)"], code=None)


def test_key_is_found_in_part_but_not_by_its_last_characters() -> None:
    assert traces_of_the_key(KEY[12:20].encode())
    assert traces_of_the_key(f"Bearer {KEY}".encode())
    assert not traces_of_the_key(f"••••{KEY[-4:]}".encode())


CARRIAGE_RETURNS = {"cr lf", "cr overwrites"}
"""A terminal gets one before each line end, from its driver."""

OURS_TOO = CARRIAGE_RETURNS | {
    "cr hides a commit",
    "csi hides the cursor",
    "csi paste mode off",
    "sgr black on black",
    "sgr colour leaks",
}
"""What looks like what we write ourselves: that no answer brings it is judged byte by byte in test_chat_hostile.py."""


def test_no_hostile_text_passes_for_ours_that_is_not_alike() -> None:
    texts = {name: text for name, text in HOSTILE.items() if name not in MARKUP}
    passing = {name for name, text in texts.items() if not foreign_to_a_terminal(text.encode("utf-8", "surrogatepass"))}
    assert passing == OURS_TOO
    assert {
        name for name, text in texts.items() if not foreign_to_a_pipe(text.encode("utf-8", "surrogatepass"))
    } == CARRIAGE_RETURNS
