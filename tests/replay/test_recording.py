"""Recordings in asciicast v2: what they hold, and what a terminal shows that plays them."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pyte
import pytest
from hypothesis import given, settings, strategies as st

from chatcmd.clock import elapsed
from chatcmd.conversation.message import Latency, Turn
from chatcmd.conversation.pace import Beat, acts, beats
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece
from chatcmd.history.export.asciicast import recording
from chatcmd.history.library import Library
from chatcmd.replay.frames import PERIOD, frames, merged
from chatcmd.terminal.screen import Screen
from tests.chat.stage import Stage
from tests.history.made import answer, question, saved, session
from tests.hostile import HOSTILE, raw_controls

MARKDOWN = """\
# Head

Some *text* and `code`, 中文, and words enough for a line that has to be broken somewhere behind its beginning.

- one
- two

```python
def f(x: int) -> int:
    return x + 1
```

| a | b |
|---|---|
| 1 | 2 |
"""


def many() -> Session:
    made = session(title="t\x1b[2J\nx")
    for number, text in enumerate([MARKDOWN, "1+1=2。", MARKDOWN * 3], 1):
        times = Latency(first=0.5, total=2.0 + number)
        made = made.with_turn(Turn(question(f"ask {number}\nin two lines"), answer(text, latency=times)))
    return made.with_turn(Turn(question("more"), answer("cut", status="interrupted"))).with_unanswered(question("last"))


def read(text: str) -> tuple[dict[str, Any], list[tuple[float, str, str]]]:
    head, *events = [json.loads(line) for line in text.splitlines()]
    return head, [(when, kind, data) for when, kind, data in events]


def screen(written: str, width: int, height: int) -> list[str]:
    display = pyte.Screen(width, height)
    pyte.Stream(display).feed(written)
    return [line.rstrip() for line in display.display]


def played(text: str) -> list[str]:
    """Play a recording to its end, and look at the screen."""
    head, events = read(text)
    return screen("".join(data for _, kind, data in events if kind == "o"), head["width"], head["height"])


def shown(made: Session) -> list[str]:
    """Look at the end of the transcript as a terminal of 80 by 24 shows it."""
    out = StringIO()
    Screen(out, out, at_terminal=True, drawn=True, colour=True).transcript(made)
    return screen(out.getvalue().replace("\n", "\r\n"), 80, 24)


def test_first_line_tells_the_facts() -> None:
    head, _ = read(recording(many(), frames, 100, 30))
    assert head == {
        "version": 2,
        "width": 100,
        "height": 30,
        "timestamp": 1795210205,
        "title": "t␛[2J x",
        "env": {"TERM": "xterm-256color"},
    }


def test_a_chapter_is_named_by_the_question_that_is_answered_in_it() -> None:
    made = session().with_unanswered(question("lost")).with_turn(Turn(question("asked"), answer("told")))
    _, events = read(recording(made.with_unanswered(question("late")), frames))
    assert [data for _, kind, data in events if kind == "m"] == ["asked"]
    _, events = read(recording(session().with_unanswered(question("lost")), frames))
    assert [data for _, kind, data in events if kind == "m"] == []


@pytest.mark.parametrize("started", ["", "long ago", "20261399"])
def test_session_that_began_at_no_time_has_no_timestamp(started: str) -> None:
    made = Session(id="a", user="u", persona=many().persona, model="m", started=started)
    assert "timestamp" not in read(recording(made, frames))[0]


def test_time_never_runs_back_and_is_that_of_the_replay() -> None:
    _, events = read(recording(many(), frames))
    times = [when for when, _, _ in events]
    assert times == sorted(times)
    assert times[0] == 0
    whole = sum(
        act.after + sum(beat.delay for each in act.messages for beat in beats(each)) for act in acts(many(), elapsed)
    )
    assert times[-1] == pytest.approx(whole, abs=0.01)


def test_chapters_are_the_turns() -> None:
    _, events = read(recording(many(), frames))
    assert [data for _, kind, data in events if kind == "m"] == [
        *(f"ask {number} in two lines" for number in (1, 2, 3)),
        "more",
    ]


def test_terminal_that_plays_it_shows_in_the_end_what_the_transcript_shows() -> None:
    assert played(recording(many(), frames)) == shown(many())


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (20, 10), (300, 100)])
def test_every_size_of_terminal_can_be_recorded(size: tuple[int, int]) -> None:
    head, events = read(recording(many(), frames, *size))
    assert (head["width"], head["height"]) == size
    said = re.sub(r"\x1b\[\??[0-9;]*[A-Za-z]|\s", "", "".join(data for _, kind, data in events if kind == "o"))
    assert said.endswith("cut(interrupted)【简说Python】last(unanswered)")


def test_thoughts_stand_before_the_answer() -> None:
    made = session().with_turn(Turn(question("a"), answer("b", reasoning="let me\n\nsee")))
    assert played(recording(made, frames))[1:6] == ["【简说Python】a", "let me", "", "see", "【ChatGPT】b"]


def test_nothing_that_was_said_becomes_a_command_or_breaks_the_file() -> None:
    made = session(user="u\x1b[2J", title="\ud800".join(HOSTILE.values()))
    for text in HOSTILE.values():
        made = made.with_turn(Turn(question(text), answer(text, reasoning=text)))
    text = recording(made, frames)
    text.encode()  # there is no half of a character
    head, events = read(text)
    assert raw_controls(head["title"].encode()) == []
    for _, _, data in events:
        own = re.sub(r"\x1b\[\??[0-9;]*[AJKMhlm]", "", data)
        assert raw_controls(own.encode()) == []


def test_long_answer_makes_no_more_events_than_its_seconds_hold_frames() -> None:
    made = session().with_turn(Turn(question("a"), answer("word " * 4_000, latency=Latency(first=1, total=1000))))
    _, events = read(recording(made, frames))
    assert len(events) < 20 / PERIOD + 20


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.text(max_size=3), st.text(max_size=3)), max_size=30))
def test_frames_hold_all_pieces_in_all_the_time(coming: list[tuple[float, str, str]]) -> None:
    given_beats = [Beat(delay, Piece(text, thought)) for delay, text, thought in coming]
    made = list(merged(given_beats))
    assert "".join(beat.piece.text for beat in made) == "".join(beat.piece.text for beat in given_beats)
    assert "".join(beat.piece.reasoning for beat in made) == "".join(beat.piece.reasoning for beat in given_beats)
    assert sum(beat.delay for beat in made) <= sum(beat.delay for beat in given_beats) + 0.001


def test_commands_write_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "root")
    saved(Library(stage.root / "history"), session(2, user="me"))
    done = stage.pipe("", "history", "export", "-1", "--format", "asciicast")
    assert (done.code, done.err) == (0, "")
    assert played(done.out)[1:5] == ["【me】问题 1", "【ChatGPT】回答 1。", "【me】问题 2", "【ChatGPT】回答 2。"]
    inside = stage.pipe(f"me\nhello\n/export {tmp_path}/x.cast\n0\n")
    assert f"exported: {tmp_path}/x.cast" in inside.err
    assert "Your question was: hello" in "\n".join(played((tmp_path / "x.cast").read_text("utf-8")))
