"""Writes that reach the disk whole or not at all, readable by their owner only."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chatcmd.errors import NotSaved, reason
from chatcmd.language import _

FILE_MODE, FOLDER_MODE = 0o600, 0o700


@contextmanager
def failing_as_not_saved(path: Path) -> Iterator[None]:
    """Put an error of the operating system into one sentence that names the file."""
    try:
        yield
    except OSError as error:
        sentence = _("{path} could not be written: {reason}")
        raise NotSaved(sentence.format(path=path, reason=reason(error).lower())) from error
    except UnicodeEncodeError as error:
        sentence = _("{path!a} could not be written: this machine's locale cannot name it")
        raise NotSaved(sentence.format(path=str(path))) from error


def make_folder(path: Path) -> None:
    """Make a folder with its parents, for the owner only, and see that its name reaches the disk."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):
        path.mkdir(mode=FOLDER_MODE)
        path.chmod(FOLDER_MODE)  # whatever the umask
        sync_folder(path.parent)


def narrow(*folders: Path) -> None:
    """Take from others the rights to folders that were made before, or by hand, where we may."""
    for folder in folders:
        with suppress(OSError):
            if folder.stat().st_mode & 0o077:
                folder.chmod(FOLDER_MODE)


def write_whole(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Replace a file's content: after a crash at any moment it is the old or the new one; raises NotSaved."""
    pieces = (data,) if isinstance(data, bytes) else data
    with failing_as_not_saved(path):
        make_folder(path.parent)
        temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
        try:
            try:
                os.fchmod(descriptor, FILE_MODE)
                for piece in pieces:
                    write_all(descriptor, piece)
                sync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, however many calls that takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync(descriptor: int) -> None:
    """Wait until a file's content is on the disk itself."""
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone stops at the drive's cache
    if full is not None:
        fcntl.fcntl(descriptor, full)
    else:
        os.fsync(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
