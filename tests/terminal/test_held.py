"""What stands in the line for pastes: every text comes back as it was, and only typed @ count as typed."""

import re

import pytest
from hypothesis import given, strategies as st

from chatcmd.clean import clean
from chatcmd.terminal.prompt.held import MOST_CHARACTERS, MOST_LINES, Held, is_private

ANY = st.text(st.characters(codec=None) | st.sampled_from('@"\n\t\U00100000\U00100001\U0010fffd\ue000'), max_size=60)
TYPED = st.text(st.characters(blacklist_categories=["Cs", "Co"]) | st.sampled_from('@"\n'), max_size=20)
LONG = "line\n" * (MOST_LINES + 1)


def is_one_character(line: str) -> bool:
    return len(line) == 1 and is_private(line)


def shown(held: Held, line: str) -> str:
    return "\n".join("".join(map(held.shown, each)) for each in line.split("\n"))


@given(st.lists(st.tuples(TYPED, ANY), max_size=5))
def test_line_of_any_pastes_is_told_whole_and_only_typed_ats_with_their_places(pieces: list[tuple[str, str]]) -> None:
    held = Held()
    line = "".join(typed + held.pasted(pasted) for typed, pasted in pieces)
    text, ats = held.told(line)
    assert text == "".join(typed + pasted for typed, pasted in pieces)
    expected, start = [], 0
    for typed, pasted in pieces:
        expected += [start + found.start() for found in re.finditer("@", typed)]
        start += len(typed + pasted)
    assert list(ats) == expected


@given(st.lists(st.tuples(TYPED, ANY), max_size=5))
def test_parts_make_the_same_line_in_another_run(pieces: list[tuple[str, str]]) -> None:
    one, other = Held(), Held()
    line = "".join(typed + one.pasted(pasted) for typed, pasted in pieces)
    other.pasted("something else @ before")
    again = other.line(one.parts(line))
    assert other.told(again) == one.told(line)
    assert shown(other, again) == shown(one, line)


@given(ANY)
def test_what_is_shown_is_one_clean_line_but_for_its_breaks(text: str) -> None:
    held = Held()
    seen = "".join(held.shown(character) for character in held.pasted(text) if character != "\n")
    assert "\n" not in seen
    assert clean(seen) == clean(clean(seen))
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", seen)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (LONG, f"[pasted {MOST_LINES + 1} lines]"),
        (LONG.rstrip("\n"), f"[pasted {MOST_LINES + 1} lines]"),
        ("\n" * 119 + "@", "[pasted 120 lines]"),
        ("x" * (MOST_CHARACTERS + 1), "[pasted 1,001 characters]"),
        ("x" * 1_234_567, "[pasted 1,234,567 characters]"),
    ],
    ids=["lines", "lines without an end", "empty lines", "characters", "a megabyte"],
)
def test_long_paste_is_one_character_shown_as_what_it_is(text: str, label: str) -> None:
    held = Held()
    line = held.pasted(text)
    assert is_one_character(line)
    assert held.shown(line) == label
    assert held.told(line) == (text, ())
    assert held.pasted(text) == line, "the same paste needs no second character"


@pytest.mark.parametrize("text", ["line\n" * MOST_LINES, "x" * MOST_CHARACTERS, "a\tb", ""])
def test_short_paste_stands_as_it_is(text: str) -> None:
    held = Held()
    assert held.pasted(text) == text
    assert shown(held, text) == text.replace("\t", "    ")


def test_pasted_quotes_and_ats_are_shown_but_are_none_that_were_typed() -> None:
    held = Held()
    line = held.pasted('"""a@b"""')
    assert not line.startswith('"""')
    assert not line.endswith('"""')
    assert "@" not in line
    assert shown(held, line) == '"""a@b"""'
    assert held.told(f"@{line}@") == ('@"""a@b"""@', (0, 10))


def test_a_long_paste_tells_its_size_as_numbers_are_read() -> None:
    held = Held()
    assert [shown(held, held.pasted(text)) for text in ("line\n" * 1234, "x" * 1234)] == [
        "[pasted 1,234 lines]",
        "[pasted 1,234 characters]",
    ]
