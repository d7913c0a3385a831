from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from chatcmd.conversation.message import Latency, Message, Sent, Usage
from chatcmd.conversation.reply import Delta, Reply
from chatcmd.conversation.thinking import Piece
from chatcmd.conversation.window import Budget, Window
from chatcmd.errors import BrokenOff
from tests.conversation.texts import asks

QUESTION = asks("1+1=几", at="2026-11-20T21:30:11.902Z")


class Clock:
    """Seconds as a test sets them."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def window(kind: str = "exact", tokens: int = 44, dropped: int = 0) -> Window:
    return Window((QUESTION,), tokens, dropped, kind, Budget(4096, 1024))


async def all_of(*deltas: Delta) -> AsyncIterator[Delta]:
    for delta in deltas:
        yield delta


async def heard(*deltas: Delta, kind: str = "exact", tokens: int = 44, dropped: int = 0) -> Reply:
    """Listen to an answer that ends by itself."""
    reply = Reply(all_of(*deltas), window(kind, tokens, dropped), Clock())
    async for _ in reply.pieces():
        pass
    return reply


def answer_of(reply: Reply, *, stopped: bool = False) -> Message:
    turn = reply.turn(QUESTION, "2026-11-20T21:30:13.377Z", stopped=stopped)
    assert turn is not None
    assert turn.question is QUESTION
    assert turn.answer.at == "2026-11-20T21:30:13.377Z"
    return turn.answer


async def test_what_passes_through_is_remembered() -> None:
    deltas = (
        Delta(notice="temperature was left out"),
        Delta(reasoning="well, "),
        Delta(reasoning="two"),
        Delta(text="1+1", model="gpt-3.5-turbo-0125"),
        Delta(),
        Delta(text="=2。"),
        Delta(finish_reason="stop"),
        Delta(usage=Usage(44, 8)),
    )
    reply = Reply(all_of(*deltas), window(), Clock())
    thought = [Piece(reasoning="well, "), Piece(reasoning="two")]
    assert [piece async for piece in reply.pieces()] == [*thought, Piece("1+1"), Piece("=2。")]
    assert reply.notices == ["temperature was left out"]
    assert answer_of(reply) == Message(
        role="assistant",
        content="1+1=2。",
        at="2026-11-20T21:30:13.377Z",
        model="gpt-3.5-turbo-0125",
        status="complete",
        finish_reason="stop",
        latency=Latency(first=0.0, total=0.0),
        usage=Usage(44, 8),
        window=Sent(44, 0),
        reasoning="well, two",
    )


async def test_latency_is_from_the_question_to_the_first_text_and_to_the_end() -> None:
    clock = Clock()

    async def deltas() -> AsyncIterator[Delta]:
        clock.now = 100.2
        yield Delta(reasoning="well")
        clock.now = 100.412
        yield Delta(text="a")
        clock.now = 101.0
        yield Delta(text="b")
        clock.now = 101.4751
        yield Delta(finish_reason="stop")

    reply = Reply(deltas(), window(), clock)
    async for _ in reply.pieces():
        pass
    clock.now = 500.0
    assert answer_of(reply).latency == Latency(first=0.412, total=1.475)


async def test_a_stopped_answer_is_interrupted_and_its_time_ends_where_it_stopped() -> None:
    clock = Clock()
    reply = Reply(all_of(Delta(text="a"), Delta(text="b")), window(), clock)
    async with aclosing(reply.pieces()) as pieces:
        assert await anext(pieces) == Piece("a")
        clock.now = 101.5
    clock.now = 500.0
    answer = answer_of(reply, stopped=True)
    assert (answer.content, answer.status, answer.latency) == ("a", "interrupted", Latency(first=0.0, total=1.5))


async def test_an_answer_that_breaks_off_is_incomplete() -> None:
    async def deltas() -> AsyncIterator[Delta]:
        yield Delta(text="half")
        raise BrokenOff("the connection broke off")

    reply = Reply(deltas(), window(), Clock())
    with pytest.raises(BrokenOff):
        async for _ in reply.pieces():
            pass
    assert answer_of(reply).status == "incomplete"


async def test_an_answer_stopped_after_its_end_is_complete() -> None:
    assert answer_of(await heard(Delta(text="a"), Delta(finish_reason="stop")), stopped=True).status == "complete"


@pytest.mark.parametrize(
    "deltas",
    [
        (),
        (Delta(finish_reason="stop"),),
        (Delta(reasoning="well"), Delta(finish_reason="length"), Delta(usage=Usage(44, 8))),
    ],
    ids=["nothing", "only an end", "only reasoning"],
)
async def test_there_is_no_turn_without_content(deltas: tuple[Delta, ...]) -> None:
    reply = await heard(*deltas)
    assert reply.turn(QUESTION, "now") is None
    assert reply.turn(QUESTION, "now", stopped=True) is None


@pytest.mark.parametrize(
    ("kind", "usage", "sent", "difference"),
    [
        ("exact", None, Sent(44, 3), 0),
        ("exact", Usage(44, 8), Sent(44, 3), 0),
        ("exact", Usage(45, 8), Sent(44, 3), 1),
        ("exact", Usage(40, 8), Sent(44, 3), -4),
        ("exact", Usage(0, 0), Sent(44, 3), 0),
        ("bound", None, Sent(44, 3, at_most=True), 0),
        ("bound", Usage(30, 8), Sent(30, 3), 0),
        ("bound", Usage(44, 8), Sent(44, 3), 0),
        ("bound", Usage(45, 8), Sent(44, 3, at_most=True), 1),
        ("bound", Usage(0, 8), Sent(44, 3, at_most=True), 0),
        ("estimate", None, Sent(44, 3, estimate=True), 0),
        ("estimate", Usage(50, 8), Sent(44, 3, estimate=True), 6),
    ],
)
async def test_what_was_sent_is_our_count_and_what_the_server_counts_differently_shows(
    kind: str, usage: Usage | None, sent: Sent, difference: int
) -> None:
    reply = await heard(Delta(text="a"), Delta(usage=usage), kind=kind, dropped=3)
    assert answer_of(reply).window == sent
    assert reply.difference == difference


async def test_the_last_usage_and_model_that_are_told_hold() -> None:
    reply = await heard(
        Delta(text="a", usage=Usage(44, 1), model="m1"), Delta(text="b", usage=Usage(44, 2)), Delta(model="m2")
    )
    assert (answer_of(reply).usage, answer_of(reply).model) == (Usage(44, 2), "m2")
