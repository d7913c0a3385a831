"""One answer while it comes, in a loop whose time is ours: when it is drawn, and what."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest

from chatcmd.conversation.thinking import Piece
from chatcmd.terminal.live import FRAMES, PERIOD, SHARE, SPIN_AFTER, Live
from chatcmd.terminal.markdown import Layout, Printer
from chatcmd.terminal.tail import Row
from chatcmd.terminal.theme import THEMES
from tests.hostile import HOSTILE, raw_controls
from tests.terminal.glass import Glass

PLAIN = Printer(THEMES["dark"], colour=False)
COLOURED = Printer(THEMES["dark"], colour=True)
HEAD = "【C】"

Step = str | Piece | float | Exception | Callable[[], object]
"""What happens next: words come, or other pieces; seconds pass; the answer breaks off; something else."""


class StillLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands until a test moves it."""

    now = 1000.0

    def time(self) -> float:
        return self.now


class Show:
    """A screen of `glass`'s size on which an answer is drawn; `drawn` says when, in seconds, and what was written."""

    def __init__(
        self, columns: int = 40, rows: int = 10, *, thoughts: bool = True, printer: Printer = PLAIN, cost: float = 0
    ) -> None:
        self.loop = StillLoop()
        self.glass = Glass(columns, rows, reflows=False)
        self.drawn: list[tuple[float, str]] = []
        self.screens: list[list[str]] = []
        self._cost = cost
        self._live = Live(self._write, self._size, printer, head=HEAD, reflows=False, thoughts=thoughts)

    def play(self, *steps: Step) -> None:
        """Let the steps happen, and take the screen after each."""
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._live.follow(self._coming(steps)))

    @property
    def written(self) -> str:
        return "".join(text for _, text in self.drawn)

    async def _coming(self, steps: tuple[Step, ...]) -> AsyncIterator[Piece]:
        await self._rest()
        for step in steps:
            if isinstance(step, str | Piece):
                yield Piece(step) if isinstance(step, str) else step
            elif isinstance(step, Exception):
                raise step
            elif callable(step):
                step()
            else:
                self.loop.now += step
            await self._rest()
            self.screens.append(self.glass.lines())

    async def _rest(self) -> None:
        for _ in range(3):  # a timer, and whatever it wakes
            await asyncio.sleep(0)

    def _write(self, text: str) -> None:
        self.loop.now += self._cost
        self.drawn.append((self.loop.now - 1000, text))
        self.glass.feed(text)

    def _size(self) -> tuple[int, int]:
        return self.glass.columns, self.glass.rows


def test_heading_is_there_at_once_and_the_first_words_with_the_piece_that_brings_them() -> None:
    show = Show()
    show.play(0.001, "one", 0.001, " two", 0.001, " three", PERIOD)
    assert show.screens == [
        [HEAD],
        [f"{HEAD}one"],
        [f"{HEAD}one"],
        [f"{HEAD}one"],
        [f"{HEAD}one"],
        [f"{HEAD}one"],
        [f"{HEAD}one two three"],
    ]


def test_answer_is_drawn_thirty_times_a_second_at_most_and_shows_its_end() -> None:
    show = Show()
    show.play(*[step for number in range(500) for step in (0.002, f"w{number} ")])
    times = [when for when, _ in show.drawn]
    assert 25 <= len(times) <= 33  # the heading, the first words and the end do not wait
    assert min(later - earlier for earlier, later in pairwise(times[1:-1])) >= PERIOD - 1e-9
    assert " ".join(show.glass.lines()).endswith("w498 w499")


def test_what_came_too_soon_is_drawn_as_soon_as_it_may_be_though_nothing_more_comes() -> None:
    show = Show()
    show.play("one", " two", PERIOD - 0.001, 0.002, 10.0)
    assert show.screens[2:] == [[f"{HEAD}one"], [f"{HEAD}one two"], [f"{HEAD}one two"]]
    assert len(show.drawn) == 4  # heading, first words, the others, and the last line's end


