"""The program with faults put into it, as a test orders them, and what has to hold after each."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from chatcmd.errors import Exit
from chatcmd.history.library import Library
from tests.chat.stage import Stage, spoken
from tests.loopback import Loopback, window_model
from tests.terminal_driver import PYTHON, Finished, run

PACKAGE = Path(__file__).parent.parent / "chatcmd"
LINE, TURN, SAVING, START = "repl.py:_once", "repl.py:_question", "repl.py:_save", "cli/__init__.py:_run"
BARE = {"Repl.run", "Repl._step", "App.ask_in", "App._answer", "App._keep"}
"""What catches our faults, or holds an answer in its hands: between two of their own lines nothing can fail."""

SENTENCE = "something went wrong inside chatcmd"
QUOTED = "a fault put in, which quotes what was said"


@dataclass(frozen=True)
class Place:
    """A line of the package, the function that it is in, and the stage in which it was reached."""

    stage: int
    where: str
    name: str


class Orders:
    """What one run of the program is told, and its log."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._orders, self._log = folder / "orders.json", folder / "injector.log"

    def argv(self, *stages: str, places: Mapping[int, str] | None = None, fault: str = "RuntimeError") -> list[str]:
        """Give these orders; return what begins the program that follows them."""
        self._log.unlink(missing_ok=True)
        given = {str(stage): where for stage, where in (places or {}).items()}
        orders = {"stages": stages, "places": given, "fault": fault, "log": str(self._log)}
        self._orders.write_text(json.dumps(orders))
        return [PYTHON, "-m", "tests.injector", str(self._orders)]

    def reached(self) -> list[Place]:
        """Tell the lines that were reached in each stage, in their order."""
        rows = (line.split() for line in self._log.read_text().splitlines())
        return [Place(int(stage), where, name) for told, stage, where, name in rows if told == "reached"]

    def raised(self) -> list[str]:
        """Tell where faults were raised, in their order."""
        rows = (line.split() for line in self._log.read_text().splitlines()) if self._log.exists() else ()
        return [row[2] for row in rows if row[0] == "raised"]


HOLDING = {"write_whole"}
"""What holds a temporary file in the same way."""


def echoing() -> Loopback:
    """Start a server whose answers name their questions."""
    return Loopback(
        default=window_model(10**9, lambda _messages: 1, lambda asked: f"to {asked.messages[-1]['content']}")
    )


def first_line(function: Callable[..., Any]) -> str:
    """Name the place where a function of the package begins."""
    code = function.__code__
    begin = sorted({line for _start, _end, line in code.co_lines() if line is not None})[1]
    return f"{Path(code.co_filename).relative_to(PACKAGE)}:{begin}"


def spread(places: Sequence[Place], number: int) -> list[Place]:
    """Take so many, evenly spread."""
    return [places[place * len(places) // number] for place in range(min(number, len(places)))]


def functions(places: Iterable[Place]) -> list[Place]:
    """Keep the first line that was reached in each function, but for those that are `BARE`."""
    first: dict[tuple[str, str], Place] = {}
    for place in places:
        if place.name in BARE:
            continue
        first.setdefault((place.where.partition(":")[0], place.name), place)
    return list(first.values())


def lines(places: Iterable[Place]) -> list[Place]:
    """Keep each line once, in whichever stage it was reached first, but for those of what is `BARE`."""
    first: dict[str, Place] = {}
    for place in places:
        if place.name in BARE | HOLDING:
            continue
        first.setdefault(place.where, place)
    return list(first.values())


def piped(stage: Stage, argv: Sequence[str], lines: Iterable[str], *words: str, timeout: float = 60) -> Finished:
    """Talk through a pipe."""
    data = "".join(f"{line}\n" for line in lines).encode()
    return run([*argv, *words], data, env=stage.environ, timeout=timeout)


def answered(stage: Stage) -> list[tuple[str, str]]:
    """Give all turns that are saved, in a file or by the next start out of a journal, of all sessions."""
    for _ in Library(stage.root / "history").recover():
        pass
    turns = []
    for session in stage.sessions():
        said = [each for each in spoken(session) if each["role"] != "system"]
        turns += [
            (question["content"], answer["content"])
            for question, answer in pairwise(said)
            if (question["role"], answer["role"]) == ("user", "assistant")
        ]
    return turns


def shown(out: str) -> list[tuple[str, str]]:
    """Give the turns that were shown whole: an echo's answer names its question."""
    return [(question, f"to {question}") for question in re.findall(r"^【ChatGPT】to ([^\n【]+)", out, re.MULTILINE)]


def told(done: Finished, stage: Stage) -> list[str]:
    """Say what is wrong with what a run left, if anything is."""
    wrong = []
    said = done.out + done.err
    if "Traceback" in said or '  File "' in said:
        wrong.append("a traceback is shown")
    saved = answered(stage)
    answers = {answer for _question, answer in saved}  # one that was cut off names only a part of its question
    lost = [turn for turn in shown(done.out) if turn not in saved and turn[1] not in answers]
    wrong += [f"a turn that was shown is not saved: {turn}" for turn in lost]
    if done.code not in (Exit.DONE, Exit.NO, Exit.USAGE, Exit.HISTORY, Exit.PROVIDER):
        wrong.append(f"exit code {done.code}")
    if stage.environ.get("OPENAI_API_KEY", "?") in said:
        wrong.append("the key is shown")
    if list(stage.root.rglob("*.tmp")):
        wrong.append("a temporary file is left")
    for report in (stage.root / "logs").glob("*"):
        text = report.read_text()
        if QUOTED in text or stage.environ.get("OPENAI_API_KEY", "?") in text:
            wrong.append("a report holds what was said, or the key")
        if report.stat().st_mode & 0o077:
            wrong.append("others can read a report")
    return wrong
