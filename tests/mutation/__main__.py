"""`python -m tests.mutation [MODULE ...]` changes the modules that must not be wrong, and lists what no test notices.

Exit code: 0, or 1 when a mutant survived that tests/mutation/explained.py does not explain, or 2 for wrong usage.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.mutation.explained import EXPLAINED
from tests.mutation.killing import CHECKOUT, Outcome, Trial, copied
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.report import Result, report
from tests.mutation.watched import WATCHED

REPORT = CHECKOUT / "tests" / "MUTANTS.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Test the tests.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(WATCHED)} (default: all)")
    parser.add_argument("--lines", help="only the mutants of these lines, as 10-20")
    parser.add_argument("--quick", action="store_true", help="leave out the thorough tests")
    parser.add_argument(
        "--again", type=Path, metavar="FILE", help="only those that survived in an earlier run's results"
    )
    parser.add_argument("--results", type=Path, metavar="FILE", help="where the results go, for the report")
    parser.add_argument(
        "--report", type=Path, nargs="+", metavar="FILE", help=f"make {REPORT.name} of results, run nothing"
    )
    arguments = parser.parse_args()
    if arguments.report:
        results = [
            each for path in arguments.report for each in msgspec.json.decode(path.read_bytes(), type=list[Result])
        ]
        REPORT.write_text(report(results, EXPLAINED), "utf-8")
        return 0
    unknown = [name for name in arguments.modules if name not in WATCHED]
    if unknown:
        parser.error(f"{unknown[0]} is not watched; these are: {', '.join(WATCHED)}")
    again = msgspec.json.decode(arguments.again.read_bytes(), type=list[Result]) if arguments.again else None
    results = []
    for name in arguments.modules or WATCHED:
        survived = None if again is None else {each for one in again if one.module == name for each in one.survived}
        watch = WATCHED[name]
        stages = [watch.quick] if arguments.quick else [watch.quick, watch.thorough]
        results.append(_tried(name, stages, arguments.lines, survived))
        if arguments.results:
            arguments.results.write_bytes(msgspec.json.encode(results))
    print(report(results, EXPLAINED))
    return int(any((one.module, what) not in EXPLAINED for one in results for what in one.changes))


def _tried(name: str, stages: Sequence[Sequence[str]], lines: str | None, survived: set[str] | None) -> Result:
    """Put the mutants of a module to tests; those that survive one stage unexplained, to the next."""
    first, _dash, last = (lines or "0-1000000").partition("-")
    source = (CHECKOUT / "chatcmd" / f"{name}.py").read_text("utf-8")
    made = list(mutants(source))
    for what in {what for module, what in EXPLAINED if module == name} - {each.what for each in made}:
        print(f"{name}: what is explained is not there any more: {what}", flush=True)
    left = [
        each
        for each in made
        if int(first) <= each.line <= int(last or first) and (survived is None or each.name in survived)
    ]
    count, hung, began = len(left), 0, time.monotonic()
    known: list[Mutant] = []
    for tests in filter(None, stages):
        if left:
            outcomes = _put_to(name, tests, left)
            hung += sum(each.verdict == "hung" for each in outcomes)
            survivors = [each.mutant for each in outcomes if each.verdict == "survived"]
            known += [each for each in survivors if (name, each.what) in EXPLAINED]
            left = [each for each in survivors if (name, each.what) not in EXPLAINED]
    left = sorted([*known, *left], key=lambda each: each.line)
    return Result(
        module=name,
        mutants=count,
        killed=count - hung - len(left),
        hung=hung,
        survived=[each.name for each in left],
        changes=[each.what for each in left],
        seconds=round(time.monotonic() - began),
    )


def _put_to(name: str, tests: Sequence[str], wanted: Sequence[Mutant]) -> list[Outcome]:
    """Put mutants to tests in a copy of the checkout, telling those that are not killed."""
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(name, tests, copied(Path(folder)))
        if not trial.is_sound():
            sys.exit(f"the tests of {name} do not pass as it is: {', '.join(tests)}")
        for outcome in trial.outcomes(iter(wanted)):
            outcomes.append(outcome)
            if outcome.verdict != "killed":
                print(f"{name} {outcome.verdict}: {outcome.mutant.name}", flush=True)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
