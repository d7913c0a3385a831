"""A message that holds what was looked for, and the session that it stands in."""

from collections.abc import Iterator

import msgspec

from chatcmd.conversation.message import Message
from chatcmd.conversation.query import Query, Span
from chatcmd.conversation.session import Session
from chatcmd.history.entry import Entry

TITLE = "title"
"""The role of a session's own title, where what was looked for is found only in it."""


class Hit(msgspec.Struct, frozen=True):
    """A message that was found: the `turn` that it belongs to, from 1, and the places in its text.

    A title has no turn: 0. A message behind the last answer has the number of the turn that it would have begun.
    """

    entry: Entry
    turn: int
    role: str
    at: str | None
    text: str
    spans: tuple[Span, ...]


def hits_in(session: Session, entry: Entry, query: Query, role: str | None) -> Iterator[Hit]:
    """Find a query in a session that holds all of it, in messages of a role (None: any); those that hold most of it."""
    messages = [(turn, each, text_of(each)) for turn, each in _numbered(session) if role in (None, each.role)]
    found = [(query.found(text), turn, message, text) for turn, message, text in messages]
    titled = query.found(session.title) if role is None else ()
    if len({number for numbers, *_ in found for number in numbers}.union(titled)) < len(query.needles):
        return
    most = max((len(numbers) for numbers, *_ in found), default=0)
    for numbers, turn, message, text in found:
        if most and len(numbers) == most:
            yield Hit(entry, turn, message.role, message.at, text, query.spans(text))
    if len(titled) > most:
        yield Hit(entry, 0, TITLE, session.started, session.title, query.spans(session.title))


def text_of(message: Message) -> str:
    """Give all that a message says in words, attached texts too."""
    return "\n".join(message.texts)


def _numbered(session: Session) -> Iterator[tuple[int, Message]]:
    """Walk what was said with the number of its turn; the persona is no part of it."""
    for number, turn in enumerate(session.turns, 1):
        for message in (*turn.aside, turn.question, turn.answer):
            yield number, message
    for message in session.aside:
        yield len(session.turns) + 1, message
