"""Whether a folder's disk keeps locks: on some network disks two processes are both told that a session is theirs."""

import fcntl
import os
from pathlib import Path

from chatcmd.errors import reason
from chatcmd.history.disk import FILE_MODE
from chatcmd.language import _


def lock_trouble(folder: Path) -> str | None:
    """Lock a file of the folder twice, which must be refused; say what is wrong, None when all is well.

    The file does not stay. Raises OSError where none can be made.
    """
    path = folder / f".lock.{os.urandom(4).hex()}.tmp"
    first = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    try:
        second = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except BaseException:
        os.close(first)
        raise
    finally:
        path.unlink()  # a process that is killed now leaves nothing
    try:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    except OSError as error:
        return reason(error).lower()
    finally:
        os.close(second)
        os.close(first)
    return _("the same lock was given to two holders")
