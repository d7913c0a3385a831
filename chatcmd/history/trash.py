"""Deleted sessions: they lie below `.trash` in the history folder, as they were, until it is emptied."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EXDEV
from itertools import count
from pathlib import Path

from chatcmd.conversation.name import decoded
from chatcmd.errors import HistoryError, SessionNotFound, reason
from chatcmd.history import file
from chatcmd.history.disk import is_there, make_folder, narrow, sync_folder
from chatcmd.history.entry import Entry, entry_of
from chatcmd.history.folder import LIVE, SAVED
from chatcmd.history.journal import Journal
from chatcmd.language import _

FOLDER = ".trash"

_TWIN = re.compile(r"~[0-9]+\Z")
"""Ends the name of a session in the trash when another of its id was there before."""


class Trash:
    """The trash of one history folder; nothing is made before something is deleted.

    A session is one file that is renamed, so that it is whole in one of both places at any moment; what was kept beside
    it because it could not be read goes before it.
    """

    def __init__(self, history: Path) -> None:
        self.folder = history / FOLDER
        self._history = history

    def throw(self, path: Path) -> Path:
        """Put a session into the trash, and return where it is; raises SessionInUse and HistoryError."""
        with _alone(path):
            if not is_there(path):
                raise SessionNotFound(_("session {id} is gone already").format(id=path.stem))
            if path.is_dir() and not path.is_symlink():
                raise HistoryError(_("{path} is a folder and no session; move it elsewhere").format(path=path))
            return self._move(path, self.folder / path.parent.name)

    def restore(self, path: Path) -> Path:
        """Put a session back where it was, and return where that is; raises HistoryError, and never overwrites."""
        target = self._history / path.parent.name / (_original(path) + SAVED)
        with _alone(target):
            if is_there(target):
                sentence = _("{path} is there again; it is left as it is, and so is the one in the trash")
                raise HistoryError(sentence.format(path=target))
            if not is_there(path):
                raise SessionNotFound(_("session {id} is gone already").format(id=path.stem))
            return self._move(path, target.parent, target.stem)

    def empty(self, user: str | None = None) -> int:
        """Remove what is in the trash, of one user or all, and return how many sessions; raises HistoryError."""
        sessions = 0
        for folder in self._folders(user):
            for path in sorted(_inside(folder)):
                with _as_sentence(_("{path} could not be removed: {reason}"), path):
                    path.unlink(missing_ok=True)
                sessions += path.suffix == SAVED
            with suppress(OSError):  # someone deletes again just now
                folder.rmdir()
        return sessions

    def paths(self, user: str | None = None) -> list[Path]:
        """List the sessions' files in the trash, newest first; raises HistoryError."""
        found = [path for folder in self._folders(user) for path in _inside(folder) if path.suffix == SAVED]
        return sorted(found, key=lambda path: path.name, reverse=True)

    def entries(self, user: str | None = None) -> Iterator[Entry | HistoryError]:
        """Walk the trash, newest first, each session by its name there; errors as in `Library.entries`."""
        for path in self.paths(user):
            try:
                with _as_sentence(_("{path} cannot be read: {reason}"), path):
                    yield entry_of(path, file.read(path))
            except HistoryError as error:
                yield error

    def find(self, wanted: str, user: str | None = None) -> Path:
        """Find a session in the trash by id, unique beginning of it, title, or -1; raises SessionNotFound."""
        paths = self.paths(user)
        if re.fullmatch("-[1-9][0-9]{0,8}", wanted) and int(wanted[1:]) <= len(paths):
            return paths[int(wanted[1:]) - 1]
        begins = [path for path in paths if path.stem.startswith(wanted)] if wanted else []
        matches = [path for path in begins if path.stem == wanted] or begins or self._titled(wanted, user)
        if len(matches) == 1:
            return matches[0]
        if not matches:
            sentence = _("nothing in the trash is called {wanted!r}; see: chatcmd history trash")
            raise SessionNotFound(sentence.format(wanted=wanted))
        sentence = _("{n} sessions in the trash are called {wanted!r} ({ids}); give more of the id")
        ids = _(", ").join([*(path.stem for path in matches[:3]), *(["..."] if len(matches) > 3 else [])])  # noqa: PLR2004
        raise SessionNotFound(sentence.format(n=len(matches), wanted=wanted, ids=ids))

    def _titled(self, title: str, user: str | None) -> list[Path]:
        found = (each for each in self.entries(user) if isinstance(each, Entry))
        return [Path(each.path) for each in found if title and each.title == title]

    def _folders(self, user: str | None) -> list[Path]:
        with _as_sentence(_("{path} cannot be read: {reason}"), self.folder):
            try:
                folders = [path for path in self.folder.iterdir() if path.is_dir() and not path.is_symlink()]
            except FileNotFoundError:
                return []
        return [path for path in folders if user is None or decoded(path.name) == user]

    def _move(self, path: Path, folder: Path, stem: str | None = None) -> Path:
        """Move a session's files to another folder, under another name if need be, the session itself last."""
        _make(folder, path)
        stem = stem or _free(folder, path.stem)
        for companion in _companions(path):
            name = stem + companion.name.removeprefix(path.stem)
            _rename(companion, _unused(folder, name))
        target = folder / (stem + SAVED)
        _rename(path, target)
        with suppress(OSError):  # the names are there; whether they outlast a power cut is not worth a failure
            sync_folder(folder)
            sync_folder(path.parent)
        return target


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a session's lock, so that no chat opens it meanwhile; raises SessionInUse and HistoryError."""
    journal = Journal(path.with_suffix(LIVE))
    try:
        if not journal.is_empty:
            sentence = _("{path} holds what could not be recovered yet; the session is left as it is")
            raise HistoryError(sentence.format(path=journal.path))
        yield
    finally:
        journal.close(remove=False)  # being empty, it is removed


