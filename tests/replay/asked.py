"""Saved sessions to ask again, and a server whose models each answer in their own way."""

import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from chatcmd.conversation.message import Turn
from chatcmd.conversation.session import Session
from chatcmd.history.library import Library
from tests.chat.stage import Stage
from tests.history.made import answer, question, saved, session
from tests.replies import Exchange, say
from tests.terminal_driver import Finished

if TYPE_CHECKING:
    from collections.abc import Callable

MODELS = ("gpt-4o", "gpt-4", "gpt-4.1")


def against(*models: str) -> list[str]:
    """Make the flags that name models."""
    return [word for model in models for word in ("--against", model)]


def recorded(root: Path, *said: tuple[str, str], **fields: Any) -> Session:
    """Save a session with these questions and answers."""
    made = session(**fields)
    for asked, told in said:
        made = made.with_turn(Turn(question(asked), answer(told)))
    saved(Library(root / "history"), made)
    return made


def numbered(root: Path, turns: int, **fields: Any) -> Session:
    """Save a session of so many turns: question 1, answer 1, ..."""
    pairs = [(f"question {number}", f"answer {number}") for number in range(1, turns + 1)]
    return recorded(root, *pairs, **fields)


class Models:
    """Answers `MODEL on QUESTION`, or as `scripted` by model and question, and counts what it is asked."""

    def __init__(self, delay: float = 0.0) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.order: list[tuple[str, str]] = []
        self.scripted: dict[tuple[str, str], Callable[[Exchange], None]] = {}
        self._delay = delay
        self._lock = threading.Lock()

    def __call__(self, exchange: Exchange) -> None:
        body = exchange.request.body
        content = body["messages"][-1]["content"]
        asked = body["model"], content if isinstance(content, str) else content[0]["text"]
        with self._lock:
            self.asked[asked] += 1
            self.order.append(asked)
        (self.scripted.get(asked) or say("{} on {}".format(*asked), delay=self._delay))(exchange)


def replay(stage: Stage, *words: str) -> Finished:
    return stage.pipe("", "replay", *words)


def document(done: Finished) -> Any:
    return msgspec.json.decode(done.out)


def replays(stage: Stage) -> list[dict[str, Any]]:
    """Read the saved sessions that came of replays, in the order of their models."""
    found = [each for each in stage.sessions() if each.get("source", {}).get("format") == "replay"]
    return sorted(found, key=lambda each: (MODELS.index(each["model"]) if each["model"] in MODELS else 9, each["id"]))
