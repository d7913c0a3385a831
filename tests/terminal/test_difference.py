import re

import pytest
from hypothesis import given, strategies as st

from chatcmd.clean import clean
from chatcmd.conversation.compare import Stretch, compare
from chatcmd.terminal.difference import AROUND, LONGEST, lay_out
from tests.conversation.texts import texts
from tests.hostile import HOSTILE, raw_controls


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("the old way", "the new way", "the [-old-]{+new+} way\n"),
        ("the way", "the long way", "the {+long+} way\n"),
        ("the long way", "the way", "the [-long-] way\n"),
        ("another one, so", "another, so", "another [-one-], so\n"),
        ("有三个。", "有四个。", "有[-三-]{+四+}个。\n"),
        ("", "all new", "{+all new+}\n"),
        ("all gone", "", "[-all gone-]\n"),
        ("a\nb", "a\nc", "a\n[-b-]{+c+}\n"),
        ("same", "same", ""),
        ("a b", "a  b", ""),
    ],
)
def test_without_colours_changes_stand_in_brackets(old: str, new: str, expected: str) -> None:
    assert lay_out(compare(old, new).stretches, colour=False) == expected


def test_with_colours_each_line_of_a_change_is_painted_by_itself() -> None:
    shown = lay_out((Stretch("a\n\nb ", "c "), Stretch("end", "end", same=True)), colour=True)
    assert shown == "\x1b[31;9ma\x1b[0m\n\n\x1b[31;9mb\x1b[0m \x1b[32;4mc\x1b[0m end\n"


def test_lines_are_broken_at_blanks_and_painted_on() -> None:
    stretches = compare("one two three four", "one zwei drei vier").stretches
    assert lay_out(stretches, 12, colour=True) == (
        "one \x1b[31;9mtwo\x1b[0m\n\x1b[31;9mthree four\x1b[0m\n\x1b[32;4mzwei drei\x1b[0m\n\x1b[32;4mvier\x1b[0m\n"
    )
    assert lay_out(stretches, 12, colour=False) == "one [-two\nthree\nfour-]{+zwei\ndrei vier+}\n"


@given(texts, texts, st.integers(2, 90))
def test_broken_or_not_the_same_is_said(old: str, new: str, width: int) -> None:
    stretches = compare(old, new).stretches
    broken, whole = (lay_out(stretches, each, colour=False) for each in (width, None))
    assert "".join(broken.split()) == "".join(whole.split())


def test_of_a_long_change_the_middle_is_left_out() -> None:
    went, came = ("old " * 5_000).strip(), ("new " * 5_000).strip()
    shown = lay_out([Stretch(went, came)], colour=False)
    assert len(shown) < 2 * LONGEST + 30
    assert shown.startswith("[-old old")
    assert " … " in shown
    assert shown.endswith("new new+}\n")


def test_the_middle_of_what_is_the_same_is_left_out() -> None:
    long = "word " * 100
    shown = lay_out(compare(f"{long}old {long}old {long}", f"{long}new {long}new {long}").stretches, colour=False)
    before, between, behind = re.split(r"\[-old-\]\{\+new\+\}", shown)
    assert before.startswith("… ")
    assert behind.rstrip().endswith(" …")
    assert " … " in between
    assert max(map(len, (before, behind))) <= AROUND + 5
    assert len(between) <= 2 * AROUND + 5


@pytest.mark.parametrize("many", range(10, 16))
def test_what_is_left_out_ends_between_two_words(many: int) -> None:
    long = "narcissistic " * many + "x" * many
    kept = f"{long} old {long} {long} old {long}"
    shown = lay_out(compare(kept, kept.replace("old", "new")).stretches, colour=False)
    assert set(re.findall(r"\w+", shown)) == {"narcissistic", "x" * many, "old", "new"}


def test_a_word_without_an_end_is_cut_all_the_same() -> None:
    shown = lay_out([Stretch("x" * 500, "x" * 500, same=True), Stretch("a", "b")], colour=False)
    assert shown == f"… {'x' * AROUND}[-a-]{{+b+}}\n"


@given(texts, texts)
def test_nothing_but_our_own_colours_reaches_the_terminal(old: str, new: str) -> None:
    shown = re.sub(r"\x1b\[(?:31;9|32;4|0)m", "", lay_out(compare(old, new).stretches, colour=True))
    assert clean(shown) == shown


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_answers_are_inert(hostile: str) -> None:
    shown = lay_out(compare(f"a {hostile} b", f"a {hostile[::-1]} c").stretches, colour=False)
    assert raw_controls(shown.encode("utf-8", "surrogatepass")) == []
