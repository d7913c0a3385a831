"""A session as it stands on the disk while another process may be talking in it."""

from pathlib import Path

from chatcmd.conversation.session import Session
from chatcmd.errors import Damaged, HistoryError, reason
from chatcmd.history import file
from chatcmd.history.folder import LIVE
from chatcmd.history.recovery import replay
from chatcmd.language import _


def read_live(path: Path) -> Session:
    """Read a saved session with what its journal holds beyond it, without the journal's lock; raises HistoryError.

    The answer that is just being written is read as far as it has come; a line that is not whole is passed over.
    """
    try:
        told = _read(path.with_suffix(LIVE))  # before the file: when it has gone by now, the file holds all of it
        try:
            known: Session | None = file.read(path)
        except (FileNotFoundError, Damaged):
            known = None
            if not told:
                raise
        session, _damaged = replay(told, known)
    except OSError as error:
        raise HistoryError(_("{path} cannot be read: {reason}").format(path=path, reason=reason(error))) from None
    if session is None or (known is not None and known.sequence >= session.sequence):
        session = known
    if session is None:
        raise Damaged(_("{path} cannot be read, and its journal does not tell what was said").format(path=path))
    return session


def _read(journal: Path) -> bytes:
    try:
        return journal.read_bytes()
    except FileNotFoundError:
        return b""
