"""Damaged sessions to test with, and what is left of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.message import Turn
from chatcmd.conversation.session import Session
from chatcmd.history import file
from chatcmd.history.verify.finding import Finding
from chatcmd.history.verify.walk import Verification
from tests.history.made import ID, answer, question, session

Said = list[tuple[str, str]]


def talked(turns: int, **fields: Any) -> Session:
    """Make a session whose clock went on."""
    made = session(**fields)
    for number in range(turns):
        at = f"2026-11-20T21:3{number}"
        made = made.with_turn(
            Turn(question(f"问题 {number + 1}", f"{at}:11.902Z"), answer(f"回答 {number + 1}。", f"{at}:13.377Z"))
        )
    return made


SMALL = talked(2, title="题").with_unanswered(question('{"role": "[]}, \\ \'x\'', "2026-11-20T21:35:00.000Z"))
"""A session whose last question looks like the file that it is in."""


def written(made: Any = SMALL) -> bytes:
    return msgspec.json.format(msgspec.json.encode(file.to_content(made)), indent=2) + b"\n"


def changed(**fields: Any) -> bytes:
    """Write it with other fields; None takes a field away."""
    content = msgspec.json.decode(written()) | fields
    return (
        msgspec.json.format(msgspec.json.encode({k: v for k, v in content.items() if v is not None}), indent=2) + b"\n"
    )


def with_message(number: int, **fields: Any) -> bytes:
    """Write it with other fields of one message."""
    messages = msgspec.json.decode(written())["messages"]
    messages[number] |= fields
    return changed(messages=messages)


def said(content: Any) -> Said:
    return [(each.role, each.content) for each in content.messages]


def spans(data: bytes) -> Iterator[tuple[int, int]]:
    """Tell where each message begins and ends in a file, in bytes."""
    text = data.decode()
    begin = re.compile(r"\s*,?\s*")
    place = text.index("[", text.index('"messages"')) + 1
    while text[place := begin.match(text, place).end()] == "{":  # type: ignore[union-attr]
        _, end = json.JSONDecoder().raw_decode(text, place)
        yield len(text[:place].encode()), len(text[:end].encode())
        place = end


def put(history: Path, data: bytes, user: str = "简说Python", session_id: str = ID) -> Path:
    """Put a file into a history whose rights are as they should be."""
    path = history / user / f"{session_id}.json"
    for folder in (history, path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def verified(history: Path, **how: Any) -> list[Finding]:
    return list(Verification(history, **how).findings())


def kinds(findings: list[Finding]) -> list[str]:
    """Name what is wrong, and what was mended behind it with a mark."""
    return [each.kind + "!" * each.repaired for each in findings if each.is_wrong or each.repaired]


def copies(path: Path) -> list[bytes]:
    """Read what stands under a session's name, and what was kept beside."""
    return [each.read_bytes() for each in sorted(path.parent.iterdir()) if each.name.startswith(path.name)]
