import pytest
from hypothesis import given, settings, strategies as st

from chatcmd import vocabulary
from chatcmd.conversation.message import Message
from chatcmd.conversation.models import CL100K, CL100K_0301, O200K
from chatcmd.conversation.tokens import (
    LONGEST_TOKEN,
    UNMEASURED_RATIO,
    Rules,
    at_least,
    bound,
    byte_length,
    estimate,
    exact,
)
from tests.conversation.texts import WRITTEN, asks, texts

BOTH = pytest.mark.parametrize("rules", [CL100K, O200K], ids=lambda rules: rules.encoding)
JARGON = "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."


@pytest.mark.parametrize(
    ("rules", "role", "content", "tokens"),
    [
        (CL100K, "system", "You are a bot.", 12),
        (O200K, "system", "You are a bot.", 12),
        (CL100K, "system", JARGON, 25),
        (O200K, "system", JARGON, 24),
        (CL100K, "system", "á", 8),
        (O200K, "system", "á", 8),
        (CL100K, "user", "Hello, how are you?", 13),
        (O200K, "user", "Hello, how are you?", 13),
        (CL100K_0301, "user", "Hello, how are you?", 14),
    ],
)
def test_single_messages_count_as_published(rules: Rules, role: str, content: str, tokens: int) -> None:
    cost = exact(rules, vocabulary.counter(rules.encoding))
    assert cost.total([Message(role=role, content=content)]) == tokens
    assert cost.kind == "exact"


@BOTH
def test_what_looks_like_a_special_token_is_counted_as_text(rules: Rules) -> None:
    count = vocabulary.counter(rules.encoding)
    assert count("<|endoftext|>") > 5
    assert count("<|im_start|>") > 3


@BOTH
@pytest.mark.parametrize("text", WRITTEN)
def test_a_text_has_at_most_a_token_a_byte(rules: Rules, text: str) -> None:
    assert vocabulary.counter(rules.encoding)(text) <= byte_length(text)


@BOTH
@settings(max_examples=300, deadline=None)
@given(text=texts | st.text(st.characters(exclude_categories=())))
def test_the_bound_never_says_less_and_a_long_text_has_many_tokens(rules: Rules, text: str) -> None:
    count = vocabulary.counter(rules.encoding)
    message = asks(text)
    counted = exact(rules, count).total([message])
    assert counted <= bound(rules).total([message]) <= bound(None).total([message])
    assert count(text) * LONGEST_TOKEN >= byte_length(text)


def test_half_a_surrogate_pair_counts_as_what_replaces_it() -> None:
    count = vocabulary.counter("o200k_base")
    assert count("a\ud800b") == count("a\ufffdb")
    assert byte_length("a\ud800b") == byte_length("a\ufffdb")


@given(st.text())
def test_the_byte_length_is_that_of_utf_8(text: str) -> None:
    assert byte_length(text) == len(text.encode())


@pytest.mark.parametrize(("ratio", "factor"), [(None, UNMEASURED_RATIO), (1.0, 1.0), (2.5, 2.5)])
@given(contents=st.lists(texts, max_size=5))
def test_an_estimate_is_never_less_than_the_ratio_of_what_is_counted(
    ratio: float | None, factor: float, contents: list[str]
) -> None:
    cost = estimate(byte_length, ratio)
    ours = 3 + sum(4 + byte_length(content) for content in contents)
    assert cost.total(map(asks, contents)) >= factor * ours
    assert cost.kind == "estimate"


@given(st.lists(st.one_of(texts, st.text()), max_size=4), st.sampled_from((CL100K, O200K)))
def test_no_vocabulary_makes_less_of_a_text_than_the_least(contents: list[str], rules: Rules) -> None:
    messages = [Message(role="user", content=content) for content in contents]
    assert at_least(messages) <= exact(rules, vocabulary.counter(rules.encoding)).total(messages)
