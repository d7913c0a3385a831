"""Writes that reach the disk whole or not at all, readable by their owner only."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, ENOSPC, ENOTDIR, EROFS
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
    made = False
    try:
        with suppress(FileExistsError):  # another process was quicker
            path.mkdir(mode=FOLDER_MODE)
            made = True
            path.chmod(FOLDER_MODE)  # whatever the umask
        sync_folder(path.parent)
    except OSError:
        if made:  # whoever tries again is to make it again, or its name might never reach the disk
            with suppress(OSError):
                path.rmdir()
        raise


def is_there(path: Path) -> bool:
    """Tell whether anything has this name; raises OSError where the disk does not tell, for it might be overwritten."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def refusal(folder: Path) -> str | None:
    """Say why nothing could be written to a folder, made or not, as far as that can be told without trying."""
    place = folder
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    try:
        if not place.is_dir():
            return os.strerror(ENOTDIR)
        about = os.statvfs(place)
    except OSError as error:
        return error.strerror
    if about.f_flag & os.ST_RDONLY:
        return os.strerror(EROFS)
    if not os.access(place, os.W_OK | os.X_OK):
        return os.strerror(EACCES)
    return os.strerror(ENOSPC) if about.f_blocks and not about.f_bavail else None


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
            with suppress(OSError):  # what went wrong first is what is told
                temporary.unlink()
            raise
        sync_folder(path.parent)


def let_go(descriptor: int) -> None:
    """Close a file whose content was synced before: what closing it has to say comes too late to matter."""
    with suppress(OSError):
        os.close(descriptor)


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
        let_go(descriptor)
