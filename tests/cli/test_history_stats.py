"""`chatcmd history stats`: charts, JSON and the page say what was saved."""

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatcmd.cells import cells
from chatcmd.conversation.message import Turn, Usage
from chatcmd.conversation.session import Parent, Session
from chatcmd.history.library import Library
from tests.history.made import answer, question, saved, session
from tests.hostile import raw_controls
from tests.pages import Reader
from tests.terminal_driver import CHATCMD, Finished, Terminal, run

FIRST, NEXT = "2026-11-18T12:00:00.000Z", "2026-11-20T12:00:00.000Z"
USAGE = Usage(1000, 100)


def asked(number: int, at: str, model: str = "gpt-4o", usage: Usage | None = USAGE) -> Turn:
    return Turn(question(f"问题 {number}", at), answer("回答", model=model, usage=usage))


def talked(user: str, session_id: str, *turns: Turn) -> Session:
    model = turns[0].answer.model or "gpt-4o"
    return replace(session(user=user, session_id=session_id), model=model, turns=turns)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    library = Library(tmp_path / "history")
    first = talked("老表", "a", asked(1, FIRST), asked(2, NEXT), asked(3, NEXT, usage=None))
    branch = replace(first, id="b", parent=Parent("a", 2), turns=(*first.turns[:2], asked(4, NEXT)))
    saved(library, first)
    saved(library, branch)
    saved(library, talked("bob", "c", asked(5, NEXT, "local", Usage(50, 5))))
    return tmp_path


def stats(root: Path, *words: str, env: dict[str, str] | None = None) -> Finished:
    return run([*CHATCMD, "history", "stats", *words, "--root", str(root)], env={"TZ": "UTC"} | (env or {}), cwd=root)


def test_charts_show_days_models_and_users(filled: Path) -> None:
    done = stats(filled)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    joined = " ".join(lines)
    assert "2 users, 5 turns: 3,050 + 305 tokens, 1 of them not counted by the service, cost $0.0105 + $?" in joined
    assert max(map(cells, lines)) <= 80
    rows = [re.sub(r"[░█]+", "|", line) for line in lines]
    for row in (
        "tokens by model: prompt |, answer |",
        *("2026-11-18 | 1", "2026-11-20 | 4", "gpt-4o | 3,300  $0.0105 + $?", "local  | 55  unknown"),
        *(
            "老表 | 3,300  $0.0105 + $?",
            "bob  | 55  unknown",
            "costs are by the list prices of 2025-12, or yours in [prices]",
        ),
    ):
        assert row in rows, row


def test_json_says_the_same(filled: Path) -> None:
    done = stats(filled, "--json")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    money = {"dollars": 0.0105, "at_most": False}
    most = {"turns": 4, "prompt": 3000, "answer": 300, "uncounted": 1, "unpriced": 0, "money": money}
    least = {"turns": 1, "prompt": 50, "answer": 5, "uncounted": 0, "unpriced": 1, "money": None}
    assert document == {
        "total": {"turns": 5, "prompt": 3050, "answer": 305, "uncounted": 1, "unpriced": 1, "money": money},
        "days": [{"day": "2026-11-18", "turns": 1}, {"day": "2026-11-20", "turns": 4}],
        "models": [{"model": "gpt-4o"} | most, {"model": "local"} | least],
        "users": [{"user": "bob"} | least, {"user": "老表"} | most],
    }


@pytest.mark.parametrize(
    ("words", "turns"),
    [
        (("-u", "bob"), 1),
        (("-u", "nobody"), 0),
        (("-m", "GPT"), 4),
        (("-m", "4o", "-u", "bob"), 0),
        (("--since", "2026-11-19"), 4),
        (("--until", "2026-11-19"), 1),
        (("--since", "2026-11-18", "--until", "2026-11-18"), 1),
        (("--since", "2026-11"), 5),
        (("--until", "2025"), 0),
    ],
)
def test_what_is_counted_can_be_chosen(filled: Path, words: tuple[str, ...], turns: int) -> None:
    assert json.loads(stats(filled, "--json", *words).out)["total"]["turns"] == turns


