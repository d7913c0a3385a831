"""Prices: known by exact name or dated snapshot, and never guessed."""

import pytest
from hypothesis import given, strategies as st

from chatcmd.conversation.message import Message, Turn, Usage
from chatcmd.conversation.price import AS_OF, Money, Price, look_up
from chatcmd.conversation.spent import Spent, spent_on, total


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gpt-3.5-turbo", (0.5, 1.5)),
        ("gpt-3.5-turbo-0301", (1.5, 2)),
        ("gpt-4", (30, 60)),
        ("gpt-4o", (2.5, 10)),
        ("gpt-4o-2024-08-06", (2.5, 10)),
        ("gpt-4o-2024-05-13", (5, 15)),
        ("gpt-4o-mini-2024-07-18", (0.15, 0.6)),
        ("gpt-4-turbo-2024-04-09", (10, 30)),
        ("gpt-5-2025-08-07", (1.25, 10)),
    ],
)
def test_models_are_known_by_name_and_by_dated_snapshot(model: str, price: tuple[float, float]) -> None:
    found = look_up(model)
    assert found is not None
    assert (found.prompt, found.answer) == price


@pytest.mark.parametrize(
    "model",
    [
        "",
        "gpt-4o-audio-preview",
        "gpt-4o-2024",
        "gpt-4o-2024-08-06-tuned",
        "gpt-4o-20240806",
        "gpt-4-0999",
        "gpt-3.5-turbo-instruct",
        "gpt-35-turbo",
        "GPT-4o",
        "ft:gpt-4o-mini:org::id",
        "openai/gpt-4o",
        "qwen2.5:7b",
        "gpt-4o-２０２４-０８-０６",
    ],
)
def test_what_is_only_like_a_known_model_has_no_price(model: str) -> None:
    assert look_up(model) is None


def test_the_table_says_of_when_it_is() -> None:
    assert AS_OF == "2025-12"


def test_an_answer_costs_its_tokens() -> None:
    assert str(Price(0.5, 1.5).of(Usage(44, 8))) == "$0.000034"
    assert str(Price(30, 60).of(Usage(1_000_000, 500_000))) == "$60.00"
    assert str(Price(0, 0).of(Usage(44, 8))) == "$0.00"


def test_a_prompt_that_may_have_been_cached_costs_at_most_its_price() -> None:
    price = Price(2.5, 10, caches=True)
    assert str(price.of(Usage(1023, 0))) == "$0.0026"
    assert str(price.of(Usage(1024, 0))) == "<=$0.0026"
    assert str(Price(2.5, 10).of(Usage(1024, 0))) == "$0.0026"
    assert str(price.of(Usage(10, 0)) + price.of(Usage(2000, 0))) == "<=$0.0050"


@given(st.floats(0, 1e7))
def test_money_is_written_with_a_digit_that_tells_something(dollars: float) -> None:
    written = str(Money(dollars))
    assert written.startswith("$")
    assert float(written.removeprefix("$").replace(",", "")) == pytest.approx(dollars, rel=0.06, abs=5e-7)


def answered(usage: Usage | None) -> Turn:
    return Turn(Message(role="user", content="q"), Message(role="assistant", content="a", usage=usage))


def test_turns_add_up_and_what_is_not_known_is_said() -> None:
    counted, uncounted = answered(Usage(100_000, 20_000)), answered(None)
    price = Price(1, 2)
    assert total([], lambda _: price) == Spent()
    assert total([counted, counted], lambda _: price) == Spent(2, 200_000, 40_000, money=Money(0.28))
    table = {
        (counted, counted): "2 turns: 200,000 + 40,000 tokens, cost $0.2800",
        (
            counted,
            uncounted,
        ): "2 turns: 100,000 + 20,000 tokens, 1 of them not counted by the service, cost $0.1400 + $?",
        (uncounted,): "1 turn, not counted by the service",
    }
    assert {turns: total(turns, lambda _: price).sentence for turns in table} == table
    assert total([counted], lambda _: None).sentence == "1 turn: 100,000 + 20,000 tokens, cost unknown"
    some = spent_on(counted.answer, price) + spent_on(counted.answer, None)
    assert (some.cost, some.unpriced) == ("$0.1400 + $?", 1)
