"""A saved session: its exact shape, what survives, what is refused, and that it is there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.session import Parent, Session
from chatcmd.errors import Damaged, HistoryError, NotSaved
from chatcmd.history import file
from chatcmd.history.disk import write_whole
from chatcmd.history.library import Library
from tests.history.made import answer, contents, full_disk, mode, question, session, turn

GOLDEN = Path(__file__).with_name("golden") / "session.json"


def golden() -> Session:
    """Make the session of the golden file: everything a file can hold."""
    made = session(1, title="1+1=几", parent=Parent("20261119T080000Z-0001", 2), tags=("算术", "demo"))
    broken = answer("1+1", model="m", status="incomplete", finish_reason=None, usage=None, reasoning="想一想")
    last = Turn(question('再来 \x00 \u2028 \ud7ff 😀 "\\ \t</x>'), broken)
    made = made.with_unanswered(question("没有回答", at="2026-11-20T21:35:00.000Z")).with_turn(last)
    made = msgspec.structs.replace(made, settings={"temperature": 0.5}, source={"format": "tutorial"})
    return made.ended_at("2026-11-20T21:41:17.003Z", "recovered")


def test_file_has_exactly_the_shape_that_is_promised(tmp_path: Path) -> None:
    file.write(tmp_path / "s.json", golden())
    assert (tmp_path / "s.json").read_bytes() == GOLDEN.read_bytes()


def test_golden_file_is_read_and_written_back_byte_for_byte(tmp_path: Path) -> None:
    found = file.read(GOLDEN)
    assert msgspec.structs.replace(found, raw={}) == golden()
    file.write(tmp_path / "s.json", found)
    assert (tmp_path / "s.json").read_bytes() == GOLDEN.read_bytes()


def test_messages_are_the_api_s_own_once_the_extra_keys_are_stripped() -> None:
    messages = msgspec.json.decode(GOLDEN.read_bytes())["messages"]
    assert [{"role": each["role"], "content": each["content"]} for each in messages] == [
        each.api for each in golden().messages
    ]


def marked(value: Any, mark: str = "unknown") -> Any:
    """Put a key that no program knows into every object."""
    if isinstance(value, dict):
        return {name: marked(each) for name, each in value.items()} | {mark: {"深": [1, 2.5, None, 2**70, {}]}}
    return [marked(each) for each in value] if isinstance(value, list) else value


def test_unknown_keys_survive_at_every_level(tmp_path: Path) -> None:
    content = marked(msgspec.json.decode(GOLDEN.read_bytes()))
    found = file.parse(msgspec.json.encode(content), "it")
    file.write(tmp_path / "s.json", found)
    assert msgspec.json.decode((tmp_path / "s.json").read_bytes()) == content
    grown = msgspec.structs.replace(found, title="neu").with_turn(turn(9))
    file.write(tmp_path / "s.json", grown)
    again = msgspec.json.decode((tmp_path / "s.json").read_bytes())
    assert again["messages"][: len(content["messages"])] == content["messages"]
    assert again | {"messages": 0, "title": 0} == content | {"messages": 0, "title": 0}
    assert [each["content"] for each in again["messages"][-2:]] == ["问题 9", "回答 9。"]


@pytest.mark.parametrize("first", ["missing", "another", "empty"])
def test_unknown_keys_stay_with_their_message_whatever_the_first_one_is(first: str, tmp_path: Path) -> None:
    content = msgspec.json.decode(GOLDEN.read_bytes())
    messages = content["messages"][1:]
    if first != "missing":
        messages.insert(0, {"role": "system", "content": "" if first == "empty" else "somebody else"})
    if first == "empty":
        content["persona"]["content"] = ""
    content["messages"] = [each | {"mine": each["content"]} for each in messages]
    file.write(tmp_path / "s.json", file.parse(msgspec.json.encode(content), "it"))
    kept = msgspec.json.decode((tmp_path / "s.json").read_bytes())["messages"]
    assert [each for each in kept if "mine" in each] == content["messages"]
    assert all(each["mine"] == each["content"] for each in kept if "mine" in each)


def test_what_is_taken_from_a_free_field_does_not_come_back_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    file.write(path, session(1, settings={"seed": 1, "stop": "a"}, source={"format": "chatgpt", "file": "f"}))
    changed = msgspec.structs.replace(file.read(path), settings={"seed": 2}, source={"format": "chatcmd", "id": "x"})
    file.write(path, changed)
    assert file.read(path).settings == {"seed": 2}
    assert file.read(path).source == {"format": "chatcmd", "id": "x"}


def test_byte_order_mark_and_duplicate_keys_are_taken() -> None:
    assert file.parse(b"\xef\xbb\xbf" + GOLDEN.read_bytes(), "it").title == "1+1=几"
    twice = GOLDEN.read_bytes().replace(b'{\n  "format": 1,', b'{\n  "title": "first",\n  "format": 1,')
    assert twice != GOLDEN.read_bytes()
    assert file.parse(twice, "it").title == "1+1=几"


def without(name: str) -> bytes:
    content = msgspec.json.decode(GOLDEN.read_bytes())
    del content[name]
    return msgspec.json.encode(content)


def changed(**fields: Any) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(GOLDEN.read_bytes()) | fields)


DAMAGED = {
    "empty": (b"", "is not readable JSON"),
    "zeros": (bytes(4096), "is not readable JSON"),
    "binary": (bytes(range(256)), "is not readable JSON"),
    "cut": (GOLDEN.read_bytes()[:-10], "is not readable JSON"),
    "more behind": (GOLDEN.read_bytes() + b"x", "is not readable JSON"),
    "100,000 brackets": (b"[" * 100_000, "is not readable JSON"),
    "bad utf-8": (GOLDEN.read_bytes().replace("几".encode(), b"\xff"), "is not readable JSON"),
    "NaN": (changed(extra=0).replace(b'"extra":0', b'"extra":NaN'), "is not readable JSON"),
    "lone surrogate": (changed(extra=0).replace(b'"extra":0', b'"extra":"\\ud83d"'), "is not readable JSON"),
    "5,000 digits": (changed(extra=0).replace(b'"extra":0', b'"extra":' + b"1" * 5000), "is not readable JSON"),
    "a list": (b"[]", "is no saved session: Expected `object`, got `array`"),
    "null": (b"null", "is no saved session: Expected `object`, got `null`"),
    "no id": (without("id"), "is no saved session: Object missing required field `id`"),
    "no messages": (without("messages"), "missing required field `messages`"),
    "format": (changed(format="one"), "Expected `int`, got `str` - at `$.format`"),
    "ended_by": (changed(ended_by="boredom"), "Invalid enum value 'boredom' - at `$.ended_by`"),
    "tags": (changed(tags=[1]), "Expected `str`, got `int` - at `$.tags[0]`"),
    "content": (
        changed(messages=[{"role": "user", "content": "a"}, {"role": "user", "content": None}]),
        "Expected `str | array`, got `null` - at `$.messages[1].content`",
    ),
    "usage": (
        changed(messages=[{"role": "user", "content": "a", "usage": {"prompt_tokens": 1.5}}]),
        "Expected `int`, got `float` - at `$.messages[0].usage.prompt_tokens`",
    ),
    "status": (
        changed(messages=[{"role": "user", "content": "a", "status": "fine"}]),
        "Invalid enum value 'fine' - at `$.messages[0].status`",
    ),
    "persona": (changed(persona={"name": "x"}), "missing required field `content` - at `$.persona`"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_file_is_refused_with_its_name_and_the_place(what: str, tmp_path: Path) -> None:
    data, sentence = DAMAGED[what]
    path = tmp_path / "s.json"
    path.write_bytes(data)
    with pytest.raises(Damaged) as refused:
        file.read(path)
    assert str(refused.value).startswith(f"{path} is ")
    assert sentence in str(refused.value)
    assert path.read_bytes() == data


def test_however_deeply_nested_what_can_be_read_can_be_written_from_deeper_down(tmp_path: Path) -> None:
    def nested(depth: int) -> bytes:
        return GOLDEN.read_bytes().replace(b'"format": 1', b'"more": ' + b"[" * depth + b"]" * depth + b', "format": 1')

    def deeper(calls: int, made: Session) -> None:
        return deeper(calls - 1, made) if calls else file.write(tmp_path / "a.json", made)

    read = 0
    for depth in range(3000, 0, -1):
        with suppress(Damaged):
            deeper(50, file.parse(nested(depth), "a.json"))
            read += 1
            if read == 60:
                break
    assert read == 60


def test_newer_format_is_read_and_known_as_newer() -> None:
    found = file.parse(changed(format=2, new={"thing": 1}), "it")
    assert file.is_newer(found)
    assert contents(found) == contents(golden())
    assert not file.is_newer(golden())
    assert not file.is_newer(file.read(GOLDEN))


def test_newer_format_of_another_shape_is_not_called_damaged() -> None:
    with pytest.raises(
        HistoryError, match=r"it was written by a newer chatcmd, and cannot be shown; upgrade"
    ) as refused:
        file.parse(changed(format=3, messages={"tree": []}), "it")
    assert not isinstance(refused.value, Damaged)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(TEXT, TEXT)), TEXT)
def test_whatever_was_said_is_loaded_equal(said: list[tuple[str, str]], left: str) -> None:
    made = session()
    for asked, answered in said:
        made = made.with_turn(Turn(Message(role="user", content=asked), Message(role="assistant", content=answered)))
    made = made.with_unanswered(question(left))
    data = msgspec.json.encode(file.to_content(made))
    found = file.parse(data, "it")
    assert contents(found) == contents(made)
    assert [found.turns, found.aside] == [made.turns, made.aside]


# Whole or not at all, for the owner alone


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_files_and_folders_are_their_owner_s_whatever_the_umask(tmp_path: Path) -> None:
    library = Library(tmp_path / "root" / "history")
    journal = library.open("u", "s")
    journal.opened(session(1))
    folders = [tmp_path / "root", tmp_path / "root/history", tmp_path / "root/history/u"]
    assert [mode(path) for path in (*folders, journal.path)] == [0o700, 0o700, 0o700, 0o600]
    path = library.save(session(1), journal)
    assert mode(path) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["s.json"]


def test_rights_that_were_too_wide_are_narrowed(tmp_path: Path) -> None:
    library = Library(tmp_path)
    (tmp_path / "u").mkdir()
    for name in ("s.json", "s.jsonl"):
        (tmp_path / "u" / name).touch(0o666)
        (tmp_path / "u" / name).chmod(0o666)
    journal = library.open("u", "s")
    assert mode(journal.path) == 0o600
    assert mode(library.save(session(1), journal)) == 0o600


@pytest.mark.parametrize("room", [0, 1, 500, 1000])
def test_file_that_does_not_fit_leaves_the_old_one_and_nothing_else(room: int, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    file.write(path, session(1))
    before = path.read_bytes()
    with full_disk(room), pytest.raises(NotSaved, match=r"s\.json could not be written: file too large"):
        file.write(path, session(20))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("obstacle", ["a folder", "a file for a folder"])
def test_what_stands_in_the_way_is_said_and_nothing_is_left(obstacle: str, tmp_path: Path) -> None:
    path = tmp_path / "u" / "s.json"
    if obstacle == "a folder":
        path.mkdir(parents=True)
    else:
        path.parent.touch()
    with pytest.raises(NotSaved, match=f"{path} could not be written: "):
        write_whole(path, b"x")
    assert [each.name for each in tmp_path.rglob("*")] == (["u", "s.json"] if obstacle == "a folder" else ["u"])


def test_symlink_in_place_of_the_file_is_replaced_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "s.json"
    victim.write_bytes(b"precious")
    path.symlink_to(victim)
    file.write(path, session(1))
    assert victim.read_bytes() == b"precious"
    assert not path.is_symlink()
    assert contents(file.read(path)) == contents(session(1))
