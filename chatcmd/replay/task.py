"""What is left to ask of a plan: replays that were begun before, finished or running elsewhere at this moment."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from chatcmd.conversation.session import Session
from chatcmd.errors import HistoryError, SessionInUse
from chatcmd.history.entry import Entry, Wanted
from chatcmd.history.library import LIVE, SAVED, Library
from chatcmd.history.live import read_live
from chatcmd.language import _
from chatcmd.replay.plan import FORMAT, Plan


class Task(Struct, frozen=True):
    """A plan, and the session of an earlier run that has so many of its questions answered; `error` stops it."""

    plan: Plan
    session: Session | None = None
    path: Path | None = None
    answered: int = 0
    error: HistoryError | None = None

    @property
    def left(self) -> int:
        """Questions that are still to be asked."""
        return 0 if self.error is not None else len(self.plan.turns) - self.answered


def tasks_of(plans: Sequence[Plan], library: Library | None, *, again: bool) -> list[Task]:
    """Look up what was asked before; what is finished is asked once more only `again`."""
    if library is None:
        return [Task(plan) for plan in plans]
    earlier = _Earlier(library, {plan.source.user for plan in plans})
    return [_task(plan, library, earlier, again=again) for plan in plans]


def _task(plan: Plan, library: Library, earlier: "_Earlier", *, again: bool) -> Task:
    try:
        path = earlier.find(plan)
        session = library.read(path) if path is not None else None
    except HistoryError as error:
        return Task(plan, error=error)
    answered = plan.answered(session) if session is not None else None
    if answered is None or (again and answered == len(plan.turns)):
        return Task(plan)
    return Task(plan, session, path, answered)


class _Earlier:
    """The replays that are on the disk, by what they asked; the newest of each counts."""

    def __init__(self, library: Library, users: Iterable[str]) -> None:
        self._library = library
        self._saved: dict[str, Path] = {}
        self._running: dict[str, str] = {}
        for user in users:
            self._note_saved(user)
            self._note_running(user)

    def find(self, plan: Plan) -> Path | None:
        """Find the file of the newest replay of this; raises SessionInUse when one is running elsewhere."""
        if (running := self._running.get(plan.digest)) is not None:
            sentence = _("the same replay is running in another chatcmd, in session {id}; wait for its end")
            raise SessionInUse(sentence.format(id=running))
        return self._saved.get(plan.digest)

    def _note_saved(self, user: str) -> None:
        for entry in self._library.entries(Wanted(user=user)):
            if not isinstance(entry, Entry) or entry.source != FORMAT:
                continue
            try:
                session = self._library.read(Path(entry.path))
            except HistoryError:  # what is damaged is told where it is listed
                continue
            self._saved.setdefault(_digest_of(session), Path(entry.path))

    def _note_running(self, user: str) -> None:
        """Look into the journals: what killed processes left has been recovered, so each is somebody's."""
        for path in self._library.path_of(user, "any").parent.glob(f"*{LIVE}"):
            try:
                session = read_live(path.with_suffix(SAVED))
            except HistoryError:  # just begun, or just ended
                continue
            if (session.source or {}).get("format") == FORMAT:
                self._running[_digest_of(session)] = session.id


def _digest_of(session: Session) -> str:
    return str((session.source or {}).get("of"))