def test_drawing_that_takes_long_is_followed_by_a_longer_pause() -> None:
    show = Show(cost=0.05)
    show.play(*[step for number in range(1000) for step in (0.01, f"w{number} ")])
    times = [when for when, _ in show.drawn]
    pauses = [later - 0.05 - earlier for earlier, later in pairwise(times[1:-1])]
    assert min(pauses) >= SHARE * 0.05 - 1e-9
    assert len(times) * 0.05 <= 1.25 * times[-1] / SHARE


def test_spinner_tells_the_seconds_until_the_first_words() -> None:
    show = Show()
    show.play(SPIN_AFTER / 2, SPIN_AFTER, 1.0, 61.0, "one")
    assert [screen[-1][: len(HEAD)] for screen in show.screens] == [HEAD] * 5
    assert [re.sub(f"[{FRAMES}]", "*", screen[-1][len(HEAD) :]) for screen in show.screens] == [
        "",
        " * 0 s",
        " * 1 s",
        " * 62 s",
        "one",
    ]
    assert show.glass.scrollback == []


@pytest.mark.parametrize("columns", [1, 3, 5, 8])
def test_spinner_that_has_no_room_is_cut_and_leaves_nothing_in_the_scrollback(columns: int) -> None:
    show = Show(columns, 2)
    show.play(*[0.1] * 30)
    assert not any("s" in line for line in show.glass.lines())
    show = Show(columns, 2)
    show.play(*[0.1] * 30, "one two")
    assert "".join(show.glass.lines()).replace(" ", "") == f"{HEAD}onetwo"


def test_thoughts_are_shown_before_the_answer_each_line_once() -> None:
    show = Show(rows=4)
    lines = [f"thought {number}\n" for number in range(8)]
    show.play(*[Piece(reasoning=line) for line in lines], PERIOD, Piece(reasoning="and so"), PERIOD, "one\n\ntwo")
    assert show.screens[8][-2:] == ["thought 7", HEAD]
    assert show.screens[10][-2:] == ["and so", HEAD]
    assert show.glass.lines() == [*(line.rstrip() for line in lines), "and so", f"{HEAD}one", "", "two"]


def test_thoughts_are_dim_and_nothing_in_them_is_markdown() -> None:
    show = Show(printer=COLOURED)
    show.play(Piece(reasoning="# *so*\n<b>\x1b[2J"), "one")
    assert "\x1b[2;3m# *so*\x1b[0m" in show.written
    assert show.glass.lines() == ["# *so*", "<b>␛[2J", f"{HEAD}one"]


def test_hidden_thoughts_are_told_only_while_they_last() -> None:
    show = Show(thoughts=False)
    show.play(Piece(reasoning="secret\n"), 1.0, Piece(reasoning="secret"), "one")
    assert show.screens[1][0].endswith(" 1 s, thinking")
    assert "secret" not in show.written
    assert show.glass.lines() == [f"{HEAD}one"]


def test_answer_without_a_word_leaves_its_thoughts_and_no_heading() -> None:
    show = Show()
    show.play(Piece(reasoning="so\n\n"))
    assert show.glass.lines() == ["so"]
    show = Show()
    show.play()
    assert (show.glass.lines(), show.glass.y) == ([], 0)


@pytest.mark.parametrize("error", [ZeroDivisionError("broke off"), asyncio.CancelledError()], ids=["fails", "stopped"])
def test_answer_that_breaks_off_is_shown_as_far_as_it_came_and_ends_its_line(error: BaseException) -> None:
    show = Show()

    def stop() -> None:
        raise error

    with pytest.raises(type(error)):
        show.play("one\n\n- t", "wo", stop)
    assert show.glass.lines() == [f"{HEAD}one", "", " • two"]
    assert show.glass.y == 3


def test_reader_that_is_gone_while_nothing_comes_is_told_with_the_next_piece_or_at_the_end() -> None:
    for more in ([], ["three"]):
        show = Show()

        def leave(show: Show = show) -> None:
            def write(_text: str) -> None:
                raise BrokenPipeError

            show._live._write = write

        with pytest.raises(BrokenPipeError):
            show.play("one", " two", leave, 1.0, *more)
        assert show.glass.lines() == [f"{HEAD}one"]


