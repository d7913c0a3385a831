"""Hostile text, wherever it comes from, reaches a terminal or a pipe only as harmless text."""

import json
import random
import re
from collections.abc import Iterator, Sequence

import pytest

from chatcmd.clean import clean
from chatcmd.conversation.message import Message, Persona
from chatcmd.conversation.session import Session
from chatcmd.history.journal import Journal
from tests.chat.stage import Stage
from tests.hostile import HOSTILE, raw_controls
from tests.loopback import Loopback, error, say

pytestmark = pytest.mark.faults(24, 25)

# Said by the program after each answer, so that the answer's bytes have an end that the line editor has no part in.
END = b"the answer was cut at its longest length"
HEAD = "【ChatGPT】".encode()
WHOLE = "".join(HOSTILE.values()).encode("utf-8", "replace").decode()
QUIET = {"CHATCMD_MAX_TURNS": "0", "NO_COLOR": "1"}
AS_WRITTEN = {"CHATCMD_MARKDOWN": "false"}
DRAWN = re.compile(r"\x1b\[\?2026[hl]|\x1b\[\d*[ACJKM]|\r")
"""What our own drawing writes without colours: a frame, moves up and right, erased rows."""


def grouped(size: int) -> Iterator[Sequence[str]]:
    texts = list(HOSTILE.values())
    return (texts[start : start + size] for start in range(0, len(texts), size))


def cut(text: str, dice: random.Random) -> list[str]:
    """Cut a text at random places, so that sequences and piles are split."""
    places = sorted(dice.sample(range(1, len(text)), min(len(text) - 1, dice.randrange(6)))) if len(text) > 1 else []
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def as_received(pieces: list[str]) -> str:
    """Make of the pieces what arrives: in one piece JSON joins the halves of a pair of surrogates."""
    return "".join(json.loads(json.dumps(piece)) for piece in pieces)


def typable(text: str) -> str:
    """Make of a text what can be a line of a pipe, or a file's text."""
    return text.replace("\n", " ").encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    ("words", "env", "together"),
    [((), AS_WRITTEN, 8), ((), {}, 8), (("--plain",), {}, 1)],
    ids=("raw", "drawn", "plain"),
)
def test_no_hostile_answer_reaches_a_terminal_raw(
    stage: Stage, server: Loopback, words: tuple[str, ...], env: dict[str, str], together: int
) -> None:
    dice = random.Random(6)
    answers = ["".join(texts) for texts in grouped(together)]
    pieces = [cut(text, dice) for text in answers]
    server.answer(*(say(pieces=each, finish="length", usage=False) for each in pieces))
    with stage.terminal(*words, env=QUIET | env) as terminal:
        terminal.expect("Your name:")
        terminal.line("u")
        for number in range(len(answers)):
            terminal.expect("【u】")
            terminal.line(f"q{number}")
            terminal.expect(END.decode())
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
        if words:
            assert raw_controls(terminal.bytes) == []
        shown = [part.partition(HEAD)[2] for part in terminal.bytes.split(END)[:-1]]
    expected = [clean(as_received(each)) for each in pieces]
    for answer, data, text in zip(answers, shown, expected, strict=True):
        if not words and not env:
            assert raw_controls(DRAWN.sub("", data.decode()).encode()) == [], ascii(answer)
            continue
        assert raw_controls(data) == [], ascii(answer)
        assert data.decode().replace("\r\n", "\n") == text + "\n" * (not text.endswith("\n")), ascii(answer)
    assert len(stage.sessions()[0]["messages"][2::2]) == len(answers)


async def test_no_hostile_error_message_reaches_the_screen_raw(stage: Stage, server: Loopback) -> None:
    for text in HOSTILE.values():
        server.answer(error(400, text, error_code=text[:9]))
    talked = await stage.talk(*(["q"] * len(HOSTILE)), user="u")
    assert len(server.chats) == len(HOSTILE)
    assert raw_controls(talked.notes.encode("utf-8", "surrogatepass")) == []
    assert talked.out == "【u】q\n" * len(HOSTILE)


async def test_no_hostile_question_reaches_the_screen_raw(stage: Stage) -> None:
    lines = [f"q {typable(''.join(texts))}" for texts in grouped(5)]
    talked = await stage.talk(*lines, user="u", max_turns="0")
    assert raw_controls(talked.out.encode()) == []
    assert talked.out.count("【u】") == len(lines)
    assert [request[-1]["content"] for request in stage.requests] == lines  # sent as typed all the same


async def test_hostile_names_are_refused_or_harmless(stage: Stage) -> None:
    lines = [f"/user {typable(text)}" for text in HOSTILE.values()]
    talked = await stage.talk(*lines, "/users", "/status", user="u")
    assert raw_controls(talked.out.encode()) == []
    assert raw_controls(talked.notes.encode()) == []
    assert stage.files() == []


async def test_hostile_personas_are_shown_harmless(stage: Stage) -> None:
    # A file name cannot hold a slash, a NUL or half a character.
    names = {typable(text).replace("/", "").replace("\0", "")[:20] for text in HOSTILE.values()}
    for name in names - {"", ".", ".."}:
        stage.persona(name, "x")
    stage.persona("all", WHOLE)
    talked = await stage.talk("/persona", "/persona all", "/persona", "/context", "/status", "q", "/tokens", user="u")
    assert raw_controls(talked.out.encode()) == []
    assert raw_controls(talked.notes.encode()) == []
    assert stage.requests[0][0]["content"].startswith("\x1b]52")


async def test_hostile_model_names_are_shown_harmless(stage: Stage, server: Loopback) -> None:
    server.answer(say("a", model=WHOLE))
    lines = [f"/model {typable(text)}" for text in HOSTILE.values()]
    talked = await stage.talk("q", "/tokens", *lines, "/status", user="u")
    assert raw_controls(talked.out.encode()) == []
    assert raw_controls(talked.notes.encode()) == []
    assert stage.sessions()[0]["messages"][2]["model"] == WHOLE


def test_hostile_history_is_shown_harmless_when_recovered_and_resumed(offline: Stage) -> None:
    folder = offline.root / "history" / "u"
    at = "2026-01-02T03:04:05.678Z"
    session = Session(
        id="20260102T030405Z-0000", user="u", persona=Persona("p", WHOLE), model="m" + WHOLE, started=at, title=WHOLE
    )
    journal = Journal(folder / f"{session.id}.jsonl")
    journal.asked(session, Message(role="user", content=WHOLE, at=at))
    journal.close(remove=False)
    done = offline.pipe("", "--resume", "-1")
    assert done.code == 0
    assert "recovered what was left unsaved" in done.err
    assert raw_controls(done.out_bytes) == []
    assert raw_controls(done.err.encode()) == []
