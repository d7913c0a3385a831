from typing import Any

import pytest

from chatcmd.conversation.message import Message, Persona, Turn, Usage
from chatcmd.conversation.reply import Delta
from chatcmd.conversation.window import Budget, Window
from chatcmd.errors import Exit, NotRecorded
from chatcmd.provider.recorded import Recorded
from chatcmd.provider.request import Request
from tests.history.made import PERSONA, answer, question

RECORDED = tuple(
    Turn(question(asked), answer(told, usage=Usage(number, 2), model=f"m{number}"))
    for number, (asked, told) in enumerate([("hi", "first"), ("why", "because"), ("hi", "second")])
)


def asking(*texts: str, persona: Persona = PERSONA, dropped: int = 0) -> Request:
    """Make a request that ends with the last text."""
    messages = [persona.message] if persona.content else []
    for number, text in enumerate(texts):
        messages.append(Message(role=("user", "assistant")[number % 2], content=text))
    return Request("any", Window(tuple(messages), 1, dropped, "exact", Budget(4096, 1024)), {})


async def told(provider: Recorded, request: Request) -> tuple[str, list[str]]:
    """Take an answer: its text, and what is said about it."""
    deltas = [delta async for delta in provider.stream(request)]
    return "".join(delta.text for delta in deltas), [delta.notice for delta in deltas if delta.notice]


async def test_the_same_questions_get_the_same_answers_in_their_order() -> None:
    provider = Recorded(PERSONA, RECORDED)
    assert await told(provider, asking("hi")) == ("first", [])
    assert await told(provider, asking("hi", "first", "why")) == ("because", [])
    assert await told(provider, asking("hi", "first", "why", "because", "hi")) == ("second", [])


async def test_it_begins_where_an_earlier_run_has_ended() -> None:
    provider = Recorded(PERSONA, RECORDED, begin=1)
    assert await told(provider, asking("hi", dropped=2)) == ("second", [])


async def test_what_the_service_told_comes_with_the_answer() -> None:
    provider = Recorded(PERSONA, RECORDED)
    *_, last = [delta async for delta in provider.stream(asking("hi"))]
    assert last == Delta(finish_reason="stop", usage=Usage(0, 2), model="m0")


async def test_under_another_name_the_counts_are_not_told() -> None:
    *_, last = [delta async for delta in Recorded(PERSONA, RECORDED, "other").stream(asking("hi"))]
    assert last == Delta(finish_reason="stop", model="other")


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (
            asking("hi", persona=Persona("poet", "verse")),
            "the persona is not the recorded one; the answers are those that the recorded one gave",
        ),
        (
            asking("hi", persona=Persona("none", "")),
            "the persona is not the recorded one; the answers are those that the recorded one gave",
        ),
        (
            asking("why"),
            "the recording has this question after 1 turn, not after 0; its answer is given all the same",
        ),
        (
            asking("a", "b", "hi"),
            "the recording has this question after 0 turns, not after 1; its answer is given all the same",
        ),
    ],
)
async def test_a_different_question_is_said_once(request_: Any, sentence: str) -> None:
    provider = Recorded(PERSONA, RECORDED)
    assert (await told(provider, request_))[1] == [sentence]
    assert (await told(Recorded(PERSONA, RECORDED), request_))[1] == [sentence]
    again = Recorded(PERSONA, RECORDED[:2])
    assert (await told(again, request_))[1] == [sentence]
    assert (await told(again, request_))[1] == []


async def test_a_question_that_was_never_recorded_has_no_answer() -> None:
    with pytest.raises(NotRecorded) as caught:
        await told(Recorded(PERSONA, RECORDED), asking("x" * 200))
    assert str(caught.value) == (f"the recording has no answer to '{'x' * 60}…'; ask what was asked in it, or a model")
    assert caught.value.exit_code == Exit.PROVIDER
