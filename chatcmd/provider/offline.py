"""Answers without a network: a demo that says what it is and what it was sent."""

import asyncio
import re
from collections.abc import AsyncGenerator

from chatcmd.conversation.reply import Delta
from chatcmd.provider.request import Request

NAME = "offline-demo"
PAUSE = 0.004
"""Seconds between two pieces, so that one sees it stream."""


class Demo:
    """A stand-in for a model, for trying the chat: it has no knowledge, and says so."""

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        answer = describe(request)
        for piece in re.findall(r"\S+\s*|\s+", answer) if request.stream else [answer]:
            yield Delta(text=piece, model=NAME)
            await asyncio.sleep(PAUSE)
        yield Delta(finish_reason="stop", model=NAME)

    async def close(self) -> None:
        pass


def describe(request: Request) -> str:
    """Tell what a request holds: its messages, their tokens, and what left the window."""
    window, budget = request.window, request.window.budget
    how = {"exact": "", "bound": "at most ", "estimate": "about "}[window.kind]
    persona = any(message.role == "system" for message in window.messages[:1])
    turns = (len(window.messages) - 1 - persona) // 2
    left = "Nothing has left the window" if not window.dropped else f"{_plural(window.dropped, 'turn')} left the window"
    return (
        "This is chatcmd's offline demo: no model, no network, no knowledge.\n"
        f"I was sent {_plural(len(window.messages), 'message')}: {'the' if persona else 'no'} persona, "
        f"{_plural(turns, 'earlier turn')} and your question, {how}{_plural(window.tokens, 'token')} of the "
        f"{budget.room:,} that a window of {budget.window:,} leaves beside an answer of {budget.reserve:,}. {left}.\n"
        f"Your question was: {window.messages[-1].content}"
    )


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
