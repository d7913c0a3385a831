"""Sessions as data: exactly the shapes that other programs and our own import read, and nothing lost on the way."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from chatcmd.conversation.attachment import File, Image
from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.session import Session
from chatcmd.errors import UsageError
from chatcmd.history import file
from chatcmd.history.export.encoded import encoded
from chatcmd.history.export.format import FORMATS, Wish, guessed, told
from chatcmd.history.foreign.formats import found_in
from chatcmd.history.foreign.found import Conversation
from chatcmd.replay.frames import frames
from tests.history.exported import PARTS, PIXEL, rich
from tests.history.made import answer, question, session
from tests.hostile import HOSTILE, raw_controls

PERSONA = {"role": "system", "content": "一个有10年Python开发经验的资深算法工程师"}
WITH_NOTES = "1+1=几\n\nnotes.md:\n````markdown\n# Notes\n```\ncode\n```\n````"


def exported(name: str, *sessions: Session, **wish: bool) -> tuple[str, dict[str, int]]:
    """Export sessions, and say what was left out."""
    losses: Counter[str] = Counter()
    text = "".join(FORMATS[name].pieces(sessions, Wish(frames=frames, **wish), losses))
    return text, {kind: n for kind, n in losses.items() if n}


# Ours


def test_ours_is_what_is_saved(tmp_path: Path) -> None:
    file.write(tmp_path / "s.json", rich())
    text, losses = exported("json", rich())
    assert (text.encode(), losses) == ((tmp_path / "s.json").read_bytes(), {})
    assert file.parse(text.encode(), "s").messages is not None


def test_several_of_ours_are_a_list_even_one_and_none() -> None:
    one, other = exported("json", rich())[0], exported("json", session(1))[0]
    assert exported("json", rich(), session(1), listed=True)[0] == f"[\n{one[:-1]},\n{other[:-1]}\n]\n"
    assert exported("json", session(1), listed=True)[0] == f"[\n{other[:-1]}\n]\n"
    assert exported("json", listed=True)[0] == "[]\n"


def test_what_a_newer_program_wrote_stays_as_it_is() -> None:
    content = msgspec.to_builtins(file.to_content(session(1))) | {"format": 9, "tree": {"a": [1]}}
    read = file.to_session(content)
    assert json.loads(exported("json", read)[0]) == content


# Fine-tuning


def test_a_line_holds_complete_turns_as_they_were_sent() -> None:
    text, losses = exported("jsonl", rich(), session(1), session(), replace(session(1), persona=Persona("p", "")))
    first, *others = map(json.loads, text.splitlines())
    sent = [{"type": "text", "text": WITH_NOTES}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    turn = [{"role": "user", "content": "问题 1"}, {"role": "assistant", "content": "回答 1。"}]
    assert first == {
        "messages": [
            PERSONA,
            {"role": "user", "content": sent},
            {"role": "assistant", "content": "1+1=2。"},
            {"role": "user", "content": list(PARTS)},
            {"role": "assistant", "content": "猫"},
        ]
    }
    assert others == [{"messages": [PERSONA, *turn]}, {"messages": turn}]
    assert losses == {"unfinished": 1, "aside": 1, "empty": 1}
    assert told(Counter(losses)) == [
        "left out: 1 turn whose answer is not complete",
        "left out: 1 message that belongs to no turn, such as a question without an answer",
        "left out: 1 session without a complete turn",
    ]


# The tutorials'


def test_tutorials_shape_is_what_their_program_wrote() -> None:
    text, losses = exported("tutorial", rich(), session(1, user="bob"), session(1, user="简说Python"))
    assert text.isascii()
    assert json.loads(text) == {
        "简说Python": [
            PERSONA,
            {"role": "user", "content": f"{WITH_NOTES}\n[cat_1.png, 640x480, 81 kB]"},
            {"role": "assistant", "content": "1+1=2。"},
            {"role": "user", "content": "为什么 <b>?"},
            {"role": "assistant", "content": rich().turns[1].answer.content},
            {"role": "user", "content": "还在吗"},
            {"role": "user", "content": "Which animal?\n[image_url]\n[input_audio]"},
            {"role": "assistant", "content": "猫"},
            PERSONA,
            {"role": "user", "content": "问题 1"},
            {"role": "assistant", "content": "回答 1。"},
        ],
        "bob": [PERSONA, {"role": "user", "content": "问题 1"}, {"role": "assistant", "content": "回答 1。"}],
    }
    assert text == json.dumps(json.loads(text))
    assert losses == {"image": 2}
    assert exported("tutorial")[0] == "{}"


# There and back


WHOLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ATTACHED = st.one_of(
    st.builds(File, name=WHOLE, size=st.integers(0, 10**9), text=WHOLE),
    st.builds(Image, name=WHOLE, size=st.integers(0, 10**9), width=st.just(1), height=st.just(2), url=st.just(PIXEL)),
)
QUESTIONS = st.builds(Message, role=st.just("user"), content=WHOLE, attachments=st.lists(ATTACHED).map(tuple))
ANSWERS = st.builds(
    answer,
    text=WHOLE,
    status=st.sampled_from([None, "complete", "interrupted", "incomplete"]),
    reasoning=st.none() | WHOLE,
)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    made = replace(session(), persona=Persona("p", draw(WHOLE)), title=draw(WHOLE), tags=tuple(draw(st.lists(WHOLE))))
    for turn in draw(st.lists(st.builds(Turn, QUESTIONS, ANSWERS), min_size=1, max_size=4)):
        made = made.with_turn(turn)
        if draw(st.booleans()):
            made = made.with_unanswered(draw(QUESTIONS))
    return made


def imported(text: str) -> Sequence[Session]:
    """Read a text as an import finds it in a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "exported.json"
        path.write_text(text, "utf-8", newline="")
        found = list(found_in(path))
    assert all(isinstance(each, Conversation) for each in found), found
    return [each.paths[0] for each in found if isinstance(each, Conversation)]


