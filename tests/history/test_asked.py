"""What was asked, added up: rows say the same as the turns that they are made of."""

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from chatcmd.conversation.message import Message, Turn, Usage
from chatcmd.conversation.price import CACHED_FROM, Price
from chatcmd.conversation.session import Session
from chatcmd.conversation.spent import Spent, total
from chatcmd.history.asked import Asked, asked_of, by, merged
from tests.history.made import answer, session

FIRST, NEXT = "2026-11-20T12:00:00.000Z", "2026-11-22T12:00:00.000Z"


@pytest.fixture
def shanghai() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Shanghai"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def talked(*turns: Turn, model: str = "gpt-4o") -> Session:
    return replace(session(user="u"), model=model, turns=turns)


def asked(at: str | None, model: str | None, usage: Usage | None) -> Turn:
    return Turn(Message(role="user", content="q", at=at), answer("a", model=model, usage=usage))


def test_turns_are_added_up_by_model_and_day() -> None:
    made = talked(
        asked(FIRST, "gpt-4o-2024-08-06", Usage(10, 1)),
        asked(NEXT, "gpt-4o-2024-08-06", Usage(CACHED_FROM, 2)),
        asked(NEXT, "gpt-4o-2024-08-06", Usage(CACHED_FROM - 1, 3)),
        asked(NEXT, None, None),
        asked(None, None, Usage(7)),
        asked("never", None, Usage(8)),
    )
    assert asked_of(made) == [
        Asked("u", "gpt-4o-2024-08-06", "gpt-4o", "2026-11-20", 1, 10, 1, 0, 0),
        Asked("u", "gpt-4o-2024-08-06", "gpt-4o", "2026-11-22", 2, 2 * CACHED_FROM - 1, 5, 0, 1),
        Asked("u", "gpt-4o", "gpt-4o", "2026-11-22", 1, 0, 0, 1, 0),
        Asked("u", "gpt-4o", "gpt-4o", "", 2, 15, 0, 0, 0),
    ]


def test_turns_that_are_the_parent_s_are_left_out() -> None:
    made = talked(*(asked(FIRST, None, Usage(n, 0)) for n in (1, 20, 300)))
    assert [row.prompt for shared in range(4) for row in asked_of(made, shared=shared)] == [321, 320, 300]
    assert asked_of(made, shared=3) == []


@pytest.mark.usefixtures("shanghai")
def test_a_day_is_that_of_its_reader() -> None:
    made = talked(asked("2026-11-20T15:59:59.999Z", None, None), asked("2026-11-20T16:00:00.000Z", None, None))
    assert [row.day for row in asked_of(made)] == ["2026-11-20", "2026-11-21"]


USAGES = st.none() | st.builds(Usage, st.integers(0, 5000), st.integers(0, 5000))
TURNS = st.lists(
    st.builds(asked, st.sampled_from([None, FIRST, NEXT]), st.sampled_from([None, "gpt-4o", "x"]), USAGES), max_size=12
)
PRICES = st.none() | st.builds(Price, st.sampled_from([0.0, 0.5, 3.0]), st.sampled_from([1.0, 8.0]), st.booleans())


@given(TURNS, PRICES, st.integers(0, 12))
def test_rows_cost_what_their_turns_cost(turns: list[Turn], price: Price | None, cut: int) -> None:
    rows = asked_of(talked(*turns[:cut])) + asked_of(talked(*turns), shared=cut)
    told = sum((row.spent(price) for row in merged(rows)), Spent())
    wanted = total(turns, lambda _: price)
    assert told.money.dollars == pytest.approx(wanted.money.dollars)
    assert replace(told, money=wanted.money) == wanted
    assert told.money.at_most == wanted.money.at_most
    assert told.sentence.partition("cost")[0] == wanted.sentence.partition("cost")[0]


@given(TURNS)
def test_each_way_to_add_up_comes_to_the_same(turns: list[Turn]) -> None:
    rows = asked_of(talked(*turns))
    sums = [
        sum(by(rows, key, lambda _: Price(1, 1)).values(), Spent()).turns
        for key in (lambda row: row.user, lambda row: row.model, lambda row: row.day)
    ]
    assert sums == [len(turns)] * 3
