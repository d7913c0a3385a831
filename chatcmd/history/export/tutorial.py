"""Sessions as the tutorials' program wrote them: {user: [messages, ...]}, what was said being one text."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from chatcmd.conversation.attachment import files, images, laid_out
from chatcmd.conversation.message import Message
from chatcmd.conversation.part import picture_of
from chatcmd.conversation.session import Session


def users(sessions: Iterable[Session]) -> Iterator[str]:
    """Yield the file, just as that program writes it: in ASCII, on one line without an end."""
    said: dict[str, list[dict[str, str]]] = {}
    for session in sessions:
        told = ({"role": message.role, "content": _text(message)} for message in session.messages)
        said.setdefault(session.user, []).extend(told)
    yield json.dumps(said)


def left_out(session: Session) -> Counter[str]:
    """Count what the file does not hold."""
    return Counter(image=sum(map(_pictures, session.messages)))


def _text(message: Message) -> str:
    """Give what was said with its text files, as a request holds it, and images by name."""
    text, _ = laid_out(message.content, files(message.attachments))
    return "\n".join((text, *(f"[{each.label}]" for each in images(message.attachments))))


def _pictures(message: Message) -> int:
    return len(images(message.attachments)) + sum(picture_of(part) is not None for part in message.parts or ())
