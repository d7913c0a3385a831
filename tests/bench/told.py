"""What a chat has come to, as plain values: everyone's session as it was shown, and as it is found in the files."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

Said = tuple[str, str, str | None]
"""A message as role, content, status."""

PART = "..."
"""Stands for the text of an answer that did not come to its end."""

TITLED = "T-"
"""Begins every title that was given; others are made of the first question."""


@dataclass(frozen=True)
class Told:
    """A session: its turns with what stood aside before each, and what stands aside behind them."""

    user: str
    turns: tuple[tuple[Said, ...], ...] = ()
    aside: tuple[Said, ...] = ()
    title: str = ""
    id: str = field(default="", compare=False)

    def answered(self, question: str, answer: str, status: str = "complete") -> "Told":
        turn = (*self.aside, ("user", question, None), ("assistant", answer, status))
        return replace(self, turns=(*self.turns, turn), aside=())

    def unanswered(self, question: str) -> "Told":
        return replace(self, aside=(*self.aside, ("user", question, "unanswered")))

    def branch(self, turns: int) -> "Told":
        return replace(self, turns=self.turns[:turns], aside=(), id="")

    @property
    def messages(self) -> list[Said]:
        return [*(each for turn in self.turns for each in turn), *self.aside]

    @property
    def newest(self) -> str:
        """The question of the last turn."""
        return self.turns[-1][-2][1]


@dataclass(frozen=True)
class Chat:
    """Who talks (nobody: the name is asked for), everyone's live session, and all that ended."""

    user: str | None = None
    live: Mapping[str, Told] = field(default_factory=dict)
    ended: tuple[Told, ...] = ()

    @property
    def now(self) -> Told:
        assert self.user is not None
        return self.live[self.user]

    def talking(self, user: str) -> "Chat":
        """Let a user talk, who is new or has been here."""
        return replace(self, user=user, live={user: Told(user), **self.live})

    def changed(self, told: Told) -> "Chat":
        return replace(self, live={**self.live, told.user: told})

    def gone_on(self, told: Told) -> "Chat":
        """End the session of who talks, and go on in another."""
        return replace(self.changed(told), ended=(*self.ended, self.now))

    def reset(self) -> "Chat":
        live = {user: told for user, told in self.live.items() if user != self.user}
        return Chat(None, live, (*self.ended, self.now))

    def left(self) -> "Chat":
        return Chat(None, {}, (*self.ended, *self.live.values()))

    @property
    def saved(self) -> list[str]:
        """What has to be found in the files, in one order whatever happened before what."""
        return listed((*self.ended, *self.live.values()))


def listed(sessions: Iterable[Told]) -> list[str]:
    """Write sessions that are worth a file as lines, sorted."""
    return sorted(json.dumps([each.user, each.title, each.messages]) for each in sessions if each.messages)


def found(path: Path) -> Told:
    """Read a saved session."""
    content = json.loads(path.read_bytes())
    told = Told(content["user"], title=_given(content["title"]), id=content["id"])
    asked = ""
    for message in content["messages"]:
        if message["role"] == "assistant":
            told = told.answered(asked, message["content"], message["status"])
        elif message.get("status") == "unanswered":
            told = told.unanswered(message["content"])
        elif message["role"] == "user":
            asked = message["content"]
    return told


def masked(told: Told, question: str, answer: str, least: int) -> Told:
    """Put PART in the place of that answer wherever it broke off, if it is the answer's beginning and long enough."""

    def mask(said: Said, before: Said) -> Said:
        role, content, status = said
        is_it = role == "assistant" and before[1] == question and status in ("incomplete", "interrupted")
        return (role, PART, status) if is_it and answer.startswith(content) and len(content) >= least else said

    turns = tuple((*turn[:-1], mask(turn[-1], turn[-2])) for turn in told.turns)
    return replace(told, turns=turns)


def _given(title: Any) -> str:
    return str(title) if str(title).startswith(TITLED) else ""
