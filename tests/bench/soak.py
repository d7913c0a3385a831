"""One chat for thousands of turns: `python -m tests.bench soak -n 5000` has a server answer them with every fault.

A ledger is kept of every question: what it has to come to, how often the server has to be asked it, and what is shown;
at the end it is compared with the saved files and with what the server got. Memory, file descriptors and threads are
looked at every hundred turns, in sessions of bounded length. Exit code: 0, or 1 when something is not as it should be.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression

from tests.bench.faulty_life import FaultyLife
from tests.bench.kill_round import others
from tests.bench.life import Step
from tests.bench.moment import PATIENCE, do
from tests.bench.told import Chat, found, listed
from tests.chat.stage import Stage
from tests.loopback import Loopback
from tests.replies import CHANGED
from tests.terminal_driver import Terminal

EVERY = 100
"""Turns between two looks at the process."""
MOST_TURNS = 12
"""Turns of a session, about: what a session holds grows with it, and is no leak."""

MOST_GROWTH = 2.0
"""Kilobytes that memory may grow by with each turn, in the last half: what was typed is there to be recalled, and the
allocator's pages fill up."""
MOST_DESCRIPTORS = 4
"""File descriptors that may be open beyond the least seen: connections, and a journal for each user."""


@dataclass(frozen=True)
class Sample:
    """The process after so many turns: kilobytes in memory, file descriptors, threads."""

    turns: int
    memory: int
    descriptors: int
    threads: int


@dataclass
class Soak:
    """So many turns of one chat, which the seed determines; `came` counts what the questions came to."""

    turns: int
    seed: int
    root: Path
    every: int = EVERY
    samples: list[Sample] = field(default_factory=list)
    came: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        chance = random.Random(self.seed)
        personas = self.root / "envs" / "personas"
        personas.mkdir(parents=True)
        for name in ("strict", "kind"):
            (personas / f"{name}.md").write_text(f"You are {name}.", "utf-8")
        environ = {"CHATCMD_MODEL": "gpt-4o", "CHATCMD_BAR": "false"}
        with Loopback() as server:
            stage = Stage(self.root, server, environ)
            life = FaultyLife(chance, server, Chat().talking("anna"), "q")
            with stage.terminal("-u", "anna", "--seed", "7", columns=200) as terminal:
                terminal.expect("【anna】", PATIENCE)
                self._live(terminal, server, life)
                self._end(terminal, life)
            server.wait_for(lambda: server.open_connections == 0, PATIENCE)
            assert server.aborts == [] or len(server.aborts) <= self.steps["stop"] + self.steps["silence"]

    def _live(self, terminal: Terminal, server: Loopback, life: FaultyLife) -> None:
        turns = 0
        while turns < self.turns:
            step = self._step(life)
            terminal.forget()
            try:
                for phase in step.phases:
                    do(terminal, server, phase)
            except AssertionError as failure:
                raise AssertionError(f"turn {turns}, {step.kind}: {failure}") from None
            life.take(step)
            self.steps[step.kind] += 1
            with CHANGED:
                server.requests.clear()  # they are counted
            if step.question is not None:
                turns += 1
                self.came[step.came] += 1
                if turns % self.every == 0:
                    self.samples.append(sample(terminal.pid, turns))

    def _step(self, life: FaultyLife) -> Step:
        if life.chat.user is not None and len(life.chat.now.turns) >= MOST_TURNS:
            return life.step("new")
        kind = life.any_kind()
        while (before := life.way_to(kind)) is not None:
            kind = before
        return life.step(kind)

    def _end(self, terminal: Terminal, life: FaultyLife) -> None:
        """Leave, and compare the ledger with what is on the disk and what the server got."""
        if life.chat.user is None:
            step = life.step("name")
            do(terminal, life.server, step.phases[0])
            life.take(step)
        terminal.line("0")
        assert terminal.wait(PATIENCE) == 0
        assert terminal.modes() == terminal.first_modes
        assert "Traceback" not in terminal.output
        assert others(self.root, terminal.session) == []
        assert [path.name for path in (self.root / "history").rglob("*.jsonl")] == []
        assert [path.name for path in (self.root / "history").rglob("*.tmp")] == []
        asked, wanted = life.asked, life.wanted
        assert asked.keys() == wanted.keys()
        wrong = {each: (asked[each], wanted[each]) for each in wanted if asked[each] not in wanted[each]}
        assert wrong == {}, f"questions came not as often as they had to: {wrong}"
        saved = Counter(listed(found(path) for path in (self.root / "history").glob("*/*.json")))
        due = Counter(life.chat.left().saved)
        assert saved == due, f"found beyond the ledger: {saved - due}, missing: {due - saved}"

    @property
    def growth(self) -> float:
        """Tell by how many kilobytes memory grew with each turn, in the last half."""
        half = [each for each in self.samples if each.turns > self.turns / 2]
        return linear_regression([each.turns for each in half], [each.memory for each in half]).slope

    @property
    def is_flat(self) -> bool:
        open_files = [each.descriptors for each in self.samples]
        return self.growth <= MOST_GROWTH and max(open_files) - min(open_files) <= MOST_DESCRIPTORS


def sample(pid: int, turns: int) -> Sample:
    status = dict(line.partition(":")[::2] for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(turns, int(status["VmRSS"].split()[0]), descriptors, int(status["Threads"]))


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench soak", description="Talk for long with a bad server.")
    parser.add_argument("-n", "--turns", type=int, default=5000, help="turns in all (default: 5000)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as root:
        soak, began = Soak(arguments.turns, arguments.seed, Path(root).resolve()), time.monotonic()
        soak.run()
    for each in soak.samples:
        print(f"{each.turns} turns: {each.memory:,} kB, {each.descriptors} descriptors, {each.threads} threads")
    print(f"{arguments.turns} turns in {time.monotonic() - began:.0f} s: {counted(soak.came)}")
    print(f"steps: {counted(soak.steps)}")
    if len(soak.samples) < 4:
        return 0
    print(f"growth in the last half: {soak.growth:.2f} kB a turn: {'flat' if soak.is_flat else 'NOT FLAT'}")
    return int(not soak.is_flat)


def counted(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(numbers.items()))
