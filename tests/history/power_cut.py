"""What may be on a disk after the power went: every state that a list of calls allows, at any point of it.

The rules are the weakest that file systems keep. What was written and not synced may be there, in part, in another
order, or as zeros; a name that was made, changed or removed may be so or not until its folder was synced, each for
itself; a renaming is one step, whichever folders it touches. What was written before the sync of a file failed may be
lost whatever is synced later.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

MOST_SUBSETS = 5
"""Of so many names in the air every choice is made; of more, those that are in order, and those that lack one."""

State = Mapping[str, bytes | None]
"""What lies at each path below the root: a file's content, or None for a folder."""

Written = tuple[int, bytes] | int
"""What was written where, or the size that a file was cut to."""


class Done(NamedTuple):
    """One call that was made: what it was, its path, and its arguments; `said` is what was told the user."""

    name: str
    path: str
    arguments: tuple[Any, ...]


class Recorded(NamedTuple):
    """The calls of one run, and whether one of them was made to fail."""

    done: list[Done]
    has_failed: bool


class Inode:
    """A file: what of it is sure, what was written since, and what else it may hold since a sync failed."""

    def __init__(self, content: bytes = b"") -> None:
        self.now = content
        self._sure = [content]
        self._since: list[Written] = []

    def write(self, written: Written) -> None:
        self._since.append(written)
        self.now = _applied(self.now, written)

    def sync(self) -> None:
        for written in self._since:
            self._sure = [_applied(sure, written) for sure in self._sure]
        self._since = []

    def fail(self) -> None:
        """Take note that what was written since may never arrive, though it can be read until the power goes."""
        self._sure += [each for each in _survivors(self._sure[0], self._since) if each not in self._sure]
        self._sure.insert(0, self.now)
        self._since = []

    @property
    def contents(self) -> set[bytes]:
        """All that may be found in it after a cut."""
        return {each for sure in self._sure for each in _survivors(sure, self._since)}


class Change(NamedTuple):
    """One change of names: what is removed and what is made, a folder being None."""

    removed: str | None
    made: str | None = None
    inode: Inode | None = None

    @property
    def paths(self) -> set[str]:
        return {path for path in (self.removed, self.made) if path is not None}

    @property
    def folders(self) -> set[str]:
        return {str(Path(path).parent) for path in self.paths}


