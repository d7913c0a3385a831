"""Charts: rows that line up and fit, in blocks and in ASCII."""

import pytest
from hypothesis import given, strategies as st

from chatcmd.cells import cells
from chatcmd.clean import clean_line
from chatcmd.terminal.chart import ASCII, BLOCKS, Bar, Ink, bars, gauge, ink_for, sparkline

INKS = st.sampled_from([BLOCKS, ASCII])
AMOUNTS = st.floats(0, 1e9) | st.integers(0, 10**9)
ROWS = st.lists(
    st.builds(
        Bar,
        st.text(max_size=30).map(clean_line),
        st.lists(AMOUNTS, min_size=1, max_size=3).map(tuple),
        st.integers(0, 10**7).map("{:,}".format),
    ),
    max_size=10,
)


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    rows = [Bar("1 1+1=几", (4, 4), "8"), Bar("2 why", (12, 4), "16"), Bar("3", (0, 0), "0"), Bar("4", (0, 0.1), "0.1")]
    assert bars(rows, 30, BLOCKS) == [
        "1 1+1=几 ░░░░████ 8",
        "2 why    ░░░░░░░░░░░░░████ 16",
        "3         0",
        "4        █ 0.1",
    ]
    assert bars(rows[:2], 20, ASCII) == ["1 1+.. --### 8", "2 why  --------## 16"]


@given(ROWS, st.integers(20, 200), INKS)
def test_bars_fit_whatever_the_labels_and_amounts(rows: list[Bar], width: int, ink: Ink) -> None:
    lines = bars(rows, width, ink)
    assert len(lines) == len(rows)
    assert all(cells(line) <= width for line in lines)
    assert all(line.endswith(row.text) for row, line in zip(rows, lines, strict=True))


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=10), st.integers(20, 200), INKS)
def test_a_larger_amount_never_has_a_shorter_bar(amounts: list[int], width: int, ink: Ink) -> None:
    lines = bars([Bar("", (amount,), "") for amount in amounts], width, ink)
    drawn = sorted(zip(amounts, (line.count(ink.whole) for line in lines), strict=True))
    assert [length for _, length in drawn] == sorted(length for _, length in drawn)
    assert all((length > 0) == (amount > 0) for amount, length in drawn)


def test_a_sparkline_rises_with_its_values() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 20, BLOCKS) == "▁▂▃▄▅▆▇█"
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 20, ASCII) == "_.:-=+*#"
    assert sparkline([1, 1], 20, BLOCKS, top=8) == "▂▂"
    assert sparkline([9, 1], 20, BLOCKS, top=8) == "█▂"
    assert sparkline([0, 0], 20, BLOCKS) == "▁▁"
    assert sparkline([1, 2, 9, 3], 2, BLOCKS) == "▃█"
    assert sparkline([], 20, BLOCKS) == sparkline([1], 0, BLOCKS) == ""


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=300), st.integers(1, 200), INKS)
def test_a_sparkline_shows_its_peak_in_as_many_cells_as_there_are(values: list[float], width: int, ink: Ink) -> None:
    line = sparkline(values, width, ink)
    assert len(line) == cells(line) == min(len(values), width)
    assert (ink.steps[-1] in line) == (max(values) > 0)


@given(st.floats(-1, 2), st.floats(-1, 2), st.integers(1, 20), INKS)
def test_a_gauge_fills_with_its_share(one: float, other: float, width: int, ink: Ink) -> None:
    less, more = (gauge(share, width, ink) for share in sorted((one, other)))
    assert cells(less) == cells(more) == width
    assert less.count(" ") >= more.count(" ")
    assert (gauge(one, width, ink).strip() == "") == (one <= 0)


def test_a_gauge_is_drawn_in_parts_of_a_cell() -> None:
    assert [gauge(share, 4, BLOCKS) for share in (0, 0.001, 0.5, 0.53, 1, 7)] == [
        "    ",
        "▏   ",
        "██  ",
        "██▏ ",
        "████",
        "████",
    ]
    assert gauge(0.5, 4, ASCII) == "##  "


@pytest.mark.parametrize(
    ("encoding", "term", "plain", "ink"),
    [
        ("utf-8", "xterm", False, BLOCKS),
        ("UTF8", None, False, BLOCKS),
        ("utf-8", "xterm", True, ASCII),
        ("utf-8", "dumb", False, ASCII),
        ("gb18030", "xterm", False, ASCII),
        ("ascii", None, False, ASCII),
    ],
)
def test_ascii_is_drawn_where_blocks_may_not_be_there(
    encoding: str, term: str | None, ink: Ink, *, plain: bool
) -> None:
    assert ink_for(encoding, term, plain=plain) is ink
    assert all(piece.isascii() for piece in (*ASCII.ends, ASCII.whole, ASCII.shades, ASCII.steps, ASCII.ellipsis))
