"""The rows that may be drawn again: the least bytes that change them, each row once in the scrollback."""

import random
import re
from collections.abc import Mapping, Sequence

import pyte
import pytest

from chatcmd.terminal.tail import Row, Tail, reflows
from tests.terminal.glass import Glass

SIZES = [(20, 6), (10, 3), (40, 24), (8, 1), (12, 2)]
WALKS = 60
"""Random walks at each of these sizes, or with each way of changing them."""


def rows(*texts: str) -> list[Row]:
    return [Row(text, len(text)) for text in texts]


def drawn(*calls: tuple[Sequence[Row], Sequence[Row]], width: int = 20, height: int = 6) -> list[str]:
    tail = Tail(reflows=False)
    return [tail.draw(settled, open_, width, height) for settled, open_ in calls]


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [
        ("a", "a b", " b"),
        ("a", "a|b", "\nb"),
        ("a", "ab|c|d", "b\nc\nd"),
        ("a|b", "a|bc", "c"),
        ("a|b", "a|b", ""),
        ("a|b", "a", "\x1b[?2026h\r\x1b[1Aa\n\x1b[J\x1b[A\ra\x1b[?2026l"),
        ("abc", "xy", "\x1b[?2026h\rxy\x1b[K\x1b[?2026l"),
        ("abc", "xyz", "\x1b[?2026h\rxyz\x1b[?2026l"),
        ("a|b|c", "a|x|c", "\x1b[?2026h\r\x1b[1Ax\nc\x1b[?2026l"),
        ("⚠️", "x", "\x1b[?2026h\r\x1b[Kx\x1b[?2026l"),
    ],
)
def test_only_what_changes_is_written(before: str, after: str, written: str) -> None:
    assert drawn(([], rows(*before.split("|"))), ([], rows(*after.split("|"))))[1] == written


def test_settled_rows_that_are_on_the_screen_are_not_written_again() -> None:
    assert drawn(([], rows("a", "b")), (rows("a", "b"), rows("c")), (rows("c"), []))[1:] == ["\nc", "\n"]


def test_rows_without_room_are_hidden_until_they_are_settled_and_none_is_drawn_into_the_scrollback() -> None:
    many = rows(*map(str, range(9)))
    glass = Glass(20, 4, reflows=False)
    tail = Tail(reflows=False)
    for shown in range(1, 10):
        glass.feed(tail.draw([], many[:shown], 20, 4))
        assert glass.lines() == [row.text for row in many[:shown]][-3:]
    assert glass.scrollback == []
    glass.feed(tail.draw(many, [], 20, 4))
    assert glass.lines() == [row.text for row in many]


class Walk:
    """Settles and draws rows at random; `settled` and `tail` are what a screen should show."""

    def __init__(self, seed: int, columns: int) -> None:
        self.chance = random.Random(seed)
        self.columns = columns
        self.settled: list[Row] = []
        self.tail: list[Row] = []

    def step(self) -> list[Row]:
        """Change the tail, and return the rows that have been settled."""
        kind = self.chance.random()
        settled: list[Row] = []
        if kind < 0.25:
            cut = self.chance.randint(0, len(self.tail))
            settled = self.tail[:cut] if self.chance.random() < 0.5 else self._some(1, 6)
            self.tail = self._some(0, 5)
        elif kind < 0.6 and self.tail and self.tail[-1].cells < self.columns:
            last = self.tail[-1]
            self.tail = [*self.tail[:-1], Row(last.text + "x", last.cells + 1)]
        elif kind < 0.9:
            self.tail = self.tail + self._some(1, 4)
        else:
            self.tail = self._some(0, 8)
        self.settled += settled
        return settled

    def _some(self, least: int, most: int) -> list[Row]:
        return [self._row() for _ in range(self.chance.randint(least, most))]

    def _row(self) -> Row:
        size = self.chance.choice([0, 1, 3, self.columns - 1, self.columns])
        text = "".join(self.chance.choice("abc xyz") for _ in range(size)).rstrip()
        return Row(text, len(text))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_random_walk_shows_on_an_emulator_what_it_should_and_every_settled_row_once(size: tuple[int, int]) -> None:
    columns, height = size
    for seed in range(WALKS):
        walk, tail = Walk(seed, columns), Tail(reflows=False)
        emulator = pyte.HistoryScreen(columns, height, history=1000, ratio=0.5)
        stream, glass = pyte.Stream(emulator), Glass(columns, height, reflows=False)
        above = [f"above {place}"[:columns] for place in range(walk.chance.randint(0, height + 3))]
        opening = "".join(f"{line}\n" for line in above)
        stream.feed(opening.replace("\n", "\r\n"))
        glass.feed(opening)
        for _ in range(walk.chance.randint(1, 20)):
            written = tail.draw(walk.step(), walk.tail, columns, height)
            stream.feed(written.replace("\n", "\r\n"))
            glass.feed(written)
            room = max(1, height - 1)
            shown = [*above, *(row.text for row in walk.settled), *(row.text for row in walk.tail[-room:])]
            while shown and not shown[-1]:
                shown.pop()
            assert _seen(emulator) == shown, (seed, written)
            assert glass.lines() == shown, (seed, written)


