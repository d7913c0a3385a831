"""`chatcmd history search`: what is found, how it is shown, and that it can be stopped at any moment."""

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatcmd.conversation.message import Turn
from chatcmd.history.library import Library
from tests.cli.pages import cells
from tests.history.made import ID, answer, question, saved, session
from tests.hostile import HOSTILE, raw_controls
from tests.terminal_driver import CHATCMD, PYTHON, Finished, Terminal, run

OLD = "20250601T000000Z-bbbb"
LONG = "前面有很多话，" * 200


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "history")
    made = session(1, title="排序").with_turn(
        Turn(question("how to sort a list?"), answer("Use **sorted**, 麒麟阁。\n好"))
    )
    saved(library, made.with_turn(Turn(question(LONG + "麒麟在这里" + LONG), answer("是"))))
    old = session(0, session_id=OLD, user="bob", tags=("animals",))
    old = old.with_turn(Turn(question("what is a unicorn"), answer("In Chinese: 麒麟, a list of them")))
    saved(library, replace(old, started="2025-06-01T00:00:00.000Z", model="gpt-4o"))
    return library


def search(root: Path, *words: str, env: dict[str, str] | None = None) -> Finished:
    return run([*CHATCMD, "history", "search", *words, "--root", str(root)], env={"TZ": "Asia/Shanghai"} | (env or {}))


@pytest.mark.usefixtures("library")
def test_hits_stand_below_their_session_and_it_is_said_how_to_open_them(tmp_path: Path) -> None:
    done = search(tmp_path, "麒麟")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == f"{ID}  2026-11-21 05:30  简说Python  排序"
    assert lines[1] == "  turn 2, answer: Use **sorted**, 麒麟阁。 好"
    assert re.fullmatch("  turn 3, question: ….*，麒麟在这里前面.*…", lines[2])
    assert lines[3:] == [
        "",
        f"{OLD}  2025-06-01 08:00  bob  what is a unicorn",
        "  turn 1, answer: In Chinese: 麒麟, a list of them",
    ]
    assert done.err.splitlines() == [
        "3 hits in 2 sessions",
        f"read the newest: chatcmd history show {ID} --turn 2",
        f"or go on with it: chatcmd -r {ID}",
    ]
    opened = run([*CHATCMD, *done.err.splitlines()[1].split()[4:], "--root", str(tmp_path)])
    assert "麒麟阁" in opened.out


FOUND: dict[tuple[str, ...], list[tuple[str, int, str]]] = {
    ("list", "麒麟"): [(ID, 2, "question"), (ID, 2, "answer")],
    ("阁",): [(ID, 2, "assistant")],
    ('"sort a list"',): [(ID, 2, "user")],
    ("sort a list",): [(ID, 2, "user")],
    ("sort list a",): [],
    ("unicorn", "--role", "user"): [(OLD, 1, "user")],
    ("unicorn", "--role", "assistant"): [],
    ("麒麟", "-u", "bob"): [(OLD, 1, "assistant")],
    ("麒麟", "-m", "gpt-4"): [(OLD, 1, "assistant")],
    ("麒麟", "--tag", "animals"): [(OLD, 1, "assistant")],
    ("麒麟", "--until", "2025"): [(OLD, 1, "assistant")],
    ("麒麟", "-n", "1"): [(ID, 2, "assistant")],
    ("“a unicorn”",): [(OLD, 1, "user")],
    ("「a unicorn」",): [(OLD, 1, "user")],
    ("排序",): [(ID, 0, "title")],
}
FOUND["list", "麒麟"] = [(ID, 2, "user"), (ID, 2, "assistant"), (ID, 3, "user"), (OLD, 1, "assistant")]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("words", FOUND, ids=" ".join)
def test_document_has_every_hit_with_its_session_and_its_places(words: tuple[str, ...], tmp_path: Path) -> None:
    done = search(tmp_path, "--json", *words)
    hits = json.loads(done.out)
    assert [(hit["session"]["id"], hit["turn"], hit["role"]) for hit in hits] == FOUND[words]
    assert (done.code, done.err) == (0 if hits else 1, "")
    for hit in hits:
        assert hit["spans"]
        assert all(hit["text"][begin:end].strip() for begin, end in hit["spans"])
        assert Path(hit["session"]["path"]).is_file()


@pytest.mark.usefixtures("library")
def test_nothing_found_is_said_and_is_the_answer_no(tmp_path: Path) -> None:
    done = search(tmp_path, "nowhere")
    assert (done.code, done.out, done.err) == (1, "", "nothing was found\n")
    assert search(tmp_path, "麒麟", "-n", "0").code == 1


@pytest.mark.usefixtures("library")
def test_more_than_are_shown_is_said(tmp_path: Path) -> None:
    done = search(tmp_path, "麒麟", "-n", "2")
    assert "2 hits in 1 session\nthere are more; see them with -n N or --all\n" in done.err
    assert "there are more" not in search(tmp_path, "麒麟", "--all").err


