"""What the next request would hold, told at once: exact where counting takes no loading, else marked as what it is."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st
from msgspec.structs import replace

from chatcmd import vocabulary
from chatcmd.conversation.message import Message, Persona, Sent, Turn, Usage
from chatcmd.conversation.session import Session
from chatcmd.errors import UsageError
from chatcmd.meter import Ahead, Meter
from chatcmd.settings.origin import DEFAULT
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings

SETTINGS = Settings(Root(Path("/nowhere"), DEFAULT), {}, {})
KNOWN, UNKNOWN = "gpt-3.5-turbo", "llama3"
EMPTY = Session(id="a", user="u", persona=Persona("default", "专家"), model=KNOWN, started="")


def asks(text: str) -> Message:
    return Message(role="user", content=text)


def answers(text: str, **fields: object) -> Message:
    return Message(role="assistant", content=text, status="complete", **fields)  # type: ignore[arg-type]


def silent() -> Meter:
    return Meter(pytest.fail)


@given(
    st.lists(st.sampled_from((1, 40, 300)), max_size=10),
    st.sampled_from(("words and ", "汉字", "👩‍👩‍👧")),
    st.none() | st.integers(0, 4),
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_loaded_vocabulary_makes_it_what_is_then_sent(lengths: list[int], text: str, max_turns: int | None) -> None:
    vocabulary.counter("cl100k_base")
    meter, session = silent(), EMPTY
    settings = SETTINGS.changed("max_turns", max_turns, DEFAULT)
    for length in lengths:
        session = session.with_turn(Turn(asks(text * length), answers(text * length)))
    ahead = meter.ahead(settings, session)
    window, cost = meter.fit(settings, session, asks("")), meter.cost(settings, KNOWN)
    assert ahead == Ahead(cost.total(window.messages[:-1]), 3072, "exact", window.dropped)


WITHOUT_VOCABULARY = """
import sys
from pathlib import Path
from chatcmd.conversation.message import Message, Persona, Sent, Turn, Usage
from chatcmd.conversation.session import Session
from chatcmd.meter import Meter
from chatcmd.settings.origin import DEFAULT
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings

settings = Settings(Root(Path("/nowhere"), DEFAULT), {}, {})
empty = Session(id="a", user="u", persona=Persona("default", "p"), model="gpt-3.5-turbo", started="")
meter = Meter(print)

def said(session, question, answer, **fields):
    asked = Message(role="user", content=question)
    return session.with_turn(Turn(asked, Message(role="assistant", content=answer, **fields)))

def tell(session):
    print(tuple(meter.ahead(settings, session)))

tell(empty)
one = said(empty, "x" * 100, "y" * 100)
tell(one)
tell(said(one, "x" * 2000, "y" * 2000))
tell(said(one, "x" * 2000, "y" * 2000, window=Sent(3000, 1)))
counted = {"usage": Usage(40, 25), "window": Sent(40, 0)}
tell(said(empty, "x" * 100, "y" * 100, model="gpt-3.5-turbo-0125", **counted))
tell(said(empty, "x" * 100, "y" * 100, model="gpt-4o", **counted))
tell(said(empty, "x" * 100, "y" * 100, model="gpt-3.5-turbo", usage=Usage(40, 25), window=Sent(400, 0, at_most=True)))
print("tiktoken" in sys.modules)
"""


def test_without_its_vocabulary_a_count_is_a_bound_or_what_the_server_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_VOCABULARY],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": ""},
    )
    persona = 3 + 3 + len("system") + 1
    turn = 2 * (3 + 100) + len("user") + len("assistant")
    assert done.stdout.splitlines() == [
        str((persona, 3072, "bound", 0)),
        str((persona + turn, 3072, "bound", 0)),
        str((3072, 3072, "bound", 0)),
        str((3072, 3072, "bound", 1)),
        str((40 + 3 + 1 + 25, 3072, "estimate", 0)),
        str((persona + turn, 3072, "bound", 0)),
        str((persona + turn, 3072, "bound", 0)),
        "False",
    ]


def test_an_unknown_model_is_bounded_by_what_its_server_told() -> None:
    meter = Meter(lambda _: None)
    session, question = replace(EMPTY, model=UNKNOWN), asks("汉" * 400)
    before = meter.ahead(SETTINGS, session)
    assert (before.kind, before.dropped) == ("bound", 0)
    window = meter.fit(SETTINGS, session, question)
    answer = answers("汉" * 600, usage=Usage(500, 700))
    meter.learn(SETTINGS, UNKNOWN, window, answer)
    after = meter.ahead(SETTINGS, session.with_turn(Turn(question, answer)))
    assert (after.kind, after.dropped) == ("bound", 0)
    assert 500 + 700 <= after.tokens <= 500 + 700 + 16


def test_an_unknown_model_that_nothing_is_proven_of_is_estimated() -> None:
    vocabulary.counter("o200k_base")
    meter, session = Meter(lambda _: None), replace(EMPTY, model=UNKNOWN)
    for number in range(40):
        session = session.with_turn(Turn(asks(f"{number} words " * 40), answers("words " * 40)))
    ahead = meter.ahead(SETTINGS, session)
    assert (ahead.kind, ahead.room) == ("estimate", 3072)
    assert 0 < ahead.dropped < 40
    assert 0 < ahead.tokens <= 3072


def test_it_is_computed_once_until_something_changes() -> None:
    vocabulary.counter("cl100k_base")
    meter = silent()
    first = meter.ahead(SETTINGS, EMPTY)
    assert meter.ahead(SETTINGS, EMPTY) is first
    longer = EMPTY.with_turn(Turn(asks("q"), answers("a")))
    second = meter.ahead(SETTINGS, longer)
    assert second.tokens > first.tokens
    assert meter.ahead(SETTINGS, longer) is second
    larger = SETTINGS.changed("reserve", 96, DEFAULT)
    assert meter.ahead(larger, longer).room == 4000


def test_a_window_that_is_assumed_is_not_told_about_here() -> None:
    silent().ahead(SETTINGS, replace(EMPTY, model=UNKNOWN))


def test_settings_that_leave_no_room_are_refused() -> None:
    with pytest.raises(UsageError, match="max_tokens"):
        silent().ahead(SETTINGS.changed("max_tokens", 5000, DEFAULT), EMPTY)


def test_sent_counts_of_other_rules_are_not_taken_over() -> None:
    vocabulary.counter("cl100k_base")
    turn = Turn(asks("q"), answers("a", model="gpt-4o", usage=Usage(2000, 25), window=Sent(2000, 0)))
    assert silent().ahead(SETTINGS, EMPTY.with_turn(turn)).tokens < 100
