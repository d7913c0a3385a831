"""A session's file at its edges: what is read of it, what becomes of its fields, and what is kept beside it."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from chatcmd.conversation.message import Turn
from chatcmd.conversation.session import Parent
from chatcmd.errors import NotSaved
from chatcmd.history import file
from tests.history.damage import changed, written
from tests.history.made import answer, open_files, question, session


def names(path: Path) -> Iterator[Path]:
    return (path.with_name(f"{path.name}-{number}") for number in count(1))


def test_pipe_folder_and_device_are_refused_at_once_and_nothing_stays_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    before = open_files()
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(OSError, match="it is no plain file"):
            file.read_bytes(path)
    with pytest.raises(IsADirectoryError, match=f"{tmp_path}"):
        file.read_bytes(tmp_path)
    (tmp_path / "file").write_bytes(b"x")
    assert file.read_bytes(tmp_path / "file") == b"x"
    assert open_files() == before


def test_session_without_a_message_has_no_turn_and_no_title() -> None:
    told = file.parse(changed(messages=[], title=None), "s.json")
    assert (told.turns, told.aside, told.title, told.worth_saving) == ((), (), "", False)


def test_first_question_makes_the_title_where_there_is_none() -> None:
    told = file.parse(changed(title=None), "s.json")
    assert len(told.turns) > 1
    assert told.title == told.turns[0].question.content


def test_field_that_is_taken_away_does_not_come_back_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    file.write(path, session(1, tags=("a",), ended="2026-11-20T21:41:17.003Z", parent=Parent("x", 1)))
    file.write(path, msgspec.structs.replace(file.read(path), tags=(), ended=None, parent=None))
    told = file.read(path)
    assert (told.tags, told.ended, told.parent) == ((), None, None)


def test_session_that_was_not_read_from_anywhere_is_written_whole() -> None:
    made = session(1)
    assert [each["role"] for each in file.to_content(made)["messages"]] == ["system", "user", "assistant"]


PARTS = [{"type": "text", "text": "old"}, {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]


def test_what_was_read_changes_nothing_that_is_known_whatever_it_was() -> None:
    made = session(1, tags=("a",))
    messages = [made.persona.message.api, {"content": PARTS}, {"content": {}, "usage": PARTS}]
    odd = {"id": PARTS, "persona": "old", "tags": {"a": 1}, "messages": messages}
    assert file.to_content(msgspec.structs.replace(made, raw=odd)) == file.to_content(made)


@pytest.mark.parametrize("first", [[{"role": "system", "content": "be kind"}], []], ids=["persona", "no persona"])
def test_branch_has_nothing_of_the_turns_that_it_left(first: list[dict[str, str]]) -> None:
    kept = [{"role": "user", "content": "q", "mark": 1}, {"role": "assistant", "content": "a", "mark": 2}]
    left = [{"role": "user", "content": PARTS, "mark": 3}, {"role": "assistant", "content": "old", "mark": 4}]
    told = file.parse(changed(persona={"name": "p", "content": "be kind"}, messages=first + kept + left), "s.json")
    branch = told.branch(1, "b", "2026-11-20T21:50:00.000Z").with_turn(Turn(question("new"), answer("new")))
    messages = file.to_content(branch)["messages"]
    assert [each.get("mark") for each in messages] == [None, 1, 2, None, None]
    assert [each["content"] for each in messages] == ["be kind", "q", "a", "new", "new"]


def test_messages_alone_are_read_though_no_file_has_them() -> None:
    told = file.parse(b'[{"role": "user", "content": "q"}]', "nowhere/u/s.json")
    assert (told.id, told.user, told.started) == ("s", "u", "1970-01-01T00:00:00.000Z")


def test_data_is_kept_under_the_first_name_that_is_free(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    (tmp_path / "s.json-1").mkdir()  # what cannot be read is passed over
    assert file.keep(b"one", names(path)) == tmp_path / "s.json-2"
    assert file.keep(b"two", names(path)) == tmp_path / "s.json-3"
    assert [(tmp_path / f"s.json-{number}").read_bytes() for number in (2, 3)] == [b"one", b"two"]


def test_data_that_was_kept_before_is_not_kept_again_but_behind_a_link_it_is(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    (tmp_path / "elsewhere").write_bytes(b"one")
    (tmp_path / "s.json-1").symlink_to(tmp_path / "elsewhere")
    assert file.keep(b"one", names(path)) == tmp_path / "s.json-2"
    assert file.keep(b"one", names(path)) == tmp_path / "s.json-2"
    assert not (tmp_path / "s.json-3").exists()


def test_names_that_cannot_be_looked_up_are_told(tmp_path: Path) -> None:
    with pytest.raises(NotSaved, match="could not be written: file name too long"):
        file.keep(b"one", [tmp_path / ("x" * 300)])


def test_data_that_finds_no_free_name_is_not_lost_in_silence(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(AssertionError, match=r"^there is always another name$"):
        file.keep(b"one", [tmp_path / "taken"])


def test_older_file_is_kept_beside_once_for_each_content(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    for number in (1, 2, 3, 3):
        path.write_bytes(b'[{"role": "user", "content": "%d"}]' % number)
        file.write(path, session(1))
    kept = sorted(each.name for each in tmp_path.iterdir())
    assert kept == ["s.json", "s.json.format-0", "s.json.format-0-2", "s.json.format-0-3"]


def test_what_cannot_be_read_is_not_written_over_unseen(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    os.mkfifo(path)
    with pytest.raises(NotSaved, match=r"s\.json could not be written: it is no plain file"):
        file.write(path, session(1))
    assert path.is_fifo()


@pytest.mark.parametrize("data", [b"", b"[", b"[" * 100_000, b"\xff", b'{"format": "1"}', b"7", written()])
def test_what_tells_no_other_format_is_written_over(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(data)
    file.write(path, session(1))
    assert [each.name for each in tmp_path.iterdir()] == ["s.json"]
    assert path.read_bytes().startswith(b'{\n  "format": 1,')


def test_older_format_behind_a_mark_is_known_too(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(b'\xef\xbb\xbf[{"role": "user", "content": "q"}]')
    file.write(path, session(1))
    assert (tmp_path / "s.json.format-0").is_file()


def test_question_in_the_words_of_the_persona_is_a_question() -> None:
    said = [{"role": "user", "content": "be kind"}, {"role": "assistant", "content": "I am"}]
    told = file.parse(changed(persona={"name": "p", "content": "be kind"}, messages=said), "s.json")
    assert [turn.question.content for turn in told.turns] == ["be kind"]
    assert [each["role"] for each in file.to_content(told)["messages"]] == ["system", "user", "assistant"]
