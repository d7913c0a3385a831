"""A session watched with keys, in a time that only passes when somebody waits."""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pyte
import pytest

from chatcmd.conversation.message import Latency, Turn
from chatcmd.conversation.pace import KEY
from chatcmd.conversation.session import Session
from chatcmd.replay.watch import watch
from chatcmd.terminal.screen import Screen
from tests.history.made import answer, question, session
from tests.hostile import HOSTILE, raw_controls

Step = tuple[float, str]
"""A key, and how many seconds after the one before it is pressed."""

SPACE, STOPPED, CANCELLED = " ", "stopped", "cancelled"
"""The key that pauses; the program is stopped for ten minutes; what waits is cancelled, as by Ctrl-C."""

TURN, BETWEEN = 10.0, 2.0
"""Seconds of each turn of `three`, and of the pauses."""


class Seat:
    """Someone who watches at a terminal: presses keys at their time, and looks at the screen before each."""

    def __init__(self, *steps: Step, rows: int = 60, columns: int = 80) -> None:
        self.now = 0.0
        self.looks: list[list[str]] = []
        self.waits: list[float] = []
        self._steps = deque(steps)
        self._next = steps[0][0] if steps else 0.0
        self._display = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._display)
        self.out = _Terminal(self._stream)

    def monotonic(self) -> float:
        return self.now

    @contextmanager
    def pressing(self, take: Callable[[str], None]) -> Iterator[None]:
        self._take = take
        yield

    async def wait(self, _happens: asyncio.Event, seconds: float | None) -> None:
        await asyncio.sleep(0)
        if not self._steps or (seconds is not None and self.now + seconds < self._next):
            assert seconds is not None, "it is paused for ever"
            self.waits.append(seconds)
            self.now += max(1e-6, seconds)  # time that stands still would never come to what is due
            return
        key = self._steps.popleft()[1]
        self.now = max(self.now, self._next)
        self._next = self.now + self._steps[0][0] if self._steps else self.now
        self.looks.append(self.lines())
        if key == CANCELLED:
            raise asyncio.CancelledError
        if key == STOPPED:
            self.now += 600
        else:
            self._take(key)

    def lines(self) -> list[str]:
        found = [line.rstrip() for line in self._display.display]
        while found and not found[-1]:
            found.pop()
        return found

    async def watch(self, made: Session, *, speed: float = 1.0, **screen: Any) -> None:
        shown = Screen(self.out, self.out, at_terminal=True, **({"drawn": True} | screen))
        await watch(made, shown, speed=speed, pressing=self.pressing, wait=self.wait, monotonic=self.monotonic)


class _Terminal(StringIO):
    """What is written, and drawn by an emulator as the driver of a terminal hands it on."""

    def __init__(self, stream: pyte.Stream) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.feed(text.replace("\n", "\r\n"))
        return super().write(text)


def three() -> Session:
    """Make a session of three turns, each of which takes 10 seconds and is followed by a pause of 2."""
    made = session()
    for number in (1, 2, 3):
        asked = question(f"ask me {number}", f"2026-11-20T21:3{number}:00Z")
        said = answer(
            f"answer {number} is here",
            f"2026-11-20T21:3{number}:10Z",
            latency=Latency(first=1.0, total=TURN - 8 * KEY),
        )
        made = made.with_turn(Turn(asked, said))
    return made


def turns(*numbers: int) -> list[str]:
    return [
        line for number in numbers for line in (f"【简说Python】ask me {number}", f"【ChatGPT】answer {number} is here")
    ]


def transcript(made: Session) -> list[str]:
    seat = Seat()
    Screen(seat.out, seat.out, at_terminal=True, drawn=True).transcript(made)
    return seat.lines()


PERSONA = "【system】一个有10年Python开发经验的资深算法工程师"
WHOLE = 3 * TURN + 2 * BETWEEN


async def test_session_is_shown_as_it_was_in_the_time_that_it_took_and_nothing_else_stays() -> None:
    seat = Seat()
    await seat.watch(three())
    assert seat.lines() == [PERSONA, *turns(1, 2, 3)] == transcript(three())
    assert seat.now == pytest.approx(WHOLE)
    assert "turn 2 of 3, 1x  space pauses, arrows step, q leaves" in seat.out.getvalue()


