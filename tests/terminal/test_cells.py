"""Cells: never fewer than a terminal takes, and texts that are cut whole."""

import pytest
from hypothesis import given, strategies as st
from wcwidth import wcswidth, wcwidth

from chatcmd.terminal.cells import cells, cut, filled, wrapped
from chatcmd.terminal.clean import clean_line

LINES = st.text(max_size=40).map(clean_line)
MIXED = st.text("ab 水仙花数…éё🙂❤️\u200d👩🇨🇳\u0301한ｆﾊ", max_size=30).map(clean_line)


def test_known_texts_take_their_cells() -> None:
    table = {
        "": 0,
        "ab": 2,
        "水仙花数": 8,
        "a水b": 4,
        "e\u0301": 1,
        "…": 1,
        "ｆ": 2,
        "ﾊ": 1,
        "🙂": 2,
        "❤\ufe0f": 2,
        "█░▁": 3,
    }
    assert {text: cells(text) for text in table} == table


@given(LINES | MIXED)
def test_no_terminal_takes_more_cells(line: str) -> None:
    assert cells(line) >= max(wcswidth(line), sum(max(wcwidth(char), 0) for char in line))


@given(LINES | MIXED, st.integers(-1, 50))
def test_a_cut_text_fits_and_begins_as_the_whole_does(line: str, width: int) -> None:
    shown = cut(line, width)
    assert cells(shown) <= max(width, 0)
    assert shown == line if cells(line) <= width else shown == "" or line.startswith(shown.removesuffix("…"))


@given(st.text("ab水仙🙂", max_size=30), st.integers(1, 50))
def test_a_cut_text_leaves_no_room_that_it_could_use(line: str, width: int) -> None:
    if cells(line) > width:
        assert width - 1 <= cells(cut(line, width)) <= width


@given(LINES | MIXED, st.integers(0, 50))
def test_a_filled_text_takes_just_its_cells(line: str, width: int) -> None:
    assert cells(filled(line, width)) == width


@given(LINES | MIXED, st.integers(2, 50))
def test_a_wrapped_text_fits_and_loses_nothing_but_blanks(line: str, width: int) -> None:
    lines = wrapped(line, width)
    assert all(cells(each) <= width or len(each) == 1 for each in lines)
    assert "".join("".join(lines).split()) == "".join(line.split())


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (80, ["3 轮：132 + 24 token，费用未知（见 /set），以及 others。"]),
        (24, ["3 轮：132 + 24 token，费", "用未知（见 /set），以及", "others。"]),
        (8, ["3 轮：", "132 + 24", "token，", "费用未知", "（见", "/set），", "以及", "others。"]),
    ],
)
def test_texts_break_at_blanks_and_between_chinese_characters(width: int, lines: list[str]) -> None:
    assert wrapped("3 轮：132 + 24 token，费用未知（见 /set），以及 others。", width) == lines
