"""From format 0, messages alone, to format 1: a bare list of them, or an object without "format" that holds some.

People put such files into a user's folder by hand: the list that a program of the tutorials kept for one user, or what
they have sent to the API themselves.
"""

from collections.abc import Iterable
from typing import Any

from chatcmd.history.upgrade.place import Place

UNKNOWN = "unknown"
"""The model where no message names one."""


def is_list_of_messages(content: Any) -> bool:
    return isinstance(content, list) and bool(content) and all(_is_message(each) for each in content)


def step(content: dict[str, Any], place: Place) -> dict[str, Any]:
    """Add what format 1 asks for and the object does not have: from its messages, else from where it was found."""
    messages = [each for each in content["messages"] if isinstance(each, dict)]
    persona = next((each.get("content") for each in messages[:1] if each.get("role") == "system"), None)
    told: dict[str, Any] = {
        "id": place.id,
        "user": place.user,
        "persona": {"name": "default", "content": persona if isinstance(persona, str) else ""},
        "model": _first_text(messages, "model") or UNKNOWN,
        "started": _first_text(messages, "at") or place.written,
    }
    return {"format": 1} | told | content | {"format": 1}


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and "role" in value and "content" in value


def _first_text(messages: Iterable[dict[str, Any]], name: str) -> str | None:
    return next((each[name] for each in messages if isinstance(each.get(name), str) and each[name]), None)
