"""Where exports are written: files whose names are safe everywhere, and that are not there yet."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unicodedata import category

from chatcmd.clean import clean_line
from chatcmd.conversation.name import encoded
from chatcmd.conversation.session import Session
from chatcmd.errors import UsageError
from chatcmd.language import _

LONGEST, MOST_BYTES = 80, 180
"""Characters and bytes of a file's name before its ending; file systems commonly allow 255 bytes."""


def file_names(session: Session, ending: str) -> Iterator[str]:
    """Yield names for a session's file, the best first: its id and title, without what a shell would read."""
    words = "".join(char if _is_safe(char) else " " for char in clean_line(f"{session.id} {session.title}"))
    words = re.sub(r"(?<!\w)\.+|\.+(?!\w)", "", words)
    stem = re.sub(r"-*[\s-]+-*", "-", words)[:LONGEST]
    while len(encoded(stem or "-").encode()) > MOST_BYTES:
        stem = stem[:-1]
    stem = encoded(stem.strip("-.") or "session")
    yield f"{stem}{ending}"
    number = 2
    while True:
        yield f"{stem}-{number}{ending}"
        number += 1


# Those of Path raise for a name that is too long; writing tells why that cannot be.


def is_folder(path: str | Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112


def is_there(path: Path) -> bool:
    return os.path.lexists(path)


def free(folder: Path, session: Session, ending: str) -> Path:
    """Choose a file in a folder that is not there yet."""
    return next(path for name in file_names(session, ending) if not is_there(path := folder / name))


def checked(path: Path, history: Path | None) -> Path:
    """Follow links to the file that is meant; raises UsageError for what is no file, or a part of the history."""
    real = Path(os.path.realpath(path))
    if history is not None and Path(os.path.realpath(history)) in real.parents:
        raise UsageError(_("{path} is inside the history itself; name another place").format(path=path))
    with suppress(OSError):  # it is not there, or writing tells why it cannot be
        if not stat.S_ISREG(real.stat().st_mode):
            raise UsageError(_("{path} is no ordinary file; name another, or redirect the output").format(path=path))
    return real if os.path.islink(path) else path  # noqa: PTH114


def _is_safe(char: str) -> bool:
    return category(char)[0] in "LNM" or char in "_+=.,@-"
