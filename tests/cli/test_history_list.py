"""`chatcmd history list`: which sessions, in which columns, in terminals of any width and in both languages."""

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatcmd.conversation.message import Persona
from chatcmd.history.library import Library
from tests.cli.pages import cells
from tests.history.made import ID, saved, session
from tests.hostile import HOSTILE, raw_controls
from tests.terminal_driver import CHATCMD, PYTHON, Finished, Terminal, run

BRANCH, OLD = "20261121T101010Z-1234", "20250601T000000Z-bbbb"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "history")
    saved(library, session(2, tags=("工作", "python")))
    branch = session(2).branch(1, BRANCH, "2026-11-21T23:10:10.000Z")
    saved(library, replace(branch, persona=Persona("Lehrer", "x"), model="gpt-4o"))
    long = "旧的一个很长的标题，长到在四十个字符的终端里放不下，需要截断"
    old = session(1, session_id=OLD, user="bob", title=long)
    saved(library, replace(old, started="2025-06-01T00:00:00.000Z"))
    return library


def history(root: Path, *words: str, env: dict[str, str] | None = None) -> Finished:
    return run([*CHATCMD, "history", *words, "--root", str(root)], env={"TZ": "Asia/Shanghai"} | (env or {}))


FILTERS = {
    ("-u", "bob"): [OLD],
    ("-p", "lehr"): [BRANCH],
    ("--persona", "default"): [ID, OLD],
    ("-m", "GPT-4"): [BRANCH],
    ("--title", "标题"): [OLD],
    ("--tag", "工作"): [ID],
    ("--tag", "工"): [],
    ("--since", "2026-11-22"): [BRANCH],
    ("--since", "2026-11-21"): [BRANCH, ID],
    ("--until", "2026-11-20"): [OLD],
    ("--since", "2026", "--until", "2026-11-21"): [ID],
    ("--since", "2025-06", "--until", "2025"): [OLD],
    ("--since", "2026-11-21 05:30", "--until", "2026-11-21 05:30"): [ID],
    ("-u", "bob", "--since", "2026"): [],
}


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("words", FILTERS, ids=" ".join)
def test_sessions_are_chosen_by_what_is_known_of_them(words: tuple[str, ...], tmp_path: Path) -> None:
    done = history(tmp_path, "list", "--json", *words)
    assert (done.code, done.err) == (0, "")
    assert [each["id"] for each in json.loads(done.out)] == FILTERS[words]


@pytest.mark.usefixtures("library")
def test_nothing_that_is_like_that_is_no_error_and_is_said(tmp_path: Path) -> None:
    done = history(tmp_path, "list", "-u", "nobody")
    assert (done.code, done.out, done.err) == (0, "", "no saved session matches\n")


REFUSED = {
    ("--since", "soon"): "--since: 'soon' is no date; write it like 2026-11-20, 2026-11, 2026, today, yesterday or 7d",
    ("--until", "2026-13"): "--until: '2026-13' is no date",
    ("--since", "2026", "--until", "2025"): "--since is later than --until: nothing can be in between; change one of",
    ("-u", "\x1b"): "a user's name cannot hold control or invisible characters",
}


@pytest.mark.parametrize("words", REFUSED, ids=repr)
def test_wrong_filter_is_one_sentence(words: tuple[str, ...], tmp_path: Path) -> None:
    done = history(tmp_path, "list", *words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(f"chatcmd: {REFUSED[words]}")


@pytest.mark.usefixtures("library")
def test_pipe_gets_every_column_and_times_of_the_clock_on_the_wall(tmp_path: Path) -> None:
    done = history(tmp_path, "list")
    assert [re.split(" {2,}", line) for line in done.out.splitlines()] == [
        ["session", "when", "user", "turns", "model", "tags", "branch of", "title"],
        [BRANCH, "2026-11-22 07:10", "简说Python", "1", "gpt-4o", ID, "↳ 问题 1"],
        [ID, "2026-11-21 05:30", "简说Python", "2", "gpt-3.5-turbo", "工作, python", "问题 1"],
        [
            OLD,
            "2025-06-01 08:00",
            "bob",
            "1",
            "gpt-3.5-turbo",
            "旧的一个很长的标题，长到在四十个字符的终端里放不下，需要截断",
        ],
    ]


@pytest.mark.usefixtures("library")
def test_more_than_are_shown_is_said(tmp_path: Path) -> None:
    assert history(tmp_path, "list", "-n", "2").err == "there are more; see them with -n N or --all\n"
    assert history(tmp_path, "list", "-n", "3").err == ""


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("columns", [24, 40, 80, 120])
def test_every_line_fits_in_its_terminal(columns: int, language: str, tmp_path: Path) -> None:
    argv = [*CHATCMD, "history", "list", "--root", str(tmp_path), "--lang", language]
    with Terminal(argv, columns=columns) as terminal:
        assert terminal.wait() == 0
        lines = terminal.output.splitlines()
    assert max(map(cells, lines)) <= columns
    assert [line.split()[0] for line in lines if line.startswith("2")] == [BRANCH, ID, OLD]
    assert len(lines) == (4 if columns > 24 else 8)
    text = "\n".join(lines)
    assert "↳ 问题 1" in text
    assert ("bob" in text) == (columns >= 80)
    assert ("gpt-4o" in text) == (columns >= 120)


def test_session_that_is_open_in_a_chat_says_so(library: Library, tmp_path: Path) -> None:
    journal = library.open("简说Python", ID)
    journal.opened(session(3))
    done = history(tmp_path, "list")
    assert [line.endswith(" (open now)") for line in done.out.splitlines()] == [False, False, True, False]
    told = json.loads(history(tmp_path, "list", "--json").out)
    assert [each["open"] for each in told] == [False, True, False]
    assert "问题 3" in history(tmp_path, "show", ID).out
    assert "问题 3" in history(tmp_path, "show", ID, "--json").out
    journal.close(remove=True)


def test_hostile_tags_parents_and_personas_are_inert(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    texts = [text.encode("utf-8", "replace").decode() for text in HOSTILE.values()]
    for number, text in enumerate(texts):
        made = session(1, session_id=f"s{number:03}").branch(1, f"t{number:03}", text)
        saved(library, replace(made, tags=(text, text), model=text, persona=Persona(text, text)))
    for words in (["list", "--all"], ["list", "--all", "--json"], ["show", "-1"], ["search", "问题", "--all"]):
        done = history(tmp_path, *words)
        assert raw_controls(done.out_bytes) == [], words
        assert raw_controls(done.err.encode()) == [], words
        with Terminal(
            [*CHATCMD, "history", *words, "--root", str(tmp_path)], env={"TERM": "dumb"}, columns=60
        ) as terminal:
            assert terminal.wait() == 0
            assert raw_controls(terminal.bytes) == [], words


_LOADS = """
import sys
from chatcmd.cli import main
code = main(sys.argv[1:])
heavy = ("asyncio", "rich", "prompt_toolkit", "openai", "httpx2", "tiktoken", "tomllib", "subprocess")
print(*(name for name in heavy if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("words", ["list", "search 问题", "show -1", "trash", f"tag {ID} x", "list --since 7d --json"])
def test_nothing_heavy_is_loaded_for_it(words: str, tmp_path: Path) -> None:
    done = run([PYTHON, "-c", _LOADS, "history", *words.split(), "--root", str(tmp_path)])
    assert (done.code, done.err.splitlines()[-1]) == (0, "")
