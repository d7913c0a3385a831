"""Sessions as rows: which columns are shown in how many cells."""

import pytest
from hypothesis import given, strategies
from msgspec.structs import replace

from chatcmd.cells import cells
from chatcmd.conversation.session import Parent
from chatcmd.history.entry import Entry
from chatcmd.history.row import rows
from chatcmd.terminal.table import lay_out
from tests.history.made import ID
from tests.hostile import HOSTILE, raw_controls

ENTRY = Entry(ID, "老表", "no time", "gpt-3.5-turbo", "标题", 3, "/h/u/x.json")
BRANCH = replace(ENTRY, id="20261121T101010Z-1234", user="bob", tags=("工作", "b"), parent=Parent(ID, 2))
COLUMNS = {
    None: ["session", "when", "user", "turns", "model", "tags", "branch of", "title"],
    200: ["session", "when", "user", "turns", "model", "tags", "branch of", "title"],
    89: ["session", "when", "user", "turns", "model", "tags", "title"],
    88: ["session", "when", "user", "turns", "tags", "title"],
    73: ["session", "when", "user", "turns", "title"],
    60: ["session", "when", "turns", "title"],
    45: ["session", "title"],
    1: ["session", "title"],
}


@pytest.mark.parametrize("width", COLUMNS)
def test_columns_leave_one_after_the_other(width: int | None) -> None:
    body, head = rows([ENTRY, BRANCH], width)
    assert head == COLUMNS[width]
    assert [row[0] for row in body] == [ENTRY.id, BRANCH.id]
    assert [row[-1] for row in body] == ["标题", "↳ 标题"]


def test_column_that_holds_nothing_is_left_out_and_so_is_one_that_nobody_wants() -> None:
    assert rows([ENTRY], None)[1] == ["session", "when", "user", "turns", "model", "title"]
    assert "user" not in rows([ENTRY, BRANCH], None, without=["user"])[1]


def test_user_who_is_alone_leaves_first() -> None:
    alone = [ENTRY, replace(BRANCH, user="老表", parent=None)]
    assert rows(alone, 85)[1] == ["session", "when", "turns", "model", "tags", "title"]


def test_session_that_is_open_says_so() -> None:
    body, _head = rows([ENTRY, BRANCH], None, [True, False])
    assert [row[-1] for row in body] == ["标题 (open now)", "↳ 标题"]


def test_nothing_at_all_is_no_row() -> None:
    assert rows([], 80)[0] == []


@given(strategies.integers(24, 200), strategies.lists(strategies.text(max_size=80), min_size=4, max_size=4))
def test_any_text_fits_in_any_width(width: int, texts: list[str]) -> None:
    title, user, model, tag = texts
    entry = replace(ENTRY, title=title, user=user, model=model, tags=(tag,))
    body, head = rows([entry, BRANCH], width)
    for line in lay_out(body, head, width).splitlines():
        assert cells(line) <= width


def test_hostile_text_is_inert_in_every_cell() -> None:
    for text in HOSTILE.values():
        entry = Entry(text, text, text, text, text, 1, "/x", tags=(text,), parent=Parent(text, 1))
        body, _head = rows([entry], None)
        shown = " ".join(body[0]).encode("utf-8", "surrogateescape")
        assert raw_controls(shown) == []
        assert b"\n" not in shown
