"""A saved session changed outside of a chat: under its lock, so that nobody talks in it meanwhile."""

from collections.abc import Callable
from pathlib import Path

from chatcmd.conversation.session import Session
from chatcmd.history.library import Library


def change(library: Library, path: Path, make: Callable[[Session], Session]) -> Session:
    """Put what `make` makes of a session in its place; raises SessionInUse, HistoryError, NotSaved."""
    session, journal = library.resume(path)
    try:
        changed = make(session)
    except BaseException:
        journal.close(remove=False)  # being empty, it is removed
        raise
    if changed == session:
        journal.close(remove=True)
    else:
        library.save(changed, journal)
    return changed
