"""The tutorials' history is taken in: once, whole, and with a word about what cannot be."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from chatcmd.errors import Damaged, NotSaved
from chatcmd.history import file
from chatcmd.history.foreign.imported import Import
from chatcmd.history.library import Library
from tests.history.imports import counts, take_in
from tests.history.made import PERSONA, contents, full_disk, tree, words

SYSTEM = {"role": "system", "content": PERSONA.content}
ASKED = {"role": "user", "content": "1+1=几"}
ANSWERED = {"role": "assistant", "content": "1+1=2。\n😀"}
LONG_AGO = 1_678_000_000.5


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def import_tutorial(source: Path, library: Library) -> Import:
    return take_in(source, library, "tutorial")


def tutorial(path: Path, users: Any) -> Path:
    """Write the file as the tutorials' own program does."""
    with path.open("w", encoding="utf-8") as f:
        json.dump(users, f)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_tutorials_file_becomes_a_session_a_user(library: Library, tmp_path: Path) -> None:
    users = {"简说Python": [SYSTEM, ASKED, ANSWERED, ASKED, ANSWERED], "bob": [ASKED, ANSWERED]}
    source = tutorial(tmp_path / "user_messages.json", users)
    assert b"\\u7b80" in source.read_bytes()
    done = import_tutorial(source, library)
    assert counts(done) == (2, 0, 0, 0, 0)
    first, second = (file.read(path) for path in done.written)
    assert [path.parent.name for path in done.written] == ["简说Python", "bob"]
    assert [message.api for message in first.messages] == users["简说Python"]
    assert [message.api for message in second.messages] == users["bob"]
    assert (first.persona.content, second.persona.content) == (PERSONA.content, "")
    assert (first.started, first.ended, first.ended_by) == (
        "2023-03-05T07:06:40.500Z",
        "2023-03-05T07:06:40.500Z",
        "exit",
    )
    assert (first.id[:17], first.title, first.model) == ("20230305T070640Z-", "1+1=几", "gpt-3.5-turbo")
    assert first.source is not None
    assert first.source | {"sha256": ""} == {"format": "tutorial", "file": "user_messages.json", "sha256": ""}
    assert sorted(path.name for path in library.folder.rglob("*") if path.is_file()) == sorted(
        path.name for path in done.written
    )


def test_importing_again_makes_no_duplicates_whenever_and_under_whatever_name(library: Library, tmp_path: Path) -> None:
    users = {"a": [ASKED, ANSWERED], "b": [SYSTEM, ASKED]}
    import_tutorial(tutorial(tmp_path / "one.json", users), library)
    before = tree(library.folder)
    again = tutorial(tmp_path / "two.json", users)
    os.utime(again)
    assert counts(import_tutorial(again, library)) == (0, 0, 2, 0, 0)
    assert tree(library.folder) == before
    users["a"] += [ASKED, ANSWERED]
    grown = import_tutorial(tutorial(again, users), library)
    assert counts(grown) == (0, 1, 1, 0, 0)


def test_users_who_asked_nothing_leave_no_file_and_are_counted(library: Library, tmp_path: Path) -> None:
    users = {"empty": [], "persona alone": [SYSTEM], "a": [ASKED, ANSWERED]}
    done = import_tutorial(tutorial(tmp_path / "one.json", users), library)
    assert counts(done) == (1, 0, 0, 2, 0)


def test_import_does_not_overwrite_a_session_that_has_its_id(library: Library, tmp_path: Path) -> None:
    source = tutorial(tmp_path / "one.json", {"a": [ASKED, ANSWERED]})
    (path,) = import_tutorial(source, library).written
    content = msgspec.json.decode(path.read_bytes())
    content["messages"][0]["content"] = "not the same"
    other = content | {"source": None, "title": "not the same"}
    path.write_bytes(msgspec.json.encode(other))
    (second,) = import_tutorial(source, library).written
    assert second != path
    assert second.stem == file.read(second).id
    assert file.read(path).title == "not the same"
    assert counts(import_tutorial(source, library)) == (0, 0, 1, 0, 0)


LEFT_OUT: dict[str, tuple[Any, str]] = {
    "null": (None, "Expected `array`, got `null`"),
    "text": ("hello", "Expected `array`, got `str`"),
    "numbers": ([1], "Expected `object`, got `int` - at `$[0]`"),
    "no role": ([{"content": "x"}], "Object missing required field `role` - at `$[0]`"),
    "role a number": ([{"role": 1, "content": "x"}], "Expected `str`, got `int` - at `$[0].role`"),
    "content null": ([ASKED, ANSWERED | {"content": None}], "Expected `str`, got `null` - at `$[1].content`"),
    "content in parts": (
        [{"role": "user", "content": [{"type": "text", "text": "x"}]}],
        "Expected `str`, got `array` - at `$[0].content`",
    ),
    "x" * 70: ([ASKED], "a user's name can have 64 characters"),
    " \t": ([ASKED], "a user's name cannot be empty; give it at least one visible character"),
    "a\x1b[2Jb": ([ASKED], "a user's name cannot hold control or invisible characters; type it anew without them"),
}


def test_users_that_cannot_be_taken_in_are_left_out_and_told(library: Library, tmp_path: Path) -> None:
    users = {name: content for name, (content, _) in LEFT_OUT.items()} | {"good": [ASKED, ANSWERED]}
    done = import_tutorial(tutorial(tmp_path / "f.json", users), library)
    assert [path.parent.name for path in done.written] == ["good"]
    assert len(done.left_out) == len(LEFT_OUT)
    for told, (name, (_, reason)) in zip(done.left_out, LEFT_OUT.items(), strict=True):
        assert str(told).startswith(f"{name}: {reason}")


