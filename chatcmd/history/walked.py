"""What is saved, listed and searched file by file."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from chatcmd.conversation.query import Query
from chatcmd.conversation.session import Session
from chatcmd.errors import HistoryError
from chatcmd.history import file
from chatcmd.history.asked import Asked, asked_of, merged
from chatcmd.history.entry import ALL, Entry, Wanted, entry_of
from chatcmd.history.folder import SAVED, saved, unreadable
from chatcmd.history.hit import Hit, hits_in


def entries(history: Path, wanted: Wanted) -> Iterator[Entry | HistoryError]:
    """Walk the wanted sessions, newest first; what cannot be read is yielded as what is wrong with it."""
    for path in saved(history, wanted.user):
        yield from entry_at(path, wanted)


def entry_at(path: Path, wanted: Wanted) -> Iterator[Entry | HistoryError]:
    """Read what is listed of a session, if it is wanted and still there."""
    try:
        entry = entry_of(path, file.read(path))
    except HistoryError as error:
        yield error
    except OSError as error:
        yield unreadable(path, error)
    else:
        if wanted.holds(entry):
            yield entry


def hits_at(path: Path, query: Query, wanted: Wanted, role: str | None) -> Iterator[Hit | HistoryError]:
    """Look a session through for a query, if it is wanted and still there."""
    try:
        session = file.read(path)
    except HistoryError as error:
        yield error
    except FileNotFoundError:
        return  # it has gone meanwhile
    except OSError as error:
        yield unreadable(path, error)
    else:
        entry = entry_of(path, session)
        if wanted.holds(entry):
            behind = _shared(path, session, wanted)
            yield from (hit for hit in hits_in(session, entry, query, role) if not 0 < hit.turn <= behind)


def _shared(path: Path, session: Session, wanted: Wanted) -> int:
    """Count the turns of a branch that are found in its parent: where sessions are chosen, that may not be one."""
    parent = session.parent
    if parent is None or parent.id == path.stem or replace(wanted, user=None) != ALL:
        return 0
    return parent.turn if path.with_name(parent.id + SAVED).exists() else 0


def asked(history: Path, wanted: Wanted) -> list[Asked]:
    """Give what was asked in the wanted sessions; turns that a branch has from its parent count once."""
    names = {path.stem for path in saved(history)}
    rows: list[Asked] = []
    for path in saved(history, wanted.user):
        with suppress(HistoryError, OSError):
            session = file.read(path)
            if wanted.holds(entry_of(path, session)):
                shared = session.parent.turn if session.parent and session.parent.id in names else 0
                rows += asked_of(session, shared=shared)
    return merged(rows)
