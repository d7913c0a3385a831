"""The program with what is below it meddled with: python -m tests.faults.meddled HOW WORD ...

What it is meddled with stands in variables of the environment; the program itself is as it is.
"""

import datetime as dt
import errno
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.history.below import Below, Call

NOTES = "MEDDLED_NOTES"
TIMES = "MEDDLED_TIMES"
CALLS = "MEDDLED_CALLS"
QUOTED = "a fault put in, which quotes what was said"


def lengths_noted() -> None:
    """Note how long each file below the root was when it was last synced."""
    notes, lengths = Path(os.environ[NOTES]), dict[str, int]()
    real_size = os.fstat

    def hook(call: Call, do: Callable[[], Any]) -> Any:
        done = do()
        if call.name in ("fsync", "fdatasync"):
            lengths[call.path] = real_size(call.arguments[0]).st_size
        elif call.name in ("rename", "replace"):
            lengths[str(call.arguments[1])] = lengths.pop(call.path, 0)
        else:
            return done
        notes.write_text(json.dumps(lengths))
        return done

    Below(Path(os.environ["CHATCMD_ROOT"]), hook).install()


def _failing_syncs(fails: Callable[[int], bool]) -> None:
    """Let syncs of journals fail by their numbers, counted from 1; what was not synced is lost, as disks lose it."""
    synced = dict[str, int]()
    count = 0
    size, cut = os.fstat, os.ftruncate

    def hook(call: Call, do: Callable[[], Any]) -> Any:
        nonlocal count
        if call.name != "fsync" or not call.path.endswith(".jsonl"):
            return do()
        count += 1
        if fails(count):
            cut(call.arguments[0], synced.get(call.path, 0))
            raise OSError(errno.EIO, os.strerror(errno.EIO), call.path)
        synced[call.path] = size(call.arguments[0]).st_size
        return do()

    Below(Path(os.environ["CHATCMD_ROOT"]), hook).install()


def one_sync_failing() -> None:
    """Let the third sync of a journal fail."""
    _failing_syncs(lambda number: number == 3)  # the second question's


def syncs_failing() -> None:
    """Let every sync of a journal fail from the third one on."""
    _failing_syncs(lambda number: number >= 3)  # from the second question on


def clock_jumping() -> None:
    """Let every look at the clock give the next of some times, and the last one again and again."""
    times = [dt.datetime.fromisoformat(each) for each in os.environ[TIMES].split()]

    class Jumping(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> "Jumping":
            told = times.pop(0) if len(times) > 1 else times[0]
            told = told.astimezone(tz)
            return cls(*told.timetuple()[:6], told.microsecond, tzinfo=told.tzinfo)

    dt.datetime = Jumping  # type: ignore[misc]


def threads_refused() -> None:
    """Let no thread start, as where there are too many."""

    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threading.Thread.start = refuse  # type: ignore[method-assign, assignment]


def calls_raising() -> None:
    """Raise in functions of the program, `FILE:NAME` each, one after the other, as soon as each is called."""
    places = os.environ[CALLS].split()

    def called(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and places and f"{code.co_filename}:{code.co_name}".endswith(f"/chatcmd/{places[0]}"):
            del places[0]
            raise RuntimeError(QUOTED)

    def again(_frame: FrameType, _event: str, _argument: object) -> None:
        if sys.gettrace() is None:  # a trace function that raises is taken away
            sys.settrace(called)

    sys.setprofile(again)
    sys.settrace(called)


HOW: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (lengths_noted, one_sync_failing, syncs_failing, clock_jumping, threads_refused, calls_raising)
}


def main() -> int:
    _, how, *words = sys.argv
    HOW[how]()
    from chatcmd.cli import main as program  # noqa: PLC0415 - it finds the system as it is by now

    return program(words)


if __name__ == "__main__":
    sys.exit(main())
