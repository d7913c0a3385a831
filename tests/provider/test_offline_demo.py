"""The demo model: honest, streamed, and telling what it was sent."""

from contextlib import aclosing

import pytest

from chatcmd.conversation.message import Message
from chatcmd.conversation.window import Budget, Window
from chatcmd.provider import Request
from chatcmd.provider.offline import Demo, describe


def sent(
    *contents: str, persona: str = "You count.", dropped: int = 0, kind: str = "exact", tokens: int = 25
) -> Request:
    roles = [("user", "assistant")[number % 2] for number in range(len(contents))]
    head = [Message(role="system", content=persona)] if persona else []
    messages = (*head, *(Message(role=role, content=text) for role, text in zip(roles, contents, strict=True)))
    return Request("gpt-4o", Window(messages, tokens, dropped, kind, Budget(4096, 1024)), {})


DESCRIBED = {
    "one question": (sent("1+1=几"), "I was sent 2 messages: the persona, 0 earlier turns and your question, 25 t"),
    "one turn": (sent("a", "b", "c"), "I was sent 4 messages: the persona, 1 earlier turn and your question, 25 to"),
    "no persona": (sent("a", persona=""), "I was sent 1 message: no persona, 0 earlier turns and your question, 25"),
    "no persona, turns": (sent("a", "b", "c", persona=""), "sent 3 messages: no persona, 1 earlier turn and your"),
    "a bound": (sent("a", kind="bound"), "your question, at most 25 tokens of the 3,072 that a window of 4,096 leaves"),
    "an estimate": (sent("a", kind="estimate", tokens=1234), "your question, about 1,234 tokens of the 3,072"),
    "a token": (sent("a", tokens=1), "your question, 1 token of the 3,072"),
    "nothing left": (sent("a"), "beside an answer of 1,024. Nothing has left the window.\n"),
    "one left": (sent("a", dropped=1), "beside an answer of 1,024. 1 turn left the window.\n"),
    "many left": (sent("a", dropped=1200), "1,200 turns left the window.\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", DESCRIBED)
def test_the_demo_tells_what_it_was_sent(name: str) -> None:
    request, words = DESCRIBED[name]
    text = describe(request)
    assert words in text
    assert text.startswith("This is chatcmd's offline demo: no model, no network, no knowledge.\n")
    assert text.endswith(f"\nYour question was: {request.window.messages[-1].content}")


@pytest.mark.parametrize("question", ["1+1=几", "  two  blanks\t", "", "😀\u2028x", "a\nb"])
async def test_the_demo_streams_and_says_that_it_is_complete(question: str) -> None:
    request, demo = sent(question), Demo()
    async with aclosing(demo.stream(request)) as stream:
        deltas = [delta async for delta in stream]
    await demo.close()
    assert "".join(delta.text for delta in deltas) == describe(request)
    assert len([delta for delta in deltas if delta.text]) > 20
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["stop"]
    assert {delta.model for delta in deltas} == {"offline-demo"}
    assert [delta.usage for delta in deltas if delta.usage] == []


async def test_the_demo_answers_in_one_piece_where_no_stream_is_wanted() -> None:
    asked = sent("1+1=几")
    whole = Request(asked.model, asked.window, asked.generation, stream=False)
    async with aclosing(Demo().stream(whole)) as stream:
        assert [delta.text async for delta in stream] == [describe(asked), ""]
