"""Everything that is wrong in a history is told, and mended on copies: nothing that was there is lost by it."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace

from chatcmd.conversation.session import Parent
from chatcmd.errors import Damaged, HistoryError
from chatcmd.history import file
from chatcmd.history.library import Library
from chatcmd.history.trash import Trash
from chatcmd.history.verify.finding import Finding
from tests.history.damage import (
    SMALL,
    changed,
    copies,
    kinds,
    put,
    said,
    spans,
    talked,
    verified,
    with_message,
    written,
)
from tests.history.made import ID, abandoned, full_disk, mode, question, saved, tree
from tests.terminal_driver import PYTHON, run

OTHER = "20260101T000000Z-aaaa"
LONG_AGO = 1_678_000_000


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "history"


def settle(path: Path) -> Path:
    """Make a file look as if it had been left long ago."""
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def only(findings: list[Finding], kind: str) -> Finding:
    (found,) = [each for each in findings if each.kind == kind]
    return found


def repaired(history: Path) -> list[Finding]:
    """Repair, and see that a second repair finds nothing more to do and changes nothing."""
    findings = verified(history, repair=True)
    after = tree(history)
    assert [each for each in verified(history, repair=True) if each.is_repairable or each.repaired] == []
    assert tree(history) == after
    return findings


def test_sound_history_has_nothing_to_tell_and_is_not_touched(history: Path) -> None:
    library = Library(history)
    for number in range(3):
        saved(library, talked(number + 1, session_id=f"s{number}"))
    asked = question("?", "2026-11-20T21:40:00.000Z")
    saved(library, talked(1, session_id="s0", user="bob", parent=Parent("s1", 1)).with_unanswered(asked))
    (history / "bob" / "recall").write_bytes(b'\n["a"]\n["b","c"]')
    (history / "bob" / "recall").chmod(0o600)
    before = {path: path.stat().st_mtime_ns for path in history.rglob("*")}
    findings = verified(history, repair=True)
    assert [(each.kind, each.path) for each in findings] == [("twice", str(history / "简说Python" / "s0.json"))]
    assert {path: path.stat().st_mtime_ns for path in history.rglob("*")} == before


def test_history_that_is_not_there_is_nothing_wrong_and_is_not_made(history: Path) -> None:
    assert verified(history, repair=True) == []
    assert not history.exists()


DAMAGED: dict[str, tuple[bytes, str]] = {
    "cut": (written()[:-20], "damaged"),
    "cut amid the last answer": (written()[: list(spans(written()))[4][1] - 40], "damaged"),
    "more behind": (written() + b"x", "damaged"),
    "a flipped bit": (written().replace(b'"role"', b'"rolg"', 1), "damaged"),
    "bad utf-8": (written().replace("问题 1".encode(), b"\xff"), "damaged"),
    "half a character": (written().replace("问题 1".encode(), rb"\ud83d"), "damaged"),
    "zeros amid": (written().replace("回答 2".encode(), bytes(8)), "damaged"),
    "zeros at the end": (written()[:-200] + bytes(200), "damaged"),
    "a latency that is text": (with_message(2, latency="fast"), "damaged"),
    "an unknown ending": (changed(ended_by="boredom"), "damaged"),
    "no persona": (changed(persona=None), "damaged"),
    "no id": (changed(id=None), "damaged"),
    "another id": (changed(id=OTHER), "id"),
    "another user": (changed(user="bob"), "user"),
    "the persona's message is missing": (changed(messages=msgspec.json.decode(written())["messages"][1:]), "persona"),
    "a key twice": (written().replace(b'  "user"', b'  "user": "bob",\n  "user"', 1), "keys"),
    "a mark and a tail": (b"\xef\xbb\xbf" + written() + b"]", "damaged"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damage_is_told_then_mended_and_the_file_kept_as_it_was(what: str, history: Path) -> None:
    data, kind = DAMAGED[what]
    path = put(history, data)
    before = tree(history)
    findings = verified(history)
    assert kinds(findings) == [kind]
    assert (findings[0].path, findings[0].repaired) == (str(path), False)
    assert "--repair" in findings[0].advice
    assert tree(history) == before, "what only looks does not touch"
    findings = repaired(history)
    assert kinds(findings) == [f"{kind}!"]
    assert f"{path.name}.damaged" in findings[0].advice
    assert copies(path)[1:] == [data]
    assert [mode(each) for each in sorted(path.parent.iterdir())] == [0o600, 0o600]
    found = file.read(path)
    assert (found.id, found.user, found.turns[0].question.role) == (ID, "简说Python", "user")
    whole = [
        said(SMALL)[number] for number, (begin, end) in enumerate(spans(written())) if written()[begin:end] in data
    ]
    assert [each for each in whole if each not in said(found)] == []


REFUSED: dict[str, bytes] = {
    "empty": b"",
    "zeros": bytes(4096),
    "binary": bytes(range(256)),
    "brackets": b"[" * 100_000,
    "null": b"null",
    "a list": b"[]",
    "an object": b'{"a": 1}',
    "no messages": changed(messages=[]).replace(b'"format": 1', b'"format": "1"'),
}


@pytest.mark.parametrize("what", REFUSED)
def test_file_in_which_nothing_can_be_read_is_set_aside_whole(what: str, history: Path) -> None:
    path = put(history, REFUSED[what])
    assert "nothing in it can be read" in only(verified(history), "damaged").advice
    assert kinds(repaired(history)) == ["damaged!"]
    assert [each.name for each in path.parent.iterdir()] == [f"{ID}.json.damaged"]
    assert copies(path) == [REFUSED[what]]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, len(written())), bit=st.integers(0, 7))
def test_whatever_the_loader_refuses_is_told_and_mended(cut: int, bit: int, history: Path) -> None:
    if history.exists():
        shutil.rmtree(history)
    data = bytearray(written())
    for place in range(cut, min(cut + 3, len(data))):
        data[place] ^= 1 << bit
    path = put(history, bytes(data))
    try:
        file.read(path)
        is_refused = False
    except HistoryError:
        is_refused = True
    assert "damaged" in kinds(verified(history)) or not is_refused
    repaired(history)
    assert bytes(data) in copies(path)
    if path.exists():
        file.read(path)


def test_session_that_was_mended_is_no_later_one_than_it_was_but_has_changed(history: Path) -> None:
    path = settle(put(history, written()[:-20]))
    newer = saved(Library(history), talked(1, session_id=OTHER))
    repaired(history)
    assert path.stat().st_mtime_ns == LONG_AGO * 10**9 + 1
    assert Library(history).latest() == newer


def test_parent_attachments_and_order_are_told_and_left_as_they_are(history: Path) -> None:
    wrong = [{"name": "a.txt", "kind": "text", "bytes": 3, "start": 900, "length": 3}]
    content = msgspec.json.decode(with_message(1, attachments=wrong, at="2031-01-01T00:00:00.000Z"))
    path = put(history, msgspec.json.encode(content | {"parent": {"id": "gone", "turn": 1}}))
    before = tree(history)
    findings = verified(history, repair=True)
    assert [(each.kind, each.is_wrong) for each in findings] == [
        ("attachments", False),
        ("order", False),
        ("parent", False),
    ]
    assert tree(history) == before
    Trash(history).throw(saved(Library(history), talked(1, session_id="gone")))
    assert "parent" not in [each.kind for each in verified(history)], path


def test_newer_and_older_formats_and_marks_are_told_and_left_as_they_are(history: Path) -> None:
    put(history, changed(format=2, tree={"a": 1}))
    put(history, changed(format=3, messages={"tree": []}), session_id="unshowable")
    put(history, changed(format=None, id=None), session_id=OTHER)
    put(history, b"\xef\xbb\xbf" + changed(id="marked"), session_id="marked")
    before = tree(history)
    findings = verified(history, repair=True)
    assert sorted(each.kind for each in findings if each.kind in ("newer", "older", "mark")) == [
        "mark",
        "newer",
        "newer",
        "older",
    ]
    assert not [each for each in findings if each.is_wrong or each.repaired]
    assert tree(history) == before


# What is no plain file


def link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


OBSTACLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "link": (link, "link"),
    "folder": (Path.mkdir, "place"),
    "pipe": (os.mkfifo, "place"),
}


@pytest.mark.parametrize("name", [f"{ID}.json", f"{ID}.jsonl", f".{ID}.json.0123abcd.tmp", "recall"])
@pytest.mark.parametrize("what", OBSTACLES)
def test_what_is_no_plain_file_is_told_and_not_followed(what: str, name: str, history: Path) -> None:
    make, kind = OBSTACLES[what]
    target = put(history, b"not to be read", session_id="elsewhere").rename(history / "简说Python" / "elsewhere")
    make(history / "简说Python" / name)
    for repair in (False, True):
        wrong = [each for each in verified(history, repair=repair) if each.is_wrong]
        assert [(Path(each.path).name, each.kind) for each in wrong] == [(name, kind)] or name.endswith(".tmp")
    assert os.path.lexists(history / "简说Python" / name)
    assert target.read_bytes() == b"not to be read"


def test_library_does_not_wait_for_a_pipe_in_place_of_a_session(history: Path) -> None:
    path = put(history, b"")
    path.unlink()
    os.mkfifo(path)
    library = Library(history)
    (found,) = library.entries()
    assert "it is no plain file" in str(found)
    library.reindex(lambda _done, _total: None)
    assert list(library.entries()) != []


# Journals, and writes that did not end


def test_what_a_killed_process_left_is_told_and_then_saved(history: Path) -> None:
    library = Library(history)
    saved(library, talked(1))
    live = abandoned(library, talked(1), "然后呢")
    before = tree(history)
    found = only(verified(history), "journal")
    assert "lacks 1 message of it" in found.what
    assert tree(history) == before
    assert kinds(repaired(history)) == ["journal!"]
    assert not live.exists()
    assert said(file.read(live.with_suffix(".json")))[-1] == ("user", "然后呢")


def test_journal_with_a_line_that_cannot_be_read_is_kept_beside(history: Path) -> None:
    live = abandoned(Library(history), talked(1), "然后呢")
    data = live.read_bytes() + b'{"event":"part","te'
    live.write_bytes(data)
    assert "(line 3 cannot be read)" in only(verified(history), "journal").what
    assert kinds(repaired(history)) == ["journal!"]
    assert live.with_name(f"{live.name}.damaged").read_bytes() == data


def test_damaged_file_and_its_journal_are_put_together_and_both_are_kept(history: Path) -> None:
    library = Library(history)
    live = abandoned(library, talked(2), "然后呢")
    journal = live.read_bytes()
    path = put(history, written(talked(2).ended_at("2026-11-20T22:00:00.000Z", "exit"))[:-30])
    damaged = path.read_bytes()
    assert kinds(verified(history)) == ["damaged", "journal"]
    assert kinds(repaired(history)) == ["damaged!", "journal!"]
    assert said(file.read(path)) == [*said(talked(2)), ("user", "然后呢")]
    assert copies(path)[1:] == [journal, damaged] or copies(path)[1:] == [damaged, journal]


def test_empty_file_is_made_again_of_its_journal(history: Path) -> None:
    path = put(history, b"")
    abandoned(Library(history), talked(2))
    assert kinds(repaired(history)) == ["damaged!", "journal!"]
    assert said(file.read(path)) == said(talked(2))


@pytest.mark.parametrize("name", [".json.damaged", ".jsonl.damaged", ".json.damaged3"])
@pytest.mark.parametrize("is_empty_there", [True, False])
def test_session_of_which_only_damaged_copies_are_left_is_made_again(
    name: str, history: Path, *, is_empty_there: bool
) -> None:
    live = abandoned(Library(history), talked(2))
    data = live.read_bytes() + b"x" if "jsonl" in name else written(talked(2))[:-30]
    live.unlink()
    path = put(history, b"")
    copy = path.with_name(ID + name)
    copy.write_bytes(data)
    copy.chmod(0o600)
    if not is_empty_there:
        path.unlink()
        assert (
            "only damaged copies of it are left, of which 5 messages can be read"
            in only(verified(history), "copies").what
        )
    repaired(history)
    assert said(file.read(path)) == said(talked(2))
    assert copy.read_bytes() == data


@pytest.mark.parametrize("turns", [1, 3])
@pytest.mark.parametrize("ending", [".json", ".json.damaged", ".jsonl.damaged2", ".json.format-0", ".json.format-0-2"])
def test_write_that_did_not_end_is_taken_away_unless_it_holds_more(turns: int, ending: str, history: Path) -> None:
    path = put(history, written(talked(2)))
    left = path.with_name(f".{ID}{ending}.0123abcd.tmp")
    left.write_bytes(written(talked(turns))[:-10])
    left.chmod(0o600)
    assert kinds(verified(history)) == ["temporary"]
    assert kinds(repaired(history)) == ["temporary!"]
    assert not left.exists()
    assert copies(path)[1:] == ([] if turns == 1 else [written(talked(3))[:-10]])
    assert path.read_bytes() == written(talked(2))


def test_write_that_did_not_end_is_all_that_is_left_of_a_session(history: Path) -> None:
    path = put(history, b"")
    left = path.rename(path.with_name(f".{path.name}.0123abcd.tmp"))
    left.write_bytes(written(talked(2))[:-10])
    assert kinds(repaired(history)) == ["temporary!"]
    assert said(file.read(path)) == said(talked(2))


def test_open_session_is_neither_looked_at_nor_touched(history: Path) -> None:
    library = Library(history)
    put(history, b"{")
    journal = library.open("简说Python", ID)
    journal.opened(talked(1))
    (history / "简说Python" / f"{ID}.json").chmod(0o644)
    before = tree(history)
    for repair in (False, True):
        (found,) = verified(history, repair=repair)
        assert (found.kind, found.is_wrong) == ("open", False)
    assert tree(history) == before
    assert mode(history / "简说Python" / f"{ID}.json") == 0o644
    journal.close(remove=True)
    assert kinds(verified(history)) == ["damaged", "rights"]


def test_journal_that_someone_is_about_to_lock_is_left_to_them(history: Path) -> None:
    put(history, written())
    (history / "简说Python" / f"{ID}.jsonl").touch(0o600)
    assert [each.kind for each in verified(history, repair=True)] == ["open"]
    settle(history / "简说Python" / f"{ID}.jsonl")
    assert verified(history) == []


# The folders


def test_rights_are_told_in_one_and_narrowed(history: Path) -> None:
    library = Library(history)
    for number in range(3):
        saved(library, talked(1, session_id=f"s{number}")).chmod(0o644)
    Trash(history).throw(library.find("s0"))
    (history / "index.sqlite3").touch(0o644)
    sqlite3.connect(history / "index.sqlite3").close()
    for folder in (history, history / "简说Python", history / ".trash" / "简说Python"):
        folder.chmod(0o755)
    findings = verified(history)
    assert [(Path(each.path).name, each.kind) for each in findings] == [
        ("简说Python", "rights"),
        ("简说Python", "rights"),
        ("history", "rights"),
    ]
    assert "this folder and 2 files in it (s1.json, s2.json)" in findings[0].what
    assert kinds(repaired(history)) == ["rights!"] * 3
    assert {mode(path) for path in history.rglob("*") if path.is_file()} == {0o600}
    assert {mode(path) for path in [history, *history.rglob("*")] if path.is_dir()} == {0o700}


def test_folders_that_no_user_can_have_and_two_of_one_user_are_told(history: Path) -> None:
    put(history, changed(user="u"), "u")
    put(history, changed(user="u", id=OTHER), "u%~abc123", OTHER)
    put(history, changed(user="a\x07"), "a%07", "bell")
    os.rename(put(history, changed(), "x", "bytes").parent, os.fsencode(history) + b"/\xff")  # noqa: PTH104 - bytes
    wrong = [each for each in verified(history, repair=True) if each.is_wrong]
    assert sorted((each.kind, os.path.basename(each.path)) for each in wrong) == [  # noqa: PTH119 - no UTF-8
        ("name", "a%07"),
        ("name", os.fsdecode(b"\xff")),
        ("twins", "u"),
    ]


def test_file_whose_name_is_no_text_is_told_and_left_as_it_is(history: Path) -> None:
    sound, other, damaged = (os.fsdecode(name) for name in (b"a\xff", b"b\xff", b"c\xff"))
    put(history, changed(user="u"), "u", sound)
    put(history, changed(user="bob"), "u", other)
    put(history, written()[:-20], "u", damaged)
    before = tree(history)
    findings = verified(history, repair=True)
    assert tree(history) == before
    told = {(Path(each.path).stem, each.kind): each.advice for each in findings if each.kind != "kept"}
    assert told == {
        (sound, "name"): "rename the file",
        (other, "name"): "rename the file",
        (other, "user"): "its name is no UTF-8, and it is left as it is; rename it first",
        (damaged, "damaged"): "its name is no UTF-8, and it is left as it is; rename it first",
    }


def test_sessions_of_one_id_are_told_unless_a_repair_set_one_aside(history: Path) -> None:
    put(history, written())
    other = put(history, changed(user="bob"), "bob")
    assert "has the same id" in only(verified(history, repair=True), "twice").what
    other.write_bytes(b"")
    assert kinds(verified(history, repair=True)) == ["damaged!"]


def test_what_else_lies_there_is_told_once_and_left(history: Path) -> None:
    path = put(history, written())
    path.with_name("notes.txt").write_text("x")
    path.with_name("notes.txt").chmod(0o600)
    path.with_name(".DS_Store").touch(0o600)
    (path.parent / "recall").write_bytes(b'["a"]\n{\n["b"]\nx')
    (path.parent / "recall").chmod(0o600)
    before = tree(history)
    findings = verified(history, repair=True)
    assert [(each.kind, each.is_wrong) for each in findings] == [("recall", False), ("stranger", False)]
    assert findings[0].what.startswith("2 of its lines")
    assert tree(history) == before


def test_damage_in_the_trash_is_told_and_stays(history: Path) -> None:
    path = put(history, b"{")
    put(history, b"{{").rename(path.with_name(f"{ID}.json.damaged"))
    put(history, b"{")
    Trash(history).throw(path)
    before = tree(history)
    assert [(each.kind, each.is_wrong) for each in verified(history, repair=True)] == [("trash", False)]
    assert tree(history) == before


def test_index_that_is_damaged_is_told_with_what_makes_it_anew(history: Path) -> None:
    library = Library(history)
    saved(library, talked(1))
    library.reindex(lambda _done, _total: None)
    assert verified(history) == []
    index = history / "index.sqlite3"
    data = bytearray(index.read_bytes())
    data[4096:12288] = bytes(8192)
    index.write_bytes(data)
    found = only(verified(history, repair=True), "index")
    assert found.is_wrong
    assert "chatcmd history reindex" in found.advice
    library.reindex(lambda _done, _total: None)
    assert verified(history) == []


HALF_WRITTEN = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
for number in range(500):
    connection.execute("INSERT INTO folders (name, changed, live) VALUES (?, 0, ?)", (str(number), "x" * 1000))
os.kill(os.getpid(), 9)
"""


