"""Sessions, turns and trouble to test the history with."""

import os
import resource
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.message import Latency, Message, Persona, Sent, Turn, Usage
from chatcmd.conversation.session import Session
from chatcmd.history.journal import Journal
from chatcmd.history.library import Library
from tests.terminal_driver import PYTHON

ID = "20261120T213005Z-3f2a"
PERSONA = Persona("default", "一个有10年Python开发经验的资深算法工程师")


def question(text: str, at: str = "2026-11-20T21:30:11.902Z") -> Message:
    return Message(role="user", content=text, at=at)


def answer(text: str, at: str = "2026-11-20T21:30:13.377Z", **fields: Any) -> Message:
    known: dict[str, Any] = {
        "model": "gpt-3.5-turbo",
        "status": "complete",
        "finish_reason": "stop",
        "latency": Latency(first=0.412, total=1.475),
        "usage": Usage(44, 8),
        "window": Sent(44, 0),
    }
    return Message(role="assistant", content=text, at=at, **(known | fields))


def turn(number: int) -> Turn:
    return Turn(question(f"问题 {number}"), answer(f"回答 {number}。"))


def session(turns: int = 0, *, session_id: str = ID, user: str = "简说Python", **fields: Any) -> Session:
    made = Session(
        id=session_id,
        user=user,
        persona=PERSONA,
        model="gpt-3.5-turbo",
        started="2026-11-20T21:30:05.120Z",
        **fields,
    )
    for number in range(1, turns + 1):
        made = made.with_turn(turn(number))
    return made


def saved(library: Library, made: Session) -> Path:
    """Save a session as the chat does at its end."""
    journal = library.open(made.user, made.id)
    return library.save(made.ended_at("2026-11-20T21:41:17.003Z", "exit"), journal)


def abandoned(library: Library, made: Session, *asked: str) -> Path:
    """Leave a journal as a killed process does: the session, and questions after it; return where it is."""
    journal = library.open(made.user, made.id)
    journal.opened(made)
    for text in asked:
        journal.asked(made, question(text))
    return let_go(journal)


def let_go(journal: Journal) -> Path:
    """End a journal as the kernel does for a killed process."""
    os.close(journal._descriptor)
    return journal.path


def contents(made: Session) -> list[str]:
    return [message.content for message in made.messages]


def words(path: Path) -> list[tuple[str, str, str | None]]:
    """Read a saved session by its messages: role, content, status."""
    found = msgspec.json.decode(path.read_bytes())
    return [(each["role"], each["content"], each.get("status")) for each in found["messages"]]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_files() -> int:
    """Count the files that this process has open."""
    return sum(1 for _file in Path("/dev/fd").iterdir())


def tree(folder: Path) -> Mapping[str, bytes]:
    """Read every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond a size; the write that would is cut short, and the next one fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# Root reads what nobody may: without these two capabilities it is an owner like any other.
_MERE_OWNER = """
import ctypes, os, sys
if sys.platform == "linux":
    for capability in 1, 2:
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
_LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # what is cut short there would be read by the next program
os.execv(sys.argv[2], sys.argv[2:])
"""


def as_mere_owner(argv: list[str]) -> list[str]:
    """Run a program for which the modes of files hold, whoever runs the tests."""
    return [PYTHON, "-I", "-S", "-c", _MERE_OWNER, *argv]


def on_a_full_disk(size: int, argv: list[str]) -> list[str]:
    """Run a program that can write no file beyond a size."""
    return [PYTHON, "-I", "-S", "-c", _LIMITED, str(size), *argv]
