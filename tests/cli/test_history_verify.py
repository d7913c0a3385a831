"""`chatcmd history verify` through pipes and at a terminal: what it prints, how it ends, and that it can be stopped."""

import json
from pathlib import Path

import pytest

from chatcmd.history.library import Library
from tests.history.damage import changed, copies, put, talked, with_message, written
from tests.history.made import ID, abandoned, as_mere_owner, mode, saved, tree
from tests.hostile import HOSTILE, raw_controls
from tests.terminal_driver import CHATCMD, Finished, Terminal, run

OTHER = "20260101T000000Z-aaaa"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def verify(root: Path, *words: str) -> Finished:
    return run([*CHATCMD, "history", "verify", *words, "--root", str(root)])


def beside(what: str) -> str:
    return f"--repair {what}, and keeps the file as it is beside"


def test_sound_history_ends_with_zero_and_says_so(library: Library, tmp_path: Path) -> None:
    saved(library, talked(1))
    done = verify(tmp_path)
    assert (done.code, done.out, done.err) == (0, "", "1 session was looked at\nnothing is damaged\n")
    assert verify(tmp_path / "nowhere").err == "0 sessions were looked at\nnothing is damaged\n"
    assert not (tmp_path / "nowhere").exists()


def test_what_is_wrong_stands_below_its_path_and_ends_with_one_until_it_is_mended(tmp_path: Path) -> None:
    path = put(tmp_path / "history", with_message(2, latency="fast"))
    other = put(tmp_path / "history", written(), session_id=OTHER)
    done = verify(tmp_path)
    assert done.code == 1
    fault = "it is no saved session (Expected `object | null`, got `str` - at `$.messages[2].latency`)"
    assert done.out.splitlines() == [
        str(path),
        f"  {fault}; 6 messages can be read; {beside('writes them anew')} (left out: $.messages[2].latency)",
        str(other),
        f"  it says that it is session {ID}; {beside('writes the name that its place has into it')}",
    ]
    assert done.err == (
        "2 sessions were looked at\n2 things are wrong\nmend what can be mended: chatcmd history verify --repair\n"
    )
    done = verify(tmp_path, "--repair")
    assert done.code == 0
    assert done.out.splitlines()[1] == (
        f"  repaired: {fault}; written anew without $.messages[2].latency; as it was, it is kept as {ID}.json.damaged"
    )
    assert done.err == "2 sessions were looked at\n2 things were mended\nnothing is damaged\n"
    done = verify(tmp_path, "--repair")
    kept = f"{OTHER}.json.damaged, {ID}.json.damaged"
    note = f"  note: 2 damaged files are kept here ({kept}); delete them when you do not need them\n"
    assert (done.code, done.out) == (0, f"{path.parent}\n{note}")


def test_document_tells_every_fact(tmp_path: Path) -> None:
    path = put(tmp_path / "history", written()[:-20])
    done = verify(tmp_path, "--json")
    assert (done.code, done.err) == (1, "")
    document = json.loads(done.out)
    (found,) = document.pop("findings")
    assert document == {"sessions": 1, "whole": True}
    assert (found.pop("what"), found.pop("advice")) != ("", "")
    assert found == {"path": str(path), "kind": "damaged", "repaired": False, "wrong": True}
    (found,) = json.loads(verify(tmp_path, "--json", "--repair").out)["findings"]
    assert (found["repaired"], found["wrong"]) == (True, False)


def test_nothing_is_recovered_before_it_was_looked_at(library: Library, tmp_path: Path) -> None:
    abandoned(library, talked(1), "然后呢")
    before = tree(tmp_path)
    done = verify(tmp_path)
    assert (done.code, tree(tmp_path)) == (1, before)
    assert "an earlier chatcmd left it" in done.out
    assert verify(tmp_path, "--repair").code == 0


def test_sessions_and_a_user_can_be_named(tmp_path: Path) -> None:
    put(tmp_path / "history", b"{")
    put(tmp_path / "history", changed(user="bob", id=OTHER), "bob", OTHER)
    assert verify(tmp_path, ID[:8]).code == 1
    assert verify(tmp_path, OTHER).code == 0
    assert verify(tmp_path, "-u", "bob").err == "1 session was looked at\nnothing is damaged\n"
    assert verify(tmp_path, OTHER, ID, "--repair").err.startswith("2 sessions were looked at\n1 thing was mended\n")
    assert verify(tmp_path, "nothing").code == 3
    assert verify(tmp_path, "-u", " ").code == 2


