"""Tables line up, with Chinese in them too, and fit where they must."""

import pytest
from rich.cells import cell_len

from chatcmd.terminal.table import lay_out

ROWS = [
    ("1", "system", "一个有10年Python开发经验的资深算法工程师"),
    ("12", "用户", "1+1=几"),
    ("3", "", "[bold]a[/]:bomb:"),
]


def test_columns_line_up_in_cells_not_characters() -> None:
    lines = lay_out(ROWS, ("", "role", "content"), None).splitlines()
    places = [
        cell_len(line[: line.index(mark)]) for line, mark in zip(lines, ["content", "一", "1+1", "["], strict=True)
    ]
    assert len(set(places)) == 1
    assert lines[3].endswith("[bold]a[/]:bomb:")
    assert [line[:2] for line in lines[1:]] == [" 1", "12", " 3"]  # numbers to the right
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("width", [80, 60, 24])
def test_last_column_gives_way_where_there_is_no_room(width: int) -> None:
    rows = [*ROWS, ("4", "user", "长" * 5000)]
    lines = lay_out(rows, ("", "role", "content"), width).splitlines()
    assert len(lines) == 5
    assert width - 1 <= cell_len(lines[4]) <= width
    assert lines[2].startswith("12  用户    1+1=几")
    assert lines[4].startswith(" 4  user    长")
    assert lines[4].endswith("…")


@pytest.mark.parametrize("width", [1, 2, 12])
def test_hardly_any_width_loses_no_column(width: int) -> None:
    lines = lay_out(ROWS, ("", "role", "content"), width).splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["role", "conte…"],
        ["1", "system"],
        ["12", "用户"],
        ["3", "[bold…"],
    ]


def test_without_a_width_nothing_is_cut() -> None:
    long = "长" * 5000
    assert long in lay_out([("1", long)], (), None)


def test_heading_alone_is_shown() -> None:
    assert lay_out([], ("a", "b"), None).split() == ["a", "b"]
