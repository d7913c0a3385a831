"""What other programs' histories bring in, kept: each conversation once, however often it comes or has grown since."""

import fcntl
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec.structs import replace

from chatcmd.conversation.name import checked
from chatcmd.conversation.session import Parent, Session
from chatcmd.errors import HistoryError, NameRefused, NotSaved
from chatcmd.history.change import change
from chatcmd.history.disk import failing_as_not_saved, make_folder
from chatcmd.history.foreign.found import Conversation, Found, LeftOut, stamp
from chatcmd.history.foreign.shelf import Shelf, mark_of
from chatcmd.history.library import Library
from chatcmd.language import _

_SAFE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,79}")
_MOST_VERSIONS = 9999

Said = list[bytes]
"""What was said, message by message: two sessions are compared by nothing else."""


class Import:
    """What an import did, while it does it.

    `written` are the files of new sessions, `grown` those of sessions that a longer version took the place of, and
    `left_out` what could not be taken in. `known` counts the sessions that were there already, `empty` the
    conversations without a question, and `lost` by kind what only a few words stand for in sessions that are new.
    """

    def __init__(self, library: Library, *, user: str | None, otherwise: str, dry_run: bool = False) -> None:
        """Keep sessions as those of `user`; where none is given, of whom the history names, else of `otherwise`."""
        self.written: list[Path] = []
        self.grown: list[Path] = []
        self.left_out: list[LeftOut] = []
        self.lost: Counter[str] = Counter()
        self.known = self.empty = 0
        self._library, self._user, self._otherwise, self._dry_run = library, user, otherwise, dry_run
        self._shelves: dict[str, Shelf] = {}

    @contextmanager
    def alone(self, wait: Callable[[], None]) -> Iterator[None]:
        """Keep other imports out, so that two at once write nothing twice; `wait` is called before it comes to that.

        Raises NotSaved.
        """
        if self._dry_run:
            yield
            return
        with failing_as_not_saved(self._library.folder):
            make_folder(self._library.folder)
            descriptor = os.open(self._library.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(descriptor, wait)
            yield
        finally:
            os.close(descriptor)

    def take(self, found: Found) -> None:
        """Keep one thing that was found; raises NotSaved."""
        if isinstance(found, LeftOut):
            self.left_out.append(found)
            return
        before = len(self.written) + len(self.grown)
        try:
            self._keep(found)
        except NotSaved:
            raise
        except (HistoryError, NameRefused) as error:
            self.left_out.append(LeftOut(found.name, str(error)))
        except RecursionError:  # what was read just so cannot be written from here
            self.left_out.append(LeftOut(found.name, _("nested too deeply")))
        if len(self.written) + len(self.grown) > before:
            self.lost.update(found.lost)

    def _keep(self, found: Conversation) -> None:
        """Keep every way of a conversation that is not there already."""
        ways = [(session, _said(session)) for session in found.paths if session.worth_saving]
        if not ways:
            self.empty += 1
            return
        user = checked(self._user or ways[0][0].user or self._otherwise, "user")
        if user not in self._shelves:
            self._shelves[user] = Shelf(self._library, user)
        shelf = self._shelves[user]
        own_id = found.own_id if found.own_id and _SAFE_ID.fullmatch(found.own_id) else None
        mark = own_id or mark_of(found.format, found.key)
        there = [
            (path, other, _said(other))
            for path, other in shelf.sessions(mark)
            if not own_id or _is_version(other, own_id)
        ]
        forked = shelf.sessions(mark_of(found.format, found.forked_from)) if found.forked_from else []
        roots = [other for _path, other in forked]
        for session, said in _different(ways):
            if any(_begins(before, said) for _path, _other, before in there):
                self.known += 1
                continue
            mine = replace(session, user=user)
            older = next((path for path, _other, before in there if _begins(said, before)), None)
            if older is not None:
                there = [each for each in there if each[0] != older]
                path, mine = self._grow(shelf, older, mine)
            else:
                mine = _linked(mine, [other for _path, other, _before in there] or roots, branch=session != ways[0][0])
                path, mine = self._write(shelf, mine, own_id or f"{stamp(mine.started)}-{mark}", own=own_id is not None)
            there.append((path, mine, said))

    def _grow(self, shelf: Shelf, path: Path, session: Session) -> tuple[Path, Session]:
        """Put a longer version in the place of one that nobody has gone on with, under its lock."""

        def longer(before: Session) -> Session:
            if not _begins(_said(session), _said(before)):
                raise HistoryError(_("{path} was changed meanwhile; import again").format(path=path))
            return _in_place_of(before, session)

        if self._dry_run:
            shelf.put(path, session)
        else:
            session = change(self._library, path, longer)
        self.grown.append(path)
        return path, session

    def _write(self, shelf: Shelf, session: Session, base: str, *, own: bool) -> tuple[Path, Session]:
        """Write a session under its id, or the first behind it that is free."""
        ids = (f"{base}-{number}" if number > 1 else base for number in range(1, _MOST_VERSIONS))
        free = next((each for each in ids if each not in shelf), None)
        if free is None:
            raise HistoryError(_("there are too many versions of it already; delete some"))
        if own and free != base:
            session = replace(session, source={"format": "chatcmd", "id": base})
        session = replace(session, id=free)
        path = self._library.path_of(session.user, free)
        if not self._dry_run:
            self._library.save(session, self._library.open(session.user, free))
        shelf.put(path, session if self._dry_run else None)
        self.written.append(path)
        return path, session


def _is_version(session: Session, own_id: str) -> bool:
    """Tell a session of ours, and what came beside it, from others whose ids begin as its own."""
    return session.id == own_id or session.source == {"format": "chatcmd", "id": own_id}


def _lock(descriptor: int, wait: Callable[[], None]) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        wait()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return  # some network file systems lock no folders: then each session's own lock has to do


def _said(session: Session) -> Said:
    return [_encoder.encode(message.api) for message in session.messages]


def _begins(whole: Said, beginning: Said) -> bool:
    return len(beginning) <= len(whole) and all(one == other for one, other in zip(whole, beginning, strict=False))


def _different(ways: list[tuple[Session, Said]]) -> list[tuple[Session, Said]]:
    """Leave out the ways that another one goes too, and further."""
    covered: set[tuple[int, bytes]] = set()
    kept: list[tuple[Session, Said]] = []
    for session, said in sorted(ways, key=lambda way: -len(way[1])):
        steps = _steps(said)
        if steps[-1] not in covered:
            kept.append((session, said))
        covered.update(steps)
    order = {id(session): number for number, (session, _) in enumerate(ways)}
    return sorted(kept, key=lambda way: order[id(way[0])])


def _steps(said: Said) -> list[tuple[int, bytes]]:
    """Name each beginning of what was said."""
    before, steps = 0, []
    for message in said:
        steps.append((before, message))
        before = hash(steps[-1])
    return steps


def _linked(session: Session, others: list[Session], *, branch: bool) -> Session:
    """Say which session it left, and where, if it has gone a way with one."""
    if session.parent is not None or not others:
        return session
    shared = _shared(others[0], session)
    return replace(session, parent=Parent(others[0].id, shared)) if shared or branch else session


def _shared(one: Session, other: Session) -> int:
    """Count the turns that two sessions begin with alike."""
    count = 0
    for mine, theirs in zip(one.turns, other.turns, strict=False):
        if (mine.question.api, mine.answer.api) != (theirs.question.api, theirs.answer.api):
            break
        count += 1
    return count


def _in_place_of(before: Session, session: Session) -> Session:
    """Give a longer version what the user has made of the one before."""
    kept = {name: getattr(before, name) for name in ("id", "user", "started", "parent")}
    if before.renamed > session.renamed:
        kept |= {"title": before.title, "renamed": before.renamed}
    return replace(session, **kept, tags=before.tags or session.tags, raw=session.raw or before.raw)


_encoder = msgspec.json.Encoder(order="sorted")
