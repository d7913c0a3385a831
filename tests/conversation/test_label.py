"""Titles and tags: what is taken, what is refused."""

import pytest

from chatcmd.conversation.label import (
    LONGEST_TAG,
    LONGEST_TITLE,
    MOST_TAGS,
    checked_tag,
    checked_title,
    tagged,
    untagged,
)
from chatcmd.errors import UsageError
from tests.hostile import HOSTILE, raw_controls


@pytest.mark.parametrize("title", ["a", " 标题 ", "x" * LONGEST_TITLE, "two words", "a\x1b[2Jb"])
def test_a_title_is_taken_less_the_blanks_around_it(title: str) -> None:
    assert checked_title(title) == title.strip()


@pytest.mark.parametrize("title", ["one\ntwo", " one\r\n\n two\n", "one\ttwo", "one\u2028two", "one\x85two"])
def test_a_title_is_one_line_so_that_what_is_shown_finds_it(title: str) -> None:
    assert checked_title(title) == "one two"


@pytest.mark.parametrize(
    ("title", "why"),
    [("", "visible"), (" \n", "visible"), ("\u200b\ufeff", "visible"), ("x" * (LONGEST_TITLE + 1), "has 201")],
)
def test_a_title_that_cannot_be_is_refused(title: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        checked_title(title)


@pytest.mark.parametrize(
    ("tag", "taken"),
    [("工作", "工作"), (" python ", "python"), ("c++", "c++"), ("e\u0301", "\u00e9"), ("👨\u200d👩", "👨\u200d👩")],
)
def test_a_tag_is_one_word(tag: str, taken: str) -> None:
    assert checked_tag(tag) == taken


REFUSED = ("", " ", "a b", "a\u3000b", "a,b", "a，b", "a、b", "-a", "a\x1b[2J", "\u200b", "a\u202eb")


@pytest.mark.parametrize("tag", REFUSED)
def test_a_tag_that_does_not_show_as_one_word_is_refused(tag: str) -> None:
    with pytest.raises(UsageError, match="cannot be a tag"):
        checked_tag(tag)


def test_no_tag_is_a_command_to_a_terminal() -> None:
    for text in HOSTILE.values():
        try:
            tag = checked_tag(text)
        except UsageError:
            continue
        assert raw_controls(tag.encode()) == []


def test_a_tag_that_is_too_long_is_told_so() -> None:
    assert checked_tag("长" * LONGEST_TAG)
    with pytest.raises(UsageError, match=f"can have {LONGEST_TAG} characters, and this one has {LONGEST_TAG + 1}"):
        checked_tag("长" * (LONGEST_TAG + 1))


def test_tags_come_once_and_in_order_and_go_again() -> None:
    assert tagged(("b",), ("a", "b", " a ")) == ("b", "a")
    assert untagged(("b", "é", "a"), ("e\u0301", "b")) == ("a",)
    with pytest.raises(UsageError, match="the session has no tag 'x'"):
        untagged(("a",), ("a", "x"))


def test_tags_are_not_without_end_but_those_that_are_there_stay() -> None:
    many = tuple(f"t{number}" for number in range(MOST_TAGS))
    assert tagged((), many) == many
    with pytest.raises(UsageError, match="would have 51; remove some"):
        tagged(many, ("more",))
    assert tagged((*many, "imported"), ("t1",)) == (*many, "imported")
