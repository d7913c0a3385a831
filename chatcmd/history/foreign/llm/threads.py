"""llm's newer tables: messages in a tree, threads that point into it, and a turn for each answer."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from chatcmd.conversation.session import Session
from chatcmd.history.foreign.chat import Piece, lost_of, session_of
from chatcmd.history.foreign.found import TOOL_CALL, TOOL_RESULT, UNKNOWN_MODEL, Conversation, label, moment
from chatcmd.history.foreign.llm.parts import answered, laid_out, names_of, text_of
from chatcmd.history.foreign.llm.rows import Row, Rows
from chatcmd.history.foreign.source import Source
from chatcmd.history.foreign.tree import ways

_MESSAGE = "SELECT parent_hash, role FROM messages WHERE hash = ?"
_PARTS = "SELECT id, type, tool_name, text, payload FROM parts WHERE message_hash = ? ORDER BY position"
_TURNS = "SELECT * FROM turns WHERE thread_id = ? ORDER BY id"
_ATTACHMENTS = (
    "SELECT attachments.* FROM part_attachments JOIN attachments ON attachments.id = attachment_id"
    ' WHERE part_id = ? ORDER BY part_attachments."order"'
)


def read(rows: Rows, source: Source) -> Iterator[Conversation]:
    """Read every thread, the oldest first."""
    if not {"threads", "messages", "parts", "turns"} <= rows.tables:
        return
    names = names_of(rows)
    for thread in rows.numbers("threads", "id, name, tip_message_hash AS tip, forked_from, datetime_utc"):
        called = names.get(text_of(thread["id"])) or " ".join(text_of(thread["name"]).split())
        found = _conversation(rows, thread, called, source)
        if found is not None:
            yield found


def _conversation(rows: Rows, thread: Row, called: str, source: Source) -> Conversation | None:
    turns = list(rows.all("turns", _TURNS, (thread["id"],)))
    tip = text_of(thread["tip"])
    tree = _Tree(rows, [tip, *(text_of(turn["tip_message_hash"]) for turn in turns)])
    if not tree.parents:
        return None
    tips = {text_of(turn["tip_message_hash"]): turn for turn in turns}
    asked = {text_of(turn["parent_message_hash"]): turn for turn in turns}
    pieces = {node: _known(piece, asked.get(node), tips.get(node)) for node, piece in tree.pieces.items()}
    found, _left = ways(tree.parents, tip)
    key = text_of(thread["id"])
    sessions = tuple(_session([pieces[node] for node in way], thread, called, source) for way in found)
    return Conversation(
        format="llm",
        key=key,
        name=sessions[0].title or key,
        paths=sessions,
        forked_from=text_of(thread["forked_from"]) or None,
        lost=lost_of(pieces.values()),
    )


class _Tree:
    """The messages behind some tips: what each of them follows, and what it holds."""

    def __init__(self, rows: Rows, tips: list[str]) -> None:
        self.parents: dict[str, str | None] = {}
        self.pieces: dict[str, Piece] = {}
        for tip in tips:
            node: str | None = tip
            while node and node not in self.parents:
                row = next(rows.all("messages", _MESSAGE, (node,)), None)
                if row is None:
                    break
                self.parents[node] = text_of(row["parent_hash"]) or None
                self.pieces[node] = _piece(rows, node, text_of(row["role"]))
                node = self.parents[node]


def _session(pieces: list[Piece], thread: Row, called: str, source: Source) -> Session:
    times = [at for piece in pieces if (at := piece.known.get("at"))]
    models = [model for piece in pieces if (model := piece.known.get("model"))]
    begun = moment(thread["datetime_utc"]) or source.changed
    return session_of(
        pieces,
        model=next(reversed(models), UNKNOWN_MODEL),
        started=min(times, default=begun),
        ended=max(times, default=begun),
        title=called,
        source={"format": "llm", "file": source.name, "id": text_of(thread["id"])},
    )


def _known(piece: Piece, asked: Row | None, answer: Row | None) -> Piece:
    """Add what the turn tells that a message asked, or answered, in."""
    if answer is not None:
        return replace(piece, known=answered(answer))
    if asked is not None and piece.role == "user":
        return replace(piece, known={"at": moment(asked["datetime_utc"])})
    return piece


def _piece(rows: Rows, node: str, role: str) -> Piece:
    texts, thoughts, lost = [], [], []
    attached: list[Row] = []
    for part in rows.all("parts", _PARTS, (node,)):
        kind = text_of(part["type"])
        if kind == "text":
            texts.append(_text(rows, part))
        elif kind == "reasoning":
            thoughts.append(_text(rows, part))
        elif kind == "attachment":
            attached += rows.all("part_attachments", _ATTACHMENTS, (part["id"],))
        else:
            named = {"tool_call": TOOL_CALL, "tool_result": TOOL_RESULT}.get(kind, "unknown")
            texts.append(label(named, text_of(part["tool_name"]) or (kind if named == "unknown" else "")))
            lost.append(named)
    piece = laid_out(role or "user", "\n\n".join(filter(None, texts)), attached)
    return replace(piece, reasoning="\n\n".join(filter(None, thoughts)), lost=(*piece.lost, *lost))


def _text(rows: Rows, part: Row) -> str:
    """Give the text of a part, put together where it borrows from fragments."""
    if part["text"] is not None:
        return text_of(part["text"])
    try:
        payload = msgspec.json.decode(text_of(part["payload"]))
        pieces = payload["text_ref"]
        return "".join(
            str(piece["literal"]) if "literal" in piece else _fragment(rows, piece["fragment"]) for piece in pieces
        )
    except (ValueError, RecursionError, LookupError, TypeError):
        return ""


def _fragment(rows: Rows, number: Any) -> str:
    if not isinstance(number, int):
        return ""
    found = rows.all("fragments", "SELECT content FROM fragments WHERE id = ?", (number,))
    return next((text_of(row["content"]) for row in found), "")