def test_odd_roles_and_orders_are_kept_as_they_are(library: Library, tmp_path: Path) -> None:
    odd = [
        {"role": "assistant", "content": "hello?"},
        ASKED,
        {"role": "tool", "content": ""},
        SYSTEM,
        ASKED,
        ANSWERED,
        ANSWERED,
        {"role": "user", "content": "last", "name": "x"},
    ]
    (path,) = import_tutorial(tutorial(tmp_path / "f.json", {"u": odd}), library).written
    assert [message.api for message in file.read(path).messages] == [
        {"role": each["role"], "content": each["content"]} for each in odd
    ]
    assert len(file.read(path).turns) == 1


def test_lone_surrogates_become_replacement_characters_and_cost_nobody_else_anything(
    library: Library, tmp_path: Path
) -> None:
    users = {
        "a": [{"role": "user", "content": "cut \ud83d"}, {"role": "assistant", "content": "\ude00 \ud83d\ude00 ok"}],
        "na\udc80me": [ASKED],
        "b": [ASKED],
    }
    source = tutorial(tmp_path / "f.json", users)
    assert b"\\ud83d" in source.read_bytes()
    done = import_tutorial(source, library)
    assert [path.parent.name for path in done.written] == ["a", "na\ufffdme", "b"]
    assert words(done.written[0]) == [("user", "cut \ufffd", None), ("assistant", "\ufffd 😀 ok", None)]
    assert import_tutorial(source, library).known == 3


REFUSED = (b"", b"{", b"\xff\xfe{\x00}\x00", b"[" * 100_000, b"[]", b"null", b'"text"')


@pytest.mark.parametrize("data", REFUSED, ids=lambda data: repr(data[:12]))
def test_other_files_are_refused_and_nothing_is_imported(data: bytes, library: Library, tmp_path: Path) -> None:
    (tmp_path / "f.json").write_bytes(data)
    with pytest.raises(Damaged, match="nothing was imported") as refused:
        import_tutorial(tmp_path / "f.json", library)
    assert str(refused.value).startswith(f"{tmp_path / 'f.json'} is no history of the form {{user: [messages, ...]}}")
    assert library.users() == []


def test_missing_file_is_refused(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "none"
    with pytest.raises(Damaged, match=f"{path} cannot be read: No such file or directory"):
        import_tutorial(path, library)


def test_byte_order_mark_and_readable_utf_8_are_taken(library: Library, tmp_path: Path) -> None:
    data = json.dumps({"张三": [ASKED]}, ensure_ascii=False)
    (tmp_path / "f.json").write_text(data, "utf-8-sig")
    (path,) = import_tutorial(tmp_path / "f.json", library).written
    assert path.parent.name == "张三"


def test_full_disk_keeps_what_was_imported_and_the_next_import_brings_the_rest(
    library: Library, tmp_path: Path
) -> None:
    source = tutorial(tmp_path / "f.json", {"a": [ASKED], "b": [ANSWERED | {"content": "x" * 5000}, ASKED]})
    with full_disk(3000), pytest.raises(NotSaved, match="file too large"):
        import_tutorial(source, library)
    assert library.users() == ["a"]
    assert len([path for path in library.folder.rglob("*") if path.is_file()]) == 1
    done = import_tutorial(source, library)
    assert ([path.parent.name for path in done.written], done.known) == (["b"], 1)


def test_session_that_is_open_elsewhere_is_left_out_and_told(library: Library, tmp_path: Path) -> None:
    source = tutorial(tmp_path / "f.json", {"a": [ASKED], "b": [ASKED]})
    (path, _) = import_tutorial(source, library).written
    path.unlink()
    journal = library.open("a", path.stem)
    done = import_tutorial(source, library)
    assert counts(done) == (0, 0, 1, 0, 1)
    assert str(done.left_out[0]) == f"a: session {path.stem} is open in another chatcmd; leave it there first"
    journal.close(remove=True)
    assert import_tutorial(source, library).written == [path]


def test_file_that_breaks_off_brings_all_that_stands_before(library: Library, tmp_path: Path) -> None:
    source = tutorial(tmp_path / "f.json", {"a": [ASKED, ANSWERED], "b": [ASKED, ANSWERED, ASKED, ANSWERED]})
    source.write_bytes(source.read_bytes()[:-12])
    done = take_in(source, library)
    assert [path.parent.name for path in done.written] == ["a", "b"]
    assert [len(file.read(path).turns) for path in done.written] == [1, 1]
    assert [str(left) for left in done.left_out] == ["b: some of it is damaged, and could not be read"]
    whole = tutorial(source, {"a": [ASKED, ANSWERED], "b": [ASKED, ANSWERED, ASKED, ANSWERED]})
    assert counts(take_in(whole, library)) == (0, 1, 1, 0, 0)


TEXT = st.text(st.characters())  # surrogates, too
MESSAGES = st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": TEXT}))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(messages=MESSAGES)
def test_whatever_was_said_comes_in_equal(messages: list[dict[str, str]], tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    source = tutorial(tmp_path / "f.json", {"u": messages})
    for path in library.paths():
        path.unlink()
    expected = [_joined(each["content"]) for each in messages]
    if messages and messages[0]["role"] == "system" and not expected[0]:
        del expected[0]  # a persona without a word
    for path in import_tutorial(source, library).written:
        assert contents(file.read(path)) == expected


def _joined(text: str) -> str:
    """Join the halves of surrogate pairs, as JSON does, and replace those that are alone."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in joined)
