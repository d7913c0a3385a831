"""What is saved, listed and searched: by the index where there is one to rely upon, else file by file."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chatcmd.conversation.query import Query
from chatcmd.errors import HistoryError
from chatcmd.history import walked
from chatcmd.history.asked import Asked
from chatcmd.history.entry import ALL, Entry, Wanted
from chatcmd.history.folder import changed, folders, hold_more, saved, trouble_with
from chatcmd.history.hit import Hit
from chatcmd.history.index import Backlog, IndexTrouble

if TYPE_CHECKING:
    from chatcmd.history.index.indexed import Indexed
    from chatcmd.history.index.lookup import Lookup

T = TypeVar("T")

INDEX = "index.sqlite3"

LEAST = 200
"""Saved sessions from which on an index is made by itself: fewer are read in no time."""

REST = 10.0
"""Seconds for which an index that was of no use is not tried again."""

BACKLOG = 500
"""Files that are read into the index before a list is shown; of more, the list is made from the files."""


class Catalogue:
    """All saved sessions below a history folder.

    The index is a cache. Whatever is wrong with it, the answers are the same from the files, only slower. `progress`
    is told how far a long reading has come (sessions read, sessions in all), and may raise to end it.
    """

    def __init__(self, history: Path) -> None:
        self.history = history
        self.path = history / INDEX
        self.progress: Callable[[int, int], None] | None = None
        self._index: Indexed | None = None
        self._rests_until = 0.0

    def close(self) -> None:
        """Let the index go."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def entries(self, wanted: Wanted | None = None) -> Iterator[Entry | HistoryError]:
        """Walk the wanted sessions, newest first; what cannot be read is yielded as what is wrong with it."""
        wanted = wanted or ALL
        yield from self._folders_in_trouble(wanted)
        seen: set[str] = set()
        try:
            if (lookup := self._lookup(BACKLOG)) is not None:
                for found in lookup.entries(wanted, self._folder(wanted.user)):
                    seen.add(str(found) if isinstance(found, Path) else found.path)
                    if isinstance(found, Path):
                        yield from walked.entry_at(found, wanted)
                    else:
                        yield found
                return
        except IndexTrouble:
            self._give_up()
        for path in saved(self.history, wanted.user):
            if str(path) not in seen:
                yield from walked.entry_at(path, wanted)

    def search(
        self, query: Query, wanted: Wanted | None = None, role: str | None = None
    ) -> Iterator[Hit | HistoryError]:
        """Walk the messages of a role (None: any) that hold a query, newest session first; errors as `entries`."""
        wanted = wanted or ALL
        seen: set[str] = set()
        try:
            if query.terms and (lookup := self._lookup(None)) is not None:
                yield from self._folders_in_trouble(wanted)
                folder = self._folder(wanted.user)
                for path in lookup.unreadable(folder):
                    seen.add(str(path))
                    yield from walked.hits_at(path, query, wanted, role)
                for found in lookup.holding(query.terms, wanted, folder):
                    seen.add(found.path)
                    yield from walked.hits_at(Path(found.path), query, wanted, role)
                return
        except IndexTrouble:
            self._give_up()
        for entry in self.entries(wanted):
            if isinstance(entry, HistoryError):
                yield entry
            elif entry.path not in seen:
                yield from walked.hits_at(Path(entry.path), query, wanted, role)

    def asked(self, wanted: Wanted | None = None) -> list[Asked]:
        """Give what was asked, by user, model and day; turns that a branch has from its parent count once."""
        wanted = wanted or ALL
        folder = self._folder(wanted.user)
        rows = self._told(None, lambda lookup: lookup.asked(wanted, folder))
        return walked.asked(self.history, wanted) if rows is None else rows

    def named(self, beginning: str, user: str | None = None) -> list[Path]:
        """Find the sessions' files whose names begin so, newest first."""
        folder = self._folder(user)
        found = self._told(BACKLOG, lambda lookup: lookup.named(beginning, folder))
        return (
            [path for path in saved(self.history, user) if path.stem.startswith(beginning)] if found is None else found
        )

    def titled(self, title: str, user: str | None = None) -> list[Path]:
        """Find the sessions that have a title."""
        folder = self._folder(user)
        found = self._told(BACKLOG, lambda lookup: lookup.titled(title, folder))
        if found is None:
            entries = walked.entries(self.history, Wanted(user=user, title=title))
            found = [Path(each.path) for each in entries if isinstance(each, Entry) and each.title == title]
        return found

    def newest(self, place: int, user: str | None = None) -> Path | None:
        """Find the newest session (1), or the one so many places before it; None when there are not so many."""
        folder = self._folder(user)
        found = self._told(BACKLOG, lambda lookup: [lookup.newest(place, folder)])
        return found[0] if found else next(iter(saved(self.history, user)[place - 1 : place]), None)

    def saved_last(self, user: str | None = None) -> Path | None:
        """Find the session that was saved last, which may have begun long ago."""
        folder = self._folder(user)
        found = self._told(BACKLOG, lambda lookup: [lookup.saved_last(folder)])
        return found[0] if found else max(saved(self.history, user), key=changed, default=None)

    def journals(self) -> list[Path] | None:
        """List the journals that there are; None when only the folders themselves can tell."""
        return self._told(BACKLOG, lambda lookup: lookup.journals())

    def notice(self, path: Path) -> None:
        """Take up what a file holds that was just read, if it was edited in its place."""
        try:
            if self._index is not None:
                self._index.notice(path)
        except IndexTrouble:
            self._give_up()

    def refresh(self) -> None:
        """Take up all that has changed, files that were edited in their place too; does nothing without an index."""
        try:
            if self._lookup(None) is not None and self._index is not None:
                self._index.refresh(thoroughly=True, progress=self.progress)
        except IndexTrouble:
            self._give_up()

    def reindex(self) -> int:
        """Make the index anew from all files, and tell how many sessions it has; raises NotSaved."""
        self.close()
        self._rests_until = 0.0
        return _index().make(self.path, self.history, self.progress)

    def _told(self, most: int | None, ask: "Callable[[Lookup], T]") -> T | None:
        """Ask the index; None when it cannot be relied upon."""
        try:
            lookup = self._lookup(most)
            return ask(lookup) if lookup is not None else None
        except IndexTrouble:
            self._give_up()
            return None

    def _lookup(self, most: int | None) -> "Lookup | None":
        """Bring the index in step with the disk; None where there is none, or more than `most` files are to be read."""
        if self._index is not None and self._index.has_moved:
            self.close()
        if time.monotonic() < self._rests_until or not self._is_there():
            return None
        if self._index is None:
            self._index = _index()(self.path, self.history)
        try:
            self._index.refresh(most=most, progress=self.progress)
        except Backlog:
            return None
        return self._index.lookup

    def _is_there(self) -> bool:
        """Tell whether there is an index, or so much that one is made."""
        with suppress(HistoryError, OSError):
            return self._index is not None or self.path.exists() or hold_more(self.history, LEAST)
        return False

    def _give_up(self) -> None:
        """Do without the index for a while: another process may hold it, and be done by then."""
        self._rests_until = time.monotonic() + REST
        self.close()

    def _folder(self, user: str | None) -> str | None:
        """Name a user's folder; one that there is not holds nothing. None for all users."""
        return None if user is None else next((folder.name for folder in folders(self.history, user)), "")

    def _folders_in_trouble(self, wanted: Wanted) -> Iterator[HistoryError]:
        for folder in folders(self.history, wanted.user):
            if (trouble := trouble_with(folder)) is not None:
                yield trouble


def _index() -> "type[Indexed]":
    """Load what knows SQLite."""
    from chatcmd.history.index.indexed import Indexed

    return Indexed
