"""The program with all that it tells the disk written down; run as a program of its own.

    python -m tests.history.recorded_disk WHERE sound|failing SETUP INPUT WORD ...

WHERE/0/calls is a pickled `Recorded`. On a `failing` disk there is one for each sync that fails once, from 1 upward.
What is written to standard output and standard error is among the calls.
"""

import errno
import io
import os
import pickle
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from chatcmd.cli import main as program
from tests.history.below import Below, Call, Speaking
from tests.history.broken_disk import MOST_SECONDS, load, take_streams
from tests.history.power_cut import Done, Recorded

KEPT = {"mkdir", "rmdir", "unlink", "remove", "rename", "replace", "open", "close", "write", "ftruncate", "fsync"}


class Recording:
    """Writes down what was done, and what was said between."""

    def __init__(self, failing: int) -> None:
        self.done: list[Done] = []
        self.has_failed = False
        self._left = failing

    def __call__(self, call: Call, do: Callable[[], Any]) -> Any:
        if call.name == "fsync":
            self._left -= 1
            if self._left == 0:
                self.has_failed = True
                self.done.append(Done("failed", call.path, call.arguments))
                raise OSError(errno.EIO, os.strerror(errno.EIO), call.path)
        is_new = call.name == "open" and not os.path.lexists(call.path)
        result = do()
        if call.name == "open" and not isinstance(result, int):
            assert not call.writes, f"{call.path} is written in a way that is not written down"
        elif call.name == "open":
            self.done.append(Done("open", call.path, (result, call.arguments[1], is_new)))
        elif call.name == "write":
            self.done.append(Done("write", call.path, (call.arguments[0], bytes(call.arguments[1])[:result])))
        elif call.name in KEPT:
            self.done.append(Done(call.name, call.path, tuple(map(_plain, call.arguments))))
        return result

    def said(self, data: bytes) -> None:
        self.done.append(Done("said", "", (data,)))


def _plain(argument: Any) -> Any:
    return os.path.abspath(argument) if isinstance(argument, (str, Path)) else argument  # noqa: PTH100


def main() -> None:
    where, syncs, setup, lines, *words = sys.argv[1:]
    load()
    for failing in count(1) if syncs == "failing" else [0]:
        place = Path(where) / str(failing)
        place.mkdir(parents=True)
        if Path(setup).is_dir():
            shutil.copytree(setup, place / "root", symlinks=True)
        child = os.fork()
        if child == 0:
            play(place, Recording(failing), lines, words)
        _, status = os.waitpid(child, 0)
        if status or not pickle.loads((place / "calls").read_bytes()).has_failed:
            sys.exit(status)


def play(place: Path, recording: Recording, lines: str, words: list[str]) -> None:
    """Be the program, in a process of its own that ends here."""
    signal.alarm(MOST_SECONDS)
    take_streams(place, lines)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(Speaking(number, recording.said), "utf-8", write_through=True) for number in (1, 2)
    )
    Below(place, recording).install()  # the folder that holds the root is synced too
    program([*words, "--root", str(place / "root")])
    told = pickle.dumps(Recorded(recording.done, recording.has_failed))
    os.write(os.open(place / "calls", os.O_WRONLY | os.O_CREAT, 0o600), told)
    os._exit(0)


if __name__ == "__main__":
    main()
