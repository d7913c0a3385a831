"""`chatcmd history` through pipes: what it prints, what it refuses, and that nothing it prints is a command."""

import json
import os
import subprocess
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chatcmd.conversation.message import Turn
from chatcmd.history.library import Library
from tests.history.made import ID, PERSONA, abandoned, answer, question, saved, session, tree
from tests.hostile import HOSTILE, raw_controls
from tests.terminal_driver import CHATCMD, Finished, Terminal, _environment, run

OTHER = "20260101T000000Z-aaaa"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


@pytest.fixture
def filled(library: Library) -> Library:
    saved(library, session(2))
    saved(library, session(1, session_id=OTHER, user="bob", title="[bold]twin[/bold]"))
    return library


def history(root: Path, *words: str | Path, env: dict[str, str] | None = None) -> Finished:
    return run([*CHATCMD, "history", *map(str, words), "--root", str(root)], env=env)


def test_list_is_a_table_newest_first(filled: Library, tmp_path: Path) -> None:
    done = history(tmp_path, "list")
    assert (done.code, done.err) == (0, "")
    assert [line.split() for line in done.out.splitlines()] == [
        ["session", "when", "user", "turns", "model", "title"],
        [ID, "2026-11-20", "21:30", "简说Python", "2", "gpt-3.5-turbo", "问题", "1"],
        [OTHER, "2026-11-20", "21:30", "bob", "1", "gpt-3.5-turbo", "[bold]twin[/bold]"],
    ]
    assert len(filled.paths()) == 2


@pytest.mark.usefixtures("filled")
def test_list_can_be_one_user_s_and_as_long_as_wanted(tmp_path: Path) -> None:
    table = {
        ("-u", "bob"): [OTHER],
        ("-u", "nobody"): [],
        ("-n", "1"): [ID],
        ("-n", "0"): [],
        ("-n", "1", "--all"): [ID, OTHER],
        ("--all",): [ID, OTHER],
    }
    for words, ids in table.items():
        done = history(tmp_path, "list", "--json", *words)
        assert (done.code, done.err) == (0, "")
        assert [entry["id"] for entry in json.loads(done.out)] == ids


def test_list_shows_twenty_unless_told_otherwise(library: Library, tmp_path: Path) -> None:
    for number in range(22):
        saved(library, session(1, session_id=f"s{number:02}"))
    assert len(json.loads(history(tmp_path, "list", "--json").out)) == 20
    assert len(history(tmp_path, "list", "--all").out.splitlines()) == 23


@pytest.mark.usefixtures("filled")
def test_json_is_one_document_with_every_fact(tmp_path: Path) -> None:
    entries = json.loads(history(tmp_path, "list", "--json").out)
    assert entries[0] == {
        "id": ID,
        "user": "简说Python",
        "started": "2026-11-20T21:30:05.120Z",
        "model": "gpt-3.5-turbo",
        "title": "问题 1",
        "turns": 2,
        "persona": "default",
        "ended": "2026-11-20T21:41:17.003Z",
        "tags": [],
        "parent": None,
        "open": False,
        "source": None,
        "path": str(tmp_path / "history" / "简说Python" / f"{ID}.json"),
    }
    shown = history(tmp_path, "show", "--json", "-1")
    assert json.loads(shown.out) == json.loads(Path(entries[0]["path"]).read_bytes())
    assert "问题 1" in shown.out
    assert json.loads(history(tmp_path, "path", "--json").out) == {"path": str(tmp_path / "history")}
    assert json.loads(history(tmp_path, "path", "--json", OTHER[:9]).out) == {"path": entries[1]["path"]}


@pytest.mark.usefixtures("filled")
def test_session_is_shown_as_it_was_said(library: Library, tmp_path: Path) -> None:
    stopped = session(1, session_id="stopped").with_unanswered(question("没有回答"))
    halted = Turn(question("再来"), answer("一半", status="interrupted"))
    saved(library, stopped.with_turn(halted))
    done = history(tmp_path, "show", "stopped")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"【system】{PERSONA.content}\n【简说Python】问题 1\n【ChatGPT】回答 1。\n"
        "【简说Python】没有回答  (unanswered)\n【简说Python】再来\n【ChatGPT】一半  (interrupted)\n"
    )
    path = history(tmp_path, "path", "stopped")
    assert (path.code, path.out) == (0, f"{tmp_path}/history/简说Python/stopped.json\n")
    assert history(tmp_path, "path").out == f"{tmp_path}/history\n"


