"""The index brought in step with the disk: folders that changed are looked through, new and changed files are read."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Queue
from threading import Thread

import msgspec

from chatcmd.history.folder import LIVE, SAVED
from chatcmd.history.index import Backlog, IndexTrouble
from chatcmd.history.index.brief import Brief, Stamp, brief_of
from chatcmd.history.index.store import Folder, Store

Progress = Callable[[int, int], None]
"""Is told how many sessions of how many have been taken up; what it raises ends the work, and nothing is lost."""

SETTLED = 2_000_000_000
"""Nanoseconds after which a folder's time is relied upon: within one tick of its clock it may change unseen."""

TOGETHER = 8_000
"""Sessions that are taken up in one transaction."""

HANDED = 500
"""Sessions that are handed to the writer at once; it works while the next are read."""

Put = tuple[int, str, Brief]
"""The number of a folder, the name of a file in it, and what was read there."""


class Changes(msgspec.Struct):
    """What is not in the index as it is on the disk: folders by name, files by name and folder, numbers of folders."""

    folders: dict[str, Folder] = msgspec.field(default_factory=dict)
    fresh: list[tuple[str, str]] = msgspec.field(default_factory=list)
    gone: list[tuple[int, list[str]]] = msgspec.field(default_factory=list)
    removed: list[int] = msgspec.field(default_factory=list)


def refresh(
    store: Store, history: Path, *, thoroughly: bool = False, most: int | None = None, progress: Progress | None = None
) -> None:
    """Take up what was added, changed or removed.

    Files that were edited in their place are found `thoroughly` alone: then no folder is passed over. Raises Backlog
    before anything is read when more than `most` files are new or changed, IndexTrouble, and OSError for a history
    folder that cannot be read.
    """
    changes = _changes(store, history, thoroughly=thoroughly)
    if most is not None and len(changes.fresh) > most:
        raise Backlog(len(changes.fresh))
    if not (changes.folders or changes.removed):
        return
    with store.writing():
        for number in changes.removed:
            store.drop_folder(number)
        for number, names in changes.gone:
            store.drop(number, names)
        for name, folder in changes.folders.items():
            folder.number = folder.number or store.add_folder(name)
        if len(changes.fresh) <= HANDED:
            store.put(list(_read(history, changes)))
            changes.fresh.clear()
            _settle(store, changes)
    if changes.fresh:
        _put_many(store, history, changes, progress)
        with store.writing():
            _settle(store, changes)


def behind(store: Store, history: Path) -> int:
    """Count the files that are not in the index as they are on the disk; nothing is taken up. Raises OSError."""
    changes = _changes(store, history, thoroughly=True)
    gone = sum(len(store.stamps(number)) for number in changes.removed)
    return gone + len(changes.fresh) + sum(len(names) for _number, names in changes.gone)


def notice(store: Store, history: Path, path: Path) -> None:
    """Take up a file that is not as it was when it was read; raises IndexTrouble."""
    folder = store.folders().get(path.parent.name)
    if folder is None or path.parent.parent != history:
        return
    with suppress(OSError):
        if store.stamp(folder.number, path.name) not in (None, _stamp(path)):
            brief = brief_of(path)
            with store.writing():
                store.put([(folder.number, path.name, brief)])


def _changes(store: Store, history: Path, *, thoroughly: bool) -> Changes:
    """Compare the disk with the index; a folder that has not changed is passed over."""
    known, on_disk = store.folders(), dict(_folders(history))
    changes = Changes(removed=[folder.number for name, folder in known.items() if name not in on_disk])
    for name, changed in on_disk.items():
        before = known.get(name, Folder(0, 0, []))
        if changed and changed == before.changed and not thoroughly:
            continue
        stamps = store.stamps(before.number) if before.number else {}
        found, live = _files(history / name)
        missing = [file for file in stamps if file not in found]
        fresh = [(file, name) for file, stamp in found.items() if stamps.get(file) != stamp]
        if missing:
            changes.gone.append((before.number, missing))
        changes.fresh += fresh
        if missing or fresh or not before.number or (changed, live) != (before.changed, before.live):
            changes.folders[name] = Folder(before.number, changed, live)
    changes.fresh.sort()
    return changes


def _settle(store: Store, changes: Changes) -> None:
    for folder in changes.folders.values():
        store.looked_through(folder)


def _put_many(store: Store, history: Path, changes: Changes, progress: Progress | None) -> None:
    """Read files here while a second thread writes what has been read: most of its work needs no interpreter."""
    writer, total = _Writer(store), len(changes.fresh)
    try:
        handed: list[Put] = []
        for done, brief in enumerate(_read(history, changes), 1):
            handed.append(brief)
            if len(handed) == HANDED:
                writer.take(handed)
                handed = []
                if progress is not None:
                    progress(done, total)
        writer.take(handed)
    finally:
        writer.close()
    if progress is not None:
        progress(total, total)


def _read(history: Path, changes: Changes) -> Iterator[Put]:
    """Read new and changed files, oldest names first; in one that cannot be opened there is no session."""
    for name, folder in changes.fresh:
        path, number = history / folder / name, changes.folders[folder].number
        try:
            yield number, name, brief_of(path)
        except FileNotFoundError:
            continue  # it has gone meanwhile
        except OSError:
            yield number, name, Brief(_stamp(path))


class _Writer:
    """A thread that writes what it is given, so many sessions a transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: Queue[list[Put]] = Queue(2)
        self._trouble: IndexTrouble | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def take(self, briefs: list[Put]) -> None:
        """Hand over what is to be written; raises IndexTrouble of what was handed over before."""
        if self._trouble is not None:
            raise self._trouble
        if briefs:
            self._queue.put(briefs)

    def close(self) -> None:
        """Wait until all of it is written; raises IndexTrouble."""
        self._queue.put([])
        self._thread.join()
        if self._trouble is not None:
            raise self._trouble

    def _run(self) -> None:
        try:
            while self._write_some():
                pass
        except IndexTrouble as trouble:
            self._trouble = trouble
            while self._queue.get():  # so that nobody waits for room
                pass

    def _write_some(self) -> bool:
        """Write until a transaction is full; tell whether there is more to come."""
        written = 0
        with self._store.writing():
            while written < TOGETHER:
                briefs = self._queue.get()
                if not briefs:
                    return False
                self._store.put(briefs)
                written += len(briefs)
        return True


def _folders(history: Path) -> Iterator[tuple[str, int]]:
    """Name the users' folders, each with its last change; 0 where that is too young to be relied upon."""
    now = time.time_ns()
    try:
        with os.scandir(history) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_dir():
                    changed = entry.stat().st_mtime_ns
                    yield entry.name, changed if changed + SETTLED < now else 0
    except FileNotFoundError:
        return


def _files(folder: Path) -> tuple[dict[str, Stamp], list[str]]:
    """List the sessions of a folder, and its journals; one that cannot be listed has none."""
    found: dict[str, Stamp] = {}
    live: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(SAVED) and name[0] != ".":
                found[name] = _stamp(entry)
            elif name.endswith(LIVE) and name[0] != ".":
                live.append(name)
    return found, live


def _stamp(at: "os.DirEntry[str] | Path") -> Stamp:
    try:
        found = at.stat()
    except OSError:
        return Stamp(0, 0)
    return Stamp(found.st_mtime_ns, found.st_size)
