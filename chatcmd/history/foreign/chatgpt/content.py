"""What a message of ChatGPT's export says, and the few words that stand for what has no place in a session (pure)."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from chatcmd.history.foreign.chat import Piece
from chatcmd.history.foreign.found import HIDDEN, TOOL_CALL, TOOL_RESULT, instant, label

_EVERYONE = ("all", "", None)
_ENDS = {"stop": "stop", "max_tokens": "length", "content_filter": "content_filter"}
_LONGEST_LANGUAGE = 20

Lost = list[str]


def piece_of(message: Any) -> Piece | None:
    """Read a message of a node; None where it says nothing."""
    if not isinstance(message, dict):
        return None
    content = message.get("content")
    content = content if isinstance(content, dict) else {}
    author, details = _table(message, "author"), _table(message, "metadata")
    role = _text(author.get("role")) or "system"
    if content.get("content_type") in ("thoughts", "reasoning_recap"):
        return Piece(role="assistant", reasoning=_thought(content))
    lost: Lost = []
    if role == "tool":
        text = _result(author, content, lost)
    elif role == "assistant" and message.get("recipient") not in _EVERYONE:
        text = _call(_text(message.get("recipient")), content, lost)
    else:
        text = "\n".join(filter(None, (_said(content, lost), *_attached(content, details, lost))))
    if _is_hidden(message, content, details) and role != "tool":
        role = "system"
        lost += [HIDDEN] if text.strip() else []
    if not text.strip():
        return None
    status, finish = _end(message, details)
    known: dict[str, Any] = {"at": instant(message.get("create_time"))}
    if role in ("assistant", "tool"):
        known |= {"model": _text(details.get("model_slug")) or None, "finish_reason": finish}
    return Piece(role=role, text=text, status=status if role == "assistant" else None, known=known, lost=tuple(lost))


def _said(content: dict[str, Any], lost: Lost) -> str:
    """Put what was said in words, whatever kind of content it is."""
    kind = _text(content.get("content_type")) or "text"
    read = _CONTENTS.get(kind)
    if read is not None:
        return read(content, lost)
    lost.append("unknown")
    return "\n".join((label("unknown", kind), *filter(None, (_text(content.get("text")),))))


def _parts(content: dict[str, Any], lost: Lost) -> str:
    parts = content.get("parts")
    return "\n".join(_part(part, lost) for part in parts if part) if isinstance(parts, list) else ""


def _part(part: Any, lost: Lost) -> str:
    if isinstance(part, str):
        return part
    kind = _text(part.get("content_type")) if isinstance(part, dict) else type(part).__name__
    if kind == "audio_transcription":
        return _text(part.get("text"))
    named = "image" if "image" in kind else "audio" if "audio" in kind or "video" in kind else "unknown"
    lost.append(named)
    pointer = _text(part.get("asset_pointer")) if isinstance(part, dict) else ""
    return label(named, pointer.rpartition("/")[2] or (kind if named == "unknown" else ""))


def _code(content: dict[str, Any], _lost: Lost) -> str:
    text = _text(content.get("text"))
    language = _text(content.get("language"))
    word = language if language != "unknown" and re.fullmatch(r"[\w+#.-]+", language) else ""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`{3,}", text)), default=0))
    return f"{fence}{word[:_LONGEST_LANGUAGE]}\n{text}\n{fence}" if text else ""


def _quote(content: dict[str, Any], lost: Lost) -> str:
    lost.append("file")
    return label("file", _text(content.get("title")) or _text(content.get("domain")) or _text(content.get("url")))


def _instructions(content: dict[str, Any], _lost: Lost) -> str:
    return "\n\n".join(filter(None, (_text(content.get("user_profile")), _text(content.get("user_instructions")))))


def _context(content: dict[str, Any], _lost: Lost) -> str:
    return _text(content.get("model_set_context"))


_CONTENTS: dict[str, Callable[[dict[str, Any], Lost], str]] = {
    "text": _parts,
    "multimodal_text": _parts,
    "code": _code,
    "tether_quote": _quote,
    "user_editable_context": _instructions,
    "model_editable_context": _context,
}


def _call(recipient: str, content: dict[str, Any], lost: Lost) -> str:
    """Name the tool that was called, with what it was told; a canvas holds the answer itself."""
    text = _text(content.get("text")) or _parts(content, [])
    if recipient.startswith("canmore."):
        lost.append("canvas")
        written = _canvas(text)
        return "\n\n".join(filter(None, (label("canvas", written.get("name", "")), written.get("content", ""))))
    lost.append(TOOL_CALL)
    return "\n".join(filter(None, (label(TOOL_CALL, recipient), _code({**content, "text": text}, lost))))


def _canvas(text: str) -> dict[str, str]:
    try:
        told = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in told.items() if isinstance(value, str)} if isinstance(told, dict) else {}


def _result(author: dict[str, Any], content: dict[str, Any], lost: Lost) -> str:
    """Name the tool that answered, and the images that it made."""
    parts = content.get("parts")
    shown = [_part(part, lost) for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    lost.append(TOOL_RESULT)
    return "\n".join((label(TOOL_RESULT, _text(author.get("name"))), *filter(None, shown)))


def _attached(content: dict[str, Any], details: dict[str, Any], lost: Lost) -> list[str]:
    """Name the files that came with a question, but the images that its parts name already."""
    parts, attachments = content.get("parts"), details.get("attachments")
    shown = msgspec.json.encode(parts).decode() if isinstance(parts, list) else ""
    names = []
    for each in attachments if isinstance(attachments, list) else ():
        told = each if isinstance(each, dict) else {}
        if not (_text(told.get("id")) and _text(told.get("id")) in shown):
            lost.append("file")
            names.append(label("file", _text(told.get("name"))))
    return names


def _thought(content: dict[str, Any]) -> str:
    thoughts = content.get("thoughts")
    pieces = [
        _text(thought.get(name))
        for thought in (thoughts if isinstance(thoughts, list) else ())
        if isinstance(thought, dict)
        for name in ("summary", "content")
    ]
    return "\n\n".join(filter(None, (*pieces, _text(content.get("content")))))


def _is_hidden(message: dict[str, Any], content: dict[str, Any], details: dict[str, Any]) -> bool:
    return (
        details.get("is_visually_hidden_from_conversation") is True
        or message.get("weight") == 0
        or content.get("content_type") in ("user_editable_context", "model_editable_context")
    )


def _end(message: dict[str, Any], details: dict[str, Any]) -> tuple[Any, str | None]:
    """Say how an answer ended."""
    kind = _text(_table(details, "finish_details").get("type"))
    if kind == "interrupted":
        return "interrupted", None
    status = _text(message.get("status"))
    broken = status in ("in_progress", "finished_partial_completion") and kind != "stop"
    return "incomplete" if broken or kind == "max_tokens" else "complete", _ENDS.get(kind)


def _table(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
