"""The desk that the line editor sits at: what it asks of the chat around it while a line is typed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chatcmd.app import App
from chatcmd.conversation.message import Message
from chatcmd.conversation.session import Session
from chatcmd.errors import UsageError
from chatcmd.meter import Ahead
from chatcmd.slash.registry import complete
from chatcmd.terminal import Offer
from chatcmd.terminal.bar import Facts, lay_out
from chatcmd.terminal.chart import ink_for

RECALL = "recall"
"""The file of a user's earlier inputs, beside their sessions."""

UNKNOWN_MONEY = "$?"

LEAST_RATED = 0.1
"""Seconds over which tokens a second are told; what comes at once says nothing of how fast a model is."""


class Desk:
    """One chat as the line editor sees it; it is asked at every key, so nothing is computed twice."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._bar: tuple[tuple[Any, ...], int, str] = ((None, None, None), 0, "")
        self._recalls: dict[str, Path] = {}

    def complete(self, before: str) -> Iterable[Offer]:
        return complete(self._app, before)

    def bar(self, width: int) -> str:
        """Give the bar in at most `width` cells; it changes with the session, the settings, and what is counted."""
        app = self._app
        talk = app.talks.get(app.user) if app.user is not None else None
        if talk is None or not app.settings["bar"]:
            return ""
        try:
            ahead = app.meter.ahead(app.settings, talk.session)
        except UsageError:  # settings that leave no room: told when a question is asked
            return ""
        state = (talk.session, app.settings, ahead)
        before, at_width, bar = self._bar
        if at_width != width or any(now is not then for now, then in zip(state, before, strict=True)):
            bar = self._lay_out(talk.session, ahead, width)
            self._bar = state, width, bar
        return bar

    def recall(self) -> Path | None:
        app = self._app
        if app.library is None or app.user is None:
            return None
        if app.user not in self._recalls:
            self._recalls[app.user] = app.library.path_of(app.user, RECALL).with_name(RECALL)
        return self._recalls[app.user]

    def setting(self, name: str) -> Any:
        return self._app.settings[name]

    def _lay_out(self, session: Session, ahead: Ahead, width: int) -> str:
        app = self._app
        answer = session.turns[-1].answer if session.turns else None
        facts = Facts(
            user=session.user,
            persona=session.persona.name,
            model=session.model,
            tokens=ahead.tokens,
            room=ahead.room,
            kind=ahead.kind,
            dropped=ahead.dropped,
            answer=_tokens(answer) if answer else None,
            first=answer.latency.first if answer and answer.latency else None,
            rate=_rate(answer) if answer else None,
            money=self._money(session, answer) if answer else "",
        )
        ink = ink_for(app.screen.encoding, app.environ.get("TERM"), plain=app.settings["plain"])
        return lay_out(facts, width, ink)

    def _money(self, session: Session, answer: Message) -> str:
        """Say what an answer cost; nothing where nothing was counted, as in the demo."""
        if answer.usage is None or self._app.settings["offline"]:
            return ""
        price = self._app.settings.price_of(session.model, answer.model)
        return str(price.of(answer.usage)) if price is not None else UNKNOWN_MONEY


def entitle(app: App) -> None:
    """Name the user and the session in the terminal's title."""
    talk = app.talks.get(app.user) if app.user is not None else None
    named = (talk.session.user, talk.session.title) if talk is not None else ("chatcmd",)
    app.screen.title(": ".join(filter(None, named)))


def _tokens(answer: Message) -> int | None:
    return (answer.usage.completion_tokens or None) if answer.usage else None


def _rate(answer: Message) -> float | None:
    """Tell the tokens a second: while they came, or, where some were thought before, since the question was sent."""
    tokens, latency = _tokens(answer), answer.latency
    if tokens is None or latency is None or latency.first is None:
        return None
    seconds = latency.total if answer.reasoning else latency.total - latency.first
    return tokens / seconds if seconds >= LEAST_RATED else None
