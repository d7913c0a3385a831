"""The pace of a replay: every word comes, in its time, and nobody waits for long."""

from itertools import accumulate

import pytest
from hypothesis import given, strategies as st

from chatcmd.clock import elapsed
from chatcmd.conversation.attachment import File
from chatcmd.conversation.message import Latency, Message, Turn
from chatcmd.conversation.pace import (
    ANSWER_RATE,
    AWAITED,
    BETWEEN,
    KEY,
    LEAST_BEAT,
    MOST_ANSWER,
    MOST_AWAITED,
    MOST_BETWEEN,
    MOST_TYPED,
    acts,
    beats,
)
from tests.history.made import answer, question, session

TEXTS = st.text(max_size=400) | st.text("ab 中\n", max_size=400)
SECONDS = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 30)
LATENCIES = st.none() | st.builds(Latency, first=st.none() | SECONDS, total=SECONDS)


def said(message: Message) -> str:
    return "".join(beat.piece.text for beat in beats(message))


def seconds(message: Message) -> float:
    return sum(beat.delay for beat in beats(message))


@given(TEXTS, LATENCIES, st.none() | TEXTS)
def test_pieces_join_to_the_answer_and_to_what_was_thought_before_it(
    text: str, latency: Latency | None, thought: str | None
) -> None:
    message = answer(text, latency=latency, reasoning=thought)
    assert said(message) == text
    assert "".join(beat.piece.reasoning for beat in beats(message)) == (thought or "")
    thinks = [bool(beat.piece.reasoning) for beat in beats(message)]
    assert thinks == sorted(thinks, reverse=True)


@given(TEXTS, LATENCIES, st.none() | TEXTS)
def test_no_delay_is_negative_and_no_answer_takes_longer_than_the_caps(
    text: str, latency: Latency | None, thought: str | None
) -> None:
    message = answer(text, latency=latency, reasoning=thought)
    assert all(0 <= beat.delay <= max(MOST_ANSWER, MOST_AWAITED) for beat in beats(message))
    assert seconds(message) <= MOST_AWAITED + MOST_ANSWER + 0.001


@given(TEXTS)
def test_question_is_typed_out_quickly(text: str) -> None:
    assert said(question(text)) == text
    assert seconds(question(text)) <= min(KEY * len(text), MOST_TYPED) + 0.001
    assert all(beat.delay >= 0 for beat in beats(question(text)))


@pytest.mark.parametrize("message", [answer("words " * 50_000), question("words " * 50_000)])
def test_long_messages_come_in_no_more_pieces_than_can_be_told_apart(message: Message) -> None:
    assert len(beats(message)) <= (MOST_ANSWER + MOST_AWAITED) / LEAST_BEAT


def test_answer_takes_the_time_that_was_recorded() -> None:
    message = answer("one two three four", latency=Latency(first=0.5, total=3.0))
    when = list(accumulate(beat.delay for beat in beats(message)))
    assert when[0] == pytest.approx(0.5)
    assert when[-1] == pytest.approx(3.0)
    assert len(when) == 4  # a piece for each of the words


def test_thoughts_come_while_the_first_word_is_awaited() -> None:
    message = answer("one two", latency=Latency(first=2.0, total=3.0), reasoning="hm, one or two")
    when = dict(zip(accumulate(beat.delay for beat in beats(message)), beats(message), strict=True))
    assert all(at < 2.0 for at, beat in when.items() if beat.piece.reasoning)
    assert min(at for at, beat in when.items() if beat.piece.text) == pytest.approx(2.0)
    assert max(when) == pytest.approx(3.0)


def test_long_latencies_are_shortened_and_short_ones_are_not() -> None:
    message = answer("one two three", latency=Latency(first=100.0, total=130.0))
    assert beats(message)[0].delay == MOST_AWAITED
    assert seconds(message) == pytest.approx(MOST_AWAITED + MOST_ANSWER)
    behind = answer("one two three", latency=Latency(first=100.0, total=103.0))
    assert seconds(behind) == pytest.approx(MOST_AWAITED + 3.0)


def test_answer_without_times_comes_at_a_reader_s_pace() -> None:
    message = answer("x" * 120, latency=None)
    assert beats(message)[0].delay == AWAITED
    assert seconds(message) == pytest.approx(AWAITED + 120 / ANSWER_RATE)


@pytest.mark.parametrize(
    ("asked", "pause"), [("21:30:14.377Z", 1.0), ("21:40:00Z", MOST_BETWEEN), ("21:00:00Z", BETWEEN)]
)
def test_pause_between_turns_is_the_recorded_one_up_to_a_cap(asked: str, pause: float) -> None:
    first = Turn(question("a"), answer("b", "2026-11-20T21:30:13.377Z"))
    second = Turn(question("c", f"2026-11-20T{asked}"), answer("d"))
    made = session().with_turn(first).with_turn(second)
    assert [act.after for act in acts(made, elapsed)] == [pytest.approx(pause), 0.0]


@pytest.mark.parametrize("at", [None, "", "yesterday", "2026-11-20T21:30:14", "9999-99-99T00:00:00Z"])
def test_turns_without_times_follow_each_other_after_a_second(at: str | None) -> None:
    second = Turn(Message(role="user", content="c", at=at), answer("d"))
    made = session(1).with_turn(second)
    assert acts(made, elapsed)[0].after == BETWEEN


def test_acts_hold_the_transcript_turn_by_turn() -> None:
    made = session(2).with_unanswered(question("lost")).with_turn(Turn(question("a"), answer("b")))
    made = made.with_unanswered(question("last"))
    parts = acts(made, elapsed)
    assert len(parts) == 3
    assert [each for act in parts for each in act.messages] == list(made.messages)
    assert [message.content for message in parts[2].messages] == ["lost", "a", "b", "last"]


def test_session_without_a_turn_is_one_act() -> None:
    made = session()
    assert [message.role for message in acts(made, elapsed)[0].messages] == ["system"]
    assert [act.after for act in acts(made.with_unanswered(question("a")), elapsed)] == [0.0]


def test_what_is_attached_is_named_behind_the_question() -> None:
    message = Message(role="user", content="look", attachments=(File(name="a.txt", size=4, text="text"),))
    assert said(message) == message.shown != "look"
