"""Texts with colours: what is marked, and that nothing from outside takes part in it."""

import pytest

from chatcmd.terminal.painted import FOUND, PLAIN, beside, found_in, painted
from tests.hostile import HOSTILE, raw_controls

ON = f"\x1b[{FOUND}m"


def test_what_was_found_has_a_colour_and_nothing_else_has() -> None:
    assert found_in("一只麒麟 and two", [(2, 4), (9, 12)], colour=True) == f"一只{ON}麒麟{PLAIN} and {ON}two{PLAIN}"
    assert found_in("a b a", [(0, 1), (4, 5)], colour=True) == f"{ON}a{PLAIN} b {ON}a{PLAIN}"
    assert found_in("a b a", [(0, 1), (4, 5)], colour=False) == "a b a"
    assert found_in("abc", [], colour=True) == "abc"


def test_no_colour_is_left_open_where_there_is_nothing_to_colour() -> None:
    assert painted("", "1") == ""
    assert painted("a", "") == "a"
    assert found_in("a", [(1, 1)], colour=True) == "a"


@pytest.mark.parametrize("place", [0, 1, 3])
def test_hostile_text_is_inert_beside_our_colours(place: int) -> None:
    for text in HOSTILE.values():
        shown = found_in(text, [(place, place + 2)], colour=True) + "\n" + beside([(text, "1")], 80, 2, colour=True)
        ours = shown.replace(ON, "").replace("\x1b[1m", "").replace(PLAIN, "")
        assert raw_controls(ours.encode("utf-8", "surrogateescape")) == []
