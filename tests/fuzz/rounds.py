"""Rounds of cases for as long as asked: each new crash is made small, and kept as a seed."""

import hashlib
import time
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.fuzz.target import SEEDS, Hangs, Target, place_of

EXAMPLES = 250
"""Cases of one round of hypothesis."""


class Fuzzing:
    """The rounds of one target: `cases` and `seconds` so far, and the smallest case of each crash by its signature."""

    def __init__(self, target: Target, *, random: Random) -> None:
        self.target = target
        self.cases = 0
        self.seconds = 0.0
        self.crashes: dict[str, bytes] = {}
        self._random = random
        self._again: set[str] = set()

    def go_on(self, seconds: float) -> None:
        """Run cases for about so many seconds."""
        began = time.monotonic()
        while (left := began + seconds - time.monotonic()) > 0:
            self._round(time.monotonic() + left)
        self.seconds += time.monotonic() - began

    def _round(self, until: float) -> None:
        """Run one round: it ends with the time, or with a crash that hypothesis has made small."""
        found: dict[str, bytes] = {}

        @seed(self._random.getrandbits(64))
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
            verbosity=Verbosity.quiet,
        )
        @given(self.target.cases)
        def case(data: bytes) -> None:
            if time.monotonic() > until and not found:
                return
            self.cases += 1
            try:
                self.target.run(data)
            except Exception as error:
                signature = f"{type(error).__name__} at {place_of(error)}"
                if signature in self._again:
                    return
                if len(data) <= len(found.get(signature, data)):
                    found[signature] = data
                if not isinstance(error, Hangs):  # to make it small would take hours
                    raise

        run: Any = case
        try:
            run()
        except Exception:  # whatever hypothesis makes of it, the case is what counts
            assert found, "only cases raise"
        self._again.update(found)
        self.crashes.update(found)


def keep(fuzzing: Fuzzing, folder: Path = SEEDS) -> list[Path]:
    """Keep the crashes as seeds, under names that their content gives them."""
    kept = []
    for data in fuzzing.crashes.values():
        path = folder / fuzzing.target.name / hashlib.sha256(data).hexdigest()[:12]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        kept.append(path)
    return kept
