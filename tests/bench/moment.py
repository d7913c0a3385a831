"""Going through the steps of a life, and stopping at a moment in the midst of one."""

import threading
from dataclasses import dataclass
from typing import Literal

from tests.bench.life import Life, Phase, Step
from tests.loopback import Loopback
from tests.terminal_driver import Terminal

PATIENCE = 60
"""Seconds after which what is waited for is known not to come, on a machine however busy."""

OTHERWISE = (0.03, 350)
TYPICAL = {
    ("start", 0): (0.3, 210),
    ("ask", 0): (0.05, 540),
    ("long", 0): (0.4, 19_000),
    ("retry", 0): (0.08, 450),
    ("edit", 0): (0.02, 60),
    ("picker", 0): (0.06, 3_100),
    ("picker", 1): (0.05, 650),
    ("exit", 0): (0.1, 180),
}
"""Seconds and bytes that the phases of the steps take, about."""
BEYOND = 1.2
"""How far moments are spread beyond that."""


@dataclass(frozen=True)
class Moment:
    """When a step is broken off: in which of its phases, and after which share of its keys, bytes, time or pieces."""

    phase: int
    by: Literal["keys", "bytes", "time", "pieces"]
    share: float

    def come(self, terminal: Terminal, step: Step) -> None:
        """Do what comes before the moment in its phase, and wait for it."""
        phase = step.phases[self.phase]
        keys = phase.keys[: int(self.share * len(phase.keys))] if self.by == "keys" else phase.keys
        before, size = len(terminal.output), len(terminal.bytes)
        terminal.send(keys)
        seconds, typical = TYPICAL.get((step.kind, self.phase), OTHERWISE)
        if self.by == "time":
            threading.Event().wait(self.share**2 * BEYOND * seconds)  # what matters mostly comes soon
        elif self.by == "bytes":
            goal, seen = size + self.share * BEYOND * typical, phase.pattern
            terminal.wait_for(
                lambda: len(terminal.bytes) >= goal or bool(seen and seen.search(terminal.output, before)), seconds * 20
            )
        elif self.by == "pieces" and step.answer is not None:
            step.answer.wait_sent(round(self.share * step.answer.expected), PATIENCE)


def go_through(terminal: Terminal, server: Loopback, life: Life, step: Step) -> None:
    """Do a whole step."""
    for phase in step.phases:
        do(terminal, server, phase)
    life.take(step)


def do(terminal: Terminal, server: Loopback, phase: Phase) -> None:
    terminal.send(phase.keys)
    if phase.arrives is not None:
        server.wait_for(lambda: any(each.messages[-1]["content"] == phase.arrives for each in server.chats), PATIENCE)
    stands = phase.stands
    if stands is not None:
        terminal.expect_screen(lambda text: stands in text, PATIENCE)
    if phase.pattern is not None:
        terminal.expect(phase.pattern, PATIENCE)
