"""One user's saved sessions, found by the mark in an id that tells a conversation from all others."""

import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from chatcmd.conversation.session import Session
from chatcmd.history.library import SAVED, Library

_NUMBERED = re.compile(r"(.+)-[1-9][0-9]{0,3}")
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z-")


class Shelf:
    """The folder is looked through once; what is put on the shelf later is known too.

    A session that is only rehearsed is kept in memory in place of its file.
    """

    def __init__(self, library: Library, user: str) -> None:
        self._library = library
        self._marked: dict[str, list[Path]] = {}
        self._rehearsed: dict[Path, Session] = {}
        self._stems: set[str] = set()
        folder = library.path_of(user, "any").parent
        with suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208 - of a hundred thousand names, few become paths
                if name.endswith(SAVED) and not name.startswith("."):
                    self._add(folder / name)

    def __contains__(self, stem: str) -> bool:
        return stem in self._stems

    def put(self, path: Path, rehearsed: Session | None = None) -> None:
        """Take note of a session that is there now, or would be if it were not only rehearsed."""
        if path.stem not in self._stems:
            self._add(path)
        if rehearsed is not None:
            self._rehearsed[path] = rehearsed

    def sessions(self, mark: str) -> list[tuple[Path, Session]]:
        """Read what was kept under a mark, the first one first; raises HistoryError."""
        paths = sorted(self._marked.get(mark, ()), key=lambda path: (len(path.stem), path.stem))
        return [(path, self._rehearsed.get(path) or self._library.read(path)) for path in paths]

    def _add(self, path: Path) -> None:
        stem = path.stem
        self._stems.add(stem)
        numbered = _NUMBERED.fullmatch(stem)
        wholes = [stem, numbered[1]] if numbered else [stem]
        for mark in {mark for whole in wholes for mark in (whole, _TIME.sub("", whole))}:
            self._marked.setdefault(mark, []).append(path)


def mark_of(form: str, key: str) -> str:
    """Make the mark of a conversation: the same whenever and under whatever name its history comes."""
    return sha256(f"{form}\n{key}".encode("utf-8", "replace")).hexdigest()[:12]
