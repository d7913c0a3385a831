"""A message as JSON: its content is the API's own; beside it stands what was attached, so that a load restores it."""

from typing import Any

import msgspec

from chatcmd.conversation.attachment import Attachment, File, Image, files, images, laid_out
from chatcmd.conversation.message import Known, Message
from chatcmd.conversation.part import shown

_KNOWN = Known.__struct_fields__


class Attached(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One attachment, whose own content stands in the message's.

    `bytes` is the size of the file. The text of a `text` begins at character `start` of the content (of its first part,
    where it is a list), and has `length` characters, counted by code points. An `image` is part number `part`,
    `width` by `height` pixels large.
    """

    name: str
    kind: str
    bytes: int
    start: int = 0
    length: int = 0
    part: int = 0
    width: int = 0
    height: int = 0


class Written(Known, frozen=True, omit_defaults=True):
    """What stands in the file. `attachments` are a list of Attached, where we wrote them."""

    role: str
    content: str | list[Any]
    attachments: Any = None


def to_written(message: Message) -> Written:
    known = {name: getattr(message, name) for name in _KNOWN}
    if message.is_plain:
        return Written(message.role, message.content, **known)
    return Written(message.role, message.api["content"], _attached(message) or None, **known)


def to_message(written: Written) -> Message:
    """Restore a message; attachments that are not where they are said to be are left in its content, as it is."""
    content, known = written.content, {name: getattr(written, name) for name in _KNOWN}
    if written.attachments is not None:
        try:
            told = msgspec.convert(written.attachments, list[Attached])
        except msgspec.ValidationError:
            told = []
        restored = _restored(content, told, written.role, known)
        if restored is not None and restored.api["content"] == content:
            return restored
    if isinstance(content, str):
        return Message(role=written.role, content=content, **known)
    return Message(role=written.role, content=shown(content), parts=tuple(content), **known)


def _attached(message: Message) -> list[Attached]:
    _, starts = laid_out(message.content, files(message.attachments))
    places, parts = iter(starts), iter(range(1, 1 + len(message.attachments)))
    return [
        Attached(name=each.name, kind="text", bytes=each.size, start=next(places), length=len(each.text))
        if isinstance(each, File)
        else Attached(
            name=each.name, kind="image", bytes=each.size, part=next(parts), width=each.width, height=each.height
        )
        for each in message.attachments
    ]


def _restored(content: str | list[Any], told: list[Attached], role: str, known: dict[str, Any]) -> Message | None:
    """Take a content apart again; None where it is not as it was written."""
    try:
        text = content if isinstance(content, str) else content[0]["text"]
        urls = [] if isinstance(content, str) else [part["image_url"]["url"] for part in content[1:]]
        attachments = tuple(_attachment(each, text, urls) for each in told)
        behind, _ = laid_out("", files(attachments))
    except (LookupError, TypeError):
        return None
    if not attachments or len(images(attachments)) != len(urls):
        return None
    return Message(role=role, content=text[: len(text) - len(behind)], attachments=attachments, **known)


def _attachment(told: Attached, text: str, urls: list[Any]) -> Attachment:
    if told.kind == "text":
        return File(told.name, told.bytes, text[told.start : told.start + told.length])
    if told.kind == "image":
        return Image(told.name, told.bytes, told.width, told.height, urls[told.part - 1])
    raise LookupError(told.kind)
