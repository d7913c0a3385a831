"""What llm's tables hold of a message: its attachments, and what is known of an answer."""

import base64
from collections.abc import Iterable
from typing import Any

import msgspec

from chatcmd.conversation.message import Latency, Usage
from chatcmd.history.foreign.chat import Piece
from chatcmd.history.foreign.found import label, moment
from chatcmd.history.foreign.llm.rows import Row, Rows

_MOST_TOKENS = 10**12


def text_of(value: object) -> str:
    """Give a value that ought to be a text, whatever a damaged or strange database holds."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def names_of(rows: Rows) -> dict[str, str]:
    """Tell what the conversations of the older tables are called; a thread that goes on with one keeps its id."""
    if "conversations" not in rows.tables:
        return {}
    found = rows.all("conversations", "SELECT id, name FROM conversations")
    return {text_of(row["id"]): " ".join(text_of(row["name"]).split()) for row in found}


def laid_out(role: str, text: str, attachments: Iterable[Row]) -> Piece:
    """Lay a message out: images that are stored, or named by an address, are sent again; of others a word is kept."""
    images, words, lost = [], [], []
    for row in attachments:
        url = _url_of(row)
        if url is None:
            kind = text_of(row["type"])
            named = text_of(row["path"]).rpartition("/")[2] or text_of(row["url"]) or kind
            words.append(label("file", named))
            lost.append("image" if kind.startswith("image/") else "audio" if kind.startswith("audio/") else "file")
        else:
            images.append({"type": "image_url", "image_url": {"url": url}})
    said = "\n\n".join(filter(None, (text, *words)))
    if not images:
        return Piece(role=role, text=said, lost=tuple(lost))
    parts = ({"type": "text", "text": said}, *images) if said else tuple(images)
    shown = "\n".join((*filter(None, (said,)), *("[image_url]" for _image in images)))
    return Piece(role=role, text=shown, parts=parts, lost=tuple(lost))


def answered(row: Row) -> dict[str, Any]:
    """Gather what is known of an answer: when it was there, its model, times, tokens and settings."""
    duration = row["duration_ms"]
    seconds = duration / 1000 if isinstance(duration, int) and 0 <= duration < 10**10 else None
    known: dict[str, Any] = {
        "at": moment(row["datetime_utc"], seconds or 0.0),
        "model": text_of(row["resolved_model"]) or text_of(row["model"]) or None,
        "settings": _settings(row["options_json"]),
    }
    if seconds is not None:
        known["latency"] = Latency(total=seconds)
    asked, said = (_count(row[name]) for name in ("input_tokens", "output_tokens"))
    if asked is not None:
        known["usage"] = Usage(asked, said or 0)
    return known


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < _MOST_TOKENS else None


def _url_of(row: Row) -> str | None:
    kind, content, url = text_of(row["type"]), row["content"], text_of(row["url"])
    if not kind.startswith("image/"):
        return None
    if isinstance(content, bytes) and content:
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return url or None


def _settings(options: object) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(text_of(options) or "{}")
    except (ValueError, RecursionError):
        return None
    return (
        {name: value for name, value in found.items() if value is not None} or None if isinstance(found, dict) else None
    )