@pytest.mark.parametrize("speed", [0.5, 4.0, 1000.0])
async def test_speed_divides_all_times(speed: float) -> None:
    seat = Seat()
    await seat.watch(three(), speed=speed)
    assert seat.now == pytest.approx(WHOLE / speed)
    assert f"turn 1 of 3, {speed:g}x" in seat.out.getvalue()


# Keys, each with the seconds that pass before it is pressed, and when the end comes.
PRESSED: dict[str, tuple[list[Step], float]] = {
    "space in an answer, and again": ([(5, SPACE), (100, SPACE)], WHOLE + 100),
    "space in a question": ([(0.1, SPACE), (100, SPACE)], WHOLE + 100),
    "space between two turns": ([(11, SPACE), (100, SPACE)], WHOLE + 100),
    "right in an answer": ([(5, "right")], 5 + 2 * TURN + BETWEEN),
    "right before the first word": ([(1, "right")], 1 + 2 * TURN + BETWEEN),
    "right in a question": ([(0.1, "right")], 0.1 + 2 * TURN + BETWEEN),
    "right between two turns": ([(11, "right")], 11 + 2 * TURN + BETWEEN),
    "right twice": ([(5, "right"), (0, "right")], 5 + TURN),
    "right in the last turn": ([(25, "right")], 25),
    "right too often": ([(5, "right"), *[(0.0, "right")] * 4], 5),
    "left in the first turn": ([(5, "left")], 5 + WHOLE),
    "left in the second turn": ([(15, "left")], 15 + WHOLE),
    "left between two turns": ([(11, "left")], 11 + WHOLE),
    "left in the last turn": ([(25, "left")], 25 + 2 * TURN + BETWEEN),
    "left too often": ([(25, "left"), *[(0.0, "left")] * 4], 25 + WHOLE),
    "left, then right": ([(25, "left"), (1, "right")], 26 + TURN),
    "up": ([(4, "up")], 4 + (WHOLE - 4) / 2),
    "plus and equals": ([(4, "+"), (0, "=")], 4 + (WHOLE - 4) / 4),
    "down": ([(4, "down")], 4 + (WHOLE - 4) * 2),
    "minus and underscore": ([(4, "-"), (0, "_")], 4 + (WHOLE - 4) * 4),
    "up, but paused": ([(4, SPACE), (10, "up"), (10, SPACE)], 24 + (WHOLE - 4) / 2),
    "keys that mean nothing": ([(4, "x"), (0, "\r"), (0, "tab"), (0, "c-a")], WHOLE),
}


@pytest.mark.parametrize("case", PRESSED)
async def test_keys_change_when_the_end_comes_and_not_what_stands_there(case: str) -> None:
    steps, end = PRESSED[case]
    seat = Seat(*steps)
    await seat.watch(three())
    assert seat.now == pytest.approx(end, abs=0.3)
    assert seat.lines() == [PERSONA, *turns(1, 2, 3)]


@pytest.mark.parametrize("when", [5.0, 11.0])
async def test_replay_that_was_stopped_for_a_while_goes_on_from_there(when: float) -> None:
    seat = Seat((when, STOPPED))
    await seat.watch(three())
    assert WHOLE + 600 - BETWEEN < seat.now <= WHOLE + 600 + 0.001


async def test_steps_show_whole_turns_while_it_is_paused() -> None:
    steps = [
        (15, SPACE),
        (1, "right"),
        (1, "left"),
        (1, "left"),
        (1, "right"),
        (1, "right"),
        (1, "right"),
        (1, "right"),
    ]
    seat = Seat(*[(float(seconds), key) for seconds, key in steps])
    await seat.watch(three())
    keys = "space goes on, arrows step, q leaves"
    assert [(look[:-1], look[-1]) for look in seat.looks[2:]] == [
        ([PERSONA, *turns(1, 2)], f"turn 2 of 3, 1x, paused  {keys}"),
        ([PERSONA, *turns(1), "【简说Python】"], f"turn 2 of 3, 1x, paused  {keys}"),
        ([], f"turn 1 of 3, 1x, paused  {keys}"),
        ([PERSONA, *turns(1)], f"turn 1 of 3, 1x, paused  {keys}"),
        ([PERSONA, *turns(1, 2)], f"turn 2 of 3, 1x, paused  {keys}"),
        ([PERSONA, *turns(1, 2, 3)], f"turn 3 of 3, 1x, paused  {keys}"),
    ]
    assert seat.lines() == [PERSONA, *turns(1, 2, 3)]
    assert seat.now == pytest.approx(15 + 7)