def _seen(emulator: pyte.HistoryScreen) -> list[str]:
    """Return scrollback and screen, without the empty rows at the end."""
    lines = [*emulator.history.top, *(emulator.buffer[row] for row in range(emulator.lines))]
    found = ["".join(line[column].data for column in range(emulator.columns)).rstrip() for line in lines]
    while found and not found[-1]:
        found.pop()
    return found


# Sizes that change: what comes are words, and rows are as many of them as have room


class Words:
    """Numbered words that come block by block, laid out at any width; none of them is there twice."""

    def __init__(self, chance: random.Random, *, longest: int) -> None:
        self._chance, self._longest = chance, longest
        self._open: list[str] = []
        self.all: list[str] = []

    def come(self) -> None:
        for _ in range(self._chance.randint(1, 4)):
            if len(self._open) < self._longest:
                self.all.append(f"{self._chance.choice(['w', '字', 'wor'])}{len(self.all)};")
                self._open.append(self.all[-1])

    def settled(self, width: int) -> list[Row]:
        if len(self._open) < self._longest and self._chance.random() < 0.8:
            return []
        rows, self._open = self.tail(width), []
        return rows

    def tail(self, width: int) -> list[Row]:
        lines = [""]
        for word in self._open:
            if lines[-1] and _wide(lines[-1] + word) > width:
                lines.append("")
            lines[-1] += word
        return [Row(line, _wide(line)) for line in lines if line]


def _wide(text: str) -> int:
    return len(text) + text.count("字")


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"(?:w|字|wor)(\d+);", text)]


Size = tuple[int, int]


def _walked(
    seed: int, begin: Size, changes: Mapping[int, Size], *, bends: bool, longest: int = 12, once: bool = False
) -> tuple[Words, Glass]:
    """Let words come while the size changes at these steps, until all is settled; look at the screen after each."""
    columns, height = begin
    words = Words(random.Random(seed), longest=longest)
    tail, glass = Tail(reflows=bends), Glass(columns, height, reflows=bends)
    for step in range(30):
        if step in changes:
            columns, height = changes[step]
            glass.resize(columns, height)
        words.come()
        settled = words.settled(columns)
        rows = words.tail(columns)
        glass.feed(tail.draw(settled, rows, columns, height))
        if rows:
            assert glass.lines()[-1] == rows[-1].text, seed
        if once:
            assert len(_numbers(glass.whole())) == len(set(_numbers(glass.whole()))), (seed, step)
    glass.feed(tail.draw(words.tail(columns), [], columns, height))
    return words, glass


def _changes(seed: int, *sizes: Size) -> dict[int, Size]:
    chance = random.Random(seed)
    return {step: chance.choice(sizes) for step in range(30) if chance.random() < 0.2}


@pytest.mark.parametrize("bends", [True, False], ids=["reflows", "cuts"])
def test_screen_that_gets_wider_or_narrower_in_mid_answer_has_every_word_once(*, bends: bool) -> None:
    for seed in range(WALKS):
        words, glass = _walked(seed, (20, 12), _changes(seed, (20, 12), (9, 12), (14, 12), (60, 12)), bends=bends)
        seen = _numbers(glass.whole())
        assert seen == sorted(set(seen)), seed
        assert set(range(len(words.all))) - set(seen) <= _numbers_in(glass.torn), (seed, glass.lines())


@pytest.mark.parametrize("bends", [True, False], ids=["reflows", "cuts"])
def test_screen_that_gets_lower_or_higher_in_mid_answer_has_every_word_once(*, bends: bool) -> None:
    pushed = 0
    for seed in range(WALKS):
        chance = random.Random(seed)
        step = chance.randrange(4, 20)
        changes = {step: (20, chance.choice([6, 5, 4, 3, 2])), step + chance.randrange(1, 4): (20, 24)}
        words, glass = _walked(seed, (20, 12), changes, bends=bends, longest=30, once=True)
        assert _numbers(glass.whole()) == list(range(len(words.all))), (seed, glass.lines())
        pushed += len(glass.pushed)
    assert pushed > WALKS


@pytest.mark.parametrize("bends", [True, False], ids=["reflows", "cuts"])
def test_screen_that_changes_in_every_way_loses_no_word_and_repeats_only_what_it_moved_away_itself(
    *, bends: bool
) -> None:
    sizes = [(20, 12), (9, 3), (14, 5), (60, 2), (20, 1), (7, 24)]
    for seed in range(WALKS):
        words, glass = _walked(seed, sizes[seed % 6], _changes(seed, *sizes), bends=bends, longest=40)
        seen = _numbers(glass.whole())
        assert set(range(len(words.all))) - set(seen) <= _numbers_in(glass.torn), (seed, glass.lines())
        assert {number for number in seen if seen.count(number) > 1} <= _numbers_in(glass.pushed), seed


def _numbers_in(lines: Sequence[str]) -> set[int]:
    return set(_numbers("".join(lines)))


@pytest.mark.parametrize(
    ("environ", "bends"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "screen-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, True),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "linux"}, False),
    ],
)
def test_terminals_that_break_rows_anew_are_known_by_what_they_leave_in_the_environment(
    environ: Mapping[str, str], *, bends: bool
) -> None:
    assert reflows(environ) is bends


def test_nothing_is_written_for_an_answer_without_a_row() -> None:
    assert drawn(([], [])) == [""]