@contextmanager
def _as_sentence(sentence: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HistoryError(sentence.format(path=path, reason=reason(error))) from None


def _make(folder: Path, path: Path) -> None:
    """Make the folder that a file is to be moved to; raises HistoryError when that is no mere renaming."""
    with _as_sentence(_("{path} could not be made: {reason}"), folder):
        make_folder(folder)
        narrow(folder.parent, folder)
        if folder.stat().st_dev != path.parent.stat().st_dev:
            raise HistoryError(_elsewhere(folder))


def _rename(path: Path, target: Path) -> None:
    try:
        path.rename(target)
    except OSError as error:
        if error.errno == EXDEV:
            raise HistoryError(_elsewhere(target.parent)) from None
        sentence = _("{path} could not be moved to {target}: {reason}")
        raise HistoryError(sentence.format(path=path, target=target, reason=reason(error))) from None


def _elsewhere(folder: Path) -> str:
    sentence = _(
        "{folder} is on another disk than the history, and nothing was moved there; make it a folder of its disk"
    )
    return sentence.format(folder=folder)


def _inside(folder: Path) -> list[Path]:
    with _as_sentence(_("{path} cannot be read: {reason}"), folder):
        return [folder / name for name in os.listdir(folder)]  # noqa: PTH208 - names are all that is looked at


def _companions(path: Path) -> list[Path]:
    """List what was kept beside a session's file under its name: damaged copies, originals of older formats."""
    return [each for each in _inside(path.parent) if _belongs(each.name, path)]


def _belongs(name: str, path: Path) -> bool:
    return name.startswith(path.stem + SAVED) and not name.endswith((SAVED, LIVE))


def _free(folder: Path, stem: str) -> str:
    """Choose the name of a session in the trash; what was deleted before stays."""
    names = (f"{stem}~{number}" if number > 1 else stem for number in count(1))
    return next(name for name in names if not is_there(folder / (name + SAVED)))


def _unused(folder: Path, name: str) -> Path:
    paths = (folder / f"{name}{number or ''}" for number in count())
    return next(path for path in paths if not is_there(path))


def _original(path: Path) -> str:
    """Give the name that a session in the trash had before."""
    plain = _TWIN.sub("", path.stem)
    if plain == path.stem:
        return plain
    try:
        return path.stem if file.read(path).id == path.stem else plain
    except (HistoryError, OSError):
        return plain
