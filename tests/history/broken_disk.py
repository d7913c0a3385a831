"""The program on a disk whose N-th call fails, N upward until a run passes untouched; run as a program of its own.

    python -m tests.history.broken_disk WHERE ERROR once|always SETUP INPUT WORD ...

Each run is a process of its own in WHERE/N: its root is `root` (made as a copy of SETUP, when that is a folder), what
it wrote stands in `out`, and its exit code with the calls that failed in `end`. The word `recall` stands for what the
line editor does with earlier inputs, for which it needs no terminal.
"""

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from chatcmd.cli import main as program
from chatcmd.slash.registry import commands
from chatcmd.terminal.recall import RecallFile
from tests.history.below import Below, Call

MOST_SECONDS = 20

LOADED = (
    *(f"chatcmd.cli.{name}" for name in ("chat", "history", "keys", "loop")),
    *("chatcmd.provider.offline", "chatcmd.slash.registry", "chatcmd.terminal.block", "chatcmd.terminal.plain"),
    "hashlib",
)

NAMING = {"mkdir", "rename", "replace", "link"}
CHANGING = NAMING | {"unlink", "remove", "rmdir", "chmod", "fchmod", "truncate", "ftruncate", "utime"}
FULL = NAMING | {"write", "fsync", "fdatasync", "ftruncate"}

FAILS: dict[str, Callable[[Call], bool]] = {
    "ENOSPC": lambda call: call.name in FULL or (call.name == "open" and call.writes),
    "EDQUOT": lambda call: call.name in FULL or (call.name == "open" and call.writes),
    "EFBIG": lambda call: call.name == "write",
    "EROFS": lambda call: call.name in CHANGING or (call.name == "open" and call.writes),
    "EMFILE": lambda call: call.name in ("open", "scandir", "listdir"),
    "EIO": lambda call: True,  # noqa: ARG005 - anything at all
}
"""Which calls may fail with which error."""


class Failing:
    """Lets the N-th call that may fail with an error do so, and when it is for `good`, every later one."""

    def __init__(self, error: str, number: int, *, good: bool) -> None:
        self.failed: list[str] = []
        self._error, self._may, self._number, self._good = getattr(errno, error), FAILS[error], number, good
        self._seen = 0

    def __call__(self, call: Call, do: Callable[[], Any]) -> Any:
        if call.name == "fsync":
            do = _as_if  # no power is cut here, and it takes most of the time
        if not self._may(call):
            return do()
        self._seen += 1
        if self._seen < self._number or (self._seen > self._number and not self._good):
            return do()
        self.failed.append(f"{call.name} {call.path}")
        if call.name == "close":
            do()  # the descriptor is gone all the same
        elif call.name == "write":
            _write(*call.arguments)  # some of it arrived
        raise OSError(self._error, os.strerror(self._error), call.path)


def _as_if() -> None:
    pass


_really = os.write


def _write(descriptor: int, data: bytes) -> None:
    _really(descriptor, data[: len(data) // 2])


def load() -> None:
    """Load what a chat needs, once for all runs."""
    for name in LOADED:
        import_module(name)
    commands()


def recall(words: list[str]) -> int:
    """Begin a chat with a file of earlier inputs that has grown too long, and add one."""
    file = RecallFile(Path(words[-1]) / "recall", cut_at=3)
    json.dump(file.read(), sys.stdout)
    file.append(["new"])
    return 0


def take_streams(where: Path, lines: str) -> None:
    """Read these lines from standard input, and write all that is said to one file."""
    os.chdir(where)
    given = where / "in"
    given.write_text(lines, "utf-8")
    os.dup2(os.open(given, os.O_RDONLY), 0)
    out = os.open(where / "out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)


def play(where: Path, hook: Failing, lines: str, words: list[str]) -> None:
    """Be the program, in a process of its own that ends here."""
    signal.alarm(MOST_SECONDS)
    take_streams(where, lines)
    Below(where / "root", hook).install()
    code = 99
    try:
        run = recall if words[:1] == ["recall"] else program
        code = run([*words, "--root", str(where / "root")])
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 98
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        (where / "end").write_text(json.dumps({"code": code, "failed": hook.failed}), "utf-8")
        os._exit(0)


def forked(where: Path, hook: Failing, lines: str, words: list[str]) -> None:
    """Play in a process, and wait for its end."""
    child = os.fork()
    if child == 0:
        play(where, hook, lines, words)
    _, status = os.waitpid(child, 0)
    if status:
        (where / "end").write_text(json.dumps({"code": -status, "failed": hook.failed}), "utf-8")


def main() -> None:
    where, error, often, setup, lines, *words = sys.argv[1:]
    load()
    for number in count(1):
        place = Path(where) / str(number)
        place.mkdir(parents=True)
        if Path(setup).is_dir():
            shutil.copytree(setup, place / "root", symlinks=True)
        forked(place, Failing(error, number, good=often == "always"), lines, words)
        if not json.loads((place / "end").read_text("utf-8"))["failed"]:
            return


if __name__ == "__main__":
    main()
