"""The folders below the history folder, and the files in each."""

import os
from pathlib import Path

from chatcmd.conversation.name import folder_for
from chatcmd.errors import HistoryError, reason
from chatcmd.language import _

SAVED, LIVE, DAMAGED = ".json", ".jsonl", ".damaged"
"""How the names of saved sessions, of their journals and of what cannot be read end."""


def folders(history: Path, user: str | None = None) -> list[Path]:
    """List the users' folders, or the one of a user if there is one; raises HistoryError."""
    try:
        with os.scandir(history) as entries:
            found = [Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(history, error) from None
    if user is None:
        return found
    name = folder_for(user, (path.name for path in found))
    return [path for path in found if path.name == name]


def files(folder: Path, ending: str) -> list[Path]:
    """List the files of a folder whose names end so; raises OSError."""
    names = os.listdir(folder)  # noqa: PTH208 - of ten thousand names, few become paths
    return [folder / name for name in names if name.endswith(ending) and name[0] != "."]


def readable(folder: Path, ending: str) -> list[Path]:
    """List them; none where the folder cannot be read."""
    try:
        return files(folder, ending)
    except OSError:
        return []


def saved(history: Path, user: str | None = None) -> list[Path]:
    """List the saved sessions' files, newest first; raises HistoryError when there is no reading the folder."""
    found = [path for folder in folders(history, user) for path in readable(folder, SAVED)]
    return sorted(found, key=lambda path: path.name, reverse=True)


def hold_more(history: Path, than: int) -> bool:
    """Tell whether there are more saved sessions than so many."""
    left = than
    for folder in folders(history):
        left -= len(readable(folder, SAVED))
        if left < 0:
            return True
    return False


def changed(path: Path) -> int:
    """Tell when a file was saved, or anything in a folder: saving gives a file its name there. In nanoseconds."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # it has gone meanwhile


def holds(folder: Path, ending: str) -> bool:
    """Tell whether a folder has a file whose name ends so."""
    try:
        with os.scandir(folder) as entries:  # it stops at the first: a list of all names would be made in vain
            return any(entry.name.endswith(ending) and entry.name[0] != "." for entry in entries)
    except OSError:
        return False


def trouble_with(folder: Path) -> HistoryError | None:
    """Say what is wrong with a folder that cannot be listed."""
    try:
        os.scandir(folder).close()
    except OSError as error:
        return unreadable(folder, error)
    return None


def unreadable(path: Path, error: OSError) -> HistoryError:
    """Say that a path cannot be read, and why."""
    return HistoryError(_("{path} cannot be read: {reason}").format(path=path, reason=reason(error)))
