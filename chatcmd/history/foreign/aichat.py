"""aichat's sessions: a YAML file each. The only file that knows PyYAML."""

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import yaml

from chatcmd.history.foreign.chat import Piece, lost_of, piece_of, session_of
from chatcmd.history.foreign.found import TOOL_CALL, TOOL_RESULT, UNKNOWN_MODEL, Conversation, Found, LeftOut, label
from chatcmd.history.foreign.source import Source
from chatcmd.language import _

DEEPEST = 50
"""Levels that a session never reaches, and that a reader can still stand."""

# Nothing but texts, lists and mappings: what looks like a date or a `yes` was a text when aichat wrote it.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MESSAGE = re.compile(r"(?m)^(?=- role:)")


def read(source: Source) -> Iterator[Found]:
    """Read a session; raises Damaged when the file cannot be read."""
    text = source.data.decode("utf-8-sig", "replace")
    try:
        content = _loaded(text)
    except ValueError as error:
        content, lost = _salvaged(text)
        if not content:
            yield LeftOut(source.name, _("it is not readable YAML ({fault})").format(fault=error))
            return
        sentence = _("{n} pieces of it are not readable YAML ({fault})")
        yield LeftOut(source.name, sentence.format(n=lost, fault=error))
    if not isinstance(content, dict):
        yield LeftOut(source.name, _("it is no session of aichat"))
        return
    yield _conversation(content, source)


def _conversation(content: dict[str, Any], source: Source) -> Conversation:
    compressed, messages = (content.get(name) for name in ("compressed_messages", "messages"))
    said = [*(compressed if isinstance(compressed, list) else []), *(messages if isinstance(messages, list) else [])]
    pieces = [_piece(each) for each in said if isinstance(each, dict)]
    name = PurePath(source.name).stem
    model, role = content.get("model"), content.get("role_name")
    session = session_of(
        pieces,
        role if isinstance(role, str) and role else "default",
        model=model if isinstance(model, str) and model else UNKNOWN_MODEL,
        started=source.changed,
        ended=source.changed,
        title=name,
        settings=_settings(content),
        source={"format": "aichat", "file": source.name, "id": name},
    )
    return Conversation(format="aichat", key=name, name=name, paths=(session,), lost=lost_of(pieces))


def _piece(message: dict[str, Any]) -> Piece:
    """Read a message; calls of tools stand together with their results in one content."""
    content = message.get("content")
    if not isinstance(content, dict):
        return piece_of(message)
    results = content.get("tool_results")
    names = [_name_of(each) for each in results] if isinstance(results, list) else []
    text = content.get("text")
    said = text if isinstance(text, str) else ""
    calls = [label(kind, name) for name in names for kind in (TOOL_CALL, TOOL_RESULT)]
    return Piece(
        role="tool", text="\n\n".join(filter(None, (said, *calls))), lost=(TOOL_CALL, TOOL_RESULT) * len(names)
    )


def _name_of(result: Any) -> str:
    call = result.get("call") if isinstance(result, dict) else None
    return str(call.get("name")) if isinstance(call, dict) else ""


def _settings(content: dict[str, Any]) -> dict[str, Any] | None:
    found = {}
    for name in ("temperature", "top_p"):
        try:
            found[name] = float(content[name])
        except (KeyError, TypeError, ValueError):
            continue
    return found or None


def _loaded(text: str) -> Any:
    """Load YAML; raises ValueError for what is none, and for what would grow or sink without end."""
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise ValueError(_("it refers to itself"))  # noqa: TRY004 - it is the text that is wrong
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise ValueError(_("nested too deeply"))
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a loader that makes texts, lists and mappings alone
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _salvaged(text: str) -> tuple[dict[str, Any], int]:
    """Load a session message by message; also count the pieces that are lost."""
    head, *messages = _MESSAGE.split(text)
    content: dict[str, Any] = {"messages": []}
    lost = 0
    for line in head.splitlines():
        try:
            value = _loaded(line)
        except ValueError:
            lost += 1
            continue
        content |= {name: each for name, each in value.items() if each} if isinstance(value, dict) else {}
    for message in messages:
        try:
            content["messages"] += [each for each in _loaded(_alone(message)) if isinstance(each, dict)]
        except (ValueError, TypeError):
            lost += 1
    return (content if content["messages"] else {}), lost


def _alone(message: str) -> str:
    """Cut what stands behind the last message of a list."""
    return re.split(r"(?m)^(?=[a-z_]+:)", message, maxsplit=1)[0]
