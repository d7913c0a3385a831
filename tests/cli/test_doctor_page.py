"""The page of doctor: marks, colours and breaks, as each terminal can show them."""

import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest

from chatcmd.cli.doctor.finding import Finding, Status
from chatcmd.cli.doctor.history import space, written
from chatcmd.cli.doctor.page import ASCII, MARKS, Page, sentence_of
from chatcmd.history.trial import Trial
from chatcmd.terminal.screen import Screen
from chatcmd.terminal.theme import THEMES
from tests.cli.examined import KEY, MASKED, written as root_written
from tests.cli.pages import cells
from tests.hostile import HOSTILE, raw_controls
from tests.loopback import FAULTS, Loopback
from tests.terminal_driver import CHATCMD, Terminal


def examined(root: Path, *words: str, env: Mapping[str, str] | None = None, columns: int = 80) -> tuple[str, bytes]:
    """Run it in a terminal without a service; give the screen and the bytes."""
    argv = [*CHATCMD, "doctor", "--offline", "--root", str(root), *words]
    with Terminal(argv, env=env, rows=80, columns=columns) as terminal:
        assert terminal.wait() == 0
        return terminal.text, terminal.bytes


@pytest.mark.parametrize("columns", [80, 40])
def test_sentences_are_broken_where_the_screen_ends(tmp_path: Path, columns: int) -> None:
    text, _data = examined(tmp_path, columns=columns)
    lines = text.splitlines()
    headings = ["program", "terminal", "settings", "history", "service"]
    assert [line for line in lines if line in headings] == headings
    (place,) = [number for number, line in enumerate(lines) if line.startswith("✓ packages")]
    behind = next(line for line in lines[place + 1 :] if not line.startswith(" " * 15))
    assert behind.startswith(("✓ socks", "- socks")), "what goes on below is indented"
    assert max(map(cells, lines)) <= columns
    assert lines[-1] == "everything that was tried works"


def test_in_chinese_the_columns_are_kept_and_lists_are_set_as_chinese_is(tmp_path: Path) -> None:
    text, _data = examined(tmp_path, "--lang", "zh", env={"OPENAI_LOG": "debug", "OPENAI_ORG_ID": "org"})
    lines = [line for line in text.splitlines() if line.startswith(tuple(MARKS.values()))]
    heads = [re.match(r". [^ ]+ +", line) for line in lines]
    assert {cells(head[0]) if head else 0 for head in heads} == {15}
    assert "OPENAI_LOG、OPENAI_ORG_ID：" in text
    assert ", " not in text


# The environment, and whether it draws, has colours, and has marks beyond ASCII.
TERMINALS: list[tuple[dict[str, str], list[str], bool, bool]] = [
    ({}, [], True, True),
    ({"NO_COLOR": "1"}, [], False, True),
    ({"TERM": "dumb"}, [], False, False),
    ({}, ["--plain"], False, False),
    ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, [], True, False),
]


@pytest.mark.faults(45)
@pytest.mark.parametrize("case", TERMINALS)
def test_each_terminal_is_shown_what_it_can_show(
    case: tuple[dict[str, str], list[str], bool, bool], tmp_path: Path
) -> None:
    environ, words, coloured, marked = case
    text, data = examined(tmp_path, *words, env=environ)
    assert (b"\x1b[" in data) == coloured
    marks = MARKS if marked else ASCII
    assert f"\n{marks['ok']} vocabulary" in text
    assert data.isascii() or marked


def test_the_kind_of_terminal_and_its_size_are_told(tmp_path: Path) -> None:
    text, _data = examined(tmp_path, columns=90, env={"TERM": "vt100"})
    assert "✓ input        a terminal: the chat has its line editor" in text
    assert "✓ colours      the sixteen of your own palette (from TERM=vt100)" in text
    assert "✓ size         90 columns, 80 rows" in text
    assert "✓ encoding     UTF-8 (from LANG=C.UTF-8)" in text