@settings(max_examples=60, deadline=None)
@given(st.lists(sessions(), min_size=1, max_size=3))
def test_ours_comes_back_as_it_was(made: list[Session]) -> None:
    text, _losses = exported("json", *made, listed=True)
    parsed = [file.to_session(each) for each in json.loads(text)]
    saved = [file.parse(msgspec.json.encode(file.to_content(each)), "saved") for each in made]
    assert parsed == saved
    assert [list(each.messages) for each in parsed] == [list(each.messages) for each in made]
    alone, _losses = exported("json", made[0])
    assert file.parse(alone.encode(), "alone") == saved[0]


@settings(max_examples=60, deadline=None)
@given(sessions())
def test_tutorials_shape_comes_back_with_all_that_was_said(made: Session) -> None:
    text, _losses = exported("tutorial", made)
    (back,) = imported(text)
    (said,) = json.loads(text).values()
    assert [message.api for message in back.messages] == said
    assert [message.role for message in back.messages] == [message.role for message in made.messages]
    if all(message.is_plain for message in made.messages):
        assert [message.content for message in back.messages] == [message.content for message in made.messages]


def test_ours_is_imported_again() -> None:
    for text in (exported("json", rich())[0], exported("json", rich(), session(1, session_id="b"), listed=True)[0]):
        back = imported(text)[0]
        assert list(back.messages) == list(rich().messages)
        assert (back.title, back.tags, back.parent, back.settings) == (
            rich().title,
            rich().tags,
            rich().parent,
            rich().settings,
        )


# Safe to print


@pytest.mark.parametrize("name", ["json", "jsonl", "tutorial"])
def test_hostile_text_is_data_that_no_terminal_obeys(name: str) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in HOSTILE.values()]
    made = session(title="".join(texts))
    for text in texts:
        made = made.with_turn(Turn(question(text), answer(text)))
    text, _losses = exported(name, made)
    assert raw_controls(text.encode()) == []
    found: Any = json.loads(text)
    messages = found["messages"] if name != "tutorial" else found["简说Python"]
    assert [each["content"] for each in messages] == [message.content for message in made.messages]


@given(
    st.recursive(
        st.text(st.characters(exclude_categories=["Cs"])), lambda inner: st.lists(inner) | st.dictionaries(WHOLE, inner)
    )
)
def test_an_escape_says_what_it_stands_for(value: Any) -> None:
    for indent in (0, 2):
        text = encoded(value, indent=indent)
        assert json.loads(text) == value
        assert raw_controls(text.encode()) == []


# Formats


def test_the_ending_of_a_file_says_the_format() -> None:
    table = {
        "a.md": "markdown",
        "a.b/C.HTML": "html",
        "a.json": "json",
        "a.jsonl": "jsonl",
        "a.ndjson": "jsonl",
        "a.cast": "asciicast",
    }
    assert {name: guessed(Path(name)) for name in table} == table
    for name in ("a", "a.txt", ".md", "md"):
        with pytest.raises(UsageError, match="does not say which format is meant: end it in one of"):
            guessed(Path(name))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_a_session_with_everything(name: str) -> None:
    text, losses = exported(name, rich())
    assert text
    assert losses.keys() <= {"image", "unfinished", "aside"}
    assert raw_controls(text.encode()) == []
    assert "1+1" in text