@pytest.mark.parametrize("key", ["q", "Q", "escape", "c-c", "c-d"])
@pytest.mark.parametrize("when", [0.1, 0.8, 5.0, 11.0])
async def test_leaving_ends_at_once_and_leaves_what_was_shown(key: str, when: float) -> None:
    seat = Seat((when, key))
    await seat.watch(three())
    assert seat.now == when
    shown = "\n".join(seat.lines())
    assert "\n".join([PERSONA, *turns(1)]).startswith(shown)
    assert "turn" not in shown


@pytest.mark.parametrize("when", [0.1, 0.8, 5.0, 11.0])
async def test_being_cancelled_leaves_no_status_behind(when: float) -> None:
    seat = Seat((when, CANCELLED))
    with pytest.raises(asyncio.CancelledError):
        await seat.watch(three())
    assert "turn" not in "\n".join(seat.lines())


async def test_going_back_shows_no_more_than_the_screen_holds_and_forgets_no_scrollback() -> None:
    made = session()
    for number in range(40):
        made = made.with_turn(Turn(question(f"ask {number}"), answer("word " * 100, latency=Latency(first=0, total=0))))
    seat = Seat((30.5, SPACE), (1, "left"), (1, "q"), rows=400)
    await seat.watch(made)
    first = int(seat.lines()[0].rpartition(" ")[2])
    shown = [line for line in seat.lines() if "ask" in line]
    assert 1 < len(shown) < 12
    assert shown == [f"【简说Python】ask {number}" for number in range(first, first + len(shown))]
    assert "\x1b[3J" not in seat.out.getvalue()


async def test_what_is_no_turn_is_shown_too_with_its_marks() -> None:
    made = session().with_unanswered(question("lost"))
    made = made.with_turn(Turn(question("a\n\tb"), answer("broken", status="interrupted")))
    made = made.with_unanswered(question("last"))
    seat = Seat()
    await seat.watch(made)
    assert seat.lines() == transcript(made)
    assert [line for line in seat.lines() if "(" in line] == [
        "【简说Python】lost  (unanswered)",
        "(interrupted)",
        "【简说Python】last  (unanswered)",
    ]


async def test_nothing_is_drawn_where_nothing_may_be_drawn() -> None:
    seat = Seat()
    await seat.watch(three(), drawn=False)
    assert seat.out.getvalue() == "\n".join([PERSONA, *turns(1, 2, 3), ""])
    assert seat.now == pytest.approx(WHOLE)


async def test_thoughts_come_again_where_they_are_wanted() -> None:
    made = session().with_turn(Turn(question("a"), answer("b", reasoning="let me see")))
    seat = Seat()
    await seat.watch(made)
    assert seat.lines()[1:] == ["【简说Python】a", "let me see", "【ChatGPT】b"]


async def test_nothing_that_was_said_reaches_the_terminal_as_a_command() -> None:
    made = session(user="u\x1b[2J")
    for text in HOSTILE.values():
        made = made.with_turn(Turn(question(text), answer(text, reasoning=text)))
    seat = Seat()
    await seat.watch(made, speed=1000.0)
    written = re.sub(r"\x1b\[\??[0-9;]*[AJKMhlm]", "", seat.out.getvalue())
    assert raw_controls(written.encode("utf-8", "surrogateescape")) == []


async def test_session_without_a_word_ends_at_once() -> None:
    seat = Seat()
    await seat.watch(session(), speed=1.0)
    assert (seat.lines(), seat.now) == ([PERSONA], 0.0)