def test_an_editor_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    text, _data = examined(tmp_path, env={"EDITOR": "no-such-editor --wait"})
    assert "! editor       no-such-editor is not there (from EDITOR); name another" in text
    assert "1 warning" in text


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("status", MARKS)
def test_each_status_has_its_mark_and_its_colour(theme: str, status: Status) -> None:
    out = StringIO()
    screen = Screen(out, out, at_terminal=True, drawn=True, colour=True)
    screen.setting = lambda _name: theme
    page = Page(screen, "xterm", plain=False)
    page.marks = MARKS
    page.show("heading", Finding("id", "label", status, "value", "origin", "advice"))
    colours = THEMES[theme]
    style = {"ok": "", "warning": colours.warn, "failed": colours.fail, "skipped": colours.note}[status]
    line = f"{MARKS[status]} label        value (from origin); advice"
    assert out.getvalue().splitlines()[1] == (f"\x1b[{style}m{line}\x1b[0m" if style else line)


@pytest.mark.faults(25)
def test_what_a_server_or_a_setting_says_is_shown_harmless() -> None:
    hostile = "".join(HOSTILE.values())
    out = StringIO()
    page = Page(Screen(out, out), "xterm", plain=False)
    page.show("heading", Finding("id", "label", "failed", hostile, hostile, hostile))
    assert raw_controls(out.getvalue().encode("utf-8", "replace")) == []
    assert len(out.getvalue().splitlines()) == 2


def test_colours_are_those_of_the_theme_and_no_key_is_on_the_screen(tmp_path: Path) -> None:
    root_written(tmp_path, settings_toml='theme = "light"\n')
    with Loopback() as server:
        server.on("/v1/models", FAULTS["401"])
        argv = [*CHATCMD, "doctor", "--root", str(tmp_path), "--base-url", server.base_url]
        with Terminal(argv, rows=80) as terminal:
            assert terminal.wait() == 1
            assert f"\x1b[{THEMES['light'].head}mhistory\x1b[0m".encode() in terminal.bytes
            assert f"\x1b[{THEMES['light'].fail}m✗ key".encode() in terminal.bytes
            assert KEY.encode() not in terminal.bytes
            assert MASKED in terminal.text


# Seconds for 4 KB, and what is said of them.
TRIALS = [
    (0.000001, "warning", "a power cut may lose the last of them"),
    (0.0005, "ok", "4 KB are on the disk in 0.50 ms"),
    (0.1, "ok", "4 KB are on the disk in 100.00 ms"),
    (2.0, "warning", "each question waits that long before it is sent"),
]


@pytest.mark.parametrize(("seconds", "status", "words"), TRIALS)
def test_a_disk_that_is_too_quick_or_too_slow_is_a_warning(seconds: float, status: str, words: str) -> None:
    found = written(Trial(writable=True, seconds=seconds), Path("history"))
    assert found.status == status
    assert words in f"{found.value} {found.advice}"
    assert found.seconds == seconds


@pytest.mark.parametrize(
    ("free", "said", "status"),
    [
        (0, "less than 1 MB is free", "warning"),
        (1_999_999, "1 MB is free", "warning"),
        (99_999_999, "99 MB are free", "warning"),
        (1_234_567_890, "1,234 MB are free", "ok"),
    ],
)
def test_free_space_is_told_in_what_is_left_of_it(free: int, said: str, status: Status) -> None:
    assert (space(free).value, space(free).status) == (said, status)


@pytest.mark.parametrize(
    ("value", "origin", "said"),
    [
        ("a", "--proxy", "a (from --proxy)"),
        ("refused (it comes from envs/openai_key line 1)", "envs/openai_key line 1", None),
        ("none: NO_PROXY names this host", "NO_PROXY", None),
    ],
)
def test_where_something_comes_from_is_told_once(value: str, origin: str, said: str | None) -> None:
    assert sentence_of(Finding("x", "x", "ok", value, origin)) == (said or value)
