"""Whether a folder can be written, and how long its disk takes to keep what is written there."""

import os
import time
from pathlib import Path

from msgspec import Struct

from chatcmd.errors import reason
from chatcmd.history.disk import FILE_MODE, sync, write_all

SIZE = 4096
"""Bytes that are written."""


class Trial(Struct, frozen=True):
    """What came of it: the seconds for writing and keeping 4 KB, or the reason why nothing can be written."""

    writable: bool
    seconds: float = 0.0
    reason: str = ""


def tried(folder: Path) -> Trial:
    """Write a file into a folder, wait until it is on the disk, and remove it; nothing stays behind."""
    path = folder / f".trial.{os.urandom(4).hex()}.tmp"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
        try:
            path.unlink()  # a process that is killed now leaves nothing
            began = time.perf_counter()
            write_all(descriptor, os.urandom(SIZE))
            sync(descriptor)
            return Trial(writable=True, seconds=time.perf_counter() - began)
        finally:
            os.close(descriptor)
    except OSError as error:
        return Trial(writable=False, reason=reason(error).lower())
