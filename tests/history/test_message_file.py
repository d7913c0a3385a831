"""Messages with attachments on the disk: the API's own shape, and restored exactly."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from chatcmd.conversation.attachment import Attachment, File, Image
from chatcmd.conversation.message import Message, Turn
from chatcmd.history import file
from chatcmd.history.library import Library
from chatcmd.history.message import Written, to_message, to_written
from tests.history.made import answer, session

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("`\n汉"), max_size=40)
files = st.builds(File, texts, st.integers(0, 10**7), texts)
images = st.builds(Image, texts, st.integers(0, 10**7), st.integers(1, 9999), st.integers(1, 9999), texts)
messages = st.builds(
    lambda content, attachments: Message(role="user", content=content, attachments=tuple(attachments)),
    texts,
    st.lists(files | images, max_size=4),
)
NOTES = File("notes.md", 24, "# Notes\n```py\nx\n```\nlast")
CAT = Image("cat.png", 81_234, 640, 480, "data:image/png;base64,AAAA")


def reread(written: Any) -> Message:
    """Take something through JSON."""
    return to_message(msgspec.json.decode(msgspec.json.encode(written), type=Written))


def asked(*attachments: Attachment, text: str = "read @notes.md") -> Message:
    return Message(role="user", content=text, at="2026-11-20T21:30:11.902Z", attachments=attachments)


@given(messages)
def test_what_is_written_is_restored_exactly(message: Message) -> None:
    assert reread(to_written(message)) == message


@given(messages)
def test_what_is_written_can_be_sent_once_the_extra_keys_are_gone(message: Message) -> None:
    raw = msgspec.json.decode(msgspec.json.encode(to_written(message)))
    assert {"role": raw["role"], "content": raw["content"]} == message.api


def test_the_file_names_its_attachments_beside_the_content() -> None:
    raw = msgspec.to_builtins(to_written(asked(CAT, NOTES)))
    [text, image] = raw["content"]
    assert image == {"type": "image_url", "image_url": {"url": CAT.url}}
    [first, second] = raw["attachments"]
    assert first == {"name": "cat.png", "kind": "image", "bytes": 81_234, "part": 1, "width": 640, "height": 480}
    assert second == {"name": "notes.md", "kind": "text", "bytes": 24, "start": second["start"], "length": 24}
    assert text["text"][second["start"] :][:24] == NOTES.text
    assert list(raw)[:3] == ["role", "content", "attachments"]


FOREIGN = [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]
ATTACHED = {"name": "a", "kind": "text", "bytes": 1, "start": 0, "length": 1}


@pytest.mark.parametrize(
    ("content", "attachments"),
    [
        ("edited by hand", [ATTACHED]),
        ("", [ATTACHED]),
        ("a", [ATTACHED | {"start": -5, "length": 10**9}]),
        ("a", [ATTACHED | {"kind": "video"}]),
        ("a", [ATTACHED | {"kind": "image", "part": 1}]),
        ("a", [{"filename": "of another program"}]),
        ("a", {"of": "another shape"}),
        ("a", []),
        (FOREIGN, None),
        (FOREIGN, [ATTACHED]),
        (FOREIGN, [ATTACHED | {"kind": "image", "part": 7}]),
        ([], None),
        (["bare", None, 5, {"type": "input_audio", "input_audio": {}}], None),
        ([{"type": "text"}], [ATTACHED]),
    ],
)
def test_other_shapes_survive_a_load_and_a_save(content: Any, attachments: Any, tmp_path: Path) -> None:
    raw = {"role": "user", "content": content, "mine": 1} | (
        {} if attachments is None else {"attachments": attachments}
    )
    whole = file.to_content(session(1)) | {"title": "t"}
    whole["messages"][1] = raw
    found = file.parse(msgspec.json.encode(whole), "it")
    [turn] = found.turns
    assert turn.question.attachments == ()
    assert turn.question.api == {"role": "user", "content": content}
    file.write(tmp_path / "s.json", found.with_turn(Turn(asked(NOTES), answer("read"))))
    again = msgspec.json.decode((tmp_path / "s.json").read_bytes())
    assert again["messages"][: len(whole["messages"])] == whole["messages"]


def test_foreign_parts_are_shown_by_what_they_say() -> None:
    found = reread({"role": "user", "content": [*FOREIGN, {"type": "input_audio"}, {"type": "text", "text": "and?"}]})
    assert found.shown == "what?\n[image_url]\n[input_audio]\nand?"


def test_a_saved_session_holds_its_attachments(tmp_path: Path) -> None:
    whole = session(1).with_turn(Turn(asked(NOTES, CAT), answer("a cat")))
    whole = replace(whole, title="").with_unanswered(asked(CAT))
    file.write(tmp_path / "s.json", whole)
    found = file.read(tmp_path / "s.json")
    assert found.turns == whole.turns
    assert found.aside == whole.aside
    file.write(tmp_path / "t.json", found)
    assert (tmp_path / "t.json").read_bytes() == (tmp_path / "s.json").read_bytes()


def test_a_title_is_made_of_what_was_typed() -> None:
    typed = replace(session(), title="").with_turn(Turn(asked(NOTES, text="@notes.md"), answer("read")))
    assert typed.title == "@notes.md"
    raw = file.to_content(typed) | {"title": ""}
    assert file.to_session(raw).title == "@notes.md"


def test_a_journal_recovers_attachments(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    journal = library.open(session().user, session().id)
    whole = session(1)
    journal.opened(whole)
    journal.asked(whole, asked(NOTES))
    whole = whole.with_turn(Turn(asked(NOTES), answer("read")))
    journal.answered(session(1), whole.turns[-1])
    journal.asked(whole, asked(CAT, NOTES))
    journal.close(remove=False)
    [recovered] = library.recover()
    assert recovered.session.turns == whole.turns
    assert [each.attachments for each in recovered.session.aside] == [(CAT, NOTES)]
    assert recovered.session.aside[0].status == "unanswered"
    assert file.read(recovered.path).aside == recovered.session.aside
