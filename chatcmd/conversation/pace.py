"""How a saved session is played again: what appears, and how long after what stood before it (pure)."""

import re
from collections.abc import Callable, Iterator, Sequence
from math import isfinite

from msgspec import Struct

from chatcmd.conversation.message import Message
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece

MOST_BETWEEN, BETWEEN = 2.0, 1.0
"""Seconds between two turns: at most, and where no times were recorded."""

MOST_AWAITED, AWAITED = 5.0, 0.5
"""Seconds before an answer's first word, likewise."""

MOST_ANSWER = 20.0
"""Seconds that the words of an answer take at most."""

ANSWER_RATE = 60.0
"""Characters a second of an answer whose time was not recorded."""

KEY, MOST_TYPED = 0.03, 1.2
"""Seconds between two keys of a question that is typed again, and those that all of it takes at most."""

LEAST_BEAT = 0.02
"""Seconds between two pieces, at least: more of them cannot be told apart."""

Elapsed = Callable[[str, str], float | None]
"""Tells the seconds between two times as messages hold them; None when they are no times."""

_WORD = r"\s*(?:[!-\u2e7f]{1,5}|\S|\Z)"


class Beat(Struct, frozen=True):
    """A piece of a message, `delay` seconds after what was there before it."""

    delay: float
    piece: Piece


class Act(Struct, frozen=True):
    """One turn with what stands around it, and the seconds before the next one begins."""

    messages: tuple[Message, ...]
    after: float


def acts(session: Session, elapsed: Elapsed) -> list[Act]:
    """Divide a session into its turns, in order; joined, they hold the messages of its transcript.

    The persona opens the first, and what follows the last turn closes it. A session without a turn is one act.
    """
    opening = (session.persona.message,) if session.persona.content else ()
    parts = [(*turn.aside, turn.question, turn.answer) for turn in session.turns] or [()]
    parts[0] = (*opening, *parts[0])
    parts[-1] = (*parts[-1], *session.aside)
    pauses = [
        _between(before.answer, after.question, elapsed)
        for before, after in zip(session.turns, session.turns[1:], strict=False)
    ]
    return [Act(messages, after) for messages, after in zip(parts, [*pauses, 0.0], strict=True)]


def beats(message: Message) -> list[Beat]:
    """Divide a message into pieces with the delay of each; the pieces of text join to what is shown of it.

    A question is typed, an answer comes as it came, within the caps above; anything else is there at once.
    """
    if message.role == "assistant":
        return list(_answered(message))
    if message.role == "user":
        typed = min(KEY * len(message.shown), MOST_TYPED)
        return list(_spread(message.shown, list(message.shown), KEY, typed - KEY, Piece))
    return [Beat(0.0, Piece(message.shown))]


def _between(answer: Message, question: Message, elapsed: Elapsed) -> float:
    recorded = elapsed(answer.at, question.at) if answer.at and question.at else None
    return _within(recorded, BETWEEN, MOST_BETWEEN)


def _answered(message: Message) -> Iterator[Beat]:
    """Let an answer come: first what was thought, while its first word was awaited."""
    text, latency = message.content, message.latency
    first = AWAITED if latency is None or latency.first is None else latency.first
    rest = len(text) / ANSWER_RATE if latency is None else latency.total - first
    first, rest = _within(first, AWAITED, MOST_AWAITED), _within(rest, 0.0, MOST_ANSWER)
    if thought := message.reasoning:
        yield from _spread(thought, _words(thought), first / 5, first * 3 / 5, lambda part: Piece("", part))
        first /= 5
    yield from _spread(text, _words(text), first, rest, Piece)


def _within(seconds: float | None, otherwise: float, most: float) -> float:
    """Return recorded seconds, or others where what was recorded cannot be, in either case no more than `most`."""
    if seconds is None or not isfinite(seconds) or seconds < 0:
        seconds = otherwise
    return min(seconds, most)


def _words(text: str) -> list[str]:
    """Divide a text into its words, and Chinese into its characters; they join to the text."""
    return [word for word in re.findall(_WORD, text) if word]


def _spread(
    whole: str, parts: Sequence[str], first: float, rest: float, made: Callable[[str], Piece]
) -> Iterator[Beat]:
    """Let the parts of a whole come, the first after `first` seconds, all others within `rest` seconds behind it."""
    most = max(1, int(rest / LEAST_BEAT) + 1)
    each = -(-len(parts) // most)
    groups = ["".join(parts[place : place + each]) for place in range(0, len(parts), each or 1)]
    if not groups:
        return
    yield Beat(first, made(groups[0]))
    behind = max(1, len(whole) - len(groups[0]))
    for group in groups[1:]:
        yield Beat(rest * len(group) / behind, made(group))
