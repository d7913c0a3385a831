"""llm's older tables: a row a response, and before that a row of `log`."""

from collections.abc import Iterator, Set as AbstractSet
from typing import Any

from msgspec.structs import replace

from chatcmd.history.foreign.chat import Piece, lost_of, session_of
from chatcmd.history.foreign.found import TOOL_CALL, TOOL_RESULT, UNKNOWN_MODEL, Conversation, label, moment
from chatcmd.history.foreign.llm.parts import answered, laid_out, names_of, text_of
from chatcmd.history.foreign.llm.rows import Row, Rows
from chatcmd.history.foreign.source import Source

_OLD = {"log": "timestamp", "logs": "datetime_utc"}
"""The tables of the first versions, and what they call the time."""


def read(rows: Rows, source: Source, known: AbstractSet[str]) -> Iterator[Conversation]:
    """Read every conversation but those that newer tables have."""
    if "responses" in rows.tables:
        names = names_of(rows)
        for key, group in _grouped(rows, "responses", "conversation_id", "id"):
            if key not in known:
                yield _conversation(key, names.get(key, ""), _spoken(rows, "responses", group), group, source)
    for table, time in _OLD.items():
        if table in rows.tables:
            for key, group in _grouped(rows, table, "chat_id", "id"):
                timed: list[Row] = [Row(row, datetime_utc=row[time]) for row in group]
                yield _conversation(f"{table} {key}", "", _spoken(rows, table, timed), timed, source)


def _grouped(rows: Rows, table: str, conversation: str, own: str) -> Iterator[tuple[str, list[Row]]]:
    """Gather the rows of each conversation in the order they were written."""
    groups: dict[str, list[int]] = {}
    for row in rows.numbers(table, f"{conversation} AS conversation, {own} AS own"):
        key = row["conversation"] if row["conversation"] is not None else row["own"]
        groups.setdefault(str(key), []).append(row["number"])
    query = f"SELECT * FROM {table} WHERE rowid = ?"  # noqa: S608 - our own words
    for key, numbers in groups.items():
        group = [row for number in numbers for row in rows.all(table, query, (number,))]
        if group:
            yield key, sorted(group, key=lambda row: str(row["id"]).zfill(30))


def _conversation(key: str, name: str, pieces: list[Piece], group: list[Row], source: Source) -> Conversation:
    times = [at for row in group if (at := moment(row["datetime_utc"]))]
    models = [text_of(row["resolved_model"]) or text_of(row["model"]) for row in group]
    session = session_of(
        pieces,
        model=next(filter(None, reversed(models)), UNKNOWN_MODEL),
        started=min(times, default=source.changed),
        ended=max([*times, *(piece.known.get("at") or "" for piece in pieces)], default="") or source.changed,
        title=name,
        source={"format": "llm", "file": source.name, "id": key},
    )
    return Conversation(format="llm", key=key, name=session.title or key, paths=(session,), lost=lost_of(pieces))


def _spoken(rows: Rows, table: str, group: list[Row]) -> list[Piece]:
    """Read the responses of a conversation; a system prompt that is only repeated stands once."""
    pieces: list[Piece] = []
    system = ""
    for piece in (piece for row in group for piece in _pieces(rows, table, row)):
        if piece.role != "system":
            pieces.append(piece)
        elif piece.text != system:
            pieces.append(piece)
            system = piece.text
    return pieces


def _pieces(rows: Rows, table: str, row: Row) -> Iterator[Piece]:
    """Read one response: what was asked, the tools that were called for it, and the answer."""
    at, response = moment(row["datetime_utc"]), row["id"]
    system = "\n\n".join(filter(None, (*_fragments(rows, "system_fragments", response), text_of(row["system"]))))
    if system:
        yield Piece(role="system", text=system)
    asked = "\n".join(filter(None, (*_fragments(rows, "prompt_fragments", response), text_of(row["prompt"]))))
    parts = list(_attachments(rows, response)) if table == "responses" else []
    if asked or parts:
        yield replace(laid_out("user", asked, parts), known={"at": at})
    for name in _tools(rows, "tool_results", response):
        yield Piece(role="tool", text=label(TOOL_RESULT, name), lost=(TOOL_RESULT,))
    calls = _tools(rows, "tool_calls", response)
    text = "\n\n".join(filter(None, (text_of(row["response"]), *(label(TOOL_CALL, name) for name in calls))))
    yield Piece(
        role="assistant",
        text=text,
        reasoning=text_of(row["reasoning"]),
        known=answered(row),
        lost=(TOOL_CALL,) * len(calls),
    )


def _fragments(rows: Rows, table: str, response: Any) -> list[str]:
    if table not in rows.tables:
        return []
    query = (
        f"SELECT fragments.content AS content FROM {table} JOIN fragments ON fragments.id = {table}.fragment_id"  # noqa: S608
        f' WHERE response_id = ? ORDER BY {table}."order"'
    )
    return [text_of(row["content"]) for row in rows.all(table, query, (response,))]


def _attachments(rows: Rows, response: Any) -> Iterator[Row]:
    if "prompt_attachments" not in rows.tables:
        return iter(())
    query = (
        "SELECT attachments.* FROM prompt_attachments JOIN attachments ON attachments.id = attachment_id"
        ' WHERE response_id = ? ORDER BY prompt_attachments."order"'
    )
    return rows.all("prompt_attachments", query, (response,))


def _tools(rows: Rows, table: str, response: Any) -> list[str]:
    if table not in rows.tables:
        return []
    query = f"SELECT name FROM {table} WHERE response_id = ? ORDER BY id"  # noqa: S608 - our own words
    return [text_of(row["name"]) for row in rows.all(table, query, (response,))]