REFUSED = {
    ("show", "nothing"): (3, "chatcmd: no session is called 'nothing'; see: chatcmd history list\n"),
    ("show", "20260101", "-u", "简说Python"): (3, "chatcmd: no session of 简说Python is called '20260101'; see: "),
    ("show", "202"): (3, f"chatcmd: 2 sessions are called '202' ({ID}, {OTHER}); give more of the id\n"),
    ("path", "nothing"): (3, "chatcmd: no session is called 'nothing'"),
    ("import", "/nonexistent/f.json"): (3, "chatcmd: /nonexistent/f.json cannot be read: No such file or directory\n"),
    ("list", "-u", " "): (2, "chatcmd: a user's name cannot be empty"),
    ("list", "-u", ""): (2, "chatcmd: a user's name cannot be empty"),
    ("trash", "empty", "--yes", "-u", ""): (2, "chatcmd: a user's name cannot be empty"),
    ("list", "-n", "-1"): (2, "chatcmd: -n: must be a whole number from 0 up\n"),
    ("search", "-n", "-1", "x"): (2, "chatcmd: -n: must be a whole number from 0 up\n"),
    ("list", "-n", "x"): (2, "chatcmd: argument -n: invalid int value: 'x'; see: chatcmd history list --help\n"),
    ("show",): (2, "chatcmd: the following arguments are required: SESSION; see: chatcmd history show --help\n"),
    ("shw",): (2, "chatcmd: argument COMMAND: invalid choice: 'shw'"),
    (): (2, "chatcmd: the following arguments are required: COMMAND"),
}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_refusal_is_one_sentence_on_standard_error(words: tuple[str, ...], tmp_path: Path) -> None:
    code, sentence = REFUSED[words]
    argv = [*CHATCMD, "history", *words]
    done = run(argv, env={"CHATCMD_ROOT": str(tmp_path)})
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(sentence)
    assert done.err.count("\n") == 1


def test_empty_history_is_no_error_and_is_not_made(tmp_path: Path) -> None:
    done = history(tmp_path, "list")
    assert (done.code, done.out, done.err) == (0, "", f"nothing is saved in {tmp_path}/history yet\n")
    assert history(tmp_path, "list", "--json").out == "[]\n"
    assert list(tmp_path.iterdir()) == []


def test_damaged_file_is_told_beside_the_good_ones(filled: Library, tmp_path: Path) -> None:
    filled.find(ID).write_bytes(b"[" * 100_000)
    done = history(tmp_path, "list", "--json")
    assert done.code == 3
    assert [entry["id"] for entry in json.loads(done.out)] == [OTHER]
    assert f"{ID}.json is not readable JSON" in done.err
    shown = history(tmp_path, "show", ID)
    assert (shown.code, shown.out) == (3, "")
    assert "Traceback" not in shown.err
    assert history(tmp_path, "path", ID).code == 0


def test_newer_file_is_shown_as_it_is_and_not_touched(filled: Library, tmp_path: Path) -> None:
    path = filled.find(ID)
    path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 2, "tree": {"a": 1}'))
    before = tree(tmp_path)
    shown = json.loads(history(tmp_path, "show", "--json", ID).out)
    assert (shown["format"], shown["tree"]) == (2, {"a": 1})
    assert "问题 1" in history(tmp_path, "show", ID).out
    refused = run([*CHATCMD, "--offline", "--root", str(tmp_path), "-r", ID], "再来\n".encode())
    assert refused.code == 3
    assert "was written by a newer chatcmd: it can be shown, not continued; upgrade" in refused.err
    assert tree(tmp_path) == before


def test_what_a_killed_chat_left_is_recovered_before_it_is_listed(library: Library, tmp_path: Path) -> None:
    abandoned(library, session(1), "然后呢")
    done = history(tmp_path, "list", "--json")
    assert done.code == 0
    assert [entry["id"] for entry in json.loads(done.out)] == [ID]
    assert "recovered what was left unsaved of 简说Python's session '问题 1' (1 turn); go on" in done.err
    assert history(tmp_path, "list").err == ""


# Import


def test_import_tells_what_it_did_and_what_it_did_not(tmp_path: Path) -> None:
    asked = {"role": "user", "content": "1+1=几"}
    source = tmp_path / "user_messages.json"
    source.write_text(json.dumps({"a": [asked], "b": [asked], "\x1b[2Jc": [asked], "d": None}))
    done = history(tmp_path, "import", source)
    assert done.code == 3
    paths = done.out.splitlines()
    assert [path.split("/")[-3:-1] for path in paths] == [["history", "a"], ["history", "b"]]
    assert all(Path(path).is_file() for path in paths)
    assert done.err.splitlines() == [
        "left out: ␛[2Jc: a user's name cannot hold control or invisible characters; type it anew without them",
        "left out: d: Expected `array`, got `null`",
        "imported 2 sessions; 0 had grown, 0 known already, 0 asked nothing, 2 left out",
    ]
    again = history(tmp_path, "import", source, "--json")
    assert again.code == 3
    told = json.loads(again.out)
    assert (told["written"], told["known"], len(told["left_out"])) == ([], 2, 2)
    source.write_text(json.dumps({"a": [asked]}))
    assert history(tmp_path, "import", source).code == 0


