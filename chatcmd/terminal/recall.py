"""The file of one user's earlier inputs: private, appended to by many at once, and bounded."""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

MOST_ENTRIES, MOST_BYTES = 1_000, 4_000_000
"""What is kept when the file is cut, which happens when it has grown half as big again."""

TRIES, BETWEEN_TRIES = 50, 0.002
"""How often, and after how many seconds, a file that another process is cutting is tried again."""

Parts = list[str]
"""An input in parts, in turn typed and pasted: joined, they are its text."""

_decoder = msgspec.json.Decoder(list[str])


class RecallFile:
    """A line of JSON for each input, oldest first; trouble with the disk costs the recall, never the chat.

    When it has more than `cut_at` entries, all but the newest 1,000 go.
    """

    def __init__(self, path: Path, cut_at: int = MOST_ENTRIES * 3 // 2) -> None:
        self._path = path
        self._cut_at = cut_at

    def read(self) -> list[Parts]:
        """Read the newest inputs, oldest first, passing over damaged lines; a file that has grown too big is cut."""
        try:
            with _opened(self._path, os.O_RDONLY) as descriptor:
                size = os.fstat(descriptor).st_size
                data = os.pread(descriptor, MOST_BYTES, max(0, size - MOST_BYTES))
        except OSError:
            return []
        lines = data.split(b"\n")
        if size > MOST_BYTES:
            del lines[0]  # the read began somewhere in it
        newest = lines[-MOST_ENTRIES:]
        if size > MOST_BYTES * 3 // 2 or len(lines) > self._cut_at:
            self._cut(newest, size)
        return [parts for line in newest if (parts := _parts(line))]

    def append(self, parts: Parts) -> None:
        """Add an input at the end, in one piece."""
        # The line feed comes first: what another has left half written ends there.
        line = b"\n" + msgspec.json.encode([part.encode("utf-8", "replace").decode() for part in parts])
        with suppress(OSError):
            _make_folder(self._path.parent)
            for _ in range(TRIES):
                with _opened(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as descriptor:
                    if _locked(descriptor, fcntl.LOCK_SH) and _is_at(descriptor, self._path):
                        os.write(descriptor, line)
                        return
                time.sleep(BETWEEN_TRIES)  # it is being cut just now

    def _cut(self, lines: list[bytes], size: int) -> None:
        """Put the newest lines in the place of all, unless someone writes just now; the next start tries again."""
        new, data = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp"), b"\n".join(lines)
        with suppress(OSError), _opened(self._path, os.O_RDONLY) as old:
            if not _locked(old, fcntl.LOCK_EX) or os.fstat(old).st_size != size or not _is_at(old, self._path):
                return
            try:
                with _opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as descriptor:
                    is_whole = os.write(descriptor, data) == len(data)
                if is_whole:
                    new.replace(self._path)
            finally:
                with suppress(OSError):  # it has taken its place by now, or there was no room for it
                    new.unlink()


def _parts(line: bytes) -> Parts | None:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):  # damaged, or torn by a full disk
        return None


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    """Open a file for its owner only, whatever the umask; a link or what is no plain file is refused."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError("is no plain file")
        if stat.S_IMODE(mode) != 0o600:  # noqa: PLR2004
            os.fchmod(descriptor, 0o600)
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _make_folder(path: Path) -> None:
    if not path.is_dir():
        _make_folder(path.parent)
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
            path.chmod(0o700)
