"""What a user's folder holds, sorted by names: each session's files, and the rest."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, field

from chatcmd.history.file import OLDER
from chatcmd.history.folder import DAMAGED, LIVE, SAVED

RECALL = "recall"

_OURS = rf"(.+?)(?:{re.escape(LIVE)}|{re.escape(SAVED)})"
_TEMPORARY = re.compile(rf"\.{_OURS}(?:(?:{re.escape(DAMAGED)}|{re.escape(OLDER)})[\d-]*)?\.[0-9a-f]{{8}}\.tmp")
_KEPT = re.compile(rf"{_OURS}{re.escape(DAMAGED)}\d*")
_ORIGINAL = re.compile(rf"{_OURS}{re.escape(OLDER)}\d+(?:-\d+)?")


class Files(Struct):
    """The files of one session, by `saved`, the path of the file that it has or should have.

    `temporary` are those of writes that did not end, `kept` the damaged ones that were set aside.
    """

    saved: Path
    has_saved: bool = False
    has_live: bool = False
    temporary: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)

    @property
    def live(self) -> Path:
        return self.saved.with_suffix(LIVE)


class Contents(Struct):
    """A folder's sessions by id.

    `is_wide` tells whether others have rights to the folder, `wide` to which files of it; `strangers` are not ours.
    """

    folder: Path
    is_wide: bool = False
    sessions: dict[str, Files] = field(default_factory=dict)
    has_recall: bool = False
    wide: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def files(self, session_id: str) -> Files:
        found = self.sessions.get(session_id)
        if found is None:
            found = self.sessions[session_id] = Files(self.folder / (session_id + SAVED))
        return found


def contents_of(folder: Path) -> Contents:
    """Sort what a folder holds; raises OSError."""
    contents = Contents(folder, is_wide(folder))
    with os.scandir(folder) as entries:
        for entry in entries:
            _sort(entry.name, contents)
            with suppress(FileNotFoundError):  # it has gone meanwhile
                mode = entry.stat(follow_symlinks=False).st_mode
                if mode & 0o077 and stat.S_ISREG(mode):
                    contents.wide.append(entry.name)
    return contents


def wide_in(folder: Path) -> list[str]:
    """Name the files of a folder that others have rights to; none where it cannot be read."""
    try:
        return contents_of(folder).wide
    except OSError:
        return []


def is_wide(folder: Path) -> bool:
    """Tell whether others have rights to a folder; of what a link leads to, that is not ours to say."""
    try:
        mode = folder.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and bool(mode & 0o077)


def _sort(name: str, contents: Contents) -> None:
    if name.endswith(SAVED) and name[0] != ".":
        contents.files(name.removesuffix(SAVED)).has_saved = True
    elif name.endswith(LIVE) and name[0] != ".":
        contents.files(name.removesuffix(LIVE)).has_live = True
    elif found := _TEMPORARY.fullmatch(name):
        contents.files(found[1]).temporary.append(contents.folder / name)
    elif found := _KEPT.fullmatch(name):
        contents.files(found[1]).kept.append(contents.folder / name)
    elif name == RECALL:
        contents.has_recall = True
    elif name[0] != "." and not _ORIGINAL.fullmatch(name):
        contents.strangers.append(name)
