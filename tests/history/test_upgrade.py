"""Older formats are read as they stand, and kept as they were once ours is written; a newer one is left as it is."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatcmd.conversation.message import Persona
from chatcmd.errors import Damaged, HistoryError, NotSaved
from chatcmd.history import file, upgrade
from chatcmd.history.library import Library
from chatcmd.history.upgrade import FORMAT, STEPS, Place, format_of, upgraded
from tests.history.damage import verified
from tests.history.made import full_disk, mode, session, tree, words
from tests.terminal_driver import CHATCMD, Finished, run

SYSTEM = {"role": "system", "content": "你是老师"}
ASKED = {"role": "user", "content": "1+1=几"}
ANSWERED = {"role": "assistant", "content": "1+1=2。"}
TIMED = {"role": "assistant", "content": "2", "at": "2023-03-01T08:00:00.000Z", "model": "gpt-4"}
WRITTEN = 1_678_000_000.5
PLACE = Place("lesson", "老表", "2023-03-05T07:06:40.500Z")

FOUND: dict[str, tuple[Any, dict[str, Any]]] = {
    "a list, as the tutorials' program kept it for a user": (
        [SYSTEM, ASKED, ANSWERED],
        {"persona": Persona("default", "你是老师"), "model": "unknown", "started": PLACE.written, "title": "1+1=几"},
    ),
    "a list without a persona": ([ASKED, ANSWERED], {"persona": Persona("default", "")}),
    "messages alone": ({"messages": [ASKED, ANSWERED]}, {"id": "lesson", "user": "老表", "ended": None}),
    "messages that tell more": ({"messages": [ASKED, TIMED]}, {"model": "gpt-4", "started": TIMED["at"]}),
    "what stands there is not made up": (
        {"messages": [ASKED, ANSWERED], "title": "算术", "model": "m", "tags": ["a"], "id": "mine"},
        {"title": "算术", "model": "m", "tags": ("a",), "id": "mine"},
    ),
    "a format that is told": ({"format": 0, "messages": [ASKED, ANSWERED]}, {"id": "lesson"}),
}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def put(library: Library, content: Any, name: str = "lesson") -> Path:
    """Put a file by hand into a user's folder."""
    path = library.folder / "老表" / f"{name}.json"
    for folder in (library.folder, path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")
    path.chmod(0o600)
    os.utime(path, (WRITTEN, WRITTEN))
    return path


def chatcmd(root: Path, *argv: str, stdin: str = "") -> Finished:
    return run([*CHATCMD, *argv, "--root", str(root)], stdin.encode())


@pytest.mark.parametrize("what", FOUND)
def test_file_without_a_format_is_read_as_what_it_holds(what: str, library: Library) -> None:
    content, facts = FOUND[what]
    found = file.read(put(library, content))
    assert {name: getattr(found, name) for name in facts} == facts
    assert len(found.turns) == 1
    assert not file.is_newer(found)


REFUSED: dict[str, Any] = {
    "nothing": [],
    "null": None,
    "numbers": [1],
    "messages without content": [{"role": "user"}],
    "no messages": {"a": 1},
    "a history of many users": {"老表": [ASKED], "小明": [ASKED]},
    "messages that are none": {"messages": [1]},
    "messages that are no list": {"messages": {"a": ASKED}},
    "a message that is none": {"messages": [ASKED, {"role": "user", "content": None}]},
    "a format below all": {"format": -1.5, "messages": [ASKED]},
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_holds_no_messages_is_no_older_format(what: str, library: Library) -> None:
    with pytest.raises(Damaged, match=r"lesson\.json is no saved session"):
        file.read(put(library, REFUSED[what]))


def test_older_file_is_listed_searched_and_shown(library: Library, tmp_path: Path) -> None:
    put(library, [SYSTEM, ASKED, ANSWERED])
    before = tree(tmp_path)
    listed = chatcmd(tmp_path, "history", "list", "--json")
    (entry,) = json.loads(listed.out)
    assert (listed.code, listed.err) == (0, "")
    assert (entry["id"], entry["user"], entry["turns"], entry["title"]) == ("lesson", "老表", 1, "1+1=几")
    assert (
        chatcmd(tmp_path, "history", "show", "lesson").out == "【system】你是老师\n【老表】1+1=几\n【ChatGPT】1+1=2。\n"
    )
    assert library.find("1+1=几") == library.find("lesson")
    assert tree(tmp_path) == before


def test_going_on_with_it_writes_our_format_and_keeps_the_file_as_it_was(library: Library, tmp_path: Path) -> None:
    path = put(library, [SYSTEM, ASKED, ANSWERED])
    before = path.read_bytes()
    for question in ("然后呢", "还有呢"):
        done = chatcmd(tmp_path, "--offline", "-r", "lesson", stdin=f"{question}\n0\n")
        assert done.code == 0, done.err
    assert msgspec.json.decode(path.read_bytes())["format"] == FORMAT
    assert [content for role, content, _ in words(path) if role == "user"] == ["1+1=几", "然后呢", "还有呢"]
    kept = path.with_name("lesson.json.format-0")
    assert kept.read_bytes() == before
    assert mode(kept) == 0o600
    assert sorted(each.name for each in path.parent.iterdir()) == ["lesson.json", "lesson.json.format-0"]
    assert [each.name for each in library.paths()] == ["lesson.json"]


def test_unknown_keys_of_an_older_file_survive(library: Library) -> None:
    path = put(library, {"messages": [ASKED | {"name": "x"}, ANSWERED], "mine": {"a": [1]}})
    file.write(path, file.read(path))
    content = msgspec.json.decode(path.read_bytes())
    assert content["mine"] == {"a": [1]}
    assert content["messages"][0]["name"] == "x"


def test_branch_of_an_older_session_leaves_it_and_keeps_nothing(library: Library) -> None:
    path = put(library, [SYSTEM, ASKED, ANSWERED])
    before = tree(library.folder)
    branch = file.read(path).branch(1, "branch", "2026-11-20T21:30:05.120Z")
    for _again in range(2):
        file.write(path.with_name("branch.json"), branch)
    assert {name for name in tree(library.folder) if name not in before} == {"老表/branch.json"}
    assert path.read_bytes() == before["老表/lesson.json"]


def test_older_file_that_cannot_be_kept_is_not_written(library: Library) -> None:
    path = put(library, [SYSTEM, ASKED, ANSWERED])
    found, before = file.read(path), tree(library.folder)
    with full_disk(20), pytest.raises(NotSaved, match=r"format-0 could not be written: file too large"):
        file.write(path, found)
    assert tree(library.folder) == before


def test_file_that_was_kept_before_is_not_written_over(library: Library) -> None:
    path = put(library, [ASKED, ANSWERED])
    found = file.read(path)
    file.write(path, found)
    first = path.with_name("lesson.json.format-0").read_bytes()
    put(library, [SYSTEM, ASKED, ANSWERED])
    second = path.read_bytes()
    file.write(path, found)
    assert path.with_name("lesson.json.format-0").read_bytes() == first
    assert path.with_name("lesson.json.format-0-2").read_bytes() == second
    assert verified(library.folder) == []


def test_newer_file_is_never_written_over(library: Library) -> None:
    newer = msgspec.json.decode(msgspec.json.encode(file.to_content(session(1)))) | {"format": FORMAT + 1}
    path = put(library, newer)
    before = tree(library.folder)
    assert file.is_newer(file.read(path))
    with pytest.raises(NotSaved, match=r"lesson\.json was written by a newer chatcmd, and is left as it is; upgrade"):
        file.write(path, session(1))
    with pytest.raises(HistoryError, match="it can be shown, not continued"):
        library.resume(path)
    assert tree(library.folder) == before


def test_every_step_makes_the_next_format() -> None:
    content: dict[str, Any] = {"messages": [ASKED, ANSWERED]}
    assert format_of(content) == 0
    for number, step in enumerate(STEPS, 1):
        content = step(content, PLACE)
        assert format_of(content) == number
    assert number == FORMAT
    assert upgraded([ASKED, ANSWERED], lambda: PLACE) == content


def test_steps_leave_what_they_are_given_as_it_is() -> None:
    content: dict[str, Any] = {"messages": [ASKED, ANSWERED]}
    upgrade.upgraded(content, lambda: PLACE)
    assert content == {"messages": [ASKED, ANSWERED]}


def test_our_own_format_does_not_ask_where_it_stands() -> None:
    def nowhere() -> Place:
        raise AssertionError("nothing is to be upgraded")

    content = file.to_content(session(1))
    assert upgraded(content, nowhere) is content
