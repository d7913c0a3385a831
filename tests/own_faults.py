"""A fault of ours at every line: `python -m tests.own_faults [turn|saving|start|commands ...]`.

Each line of the package that is reached in a turn, while all is saved, before the first prompt (the first line of each
function, there), and in each slash command raises once; after each all of `tests.injected.told` has to hold. Exit code:
0, or 1 when something does not.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from chatcmd.slash.registry import commands
from tests.chat.stage import Stage
from tests.injected import (
    LINE,
    SAVING,
    SENTENCE,
    START,
    TURN,
    Orders,
    Place,
    echoing,
    functions,
    lines,
    piped,
    told,
)
from tests.loopback import Loopback

AT_ONCE = 60
"""Faults that are raised in one run of the program, a turn with none between any two of them."""

ARGUMENTS = {
    "copy": "1", "export": "transcript.md", "help": "model", "model": "gpt-4o", "persona": "default",
    "rename": "a title", "resume": "-1", "search": "q", "set": "top_p 0.5", "theme": "light", "user": "bo",
}  # fmt: skip
TWO_USERS = ("anna", "q1", "/user bo", "q2", "0")

Report = Iterator[tuple[int, list[str]]]
"""How many faults were raised in a run, and what was wrong after it."""


def turn(server: Loopback, folder: Path) -> Report:
    stage, orders = Stage(folder / "watched", server), Orders(folder / "orders")
    piped(stage, orders.argv(TURN), ["q1", "q2", "q3", "0"], "-u", "anna")
    places = lines(each for each in orders.reached() if each.stage == 2)
    for begin in range(0, len(places), AT_ONCE):
        part = places[begin : begin + AT_ONCE]
        at = {2 * number: place.where for number, place in enumerate(part, 1)}
        questions = [f"question {number}" for number in range(3 * len(part) + 2)]
        again = Stage(folder / f"turn {begin}", server)
        done = piped(again, orders.argv(TURN, places=at), [*questions, "0"], "-u", "anna", timeout=600)
        yield len(orders.raised()), told(done, again)


def saving(server: Loopback, folder: Path) -> Report:
    yield from singly(server, folder, (SAVING,), TWO_USERS, lines)


def start(server: Loopback, folder: Path) -> Report:
    yield from singly(server, folder, (START, TURN), TWO_USERS, functions)


def singly(
    server: Loopback,
    folder: Path,
    stages: Sequence[str],
    typed: Sequence[str],
    choose: Callable[[Iterator[Place]], list[Place]],
) -> Report:
    """Raise each fault in a run of its own."""
    orders = Orders(folder / "orders")
    piped(Stage(folder / "watched", server), orders.argv(*stages), typed)
    for number, place in enumerate(choose(each for each in orders.reached() if each.stage == 1)):
        stage = Stage(folder / str(number), server)
        done = piped(stage, orders.argv(*stages, places={1: place.where}), typed)
        wrong = told(done, stage)
        if orders.raised() and SENTENCE not in done.err:
            wrong.append("nothing was said")
        yield len(orders.raised()), [f"{place.where} {place.name}: {each}" for each in wrong]
        shutil.rmtree(stage.root, ignore_errors=True)


def slash(server: Loopback, folder: Path) -> Report:
    for name in commands():
        word = {"exit": "0", "reset": "1"}.get(name, f"/{name} {ARGUMENTS.get(name, '')}".rstrip())
        orders, stage = Orders(folder / "orders"), Stage(folder / f"watched {name}", server)
        piped(stage, orders.argv(LINE), ["first", word, "last", "0"], "-u", "anna")
        places = functions(each for each in orders.reached() if each.stage == 2)
        at = {2 * number: place.where for number, place in enumerate(places, 1)}
        typed = [line for number in range(len(places) + 1) for line in (f"question {number}", word)]
        stage = Stage(folder / name, server)
        done = piped(stage, orders.argv(LINE, places=at), [*typed, "last", "0"], "-u", "anna", timeout=600)
        yield len(orders.raised()), [f"/{name}: {each}" for each in told(done, stage)]


KINDS = {"turn": turn, "saving": saving, "start": start, "commands": slash}


def main() -> int:
    failed = False
    for kind in sys.argv[1:] or KINDS:
        with echoing() as server, tempfile.TemporaryDirectory() as folder:
            raised = 0
            for number, wrong in KINDS[kind](server, Path(folder)):
                raised += number
                failed = failed or bool(wrong)
                for each in wrong:
                    sys.stdout.write(f"{kind}: {each}\n")
            sys.stdout.write(f"{kind}: {raised} faults raised\n")
            sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
