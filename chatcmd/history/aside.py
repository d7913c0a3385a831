"""What is damaged is kept: under another name, beside what takes its place."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from chatcmd.history.disk import is_there, sync_folder
from chatcmd.history.folder import DAMAGED


def asides(path: Path) -> Iterator[Path]:
    """Give the names that a file can be kept under, in the order in which they are taken."""
    return (path.with_name(f"{path.name}{DAMAGED}{number or ''}") for number in count())


def aside(path: Path) -> Path:
    """Choose another name for a file, never that of one that was kept before."""
    return next(name for name in asides(path) if not is_there(name))


def keep_aside(path: Path) -> None:
    """Give a file another name; raises OSError."""
    path.rename(aside(path))
    sync_folder(path.parent)
