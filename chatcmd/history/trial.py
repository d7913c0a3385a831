"""A folder tried: whether something can be written there, and how long the disk takes to have it for sure."""

import os
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from chatcmd.errors import reason
from chatcmd.history.disk import FILE_MODE, let_go, sync, write_all

SIZE = 4096
"""Bytes that are written."""


class Trial(Struct, frozen=True):
    """What came of it: the seconds that writing and syncing 4 KB took, or the reason why nothing can be written."""

    writable: bool
    seconds: float = 0.0
    reason: str = ""


def tried(folder: Path) -> Trial:
    """Write a file into a folder, wait until it is on the disk, and remove it; nothing stays behind, nothing is raised.

    A folder that is not there yet is tried where it would be made.
    """
    place = folder
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    path = place / f".{os.urandom(4).hex()}.tmp"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    except OSError as error:
        return Trial(writable=False, reason=reason(error).lower())
    try:
        begun = time.perf_counter()
        write_all(descriptor, os.urandom(SIZE))  # what could be squeezed might not be written
        sync(descriptor)
        return Trial(writable=True, seconds=time.perf_counter() - begun)
    except OSError as error:
        return Trial(writable=False, reason=reason(error).lower())
    finally:
        let_go(descriptor)
        with suppress(OSError):
            path.unlink()