@pytest.mark.parametrize(("words", "why"), [(("",), "nothing to look for"), (("x", "--role", "x"), "invalid choice")])
def test_search_for_nothing_is_refused(words: tuple[str, ...], why: str, tmp_path: Path) -> None:
    done = search(tmp_path, *words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert why in done.err


def test_file_that_cannot_be_read_is_named_and_the_rest_is_found(library: Library, tmp_path: Path) -> None:
    (library.folder / "bob" / "broken.json").write_bytes(b"{")
    done = search(tmp_path, "unicorn")
    assert (done.code, "broken.json is not readable JSON" in done.err) == (3, True)
    assert "what is a unicorn" in done.out
    assert search(tmp_path, "nowhere").code == 3


MARKED = "\x1b[1;31m麒麟\x1b[0m".encode()


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("env", "is_marked"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_what_was_found_has_a_colour_where_there_are_colours(
    env: dict[str, str],
    is_marked: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    with Terminal([*CHATCMD, "history", "search", "麒麟", "--root", str(tmp_path)], env=env) as terminal:
        assert terminal.wait() == 0
        assert (terminal.bytes.count(MARKED), b"\x1b" in terminal.bytes) == (3 if is_marked else 0, is_marked)
    assert b"\x1b" not in search(tmp_path, "麒麟").out_bytes


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("columns", [30, 40, 80, 120])
def test_every_line_fits_in_its_terminal_and_shows_what_was_found(columns: int, language: str, tmp_path: Path) -> None:
    argv = [*CHATCMD, "history", "search", "麒麟", "--root", str(tmp_path), "--lang", language]
    with Terminal(argv, columns=columns, rows=40) as terminal:
        assert terminal.wait() == 0
        lines = terminal.output.splitlines()
    assert max(map(cells, lines)) <= columns
    assert sum(line.count("麒麟") for line in lines) == 3
    assert sum(line.startswith((ID, OLD)) for line in lines) >= 2


# Ctrl-C as a file is opened: the audit hook is called before the system is, and writes what is shown by then.
_STOPPED = """
import os, signal, sys
def stop(event, arguments):
    if event == "open" and str(arguments[0]).endswith(sys.argv[1]):
        os.write(1, b"<stopped>")
        signal.raise_signal(signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.addaudithook(stop)
from chatcmd.cli import main
sys.exit(main(sys.argv[2:]))
"""


def stopped(root: Path, *words: str) -> Finished:
    return run([PYTHON, "-c", _STOPPED, f"{OLD}.json", "history", *words, "--root", str(root)])


@pytest.mark.usefixtures("library")
def test_hits_are_shown_as_they_are_found_and_ctrl_c_leaves_with_them(tmp_path: Path) -> None:
    done = stopped(tmp_path, "search", "麒麟")
    assert done.code == 130
    assert done.out.startswith(ID)
    assert done.out.count("麒麟") == 2
    assert done.out.endswith("<stopped>")
    assert done.err.splitlines()[0] == "2 hits in 1 session"


@pytest.mark.usefixtures("library")
def test_document_of_a_search_that_was_stopped_is_whole(tmp_path: Path) -> None:
    done = stopped(tmp_path, "search", "麒麟", "--json")
    assert (done.code, done.err) == (130, "")
    assert len(json.loads(done.out.removeprefix("<stopped>"))) == 2


@pytest.mark.usefixtures("library")
def test_ctrl_c_ends_reindex_and_nothing_is_lost(tmp_path: Path) -> None:
    done = stopped(tmp_path, "reindex")
    assert (done.code, done.out) == (130, "<stopped>")
    assert done.err == "stopped; nothing is lost, and what is missing in the index is made up for when it is needed\n"
    assert search(tmp_path, "麒麟").err.startswith("3 hits in 2 sessions\n")


def test_reindex_of_nothing_is_done_at_once_and_makes_nothing(tmp_path: Path) -> None:
    done = run([*CHATCMD, "history", "reindex", "--root", str(tmp_path / "new")])
    assert (done.code, done.out) == (0, "")
    assert re.match(r"indexed 0 sessions in \d+\.\d s", done.err)
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("library")
def test_reindex_says_what_it_did_and_searching_is_as_before(tmp_path: Path) -> None:
    before = search(tmp_path, "麒麟")
    done = run([*CHATCMD, "history", "reindex", "--root", str(tmp_path)])
    assert (done.code, done.out) == (0, "")
    assert re.fullmatch(r"indexed 2 sessions in \d+\.\d s, [\d,]+ a second\n", done.err)
    told = json.loads(run([*CHATCMD, "history", "reindex", "--json", "--root", str(tmp_path)]).out)
    assert (told["sessions"], Path(told["path"]).is_file()) == (2, True)
    again = search(tmp_path, "麒麟")
    assert (again.code, again.out, again.err) == (before.code, before.out, before.err)


def test_hostile_text_is_inert_wherever_it_is_found(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    texts = [text.encode("utf-8", "replace").decode() for text in HOSTILE.values()]
    made = session(0, title="needle " + "".join(texts)[:500])
    for text in texts:
        made = made.with_turn(Turn(question(f"{text} needle {text}"), answer("ok")))
    saved(library, made)
    done = search(tmp_path, "needle", "--all")
    assert raw_controls(done.out_bytes) == []
    assert raw_controls(done.err.encode()) == []
    assert done.out.count("needle") > len(texts)
    assert raw_controls(search(tmp_path, "needle", "--all", "--json").out_bytes) == []
    argv = [*CHATCMD, "history", "search", "needle", "--all", "--root", str(tmp_path)]
    with Terminal(argv, columns=100) as terminal:
        assert terminal.wait() == 0
        shown = terminal.bytes.replace(b"\x1b[1;31m", b"").replace(b"\x1b[0m", b"")
    assert raw_controls(shown) == []
    assert max(map(cells, terminal.output.splitlines())) <= 100
