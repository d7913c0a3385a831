"""Tables line up, with Chinese in them too, and fit where they must."""

from collections.abc import Sequence

import pytest

from chatcmd.cells import cells
from chatcmd.terminal.table import lay_out

ROWS = [
    ("1", "system", "一个有10年Python开发经验的资深算法工程师"),
    ("12", "用户", "1+1=几"),
    ("3", "", "[bold]a[/]:bomb:"),
]


def test_columns_line_up_in_cells_not_characters() -> None:
    lines = lay_out(ROWS, ("", "role", "content"), None).splitlines()
    places = [cells(line[: line.index(mark)]) for line, mark in zip(lines, ["content", "一", "1+1", "["], strict=True)]
    assert len(set(places)) == 1
    assert lines[3].endswith("[bold]a[/]:bomb:")
    assert [line[:2] for line in lines[1:]] == [" 1", "12", " 3"]  # numbers to the right
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("width", [80, 60, 24])
def test_last_column_gives_way_where_there_is_no_room(width: int) -> None:
    rows = [*ROWS, ("4", "user", "长" * 5000)]
    lines = lay_out(rows, ("", "role", "content"), width).splitlines()
    assert len(lines) == 5
    assert width - 1 <= cells(lines[4]) <= width
    assert lines[2].startswith("12  用户    1+1=几")
    assert lines[4].startswith(" 4  user    长")
    assert lines[4].endswith("…")


SETTINGS = [
    ("model", "gpt-3.5-turbo", "the default", "who answers: MODEL, or NAME/MODEL of [providers.NAME]"),
    ("presence_penalty", "-", "the default", "鼓励新话题，-2 到 2"),
]
COUNTS = [("1", "<= 82", "-", "0"), ("2", "478", "1,234", "22"), ("", "~ 1,000", "-", "")]

# Rows, their heading, the width, whether they wrap, and what is to be seen.
NARROW: dict[str, tuple[Sequence[Sequence[str]], Sequence[str], int, bool, str]] = {
    "the last column wraps": (
        SETTINGS,
        ("setting", "value", "from", ""),
        80,
        True,
        """\
setting           value          from
model             gpt-3.5-turbo  the default  who answers: MODEL, or NAME/MODEL
                                              of [providers.NAME]
presence_penalty  -              the default  鼓励新话题，-2 到 2
""",
    ),
    "or stands below": (
        SETTINGS,
        ("setting", "value", "from", ""),
        60,
        True,
        """\
setting           value          from
model             gpt-3.5-turbo  the default
  who answers: MODEL, or NAME/MODEL of [providers.NAME]
presence_penalty  -              the default
  鼓励新话题，-2 到 2
""",
    ),
    "with others": (
        SETTINGS,
        ("setting", "value", "from", ""),
        40,
        True,
        """\
setting           value
  from
model             gpt-3.5-turbo
  the default  who answers: MODEL, or
  NAME/MODEL of [providers.NAME]
presence_penalty  -
  the default  鼓励新话题，-2 到 2
""",
    ),
    "numbers stand to the right": (
        COUNTS,
        ("turn", "sent", "server's count", "answer"),
        40,
        False,
        """\
turn     sent  server's count  answer
   1    <= 82               -       0
   2      478           1,234      22
      ~ 1,000               -
""",
    ),
    "headings break first": (
        COUNTS,
        ("turn", "sent", "server's count", "saved sessions"),
        36,
        False,
        """\
               server's     saved
turn     sent     count  sessions
   1    <= 82         -         0
   2      478     1,234        22
      ~ 1,000         -
""",
    ),
    "what is below is cut too": (
        [*ROWS, ("4", "user", "长" * 50)],
        ("", "role", "content"),
        20,
        False,
        """\
    role
  content
 1  system
  一个有10年Python…
12  用户
  1+1=几
 3
  [bold]a[/]:bomb:
 4  user
  长长长长长长长长…
""",
    ),
}


@pytest.mark.parametrize("name", NARROW)
def test_a_narrow_screen_loses_no_column(name: str) -> None:
    rows, head, width, wrap, shown = NARROW[name]
    assert lay_out(rows, head, width, wrap=wrap) == shown
    assert max(map(cells, shown.splitlines())) <= width


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("wrap", [True, False])
def test_hardly_any_width_still_shows_every_row(width: int, *, wrap: bool) -> None:
    shown = lay_out(ROWS, ("", "role", "content"), width, wrap=wrap)
    assert all(begin in shown for begin in ("[bold", "1+1=" if wrap else "用户", "syst"))


def test_without_a_width_nothing_is_cut() -> None:
    long = "长" * 5000
    assert long in lay_out([("1", long)], (), None)


def test_heading_alone_is_shown() -> None:
    assert lay_out([], ("a", "b"), None).split() == ["a", "b"]