class Disk:
    """A disk while calls are made on it; it begins with what lies in a folder, all of it sure, as its root."""

    def __init__(self, root: Path, before: Path | None) -> None:
        self._root = root
        self._sure: dict[str, Inode | None] = {}
        if before is not None:
            self._sure[str(root)] = None
            for path in sorted(before.rglob("*")):
                inode = Inode(path.read_bytes()) if path.is_file() else None
                self._sure[str(root / path.relative_to(before))] = inode
        self._now = dict(self._sure)
        self._since: list[Change] = []
        self._files: dict[int, tuple[Inode, bool]] = {}
        self._places: dict[int, int] = {}
        self._folders: dict[int, str] = {}

    def take(self, done: Done) -> None:
        """Make a call."""
        first = done.arguments[0]
        if done.name == "open":
            self._open(done.path, *done.arguments)
        elif done.name == "close":
            self._files.pop(first, None)
            self._folders.pop(first, None)
        elif done.name == "write":
            self._write(first, done.arguments[1])
        elif done.name == "ftruncate":
            self._files[first][0].write(done.arguments[1])
        elif done.name in ("fsync", "failed"):
            self._sync(first, failed=done.name == "failed")
        elif done.name == "mkdir":
            self._change(Change(None, done.path))
        elif done.name in ("rename", "replace"):
            self._change(Change(done.path, done.arguments[1], self._now[done.path]))
        else:
            assert done.name in ("unlink", "remove", "rmdir"), done
            self._change(Change(done.path))

    def states(self) -> Iterator[State]:
        """Give every state that a cut of the power now may leave, by paths relative to the root."""
        for chosen in _choices(self._since):
            names = dict(self._sure)
            for change in chosen:
                _rename(names, change)
            there = {path: inode for path, inode in names.items() if self._is_reached(path, names)}
            told = [os.path.relpath(path, self._root) for path in there]
            contents = [[None] if inode is None else sorted(inode.contents) for inode in there.values()]
            for each in product(*contents):
                yield dict(zip(told, each, strict=True))

    def _open(self, path: str, descriptor: int, flags: int, is_new: bool) -> None:  # noqa: FBT001
        if flags & os.O_DIRECTORY:
            self._folders[descriptor] = path
            return
        inode = Inode() if is_new else self._now[path]
        assert inode is not None, path
        if is_new:
            self._change(Change(None, path, inode))
        elif flags & os.O_TRUNC:
            inode.write(0)
        self._files[descriptor] = inode, bool(flags & os.O_APPEND)
        self._places[descriptor] = 0

    def _write(self, descriptor: int, data: bytes) -> None:
        inode, appends = self._files[descriptor]
        at = len(inode.now) if appends else self._places[descriptor]
        inode.write((at, data))
        self._places[descriptor] = at + len(data)

    def _sync(self, descriptor: int, *, failed: bool) -> None:
        if descriptor in self._files:
            inode = self._files[descriptor][0]
            inode.fail() if failed else inode.sync()
        elif not failed:
            self._sync_names(self._folders[descriptor])

    def _sync_names(self, folder: str) -> None:
        """Make sure what changed in a folder, and whatever happened to the same names before."""
        synced = [folder in change.folders for change in self._since]
        paths: set[str] = set()
        for place in range(len(self._since) - 1, -1, -1):
            synced[place] = synced[place] or bool(paths & self._since[place].paths)
            if synced[place]:
                paths |= self._since[place].paths
        for change, sure in zip(self._since, synced, strict=True):
            if sure:
                _rename(self._sure, change)
        self._since = [change for change, sure in zip(self._since, synced, strict=True) if not sure]

    def _change(self, change: Change) -> None:
        self._since.append(change)
        _rename(self._now, change)

    def _is_reached(self, path: str, names: Mapping[str, Inode | None]) -> bool:
        """Tell whether all folders above a path are there."""
        above = [each for each in Path(path).parents if each == self._root or self._root in each.parents]
        return all(str(each) in names for each in above)


def laid_out(state: State, root: Path) -> None:
    """Make a state real below a root."""
    for name, content in sorted(state.items()):
        path = root / name
        if content is None:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            path.write_bytes(content)
            path.chmod(0o600)
            os.utime(path, (0, 0))  # what is empty is not being made just now


def _rename(names: dict[str, Inode | None], change: Change) -> None:
    if change.removed is not None:
        names.pop(change.removed, None)
    if change.made is not None:
        names[change.made] = change.inode


def _choices(since: Sequence[Change]) -> Iterator[Sequence[Change]]:
    if len(since) <= MOST_SUBSETS:
        for size in range(len(since) + 1):
            yield from combinations(since, size)
        return
    for place in range(len(since) + 1):
        yield since[:place]
        yield [*since[:place], *since[place + 1 :]]


def _survivors(sure: bytes, since: Sequence[Written]) -> Iterator[bytes]:
    """Give what may be left of writes: some of them in order, the last of these torn or zeros, or one missing."""
    found = sure
    yield found
    for place, written in enumerate(since):
        if not isinstance(written, int):
            at, data = written
            for size in {1, len(data) // 2, len(data) - 1}:
                yield _applied(found, (at, data[:size]))
            yield _applied(found, (at, bytes(len(data))))
        without = found
        for later in since[place + 1 :]:
            without = _applied(without, later)
        yield without
        found = _applied(found, written)
        yield found


def _applied(content: bytes, written: Written) -> bytes:
    if isinstance(written, int):
        return content[:written].ljust(written, b"\0")
    at, data = written
    return content[:at].ljust(at, b"\0") + data + content[at + len(data) :]
