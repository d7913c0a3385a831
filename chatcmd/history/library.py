"""The history folder: whose sessions there are, how to name one, and what a killed process left behind."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chatcmd.conversation.name import checked, decoded, folder_for
from chatcmd.conversation.session import Session
from chatcmd.errors import Damaged, HistoryError, NameRefused, SessionNotFound
from chatcmd.history import file
from chatcmd.history.disk import refusal
from chatcmd.history.folder import LIVE, SAVED, changed, files, folders, holds, readable, saved, unreadable
from chatcmd.history.journal import Journal
from chatcmd.language import _

if TYPE_CHECKING:
    from chatcmd.conversation.query import Query
    from chatcmd.history.asked import Asked
    from chatcmd.history.catalogue import Catalogue
    from chatcmd.history.entry import Entry, Wanted
    from chatcmd.history.hit import Hit
    from chatcmd.history.recovery import Recovered

__all__ = ["LIVE", "SAVED", "Library"]


class Library:
    """All sessions below one history folder; nothing is made before something is saved.

    `refused` is set while it is known, and was told, that nothing can be written here; `unlocked` says why a session
    could not be locked, once one could not, and `unlocked_told` that it was told.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused = False
        self.unlocked: str | None = None
        self.unlocked_told = False

    @cached_property
    def catalogue(self) -> "Catalogue":
        """What lists and searches; a chat that only begins need not load it."""
        from chatcmd.history.catalogue import Catalogue  # noqa: PLC0415 - see above

        return Catalogue(self.folder)

    def users(self) -> list[str]:
        """List the users that have sessions, who talked last first; folders that cannot be read are passed over."""
        try:
            found = folders(self.folder)
        except HistoryError:
            return []
        newest = {decoded(folder.name): changed(folder) for folder in found if holds(folder, SAVED)}
        return sorted(newest, key=lambda user: newest[user], reverse=True)

    def counts(self) -> dict[str, int]:
        """Count the saved sessions of each user, who talked last first."""
        try:
            sizes = {decoded(folder.name): len(readable(folder, SAVED)) for folder in folders(self.folder)}
        except HistoryError:
            return {}
        return {user: sizes[user] for user in self.users() if user in sizes}

    def path_of(self, user: str, session_id: str) -> Path:
        """Say where a session of a user is saved."""
        try:
            existing = [path.name for path in folders(self.folder)]
        except HistoryError:
            existing = []  # whoever writes there will be told
        folder = folder_for(user, existing)
        return self.folder / folder / (session_id + SAVED)

    def open(self, user: str, session_id: str) -> Journal:
        """Open a session's journal for this process alone; raises SessionInUse, NotSaved."""
        return self._opened(self.path_of(user, session_id).with_suffix(LIVE))

    def refusal(self, user: str | None = None) -> str | None:
        """Say in a sentence that nothing can be written here, by this user if one is named, where that is so."""
        why = refusal(folder := self.path_of(user, "").parent if user else self.folder)
        self.refused = bool(why)
        return why and _("{path} could not be written: {reason}").format(path=folder, reason=_(why).lower())

    def resume(self, path: Path) -> tuple[Session, Journal]:
        """Go on with a saved session, and what a killed process left of it; raises HistoryError and SessionInUse."""
        from chatcmd.history.recovery import recover  # noqa: PLC0415 - few chats begin so

        live = path.with_suffix(LIVE)
        with suppress(FileNotFoundError):
            recover(live)
        journal = self._opened(live)
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
            raise unreadable(path, error) from None
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
        return saved(self.folder, user)

    def read(self, path: Path) -> Session:
        """Read a saved session; raises HistoryError."""
        try:
            session = file.read(path)
        except OSError as error:
            raise unreadable(path, error) from None
        if "catalogue" in vars(self):  # only what is open can fall behind
            self.catalogue.notice(path)
        return session

    def entries(self, wanted: "Wanted | None" = None) -> "Iterator[Entry | HistoryError]":
        """Walk the wanted sessions, newest first; what cannot be read is yielded as what is wrong with it."""
        return self.catalogue.entries(wanted)

    def search(
        self, query: "Query", wanted: "Wanted | None" = None, role: str | None = None
    ) -> "Iterator[Hit | HistoryError]":
        """Walk the messages of a role (None: any) that hold a query, newest session first; errors as `entries`."""
        return self.catalogue.search(query, wanted, role)

    def asked(self, wanted: "Wanted | None" = None) -> "list[Asked]":
        """Give what was asked, by user, model and day; turns that a branch has from its parent count once."""
        return self.catalogue.asked(wanted)

    def refresh(self) -> None:
        """Bring the index in step with all files."""
        self.catalogue.refresh()

    def reindex(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Make the index anew, and tell how many sessions it has; raises NotSaved."""
        self.catalogue.progress = progress
        return self.catalogue.reindex()

    def find(self, wanted: str, user: str | None = None) -> Path:
        """Find a session by id, unique beginning of it, title, or -1 for the latest; raises SessionNotFound."""
        if re.fullmatch("-[1-9][0-9]{0,8}", wanted):
            found = self.catalogue.newest(int(wanted[1:]), user)
            if found is not None:
                return found
        begins = self.catalogue.named(wanted, user) if wanted else []
        exact = [path for path in begins if path.stem == wanted]
        matches = exact or begins or (self.catalogue.titled(wanted, user) if wanted else [])
        if len(matches) == 1:
            return matches[0]
        raise SessionNotFound(_not_one(wanted, matches, user))

    def latest(self, user: str | None = None) -> Path:
        """Find the session that was saved last, which may have begun long ago; raises SessionNotFound."""
        found = self.catalogue.saved_last(user)
        if found is None:
            anyone = _("nothing is saved yet, so there is nothing to go on with")
            theirs = _("nothing is saved of {user} yet, so there is nothing to go on with")
            raise SessionNotFound(theirs.format(user=user) if user else anyone)
        return found

    def recover(
        self, tell: Callable[[str], None] = lambda _sentence: None, *, quickly: bool = False
    ) -> "Iterator[Recovered]":
        """Save what killed processes left in journals, passing over those in use.

        Nothing stops it: `tell` is given a sentence on each folder and journal that has to stay as it is. `quickly`
        asks the index for the journals, where there is one.
        """
        try:
            known = self.catalogue.journals() if quickly else None
            if known is not None:
                places: list[list[Path]] = [known]
            else:
                places = list(self._journals(tell))
        except HistoryError as error:
            tell(str(error))
            return
        for paths in places:
            for path in paths:
                from chatcmd.history.recovery import recover_or_tell  # noqa: PLC0415 - few starts find a journal

                if (recovered := recover_or_tell(path, tell)) is not None:
                    yield recovered

    def _opened(self, path: Path) -> Journal:
        journal = Journal(path)
        self.unlocked = self.unlocked or journal.unlocked
        return journal

    def _journals(self, tell: Callable[[str], None]) -> Iterator[list[Path]]:
        for folder in folders(self.folder):
            try:
                yield files(folder, LIVE)
            except OSError as error:
                tell(str(unreadable(folder, error)))


def _not_one(wanted: str, matches: list[Path], user: str | None) -> str:
    """Say that none is called that, or more than one."""
    if not matches:
        if user:
            sentence = _("no session of {user} is called {wanted!r}; see: chatcmd history list")
        else:
            sentence = _("no session is called {wanted!r}; see: chatcmd history list")
        return sentence.format(user=user, wanted=wanted)
    if len({path.stem for path in matches}) == 1:
        users = _(", ").join(sorted(decoded(path.parent.name) for path in matches))
        sentence = _("{n} sessions are called {wanted!r}, of {users}; say whose with: --user NAME")
        return sentence.format(n=len(matches), wanted=wanted, users=users)
    ids = _(", ").join([*(path.stem for path in matches[:3]), *(["..."] if len(matches) > 3 else [])])  # noqa: PLR2004
    if user:
        sentence = _("{n} sessions of {user} are called {wanted!r} ({ids}); give more of the id")
    else:
        sentence = _("{n} sessions are called {wanted!r} ({ids}); give more of the id")
    return sentence.format(n=len(matches), user=user, wanted=wanted, ids=ids)
