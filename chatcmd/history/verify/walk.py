"""The whole history looked through, folder by folder, newest session first; mended on the way, if that is wanted."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from chatcmd.conversation.name import decoded
from chatcmd.errors import reason
from chatcmd.history.catalogue import INDEX
from chatcmd.history.folder import SAVED, folders, readable
from chatcmd.history.trash import FOLDER as TRASH
from chatcmd.history.verify.contents import Contents, contents_of, is_wide, wide_in
from chatcmd.history.verify.finding import Finding
from chatcmd.history.verify.folder import look_into, twins
from chatcmd.history.verify.mend import mend
from chatcmd.history.verify.rights import rights
from chatcmd.history.verify.session import look_at, obstacle
from chatcmd.language import _

Progress = Callable[[int, int], None]


class Verification:
    """A walk over a history: `sessions` counts those that were looked at.

    `only` names the wanted sessions' files, None for all of a user, and with no user for all there is: then also what
    belongs to nobody is looked at. `progress` is told how many sessions are done, and how many there are.
    """

    def __init__(
        self,
        history: Path,
        *,
        user: str | None = None,
        only: Collection[Path] | None = None,
        repair: bool = False,
        progress: Progress = lambda _done, _total: None,
    ) -> None:
        self.sessions = 0
        self._history, self._user, self._repair = history, user, repair
        self._only = frozenset(only) if only is not None else None
        self._progress = progress
        self._total = 0
        self._ids: set[str] = set()

    def findings(self) -> Iterator[Finding]:
        """Walk it; raises HistoryError when there is no reading the history folder."""
        self._ids = {path.stem for folder in self._everywhere() for path in readable(folder, SAVED)}
        contents: list[Contents] = []
        was_wide = is_wide(self._history)  # a repair narrows what it writes into
        for folder in sorted(folders(self._history, self._user)):
            try:
                contents.append(contents_of(folder))
            except OSError as error:
                what = _("it cannot be read: {reason}").format(reason=reason(error))
                yield Finding(str(folder), "unreadable", what, _("give yourself the right to read it"))
        self._total = sum(len(self._wanted(each)) for each in contents)
        for each in contents:
            yield from self._folder(each)
        if self._only is None:
            yield from self._trash()
            if self._user is None:
                yield from twins(contents)
                yield from _index(self._history / INDEX)
                wide = [name for name in wide_in(self._history) if name.startswith(INDEX)]
                yield from rights(self._history, wide, is_wide=was_wide, repair=self._repair)
        self._progress(self.sessions, self.sessions)

    def _everywhere(self) -> list[Path]:
        """List all folders with sessions, also those that were deleted."""
        return [*folders(self._history), *_folders_of(self._history / TRASH)]

    def _wanted(self, contents: Contents) -> list[str]:
        """Name the sessions of a folder that are to be looked at, newest first."""
        ids = [each for each, files in contents.sessions.items() if self._only is None or files.saved in self._only]
        return sorted(ids, reverse=True)

    def _folder(self, contents: Contents) -> Iterator[Finding]:
        if self._only is None:
            yield from look_into(contents)
        busy: list[str] = []
        for session_id in self._wanted(contents):
            findings = look_at(contents.sessions[session_id], self._ids)
            if self._repair and any(each.is_repairable for each in findings):
                findings = mend(contents.sessions[session_id], findings)
            if any(each.kind == "open" for each in findings):
                busy.append(session_id)
            yield from findings
            self.sessions += 1
            self._progress(self.sessions, self._total)
        if self._only is None:
            wide = wide_in(contents.folder) if self._repair else contents.wide
            wide = [name for name in wide if not name.lstrip(".").startswith(tuple(busy))]
            yield from rights(contents.folder, wide, is_wide=contents.is_wide, repair=self._repair)

    def _trash(self) -> Iterator[Finding]:
        """Look at what was deleted: what is damaged there is told, and stays as it is."""
        for folder in _folders_of(self._history / TRASH):
            if self._user not in (None, decoded(folder.name)):
                continue
            with suppress(OSError):
                contents = contents_of(folder)
                for session_id in sorted(contents.sessions, reverse=True):
                    for each in look_at(contents.sessions[session_id]):
                        if each.kind in ("damaged", "unreadable"):
                            what = _("in the trash: {sentence}").format(sentence=each.what)
                            yield Finding(each.path, "trash", what)
                yield from rights(folder, contents.wide, is_wide=contents.is_wide, repair=self._repair)


def _index(path: Path) -> Iterator[Finding]:
    from chatcmd.history.index.store import is_sound  # noqa: PLC0415 - SQLite is loaded for this alone

    if not os.path.lexists(path):
        return
    if (found := obstacle(path)) is not None:
        yield found
    elif not is_sound(path):
        what = _("it is damaged; it is only a cache, and nothing is lost")
        yield Finding(str(path), "index", what, _("make it anew: chatcmd history reindex"))


def _folders_of(path: Path) -> list[Path]:
    """List the folders in a folder; none where it cannot be read."""
    try:
        return sorted(each for each in path.iterdir() if each.is_dir() and not each.is_symlink())
    except OSError:
        return []