def test_days_are_those_of_the_reader(filled: Path) -> None:
    done = stats(filled, "--json", "--since", "2026-11-21", env={"TZ": "Pacific/Auckland"})
    assert json.loads(done.out)["days"] == [{"day": "2026-11-21", "turns": 4}]


def test_own_prices_count(filled: Path) -> None:
    settings = filled / "envs" / "settings.toml"
    settings.parent.mkdir()
    settings.write_text("[prices]\nlocal = [1000, 2000]\n")
    models = json.loads(stats(filled, "--json").out)["models"]
    assert models[1]["money"] == {"dollars": 0.06, "at_most": False}


def test_wrong_settings_are_told_and_the_list_prices_count(filled: Path) -> None:
    settings = filled / "envs" / "settings.toml"
    settings.parent.mkdir()
    settings.write_text("colour = 1\n")
    done = stats(filled, "--json")
    assert done.code == 0
    assert "there is no setting colour" in done.err
    assert "costs are by the list prices alone" in done.err
    assert json.loads(done.out)["models"][0]["money"]["dollars"] == 0.0105


def test_the_page_is_written_once(filled: Path) -> None:
    page = filled / "stats.html"
    done = stats(filled, "--html", "stats.html")
    assert (done.code, done.out, done.err) == (0, "", "exported: stats.html\n")
    first = page.read_text("utf-8")
    assert Reader(first).faults == []
    assert "老表" in first
    again = stats(filled, "--html", "stats.html", "-u", "bob")
    assert (again.code, again.out) == (2, "")
    assert "stats.html is there already; name another file, or replace it with --force" in again.err
    assert page.read_text("utf-8") == first
    assert stats(filled, "--html", "stats.html", "-u", "bob", "--force").code == 0
    assert "老表" not in page.read_text("utf-8")


def test_the_page_and_json_come_together(filled: Path) -> None:
    done = stats(filled, "--html", "s.html", "--json")
    assert json.loads(done.out)["total"]["turns"] == 5
    assert (filled / "s.html").exists()


def test_a_page_that_cannot_be_written_is_told(filled: Path) -> None:
    (filled / "file").write_text("")
    for place, code in (("file/s.html", 3), ("history/s.html", 2), (".", 2), ("/dev/null", 2)):
        done = stats(filled, "--html", place)
        assert (done.code, done.out) == (code, ""), place
        assert done.err.count("\n") == 1
        assert done.err.startswith("chatcmd: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--since", "soon"), "--since: 'soon' is no date"),
        (("--since", "2026-11-20", "--until", "2026-11-19"), "--since is later than --until"),
        (("-u", "a\u202eb"), "user"),
    ],
)
def test_wrong_words_are_refused(filled: Path, words: tuple[str, ...], told: str) -> None:
    done = stats(filled, *words)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_nothing_is_said_to_be_nothing(tmp_path: Path) -> None:
    done = stats(tmp_path)
    assert (done.code, done.out) == (0, "")
    assert "nothing was asked that this asks for" in done.err
    assert json.loads(stats(tmp_path, "--json").out)["total"]["turns"] == 0


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    hostile = "\x1b]0;x\x07\u202egpt\n<script>"
    saved(Library(tmp_path / "history"), talked("u", "a", asked(1, FIRST, hostile)))
    done = stats(tmp_path)
    assert done.code == 0
    assert raw_controls(done.out_bytes) == []
    assert raw_controls(stats(tmp_path, "--json").out_bytes) == []


def test_a_terminal_shows_it_as_wide_as_it_is(filled: Path) -> None:
    for columns in (30, 40, 120):
        argv = [*CHATCMD, "history", "stats", "--root", str(filled)]
        with Terminal(argv, env={"TZ": "UTC"}, columns=columns, rows=50) as terminal:
            assert terminal.wait() == 0
            assert "2026-11-20" in terminal.text
            assert max(map(cells, terminal.screen)) <= columns
