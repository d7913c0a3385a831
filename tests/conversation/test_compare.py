import random
from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from chatcmd.conversation.compare import MOST_UNITS, Comparison, Stretch, compare
from tests.conversation.texts import texts

few_words = st.lists(st.sampled_from(["a", "b", "c", "是", "的", "。"]), max_size=14).map(" ".join)
both = st.one_of(st.tuples(few_words, few_words), st.tuples(texts, texts))


def longest(old: list[str], new: list[str]) -> int:
    """Count a longest common subsequence as the textbook does."""
    above = [0] * (len(new) + 1)
    for mine in old:
        row = [0]
        for place, theirs in enumerate(new):
            row.append(above[place] + 1 if mine == theirs else max(above[place + 1], row[-1]))
        above = row
    return above[-1]


def joined(found: Comparison) -> tuple[str, str]:
    return "".join(each.old for each in found.stretches), "".join(each.new for each in found.stretches)


@given(texts)
def test_a_text_is_the_same_as_itself(text: str) -> None:
    found = compare(text, text)
    assert (found.likeness, found.ratio) == ("same", 1.0)
    assert all(each.same for each in found.stretches)


@given(both)
def test_the_stretches_join_to_both_texts_and_take_turns(pair: tuple[str, str]) -> None:
    found = compare(*pair)
    assert joined(found) == pair
    assert all(one.same != other.same for one, other in pairwise(found.stretches))
    assert all(each.old.split() == each.new.split() for each in found.stretches if each.same)


@given(both)
def test_the_ratio_is_the_same_whichever_is_compared_with_which(pair: tuple[str, str]) -> None:
    one, other = compare(*pair), compare(*reversed(pair))
    assert (one.likeness, one.ratio) == (other.likeness, other.ratio)
    assert 0 <= one.ratio <= 1


@given(few_words, few_words)
def test_as_much_is_found_in_common_as_there_is(old: str, new: str) -> None:
    mine, theirs = old.split(), new.split()
    expected = 2 * longest(mine, theirs) / (len(mine) + len(theirs)) if mine or theirs else 1.0
    assert compare(old, new).ratio == pytest.approx(expected)


def test_what_is_too_large_to_keep_at_once_comes_to_as_much() -> None:
    chance = random.Random(7)
    words = [f"w{number}" for number in range(9000)]
    order = chance.sample(range(9000), 9000)
    longest_ends: list[int] = []  # of growing runs by their length: what both have in common is the longest of them
    for number in order:
        place = bisect_left(longest_ends, number)
        longest_ends[place : place + 1] = [number]
    old, new = " ".join(words), " ".join(words[number] for number in order)
    found = compare(old, new)
    assert found.ratio == len(longest_ends) / 9000
    assert joined(found) == (old, new)


@pytest.mark.parametrize(
    ("old", "new", "likeness", "ratio"),
    [
        ("2", "2\n", "same", 1.0),
        ("a b", "a  b", "similar", 1.0),
        ("", "", "same", 1.0),
        ("", "two words", "different", 0.0),
        ("   ", "\n\n", "same", 1.0),
        ("one two three", "one two four", "similar", 2 / 3),
        ("one two", "three four", "different", 0.0),
        ("水仙花数有哪些", "水仙花数有四个", "similar", 10 / 14),
        ("是的", "不对", "different", 0.0),
    ],
)
def test_answers_are_same_similar_or_different(old: str, new: str, likeness: str, ratio: float) -> None:
    found = compare(old, new)
    assert found.likeness == likeness
    assert found.ratio == pytest.approx(ratio)


def test_differences_are_words_and_chinese_characters() -> None:
    assert compare("the quick fox jumps", "the slow fox jumps").stretches == (
        Stretch("the ", "the ", same=True),
        Stretch("quick ", "slow "),
        Stretch("fox jumps", "fox jumps", same=True),
    )
    assert compare("水仙花数有三个。", "水仙花数有四个。").stretches == (
        Stretch("水仙花数有", "水仙花数有", same=True),
        Stretch("三", "四"),
        Stretch("个。", "个。", same=True),
    )


def test_a_single_word_between_long_changes_is_taken_into_them() -> None:
    old, new = "start one two three the four five six end", "start uno due tre the quattro cinque sei end"
    assert [each.same for each in compare(old, new).stretches] == [True, False, True]


def test_long_answers_are_compared_by_words_and_longer_ones_by_lines() -> None:
    long = "word " * MOST_UNITS
    assert compare(long, "another " + long[5:]).by == "words"
    lines = "\n".join(f"line {number}" for number in range(MOST_UNITS))
    found = compare(lines, lines.replace("line 7\n", "line seven\n"))
    assert (found.by, found.likeness) == ("lines", "similar")
    assert [each for each in found.stretches if not each.same] == [Stretch("line 7\n", "line seven\n")]
    short_lines = "x\n" * (MOST_UNITS + 1)
    assert compare(short_lines, short_lines + "y") == Comparison(
        "different", 0.0, (Stretch(short_lines, short_lines + "y"),), "texts"
    )


def test_what_is_repeated_over_and_over_is_compared_to_the_end() -> None:
    old, new = "的" * 15_000 + "是" * 15_000, "是" * 15_000 + "的" * 15_000
    found = compare(old, new)
    assert (found.likeness, found.ratio, found.by) == ("different", 0.5, "words")
    assert joined(found) == (old, new)
