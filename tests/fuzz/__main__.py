"""`python -m tests.fuzz [TARGET ...] --minutes M` feeds damage to every reader, and keeps what broke one.

Exit code: 0, or 1 when something broke, or 2 when no target is called so.
"""

import argparse
import sys
import warnings
from pathlib import Path
from random import Random, SystemRandom

from hypothesis.errors import HypothesisWarning

from tests.fuzz.rounds import Fuzzing, keep
from tests.fuzz.target import SEEDS
from tests.fuzz.targets import TARGETS

TURN = 30.0
"""Seconds that a target has before it is another one's turn."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Feed damage to everything that reads.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long in all (default: 1)")
    parser.add_argument("--seed", type=int, help="begin as an earlier run did")
    parser.add_argument("--keep", type=Path, default=SEEDS, help="where new crashes are kept (default: the seeds)")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", HypothesisWarning)  # of cases that are large: so they are meant to be
    unknown = [name for name in arguments.targets if name not in TARGETS]
    if unknown:
        parser.error(f"there is no target {unknown[0]}; there are {', '.join(TARGETS)}")
    number = arguments.seed if arguments.seed is not None else SystemRandom().getrandbits(32)
    print(f"seed {number}", flush=True)
    wanted = [TARGETS[name] for name in arguments.targets or TARGETS]
    all_of_them = [Fuzzing(target, random=Random(f"{number} {target.name}")) for target in wanted]
    fuzz(all_of_them, 60 * arguments.minutes, arguments.keep)
    return int(any(each.crashes for each in all_of_them))


def fuzz(all_of_them: list[Fuzzing], seconds: float, folder: Path) -> None:
    """Let the targets take turns until the time is over, telling each crash when it is found, then all in a table."""
    turns = max(1, round(seconds / TURN / len(all_of_them)))
    try:
        for fuzzing in all_of_them * turns:
            known = set(fuzzing.crashes)
            fuzzing.go_on(seconds / turns / len(all_of_them))
            for signature in fuzzing.crashes.keys() - known:
                print(f"{fuzzing.target.name}: {signature}: {fuzzing.crashes[signature][:200]!r}", flush=True)
            if fuzzing.crashes.keys() - known:
                keep(fuzzing, folder)
    except KeyboardInterrupt:
        print("stopped", flush=True)
    width = max(len(each.target.name) for each in all_of_them)
    print(f"{'target':{width}}  {'cases':>9}  {'seconds':>7}  new crashes")
    for each in all_of_them:
        print(f"{each.target.name:{width}}  {each.cases:>9,}  {each.seconds:>7,.0f}  {len(each.crashes)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
