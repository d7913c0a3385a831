"""Chats that end at random moments: `python -m tests.bench kills -n 1000` plays so many rounds of each of two ways.

Half of the rounds end by SIGKILL, half by SIGTERM, SIGHUP and a terminal that vanishes in turn. No process restores the
modes of its terminal when it gets SIGKILL: they are looked at after the other ends. Exit code: 0, or 1 when a round
failed; how to play that one again is said with it.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.bench.kill_round import Death, Round

OTHERS: tuple[Death, ...] = ("term", "hup", "vanish")
"""How chats end beside SIGKILL, in turn."""
DEATHS: tuple[Death, ...] = ("kill", *OTHERS)


@dataclass(frozen=True)
class Played:
    """A round that was played, in so many seconds; `failure` is the traceback of what was not as it should be."""

    round: Round
    seconds: float
    failure: str | None

    def __str__(self) -> str:
        again = f"again with: python -m tests.bench kills --play {self.round.death} {self.round.seed}"
        return f"{self.failure}{self.round.endings}\n{again}\n"


def rounds(number: int, first: int = 0) -> Iterator[tuple[Death, int]]:
    """Give the deaths and seeds of so many rounds of each way."""
    for place in range(number):
        yield "kill", first + place
        yield OTHERS[place % len(OTHERS)], first + place


def play(death: Death, seed: int, folder: Path | None = None) -> Played:
    """Play one round in a folder of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as root:
        played, began, failure = Round(seed, death, Path(root).resolve()), time.monotonic(), None
        try:
            played.play()
        except Exception:
            failure = traceback.format_exc()
        return Played(played, time.monotonic() - began, failure)


def play_all(wanted: Sequence[tuple[Death, int]], jobs: int, folder: Path | None = None) -> Iterator[Played]:
    """Play rounds, some at once, and give them in their order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda each: play(each[0], each[1], folder), wanted)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench kills", description="End chats at random moments.")
    parser.add_argument("-n", "--rounds", type=int, default=1000, help="rounds of each way (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first round; the others follow")
    parser.add_argument("--jobs", type=int, default=2, help="rounds that are played at once (default: 2)")
    parser.add_argument("--play", nargs=2, metavar=("DEATH", "SEED"), help="play one round again: kill 17")
    parser.add_argument("--folder", type=Path, help="where the histories go: a folder on the disk that is meant")
    arguments = parser.parse_args(words)
    wanted = [*rounds(arguments.rounds, arguments.seed)]
    if arguments.play:
        wanted = [(death, int(arguments.play[1])) for death in DEATHS if death == arguments.play[0]]
    played = []
    for number, each in enumerate(play_all(wanted, arguments.jobs, arguments.folder), 1):
        played.append(each)
        if each.failure is not None:
            print(each, flush=True)
        if number % 100 == 0:
            print(f"{number} of {len(wanted)} rounds", file=sys.stderr)
    print(report(played))
    return int(any(each.failure is not None for each in played))


def report(played: Sequence[Played]) -> str:
    """Say how many rounds there were, where their moments fell, and what was left of the steps under way."""
    endings = [(each.round.death, ending) for each in played for ending in each.round.endings]
    failed = sum(each.failure is not None for each in played)
    seconds = sum(each.seconds for each in played) / max(len(played), 1)
    lines = [
        f"{len(played)} rounds, {len(endings)} chats ended, {failed} rounds failed; {seconds:.2f} s a round",
        "rounds: " + counted(Counter(str(each.round.death) for each in played)),
        "exit codes: " + counted(Counter(f"{death} {each.code}" for death, each in endings)),
        "moments by: " + counted(Counter(each.moment.by for _death, each in endings)),
    ]
    for kind in sorted({each.kind for _death, each in endings}):
        left = Counter(f"{death} {each.left or 'recovered later'}" for death, each in endings if each.kind == kind)
        lines.append(f"{kind} {left.total()}: {counted(left)}")
    return "\n".join(lines)


def counted(numbers: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(numbers.items()))