def test_index_that_a_killed_process_was_writing_is_not_called_damaged(history: Path) -> None:
    library = Library(history)
    saved(library, talked(1))
    library.reindex(lambda _done, _total: None)
    index = history / "index.sqlite3"
    assert run([PYTHON, "-c", HALF_WRITTEN, str(index)]).code == -9
    assert index.with_name("index.sqlite3-journal").stat().st_size > 0
    index.with_name("index.sqlite3-journal").chmod(0o600)
    assert verified(history) == []


def test_only_what_is_wanted_is_looked_at(history: Path) -> None:
    first, second = put(history, b"{"), put(history, b"{", "bob", OTHER)
    walks: dict[str, tuple[dict[str, Any], list[Path]]] = {
        "all": ({}, [second, first]),
        "one user": ({"user": "bob"}, [second]),
        "one session": ({"only": [first]}, [first]),
        "nobody": ({"user": "nobody"}, []),
    }
    for how, paths in walks.values():
        assert [each.path for each in verified(history, **how)] == [str(path) for path in paths]


def test_progress_tells_how_many_of_how_many_are_done(history: Path) -> None:
    for number in range(5):
        saved(Library(history), talked(1, session_id=f"s{number}"))
    told: list[tuple[int, int]] = []
    assert verified(history, progress=lambda done, total: told.append((done, total))) == []
    assert told == [*((number, 5) for number in range(1, 6)), (5, 5)]


