"""Importing as the command does, for tests of what comes of it."""

import os
from pathlib import Path
from typing import Any

from chatcmd.conversation.session import Session
from chatcmd.history import file
from chatcmd.history.foreign.formats import Passed, found_in
from chatcmd.history.foreign.found import Conversation
from chatcmd.history.foreign.imported import Import
from chatcmd.history.library import Library

FILES = Path(__file__).parent / "foreign_files"
LONG_AGO = 1_678_000_000.5
"""When the samples were changed last, as far as a test can tell."""


def take_in(path: Path, library: Library, form: str | None = None, **settings: Any) -> Import:
    """Import what a file or folder holds."""
    done = Import(library, **({"user": None, "otherwise": "me"} | settings))
    with done.alone(lambda: None):
        for found in found_in(path, form):
            if not isinstance(found, Passed):
                done.take(found)
    return done


def counts(done: Import) -> tuple[int, int, int, int, int]:
    """Say what an import came to: written, grown, known, empty, left out."""
    return len(done.written), len(done.grown), done.known, done.empty, len(done.left_out)


def conversations(path: Path, form: str | None = None) -> dict[str, list[list[tuple[str, str]]]]:
    """Read what a file holds without keeping it: by key, each way as roles and contents."""
    return {
        found.key: [said(session) for session in found.paths]
        for found in found_in(path, form)
        if isinstance(found, Conversation)
    }


def said(session: Session) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in session.messages]


def sessions(done: Import) -> list[Session]:
    return [file.read(path) for path in done.written]


def aged(path: Path) -> Path:
    """Let a file have been changed long ago."""
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path
