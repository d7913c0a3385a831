"""The history folder: whose sessions there are, how to name one, and what a killed process left behind."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from chatcmd.conversation.name import checked, decoded, folder_for
from chatcmd.conversation.query import Query
from chatcmd.conversation.session import Session
from chatcmd.errors import Damaged, HistoryError, NameRefused, SessionInUse, SessionNotFound, reason
from chatcmd.history import file
from chatcmd.history.entry import ALL, Entry, Wanted, entry_of
from chatcmd.history.hit import Hit, hits_in
from chatcmd.history.journal import Journal
from chatcmd.history.recovery import LIVE, SAVED, Recovered, recover
from chatcmd.language import _

__all__ = ["LIVE", "SAVED", "Library", "Recovered"]


class Library:
    """All sessions below one history folder; nothing is made before something is saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def users(self) -> list[str]:
        """List the users that have sessions, who talked last first; folders that cannot be read are passed over."""
        try:
            folders = self._folders()
        except HistoryError:
            return []
        newest = {decoded(folder.name): _written(folder) for folder in folders if _holds(folder, SAVED)}
        return sorted(newest, key=lambda user: newest[user], reverse=True)

    def counts(self) -> dict[str, int]:
        """Count the saved sessions of each user, who talked last first."""
        try:
            sizes = {decoded(folder.name): len(_readable(folder, SAVED)) for folder in self._folders()}
        except HistoryError:
            return {}
        return {user: sizes[user] for user in self.users() if user in sizes}

    def path_of(self, user: str, session_id: str) -> Path:
        """Say where a session of a user is saved."""
        try:
            existing = [path.name for path in self._folders()]
        except HistoryError:
            existing = []  # whoever writes there will be told
        folder = folder_for(user, existing)
        return self.folder / folder / (session_id + SAVED)

    def open(self, user: str, session_id: str) -> Journal:
        """Open a session's journal for this process alone; raises SessionInUse, NotSaved."""
        return Journal(self.path_of(user, session_id).with_suffix(LIVE))

    def resume(self, path: Path) -> tuple[Session, Journal]:
        """Go on with a saved session, and what a killed process left of it; raises HistoryError and SessionInUse."""
        live = path.with_suffix(LIVE)
        with suppress(FileNotFoundError):
            recover(live)
        journal = Journal(live)
        try:
            session = file.read(path)
            if file.is_newer(session):
                sentence = _("{path} was written by a newer chatcmd: it can be shown, not continued; upgrade")
                raise HistoryError(sentence.format(path=path))
            checked(session.user, "user")
        except NameRefused as error:
            journal.close(remove=False)
            sentence = _("{path} can be shown, not continued: {sentence}")
            raise Damaged(sentence.format(path=path, sentence=error)) from None
        except OSError as error:
            journal.close(remove=False)
            raise _unreadable(path, error) from None
        except BaseException:
            journal.close(remove=False)
            raise
        return session, journal

    def save(self, session: Session, journal: Journal) -> Path:
        """Write a session's file beside its journal, then let the journal go; raises NotSaved."""
        safe = False
        try:
            path = self.write(session, journal)
            safe = True
        finally:
            journal.close(remove=safe)
        return path

    def write(self, session: Session, journal: Journal) -> Path:
        """Write a session's file beside its journal, which goes on; raises NotSaved."""
        path = journal.path.with_suffix(SAVED)
        file.write(path, session)
        return path

    def paths(self, user: str | None = None) -> list[Path]:
        """List the saved sessions' files, newest first; raises HistoryError when there is no reading the folder."""
        found = [path for folder in self._folders(user) for path in _readable(folder, SAVED)]
        return sorted(found, key=lambda path: path.name, reverse=True)

    def read(self, path: Path) -> Session:
        """Read a saved session; raises HistoryError."""
        try:
            return file.read(path)
        except OSError as error:
            raise _unreadable(path, error) from None

    def entries(self, wanted: Wanted = ALL) -> Iterator[Entry | HistoryError]:
        """Walk the wanted sessions, newest first; what cannot be read is yielded as what is wrong with it."""
        for folder in self._folders(wanted.user):
            try:
                _files(folder, SAVED)
            except OSError as error:
                yield _unreadable(folder, error)
        for path in self.paths(wanted.user):
            try:
                entry = entry_of(path, self.read(path))
            except HistoryError as error:
                yield error
            else:
                if wanted.holds(entry):
                    yield entry

    def search(self, query: Query, wanted: Wanted = ALL, role: str | None = None) -> Iterator[Hit | HistoryError]:
        """Walk the messages of a role (None: any) that hold a query, newest session first; errors as `entries`."""
        for entry in self.entries(wanted):
            if isinstance(entry, HistoryError):
                yield entry
                continue
            try:
                session = self.read(Path(entry.path))
            except HistoryError as error:
                yield error
            else:
                yield from hits_in(session, entry, query, role)

    def find(self, wanted: str, user: str | None = None) -> Path:
        """Find a session by id, unique beginning of it, title, or -1 for the latest; raises SessionNotFound."""
        paths = self.paths(user)
        if re.fullmatch("-[1-9][0-9]{0,8}", wanted) and int(wanted[1:]) <= len(paths):
            return paths[int(wanted[1:]) - 1]
        begins = [path for path in paths if path.stem.startswith(wanted)] if wanted else []
        exact = [path for path in begins if path.stem == wanted]
        matches = exact or begins or self._titled(wanted, user)
        if len(matches) == 1:
            return matches[0]
        raise SessionNotFound(_not_one(wanted, matches, user))

    def latest(self, user: str | None = None) -> Path:
        """Find the session that was saved last, which may have begun long ago; raises SessionNotFound."""
        saved = [path for folder in self._folders(user) for path in _readable(folder, SAVED)]
        if not saved:
            anyone = _("nothing is saved yet, so there is nothing to go on with")
            theirs = _("nothing is saved of {user} yet, so there is nothing to go on with")
            raise SessionNotFound(theirs.format(user=user) if user else anyone)
        return max(saved, key=_written)

    def recover(self, tell: Callable[[str], None] = lambda _sentence: None) -> Iterator[Recovered]:
        """Save what killed processes left in journals, passing over those in use.

        Nothing stops it: `tell` is given a sentence on each folder and journal that has to stay as it is.
        """
        try:
            folders = self._folders()
        except HistoryError as error:
            tell(str(error))
            return
        for folder in folders:
            try:
                for path in _files(folder, LIVE):
                    recovered = _recovered(path, tell)
                    if recovered is not None:
                        yield recovered
            except OSError as error:
                tell(str(_unreadable(folder, error)))

    def _titled(self, title: str, user: str | None) -> list[Path]:
        found = (entry for entry in self.entries(Wanted(user=user)) if isinstance(entry, Entry)) if title else ()
        return [Path(entry.path) for entry in found if entry.title == title]

    def _folders(self, user: str | None = None) -> list[Path]:
        try:
            with os.scandir(self.folder) as entries:
                found = [Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(self.folder, error) from None
        if user is None:
            return found
        name = folder_for(user, (path.name for path in found))
        return [path for path in found if path.name == name]


def _not_one(wanted: str, matches: list[Path], user: str | None) -> str:
    """Say that none is called that, or more than one."""
    if not matches:
        if user:
            sentence = _("no session of {user} is called {wanted!r}; see: chatcmd history list")
        else:
            sentence = _("no session is called {wanted!r}; see: chatcmd history list")
        return sentence.format(user=user, wanted=wanted)
    ids = ", ".join(path.stem for path in matches[:3]) + (", ..." if len(matches) > 3 else "")  # noqa: PLR2004
    if user:
        sentence = _("{n} sessions of {user} are called {wanted!r} ({ids}); give the whole id")
    else:
        sentence = _("{n} sessions are called {wanted!r} ({ids}); give the whole id")
    return sentence.format(n=len(matches), user=user, wanted=wanted, ids=ids)


def _recovered(path: Path, tell: Callable[[str], None]) -> Recovered | None:
    try:
        return recover(path)
    except (SessionInUse, FileNotFoundError):  # someone talks, or recovered it just now
        return None
    except (HistoryError, ValueError) as error:
        tell(str(error))
    except OSError as error:
        tell(_("{path} could not be recovered: {reason}").format(path=path, reason=reason(error)))
    return None


def _files(folder: Path, ending: str) -> list[Path]:
    names = os.listdir(folder)  # noqa: PTH208 - of ten thousand names, few become paths
    return [folder / name for name in names if name.endswith(ending) and name[0] != "."]


def _readable(folder: Path, ending: str) -> list[Path]:
    try:
        return _files(folder, ending)
    except OSError:
        return []


def _holds(folder: Path, ending: str) -> bool:
    try:
        return any(name.endswith(ending) and name[0] != "." for name in os.listdir(folder))  # noqa: PTH208
    except OSError:
        return False


def _written(path: Path) -> int:
    """Tell when a file was saved, or anything in a folder: saving gives a file its name there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # it has gone meanwhile


def _unreadable(path: Path, error: OSError) -> HistoryError:
    return HistoryError(_("{path} cannot be read: {reason}").format(path=path, reason=reason(error)))
