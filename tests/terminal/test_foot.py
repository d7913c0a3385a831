"""What stands at the foot of the screen for a while: a text that is typed, and the status below it."""

import pytest

from chatcmd.terminal.foot import Foot
from tests.hostile import HOSTILE, raw_controls
from tests.terminal.glass import Glass


def foot(glass: Glass, status: str = "turn 1", style: str = "") -> Foot:
    return Foot(
        glass.feed, lambda: (glass.columns, glass.rows), lambda _width: status, style=style, reflows=glass.reflows
    )


def test_status_stands_below_what_is_typed_and_both_give_way() -> None:
    glass = Glass(20, 6, reflows=False)
    shown = foot(glass)
    glass.feed("before\n")
    shown.draw()
    assert glass.lines() == ["before", "turn 1"]
    shown.draw("【u】one two three four")
    assert glass.lines() == ["before", "【u】one two three f", "our", "turn 1"]
    shown.draw("【u】one\ntwo")
    assert glass.lines() == ["before", "【u】one", "two", "turn 1"]
    shown.give_way("【u】one\ntwo\n")
    assert glass.lines() == ["before", "【u】one", "two"]
    shown.draw()
    shown.give_way()
    assert glass.lines() == ["before", "【u】one", "two"]


def test_text_that_is_higher_than_the_screen_is_in_the_scrollback_only_once_it_stays() -> None:
    glass = Glass(10, 4, reflows=False)
    shown = foot(glass)
    text = "\n".join(f"line {number}" for number in range(20))
    for end in range(0, len(text), 5):
        shown.draw(text[:end])
    assert glass.scrollback == []
    assert glass.lines()[-1] == "turn 1"
    shown.give_way(text + "\n")
    assert glass.lines() == text.split("\n")


@pytest.mark.parametrize("reflows", [True, False])
def test_screen_that_changes_its_size_keeps_no_trace(*, reflows: bool) -> None:
    glass = Glass(20, 6, reflows=reflows)
    shown = foot(glass, "a status of 20 cells")
    shown.draw("typed so far, and on")
    glass.resize(8, 6)
    shown.draw("typed so far, and on")
    glass.resize(30, 10)
    shown.draw("typed so far, and on, and on")
    assert glass.lines() == ["typed so far, and on, and on", "a status of 20 cells"]
    shown.give_way()
    assert glass.lines() == []


@pytest.mark.parametrize(
    ("columns", "rows", "told"), [(20, 2, ""), (20, 3, "turn 1"), (4, 3, "tur…"), (1, 3, "…"), (1, 1, "")]
)
def test_status_takes_the_room_that_there_is(columns: int, rows: int, told: str) -> None:
    glass = Glass(columns, rows, reflows=False)
    foot(glass).draw()
    assert "".join(glass.lines()) == told


def test_status_has_its_colours_and_the_text_has_none() -> None:
    written: list[str] = []
    Foot(written.append, lambda: (20, 5), lambda _width: "turn 1", style="2", reflows=False).draw("a")
    assert written == ["a\n\x1b[2mturn 1\x1b[0m"]


@pytest.mark.parametrize("name", HOSTILE)
def test_typed_text_is_clean(name: str) -> None:
    written: list[str] = []
    Foot(written.append, lambda: (20, 5), lambda _width: "", style="", reflows=False).draw(HOSTILE[name])
    assert raw_controls("".join(written).replace("\x1b[?2026h", "").replace("\x1b[?2026l", "").encode()) == []
