"""A damaged session's content made one that loads: what is sound of it, and what was left out (pure)."""

from typing import Any

import msgspec
from msgspec import Struct

from chatcmd.conversation.session import Session
from chatcmd.history import file
from chatcmd.history.message import Written
from chatcmd.history.upgrade import Place, from_0
from chatcmd.history.verify.pieces import whole_pieces

_MESSAGE = {each.name: each.type for each in msgspec.structs.fields(Written)}
_SESSION = {each.name: each.type for each in msgspec.structs.fields(file.Saved) if each.name != "messages"}


class Mended(Struct, frozen=True):
    """A session as far as it can be read, and the places in its JSON that are left out."""

    session: Session
    lost: tuple[str, ...]


def mended(data: bytes, place: Place) -> Mended | None:
    """Make a session of damaged bytes: every message that has its role and its content. None where there is none."""
    found, lost = whole_pieces(data)
    numbered = enumerate(found.pop("messages"))
    messages = [each for number, raw in numbered if (each := _message(raw, f"$.messages[{number}]", lost)) is not None]
    facts = _sound(found, _SESSION, "$", lost)
    content = from_0.step({**facts, "messages": messages}, place)
    session = file.to_session(content | {"id": place.id, "user": place.user})
    return Mended(session, tuple(dict.fromkeys(lost))) if session.worth_saving else None


def _message(raw: Any, place: str, lost: list[str]) -> dict[str, Any] | None:
    if not isinstance(raw, dict):
        lost.append(place)
        return None
    sound = _sound(raw, _MESSAGE, place, lost)
    if "role" in sound and "content" in sound:
        return sound
    lost.append(place)
    return None


def _sound(raw: dict[str, Any], types: dict[str, Any], place: str, lost: list[str]) -> dict[str, Any]:
    """Take away what is not of the type that it should be; what nobody knows stays."""
    sound = {}
    for name, value in raw.items():
        try:
            msgspec.convert(value, types.get(name, Any))
        except msgspec.ValidationError:
            lost.append(f"{place}.{name}")
        else:
            sound[name] = value
    return sound
