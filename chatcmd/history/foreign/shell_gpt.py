"""shell_gpt's chats: a file a chat, called as the chat is, of messages in the API's shape."""

from collections.abc import Iterator
from typing import Any

from chatcmd.history.foreign.chat import lost_of, piece_of, session_of
from chatcmd.history.foreign.elements import Damage, elements
from chatcmd.history.foreign.found import UNKNOWN_MODEL, Conversation, Found, LeftOut
from chatcmd.history.foreign.source import Source
from chatcmd.language import _


def read(source: Source) -> Iterator[Found]:
    """Read a chat; messages that cannot be read are told. Raises Damaged when the file cannot be."""
    pieces = []
    for element in elements(source.data, _is_message):
        if isinstance(element, Damage):
            sentence = _("what follows message {n} is damaged, and could not be read")
            yield LeftOut(source.name, sentence.format(n=element.after))
        elif _is_message(element):
            pieces.append(piece_of(element))
        else:
            yield LeftOut(source.name, _("it holds something that is no message"))
    session = session_of(
        pieces,
        model=UNKNOWN_MODEL,
        started=source.changed,
        ended=source.changed,
        title=source.name,
        source={"format": "shell_gpt", "file": source.name, "id": source.name},
    )
    yield Conversation(format="shell_gpt", key=source.name, name=source.name, paths=(session,), lost=lost_of(pieces))


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str)
