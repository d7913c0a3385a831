"""Answers without a network: a demo that says what it is and what it was sent."""

import asyncio
import re
from collections.abc import AsyncGenerator

from chatcmd.conversation.reply import Delta
from chatcmd.language import _, ngettext
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
    sent = len(window.messages)
    persona = any(message.role == "system" for message in window.messages[:1])
    earlier = (sent - 1 - persona) // 2
    with_persona = _(
        "I was sent {messages}: the persona, {turns} and your question, {tokens} of the {room:,} that a window of "
        "{window:,} leaves beside an answer of {reserve:,}. {left}."
    )
    without_persona = _(
        "I was sent {messages}: no persona, {turns} and your question, {tokens} of the {room:,} that a window of "
        "{window:,} leaves beside an answer of {reserve:,}. {left}."
    )
    told = (with_persona if persona else without_persona).format(
        messages=ngettext("{n:,} message", "{n:,} messages", sent).format(n=sent),
        turns=ngettext("{n:,} earlier turn", "{n:,} earlier turns", earlier).format(n=earlier),
        tokens=_tokens(window.tokens, window.kind),
        room=budget.room,
        window=budget.window,
        reserve=budget.reserve,
        left=_left(window.dropped),
    )
    return "\n\n".join(
        (
            _("This is chatcmd's offline demo: no model, no network, no knowledge."),
            told,
            _("Your question was: {question}").format(question=window.messages[-1].shown),
        )
    )


def _tokens(number: int, kind: str) -> str:
    if kind == "bound":
        return ngettext("at most {n:,} token", "at most {n:,} tokens", number).format(n=number)
    if kind == "estimate":
        return ngettext("about {n:,} token", "about {n:,} tokens", number).format(n=number)
    return ngettext("{n:,} token", "{n:,} tokens", number).format(n=number)


def _left(turns: int) -> str:
    if not turns:
        return _("Nothing has left the window")
    return ngettext("{n:,} turn left the window", "{n:,} turns left the window", turns).format(n=turns)
