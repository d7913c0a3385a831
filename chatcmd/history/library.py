"""The history folder: whose sessions there are, how to name one, and what a killed process left behind."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chatcmd.conversation.name import decoded, folder_for
from chatcmd.conversation.session import Session
from chatcmd.errors import Damaged, HistoryError, SessionInUse, SessionNotFound
from chatcmd.history import file
from chatcmd.history.journal import Journal, replay

SAVED, LIVE = ".json", ".jsonl"


class Entry(msgspec.Struct):
    """A saved session in short; `turns` counts its answers."""

    id: str
    user: str
    started: str
    model: str
    title: str
    turns: int
    path: str


class Recovered(msgspec.Struct, frozen=True):
    """What a killed process left: the session as it is now saved, and a sentence on what could not be read."""

    session: Session
    path: Path
    warning: str | None = None


class Library:
    """All sessions below one history folder; nothing is made before something is saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def users(self) -> list[str]:
        """List the users that have sessions, who talked last first."""
        found = [(_newest(path), decoded(path.name)) for path in self._folders()]
        return [user for newest, user in sorted(found, reverse=True) if newest]

    def path_of(self, user: str, session_id: str) -> Path:
        """Say where a session of a user is saved."""
        folder = folder_for(user, (path.name for path in self._folders()))
        return self.folder / folder / (session_id + SAVED)

    def open(self, user: str, session_id: str) -> Journal:
        """Open a session's journal for this process alone; raises SessionInUse, NotSaved."""
        return Journal(self.path_of(user, session_id).with_suffix(LIVE))

    def save(self, session: Session, journal: Journal) -> Path:
        """Write a session's file beside its journal, then let the journal go; raises NotSaved."""
        path = journal.path.with_suffix(SAVED)
        file.write(path, session)
        journal.close(remove=True)
        return path

    def paths(self, user: str | None = None) -> list[Path]:
        """List the saved sessions' files, newest first."""
        found = [path for folder in self._folders(user) for path in _files(folder, SAVED)]
        return sorted(found, key=lambda path: path.name, reverse=True)

    def entries(self, user: str | None = None) -> Iterator[Entry | Damaged]:
        """Walk the saved sessions, newest first; what cannot be read is yielded as what is wrong with it."""
        for path in self.paths(user):
            try:
                session = file.read(path)
            except Damaged as error:
                yield error
            except OSError as error:
                yield Damaged(f"{path} cannot be read: {error.strerror}")
            else:
                yield Entry(
                    session.id,
                    session.user,
                    session.started,
                    session.model,
                    session.title,
                    len(session.turns),
                    str(path),
                )

    def find(self, wanted: str, user: str | None = None) -> Path:
        """Find a session by id, unique beginning of it, title, or -1 for the latest; raises SessionNotFound."""
        paths = self.paths(user)
        if wanted.startswith("-") and wanted[1:].isdigit() and 0 < int(wanted[1:]) <= len(paths):
            return paths[int(wanted[1:]) - 1]
        begins = [path for path in paths if path.stem.startswith(wanted)] if wanted else []
        exact = [path for path in begins if path.stem == wanted]
        matches = exact or begins or self._titled(wanted, user)
        if len(matches) == 1:
            return matches[0]
        whose = f" of {user}" if user else ""
        if not matches:
            raise SessionNotFound(f"no session{whose} is called {wanted!r}; see: chatcmd history list")
        ids = ", ".join(path.stem for path in matches[:3])
        raise SessionNotFound(f"{len(matches)} sessions{whose} are called {wanted!r} ({ids}, ...); give the whole id")

    def recover(self) -> Iterator[Recovered]:
        """Save what killed processes left in journals; a journal that is in use, or unreadable, stays."""
        for folder in self._folders():
            for path in _files(folder, LIVE):
                try:
                    journal = Journal(path)
                except SessionInUse:
                    continue
                recovered = self._recovered(journal)
                if recovered is not None:
                    yield recovered

    def _recovered(self, journal: Journal) -> Recovered | None:
        path = journal.path
        session, damaged = replay(path.read_bytes())
        for leftover in path.parent.glob(f".{path.stem}{SAVED}.*.tmp"):
            leftover.unlink(missing_ok=True)
        if session is None or not session.worth_saving:
            if damaged:
                path.rename(path.with_name(f"{path.name}.damaged"))
            journal.close(remove=not damaged)
            return None
        saved = path.with_suffix(SAVED)
        if saved.exists() and _count(file.read(saved)) >= _count(session):
            journal.close(remove=True)  # killed between saving the session and removing its journal
            return None
        last = max((message.at or "" for message in session.messages), default="") or session.started
        session = session.ended_at(last, "recovered")
        file.write(saved, session)
        warning = None
        if damaged:
            kept = path.with_name(f"{path.name}.damaged")
            kept.write_bytes(path.read_bytes())
            kept.chmod(0o600)
            warning = f"lines {', '.join(map(str, damaged))} of its journal could not be read; it is kept as {kept}"
        journal.close(remove=True)
        return Recovered(session, saved, warning)

    def _titled(self, title: str, user: str | None) -> list[Path]:
        return [
            Path(entry.path)
            for entry in self.entries(user)
            if isinstance(entry, Entry) and title and entry.title == title
        ]

    def _folders(self, user: str | None = None) -> list[Path]:
        try:
            with os.scandir(self.folder) as entries:
                found = [Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise HistoryError(f"{self.folder} cannot be read: {error.strerror}") from None
        if user is None:
            return found
        name = folder_for(user, (path.name for path in found))
        return [path for path in found if path.name == name]


def _files(folder: Path, ending: str) -> list[Path]:
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.name.endswith(ending) and not entry.name.startswith(".")]


def _newest(folder: Path) -> str:
    return max((path.name for path in _files(folder, SAVED)), default="")


def _count(session: Session) -> int:
    return sum(1 for _ in session.messages)
