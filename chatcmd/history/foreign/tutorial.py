"""The tutorials' file: {user: [messages, ...]}."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from chatcmd.conversation.message import Known, Message, Persona
from chatcmd.conversation.session import Session, paired, title_of
from chatcmd.errors import Damaged
from chatcmd.history.foreign.elements import Damage, members
from chatcmd.history.foreign.found import Conversation, Found, LeftOut
from chatcmd.history.foreign.source import Source
from chatcmd.language import _

UNASKED_MODEL = "gpt-3.5-turbo"
"""What the tutorials' program asked; its file does not say."""


class Said(Known, frozen=True, omit_defaults=True):
    """A message as the tutorials' program wrote it: what was said is one text."""

    role: str
    content: str

    @property
    def message(self) -> Message:
        return Message(**msgspec.structs.asdict(self))


def read(source: Source) -> Iterator[Found]:
    """Read a conversation a user; raises Damaged when there is none to be read."""
    users = members(source.data, _is_said)
    try:
        for name, content in users:
            if isinstance(content, Damage):
                yield LeftOut(name, _("some of it is damaged, and could not be read"))
            else:
                yield _conversation(name, content, source)
    except ValueError as error:
        sentence = _("{path} is no history of the form {{user: [messages, ...]}} ({fault}); nothing was imported")
        raise Damaged(sentence.format(path=source.path, fault=error)) from None


def _conversation(name: str, content: Any, source: Source) -> Found:
    try:
        messages = [each.message for each in msgspec.convert(content, list[Said])]
    except msgspec.ValidationError as error:
        return LeftOut(name, str(error))
    digest = sha256(msgspec.json.encode([name, [message.api for message in messages]])).hexdigest()
    persona = Persona("default", "")
    if messages and messages[0].role == "system":
        persona = Persona("default", messages.pop(0).content)
    turns, aside = paired(messages)
    session = Session(
        id="",
        user=name,
        persona=persona,
        model=UNASKED_MODEL,
        started=source.changed,
        ended=source.changed,
        ended_by="exit",
        title=title_of(turns[0].question.content) if turns else "",
        turns=turns,
        aside=aside,
        source={"format": "tutorial", "file": source.name, "sha256": digest},
    )
    return Conversation(format="tutorial", key=name, name=name, paths=(session,))


def _is_said(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str) and isinstance(value.get("content"), str)
