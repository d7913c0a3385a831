from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from chatcmd.conversation.message import Usage
from chatcmd.conversation.remark import remarks
from chatcmd.conversation.reply import Delta, Reply
from chatcmd.conversation.window import Budget, Window
from tests.conversation.texts import asks


async def said_of(delta: Delta, kind: str = "exact", *, stopped: bool = False) -> list[str]:
    async def deltas() -> AsyncIterator[Delta]:
        yield Delta(text="a")
        yield delta

    reply = Reply(deltas(), Window((asks("q"),), 1234, 0, kind, Budget(4096, 1024)), lambda: 0.0)
    async with aclosing(reply.pieces()) as pieces:
        async for _ in pieces:
            if stopped:
                break
    turn = reply.turn(asks("q"), "now", stopped=stopped)
    assert turn is not None
    return remarks(reply, turn.answer)


@pytest.mark.parametrize(
    ("delta", "kind", "said"),
    [
        (Delta(finish_reason="stop", usage=Usage(1234)), "exact", []),
        (Delta(finish_reason="length"), "exact", ["the answer was cut at its longest length"]),
        (Delta(finish_reason="content_filter"), "exact", ["the service's content filter cut the answer"]),
        (Delta(notice="seed was left out"), "exact", ["seed was left out"]),
        (Delta(usage=Usage(2345)), "exact", ["the server counted 2,345 prompt tokens, we counted 1,234"]),
        (Delta(usage=Usage(1233)), "exact", ["the server counted 1,233 prompt tokens, we counted 1,234"]),
        (Delta(usage=Usage(1233)), "bound", []),
        (Delta(usage=Usage(2345)), "bound", ["the server counted 2,345 prompt tokens, we counted at most 1,234"]),
        (Delta(usage=Usage(2345)), "estimate", []),
    ],
)
async def test_only_what_is_out_of_the_ordinary_is_said(delta: Delta, kind: str, said: list[str]) -> None:
    found = await said_of(delta, kind)
    assert len(found) == len(said)
    assert all(sentence.startswith(begin) for sentence, begin in zip(found, said, strict=True))


async def test_a_stopped_answer_is_said_to_be_kept() -> None:
    assert await said_of(Delta(finish_reason="length"), stopped=True) == [
        "stopped; what came is kept and marked interrupted"
    ]
