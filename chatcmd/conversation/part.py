"""The parts of a content that another program sent as a list: what they say, and what they show."""

from binascii import a2b_base64
from collections.abc import Iterable
from typing import Any

import msgspec

from chatcmd.conversation.image import NotAnImage, header

Picture = tuple[int, int]
"""The width and height of an image, in pixels."""

UNKNOWN_PICTURE = (2048, 768)
"""Assumed where an image is only named by its address: one that costs the most."""

_HEAD = 64 * 1024
"""Bytes of an image that are looked at for its size; a camera's notes stand before it."""


def shown(parts: Iterable[Any]) -> str:
    """Say in words what parts hold."""
    return "\n".join(_text(part) or f"[{_type(part)}]" for part in parts)


def said(parts: Iterable[Any]) -> list[str]:
    """Give the texts of parts; what is neither text nor image counts as much as all that is written of it."""
    texts = (_text(part) if _type(part) == "text" else _whole(part) for part in parts if picture_of(part) is None)
    return [text for text in texts if text]


def picture_of(part: Any) -> Picture | None:
    """Tell the size of the image that a part is; None for another part."""
    if _type(part) != "image_url":
        return None
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    media, comma, data = url.partition(",") if isinstance(url, str) else ("", "", "")
    if not comma or not media.endswith(";base64"):
        return UNKNOWN_PICTURE
    try:
        found = header(a2b_base64(data[: _HEAD * 4 // 3 // 4 * 4]))
    except (ValueError, NotAnImage):
        return UNKNOWN_PICTURE
    return (found.width, found.height) if found else UNKNOWN_PICTURE


def _type(part: Any) -> str:
    return str(part.get("type")) if isinstance(part, dict) else "?"


def _text(part: Any) -> str:
    text = part.get("text") if isinstance(part, dict) else part
    return text if isinstance(text, str) else ""


def _whole(part: Any) -> str:
    return msgspec.json.encode(part).decode()
