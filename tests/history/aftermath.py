"""What there is before a disk fails, and what a start on a sound one finds afterwards."""

import os
from collections.abc import Callable
from pathlib import Path

from chatcmd.history import file
from chatcmd.history.library import Library
from chatcmd.history.trash import Trash
from tests.history.damage import put, written
from tests.history.made import abandoned, saved, session

TROUBLE = "the chat goes on in memory and tries again at every turn"
ALL_THERE = "the history is written again, nothing is missing"
CHAT = ["--offline", "--no-stream", "-u", "u"]
REPOSITORY = Path(__file__).parents[2]
OTHER = "20260120T213005Z-0000"

Setup = Callable[[Path], object]


def lived_in(root: Path) -> None:
    library = Library(root / "history")
    saved(library, session(2, user="u"))
    abandoned(library, session(1, user="v", session_id=OTHER), "没有回答")


def one_saved(root: Path) -> None:
    saved(Library(root / "history"), session(2, user="u"))


def one_deleted(root: Path) -> None:
    library = Library(root / "history")
    Trash(library.folder).throw(saved(library, session(2, user="u")))


def one_damaged(root: Path) -> None:
    put(root / "history", written()[:-40], "u")


def one_to_import(root: Path) -> None:
    library = Library(root / "elsewhere")
    saved(library, session(2, user="u"))


def acknowledged(shown: str) -> list[str]:
    """List the questions whose answer stood there, and no trouble, when the next prompt came."""
    kept: list[str] = []
    waiting: list[str] = []
    trouble = False
    for line in shown.splitlines():
        if TROUBLE in line:
            trouble = True
        elif ALL_THERE in line:
            trouble = False
        elif line.startswith("Your question was: "):
            waiting.append(line.removeprefix("Your question was: "))
        elif line.startswith(("【u】", "【v】", "saved: ")) and not trouble:
            kept += waiting
            waiting = []
    return kept


def start_again(history: Path) -> list[str]:
    """Do what the next start on a sound disk does; return what it had to complain of."""
    for path in history.rglob("*.jsonl"):
        os.utime(path, (0, 0))  # nobody is making it
    complaints: list[str] = []
    assert all(found.path.exists() for found in Library(history).recover(complaints.append))
    return complaints


def asked(history: Path) -> list[str]:
    paths = sorted(history.rglob("*.json"))
    return [turn.question.content for path in paths for turn in file.read(path).turns]


def sessions(history: Path) -> list[list[str]]:
    """Read every session, in the trash too, that can be read: its questions."""
    return [[turn.question.content for turn in file.read(path).turns] for path in history.rglob("*.json")]