# A disk that is full


@pytest.mark.parametrize("room", [0, 100, len(written()[:-30]) - 1])
def test_full_disk_leaves_the_damaged_file_as_it_is_and_says_so(room: int, history: Path) -> None:
    path = put(history, written()[:-30])
    before = tree(history)
    with full_disk(room):
        (found,) = verified(history, repair=True)
    assert (found.kind, found.repaired) == ("damaged", False)
    assert "file too large" in found.advice
    assert tree(history) == before
    assert kinds(repaired(history)) == ["damaged!"]
    assert copies(path)[1:] == [written()[:-30]]


def test_disk_that_gets_full_between_copy_and_file_leaves_both_and_the_next_repair_uses_the_copy(history: Path) -> None:
    compact = msgspec.json.encode(msgspec.json.decode(changed(id=OTHER)))
    path = put(history, compact)
    with full_disk(len(compact)):
        (found,) = verified(history, repair=True)
    assert (found.kind, found.repaired) == ("id", False)
    assert copies(path) == [compact, compact]
    assert kinds(repaired(history)) == ["id!"]
    assert copies(path)[1:] == [compact]


def test_mended_session_can_be_gone_on_with(history: Path) -> None:
    put(history, written()[:-30])
    repaired(history)
    library = Library(history)
    found, journal = library.resume(library.find(ID))
    path = library.save(replace(found, title="weiter").ended_at("2026-11-21T00:00:00.000Z", "exit"), journal)
    assert said(file.read(path)) == said(SMALL)
    assert verified(history) == [only(verified(history), "kept")]


def test_damaged_is_what_the_loader_refuses(history: Path) -> None:
    for data, kind in DAMAGED.values():
        path = put(history, data)
        if kind == "damaged":
            with pytest.raises(Damaged):
                file.read(path)
        else:
            file.read(path)