def test_folder_that_may_not_be_written_leaves_all_as_it_is_and_says_why(tmp_path: Path) -> None:
    path = put(tmp_path / "history", written()[:-20])
    before = tree(tmp_path)
    path.parent.chmod(0o500)
    try:
        done = run(as_mere_owner([*CHATCMD, "history", "verify", "--repair", "--root", str(tmp_path)]))
    finally:
        path.parent.chmod(0o700)
    assert (done.code, tree(tmp_path)) == (1, before)
    assert "permission denied" in done.out
    assert "Traceback" not in done.err


def test_folder_and_file_that_may_not_be_read_are_told(tmp_path: Path) -> None:
    path = put(tmp_path / "history", written())
    other = put(tmp_path / "history", written(), "bob")
    path.chmod(0)
    other.parent.chmod(0)
    try:
        done = run(as_mere_owner([*CHATCMD, "history", "verify", "--repair", "--root", str(tmp_path)]))
    finally:
        other.parent.chmod(0o700)
    assert done.code == 1
    assert done.out.count("it cannot be read: Permission denied; give yourself the right to read it") == 2
    assert mode(path) == 0


@pytest.mark.parametrize(("every", "words"), [(1, []), (1, ["--json"]), (8, ["--repair"]), (8, ["--repair", "--json"])])
def test_hostile_names_and_texts_are_inert(every: int, words: list[str], tmp_path: Path) -> None:
    history = tmp_path / "history"
    for number, text in enumerate([*HOSTILE.values()][::every]):
        mild = text.encode("utf-8", "replace").decode()
        name = mild.replace("/", "").replace("\0", "")[:40]
        put(history, written()[:-20] + mild.encode(), session_id=f"{number}{name}")
        put(history, changed(user=mild, id=mild, ended_by=mild, **{mild: 1}), session_id=f"t{number}")
        (history / "简说Python" / f"{name} {number}").touch(0o600)
    done = verify(tmp_path, *words)
    assert raw_controls(done.out_bytes) == []
    assert raw_controls(done.err.encode()) == []
    assert "\r" not in done.out
    assert "Traceback" not in done.err
    assert done.code == int("--repair" not in words)


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_lines_at_a_terminal_are_broken_where_it_ends(columns: int, tmp_path: Path) -> None:
    put(tmp_path / "history", with_message(2, latency="fast"))
    (tmp_path / "envs").mkdir()
    argv = [*CHATCMD, "history", "verify"]
    with Terminal(argv, cwd=tmp_path, columns=columns) as terminal:
        assert terminal.wait() == 1
        lines = terminal.text.splitlines()
    assert lines[0].startswith("history/简说Python/2026")
    begun = next(number for number, line in enumerate(lines) if line.startswith("  it is no saved session"))
    ended = next(number for number, line in enumerate(lines) if line == "1 session was looked at")
    assert all(line.startswith("  ") and len(line) < columns for line in lines[begun:ended])


def test_stopping_it_ends_with_what_was_found(tmp_path: Path) -> None:
    for number in range(3_000):
        put(tmp_path / "history", written()[:-20], session_id=f"s{number:04}")
    with Terminal([*CHATCMD, "history", "verify", "--repair", "--root", str(tmp_path)], columns=200) as terminal:
        terminal.expect("s2999.json")
        terminal.expect("of 3,000 sessions are looked at")
        terminal.send("\x03")
        assert terminal.wait() == 130
        assert "stopped; " in terminal.text
        assert " looked at" in terminal.text
        assert "Traceback" not in terminal.text
    assert written()[:-20] in copies(tmp_path / "history" / "简说Python" / "s2999.json")
    assert written()[:-20] == (tmp_path / "history" / "简说Python" / "s0000.json").read_bytes()
    assert list((tmp_path / "history").rglob("*.tmp")) == []
