"""A list of messages in the API's shape, as several programs keep it, read into turns and what has no place here."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chatcmd.conversation.message import Message, Persona, Status
from chatcmd.conversation.part import shown
from chatcmd.conversation.session import Session, paired, title_of
from chatcmd.history.foreign.found import TOOL_CALL, TOOL_RESULT, label

_ANSWERS = ("assistant", "tool")


class Piece(Struct, frozen=True, kw_only=True):
    """A message of another program: pieces of assistant and tools that follow each other are one answer of ours.

    `lost` names the kinds of what only a few words in the text stand for. `known` are the fields of ours to go with it.
    """

    role: str
    text: str = ""
    parts: tuple[Any, ...] | None = None
    reasoning: str = ""
    status: Status | None = None
    known: dict[str, Any] = field(default_factory=dict)
    lost: tuple[str, ...] = ()


def piece_of(message: dict[str, Any]) -> Piece:
    """Read a message in the API's own shape."""
    role, content = str(message.get("role")), message.get("content")
    lost: list[str] = []
    text, parts = "", None
    if isinstance(content, str):
        text = content
    elif isinstance(content, list) and all(isinstance(part, dict) for part in content):
        text, parts = shown(content), tuple(content)
    elif content is not None:
        text, lost = label("unknown"), ["unknown"]
    if role in _ANSWERS and parts is not None:
        parts = None
    calls = [label(TOOL_CALL, name) for name in _called(message)]
    if role == "tool":
        text, lost = label(TOOL_RESULT, message.get("name")), [TOOL_RESULT]
    text = "\n\n".join(filter(None, (text, *calls)))
    return Piece(role=role, text=text, parts=parts, lost=(*lost, *[TOOL_CALL] * len(calls)))


def session_of(pieces: Iterable[Piece], persona_name: str = "default", **facts: Any) -> Session:
    """Make a session of pieces in the order they stand: a first system message is the persona."""
    messages = list(_joined(pieces))
    persona = Persona(persona_name, "")
    if messages and messages[0].role == "system" and messages[0].is_plain:
        persona = Persona(persona_name, messages.pop(0).content)
    turns, aside = paired(messages)
    title = facts.pop("title", "") or (title_of(turns[0].question.content) if turns else "")
    known = {"id": "", "user": "", "ended_by": "exit", **facts}
    return Session(persona=persona, turns=turns, aside=aside, title=title, **known)


def lost_of(pieces: Iterable[Piece]) -> Counter[str]:
    """Count what only a few words stand for, by kind."""
    return Counter(kind for piece in pieces for kind in piece.lost)


def _joined(pieces: Iterable[Piece]) -> Iterator[Message]:
    """Make messages of pieces; what stands between a question and its answer comes to stand before the question."""
    question: Message | None = None
    answer: list[Piece] = []
    for piece in pieces:
        if piece.role in _ANSWERS:
            answer.append(piece)
            continue
        if answer:
            yield from filter(None, (question, _answer(answer)))
            question, answer = None, []
        if not piece.text and not piece.parts:
            continue
        message = Message(role=piece.role, content=piece.text, parts=piece.parts, **piece.known)
        if piece.role != "user":
            yield message
            continue
        if question is not None:
            yield question
        question = message
    yield from filter(None, (question, _answer(answer) if answer else None))


def _answer(pieces: list[Piece]) -> Message:
    known: dict[str, Any] = {}
    for piece in pieces:
        known |= {name: value for name, value in piece.known.items() if value is not None}
    message = Message(
        role="assistant",
        content="\n\n".join(piece.text for piece in pieces if piece.text),
        reasoning="\n\n".join(piece.reasoning for piece in pieces if piece.reasoning) or None,
        status=next((piece.status for piece in reversed(pieces) if piece.status), "complete"),
    )
    return replace(message, **known)


def _called(message: dict[str, Any]) -> Iterator[str]:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        function = call.get("function") if isinstance(call, dict) else None
        yield str(function.get("name")) if isinstance(function, dict) else ""
    if isinstance(message.get("function_call"), dict):
        yield str(message["function_call"].get("name"))
