"""A file that a history is read from, on the disk or inside an archive."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from chatcmd.errors import Damaged, reason
from chatcmd.history.foreign.found import instant
from chatcmd.language import _

HEAD = 64 * 1024
_ASIDE = re.compile(r"\..*|index\.sqlite3.*|.*\.(?:damaged[0-9]*|format-[0-9]+|tmp)")
"""How those files are called that are hidden, or that the library itself keeps beside sessions."""


class Source(Struct, frozen=True):
    """One file: its own `name`, the `path` that errors call it by, when it was changed, and its content if it is read.

    Inside an archive `path` is the archive's with the name behind it, and leads to no file.
    """

    name: str
    path: Path
    changed: str
    content: bytes | None = None

    @property
    def data(self) -> bytes:
        """All that it holds; raises Damaged."""
        return self.content if self.content is not None else self._read(-1)

    @property
    def head(self) -> bytes:
        """Its beginning, by which a format is known; raises Damaged."""
        return self.content[:HEAD] if self.content is not None else self._read(HEAD)

    def _read(self, size: int) -> bytes:
        try:
            with self.path.open("rb") as file:
                return file.read(size)
        except OSError as error:
            raise _unreadable(self.path, error) from None


def source_of(path: Path) -> Source:
    """Name a file as a source; raises Damaged."""
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(found.st_mode):
        raise Damaged(_("{path} cannot be read: {reason}").format(path=path, reason=_("it is no plain file")))
    changed = instant(found.st_mtime)
    return Source(_written(path.name), path, changed or "1970-01-01T00:00:00.000Z")


def files_below(folder: Path) -> Iterator[Path]:
    """Walk the files of a folder in the order of their names, but those that are hidden or the library's own."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not _ASIDE.fullmatch(name) and path.is_file():
                yield path


def _written(name: str) -> str:
    """Give a file's name as text that can be saved."""
    return name.encode("utf-8", "replace").decode()


def _unreadable(path: Path, error: OSError) -> Damaged:
    return Damaged(_("{path} cannot be read: {reason}").format(path=path, reason=reason(error)))
