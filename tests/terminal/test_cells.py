"""Cells: never fewer than a terminal takes, and texts that are cut whole."""

import re

import pytest
from hypothesis import given, strategies as st
from wcwidth import wcswidth, wcwidth

from chatcmd.cells import cells, cut, filled, fitted, wrapped
from chatcmd.clean import clean_line

LINES = st.text(max_size=40).map(clean_line)
TEXTS = st.text("ab -中文字，。（）「」:/…", max_size=60)
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


@given(LINES | MIXED | TEXTS, st.integers(2, 50))
def test_a_fitted_text_fits_and_loses_nothing_but_blanks(line: str, width: int) -> None:
    lines = fitted(line, width)
    assert all(cells(each) <= width or len(each) == 1 for each in lines)
    assert "".join("".join(lines).split()) == "".join(line.split())


@given(
    st.lists(st.sampled_from(["ab ", "x-y: ", " /set ", "中", "文，", "（字", "（a）。", "「ab」 "])),
    st.integers(8, 40),
)
def test_a_wrapped_text_fits_where_each_word_does_and_no_word_or_mark_is_torn_off(words: list[str], width: int) -> None:
    lines = wrapped("".join(words), width)
    assert "".join("".join(lines).split()) == "".join("".join(words).split())
    assert all(cells(line) <= width for line in lines)
    assert not [line for line in lines if re.match("[，。）」]|[b:-]", line) or re.search("[（「]$|/$", line)]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 20, [""]),
        ("one", 20, ["one"]),
        ("one two three", 9, ["one two", "three"]),
        ("one two three", 7, ["one two", "three"]),
        ("  one  two ", 20, ["  one  two"]),
        ("a-word-that-is-too-long for it", 10, ["a-word-that-is-too-long", "for it"]),
        ("it is a-word-that-is-too-long", 10, ["it is a-word-that-is-too-long"]),
        ("保存并退出", 6, ["保存并", "退出"]),
        ("保存并退出", 7, ["保存并", "退出"]),
        ("保存，退出", 4, ["保", "存，", "退出"]),
        ("保存（退出）", 6, ["保存", "（退", "出）"]),
        ("用 /help 看命令", 8, ["用 /help", "看命令"]),
        ("说了（ 好", 6, ["说了（", "好"]),
        ("已保存：history/老表/1.json", 20, ["已保存：", "history/老表/1.json"]),
        ("已保存：history/老表/1.json", 12, ["已保存：history/老表/1.json"]),
        ("见 history/老表/；好", 12, ["见 history/老表/；", "好"]),
        (
            "3 轮：132 + 24 token，费用未知（见 /set），以及 others。",
            24,
            ["3 轮：132 + 24 token，费", "用未知（见 /set），以及", "others。"],
        ),
    ],
)
def test_a_text_breaks_where_a_reader_expects_it(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_a_long_text_takes_no_longer_for_each_character() -> None:
    for text in ("一" * 50_000, "（" * 50_000, "a" * 50_000, "，" * 50_000, " " * 50_000, "a/" * 25_000):
        assert "".join(wrapped(text, 80)).strip() == text.strip()
