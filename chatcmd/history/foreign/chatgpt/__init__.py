"""ChatGPT's export: conversations that branch, each a tree of messages."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from chatcmd.conversation.session import Session, title_of
from chatcmd.history.foreign.chat import Piece, session_of
from chatcmd.history.foreign.chatgpt.content import piece_of
from chatcmd.history.foreign.elements import Damage, elements
from chatcmd.history.foreign.found import UNKNOWN_MODEL, Conversation, Found, LeftOut, instant
from chatcmd.history.foreign.source import Source
from chatcmd.history.foreign.tree import ways
from chatcmd.language import _, ngettext


def read(source: Source) -> Iterator[Found]:
    """Read every conversation; raises Damaged when the file cannot be read."""
    for element in elements(source.data, _is_conversation):
        if isinstance(element, Damage):
            sentence = _("what follows conversation {n} is damaged, and could not be read")
            yield LeftOut(source.name, sentence.format(n=element.after))
        elif _is_conversation(element):
            yield from _conversation(element, source)
        else:
            yield LeftOut(source.name, _("it holds something that is no conversation"))


def _conversation(told: dict[str, Any], source: Source) -> Iterator[Found]:
    nodes = {key: node for key, node in told["mapping"].items() if isinstance(node, dict)}
    current = told.get("current_node")
    found, left = ways(_parents(nodes), current if isinstance(current, str) else None)
    pieces = {key: piece for key, node in nodes.items() if (piece := piece_of(node.get("message"))) is not None}
    key = _text(told.get("conversation_id")) or _text(told.get("id")) or next(iter(nodes), "")
    sessions = tuple(_session([pieces[node] for node in way if node in pieces], told, key, source) for way in found)
    name = sessions[0].title if sessions and sessions[0].title else key
    lost = Counter(kind for piece in pieces.values() for kind in piece.lost)
    yield Conversation(format="chatgpt", key=key, name=name, paths=sessions, lost=lost)
    if left:
        sentence = ngettext(
            "{n} further branch is too long to be kept", "{n} further branches are too long to be kept", left
        )
        yield LeftOut(name, sentence.format(n=left))


def _session(pieces: list[Piece], told: dict[str, Any], key: str, source: Source) -> Session:
    times = [at for piece in pieces if (at := piece.known.get("at"))]
    models = [model for piece in pieces if (model := piece.known.get("model"))]
    started = instant(told.get("create_time")) or min(times, default=source.changed)
    return session_of(
        pieces,
        model=_text(told.get("default_model_slug")) or next(reversed(models), UNKNOWN_MODEL),
        started=started,
        ended=max(times, default=instant(told.get("update_time")) or started),
        title=title_of(_text(told.get("title"))),
        source={"format": "chatgpt", "file": source.name, "id": key},
    )


def _parents(nodes: dict[str, Any]) -> dict[str, str | None]:
    """Say what each node follows, by its own word or else by that of the one it follows; in the order of children."""
    told: dict[str, str] = {}
    for key, node in nodes.items():
        children = node.get("children")
        for child in children if isinstance(children, list) else ():
            if isinstance(child, str):
                told.setdefault(child, key)
    parents: dict[str, str | None] = {}
    for key, node in nodes.items():
        parent = node.get("parent")
        parents[key] = parent if isinstance(parent, str) and parent in nodes else told.get(key)
    return parents


def _is_conversation(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("mapping"), dict)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