def test_file_that_is_no_history_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text("[]")
    done = history(tmp_path, "import", tmp_path / "f.json", "--json")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"chatcmd: {tmp_path}/f.json holds no history that chatcmd knows; if it should, say ")


# Hostile text


def hostile(library: Library) -> None:
    """Save hostile text wherever a file can hold some."""
    texts = [text.encode("utf-8", "replace").decode() for text in HOSTILE.values()]
    made = session(title="".join(texts)[:2000], session_id="hostile")
    for text in texts:
        made = made.with_turn(Turn(question(text), answer(text, model=text, finish_reason=text)))
    path = saved(library, replace(made, model="m\x1b[2J\u202e", persona=replace(PERSONA, content="\x9b2J")))
    content = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode(content | {"user": "u\x1b]0;t\x07", "started": "\x1b[2J"}))
    for number, text in enumerate(texts):
        saved(library, session(1, session_id=f"t{number:03}", title=text))
    for number, text in enumerate(texts):
        name = text.replace("/", "").replace("\0", "")[:40]
        (library.folder / "简说Python" / f"{number}{name}.json").write_bytes(b"{")


def test_hostile_text_is_inert_in_every_view(library: Library, tmp_path: Path) -> None:
    hostile(library)
    for words in (["list", "--all"], ["list", "--all", "--json"], ["show", "hostile"], ["show", "hostile", "--json"]):
        done = history(tmp_path, *words)
        assert raw_controls(done.out_bytes) == [], words
        assert raw_controls(done.err.encode()) == [], words
        assert "\r" not in done.out
        assert "Traceback" not in done.err
        assert done.code == (3 if "list" in words else 0)
    shown = json.loads(history(tmp_path, "show", "hostile", "--json").out)
    assert shown == json.loads(library.find("hostile").read_bytes())
    table = history(tmp_path, "list", "--all").out.splitlines()
    assert len(table) == len(HOSTILE) + 2
    refused = history(tmp_path, "show", "no\x1b[2J\u202esuch")
    assert raw_controls(refused.err.encode()) == []


def test_hostile_file_name_and_json_in_a_terminal_are_inert(library: Library, tmp_path: Path) -> None:
    saved(library, session(1, session_id="a\x9b2J\x1b[31m\u202eb", title="\x9b2J\x1b[31m\u202e"))
    for words in (["list"], ["list", "--json"], ["path", "-1"], ["show", "-1", "--json"]):
        with Terminal([*CHATCMD, "history", *words, "--root", str(tmp_path)], columns=200) as terminal:
            assert terminal.wait() == 0
            assert raw_controls(terminal.bytes) == [], words


def test_folder_whose_name_is_no_utf_8_is_listed_all_the_same(filled: Library, tmp_path: Path) -> None:
    os.rename(filled.folder / "bob", os.fsencode(filled.folder) + b"/\xff\xfe")  # noqa: PTH104 - bytes
    done = history(tmp_path, "list", "--json")
    assert (done.code, "Traceback" in done.err) == (0, False)
    entries = json.loads(done.out)
    assert [entry["id"] for entry in entries] == [ID, OTHER]
    assert Path(entries[1]["path"]).exists()
    for words in (["list"], ["path", OTHER], ["show", OTHER]):
        assert history(tmp_path, *words).code == 0


@pytest.mark.usefixtures("filled")
def test_output_that_knows_only_ascii_gets_a_document_all_the_same(tmp_path: Path) -> None:
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = history(tmp_path, "show", "--json", ID, env=env)
    assert (done.code, done.err) == (0, "")
    assert done.out_bytes.isascii()
    assert json.loads(done.out)["user"] == "简说Python"
    for words in (["list"], ["show", ID]):
        assert history(tmp_path, *words, env=env).code == 0


# A reader that goes away


BIG = (["show", "big"], ["show", "big", "--json"], ["show", "big", "--raw"])
SMALL = (
    ["search", "q"],
    ["search", "q", "--json"],
    ["list", "--all"],
    ["list", "--json"],
    ["path"],
    ["path", "--json"],
)


@pytest.mark.parametrize(("words", "taken"), [*((words, 10) for words in BIG), *((words, 0) for words in BIG + SMALL)])
def test_reader_that_leaves_is_no_error(words: list[str], taken: int, library: Library, tmp_path: Path) -> None:
    saved(library, session(1, session_id="big").with_turn(Turn(question("q"), answer("答\n" * 100_000))))
    reader, writer = os.pipe()
    if not taken:
        os.close(reader)
    argv = [*CHATCMD, "history", *words, "--root", str(tmp_path)]
    env = _environment(str(tmp_path), None)
    with subprocess.Popen(argv, stdout=writer, stderr=subprocess.PIPE, text=True, env=env) as process:
        os.close(writer)
        if taken:
            assert os.read(reader, taken)
            os.close(reader)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, "")