def test_screen_that_changes_its_size_is_drawn_for_the_new_one() -> None:
    show = Show(30, 8)
    text = "some words that need several rows on a narrow screen"
    show.play(text, lambda: show.glass.resize(12, 8), 0.1, " and", 0.1, lambda: show.glass.resize(60, 8), 0.1, " more")
    assert show.screens[-3] == [f"{HEAD}some", "words that", "need several", "rows on a", "narrow", "screen and"]
    assert show.glass.lines() == [f"{HEAD}{text}", "and more"]


def test_no_hostile_text_brings_a_sequence_of_its_own_to_the_terminal() -> None:
    own = re.compile(r"\x1b\[(?:[0-9;]*m|\d*[AKJM]|\?2026[hl])")
    for name, text in HOSTILE.items():
        show = Show(printer=COLOURED)
        pieces = [piece for char in text for piece in (Piece(char), PERIOD)]
        show.play(Piece(reasoning=text), *pieces)
        assert raw_controls(own.sub("", show.written).encode("utf-8", "surrogateescape")) == [], name


LONG = {
    "one paragraph": "some words of paragraph # ",
    "one word": "unbroken#",
    "list": "- item # of many\n",
    "code": "    x = [#, 2]\n",
    "table": "| # | b |\n|---|---|\n",
    "paragraphs": "some words #\n\n",
    "quotes": "> some words #\n",
}


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("size", [100, 200])
def test_bytes_written_are_a_few_times_the_answer_however_long_a_block_gets(kind: str, size: int) -> None:
    show = Show(80, 24)
    text = "".join(LONG[kind].replace("#", str(number)) for number in range(size))
    step = len(text) // 50
    show.play(*[each for place in range(0, len(text), step) for each in (text[place : place + step], PERIOD)])
    assert len(show.drawn) > 40
    assert all(len(drawn) <= 80 * 24 * 2 for _, drawn in show.drawn[:-1])  # never more than the screen at once
    assert len(show.written) <= 4 * len(show.glass.whole())


def test_answer_of_a_hundred_kilobytes_without_a_line_end_is_written_about_once() -> None:
    text = "words and words and " * 5000
    show = Show(80, 24)
    show.play(*[text[place : place + 2000] for place in range(0, len(text), 2000)])
    assert "".join(show.glass.whole().split()) == HEAD + "".join(text.split())
    assert len(show.written) < 1.2 * len(text)


OPEN = {
    "code": "```python\n" + "".join(f"x{number} = {number}\n" for number in range(2000)),
    "list": "".join(f"{number}. item *{number}*\n" for number in range(1, 2001)),
    "table": "| n | m |\n|---|---|\n" + "".join(f"| {number} | `{number}` |\n" for number in range(2000)),
    "quote": "".join(f"> line {number}\n>\n" for number in range(2000)),
    "paragraph": " ".join(f"word{number}" for number in range(8000)),
}


@pytest.mark.parametrize("kind", OPEN)
def test_drawing_a_long_open_block_takes_no_more_than_its_end(kind: str) -> None:
    text = OPEN[kind]
    show = Show(60, 12)
    show.play(text[: len(text) // 2], PERIOD, text[len(text) // 2 :], PERIOD, "")
    number = re.findall(r"\d+", text)[-1]
    assert any(number in line for line in show.screens[3][-3:])
    layout = Layout(PLAIN)
    layout.feed(text)
    assert 12 <= len(layout.tail(60, 12)) <= 12 * 6
    assert show.glass.lines() == [row.text for row in _headed_rows(text)], "all of it is there in the end, once"


def _headed_rows(text: str) -> list[Row]:
    layout = Layout(PLAIN, HEAD)
    layout.feed(text)
    rows = layout.rest(60)
    while rows and not rows[-1].text:
        rows.pop()
    return rows


@pytest.mark.parametrize(("lines", "coloured"), [(20, True), (400, False)])
def test_long_code_that_was_stopped_is_not_coloured_and_short_code_is(lines: int, *, coloured: bool) -> None:
    def stop() -> None:
        raise asyncio.CancelledError

    show = Show(60, 12, printer=COLOURED)
    with pytest.raises(asyncio.CancelledError):
        show.play("```python\n" + "".join(f"return {number}\n" for number in range(lines)), stop)
    assert ("\x1b[94mreturn" in (show.written if coloured else show.drawn[-1][1])) is coloured
    assert show.glass.whole().count("return ") == lines
