"""`python -m tests.mutation [MODULE ...]` changes the modules that must not be wrong, and lists what no test notices.

What came of a module is kept in tests/mutation/results.json, of which tests/MUTANTS.md is made.

Exit code: 0, or 1 when a mutant survived that tests/mutation/explained.py does not explain, or 2 for wrong usage.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.explained import EXPLAINED
from tests.mutation.killing import CHECKOUT, Outcome, Trial, copied
from tests.mutation.mutants import Mutant, mutants, what_of
from tests.mutation.report import PAGE, Result, report, results, unexplained, write
from tests.mutation.watched import WATCHED


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Test the tests.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(WATCHED)} (default: all)")
    parser.add_argument("--lines", help="try the mutants of these lines, as 10-20, and keep no results")
    parser.add_argument(
        "--again", action="store_true", help="try those that survived the last time, and keep no results"
    )
    parser.add_argument("--quick", action="store_true", help="leave out the thorough tests, and keep no results")
    parser.add_argument("--report", action="store_true", help=f"only write {PAGE.name}, of the results that are kept")
    arguments = parser.parse_args()
    if arguments.report:
        write(results(), EXPLAINED)
        return 0
    unknown = [name for name in arguments.modules if name not in WATCHED]
    if unknown:
        parser.error(f"{unknown[0]} is not watched; these are: {', '.join(WATCHED)}")
    found = []
    for name in arguments.modules or WATCHED:
        wanted = _wanted(name, arguments.lines, again=arguments.again)
        result = _tried(name, wanted, quick=arguments.quick)
        if not (arguments.lines or arguments.again or arguments.quick):
            write(results() | {name: result}, EXPLAINED)
        found.append(result)
    print(report(found, EXPLAINED))
    return int(any(unexplained(each, EXPLAINED) for each in found))


def _wanted(name: str, lines: str | None, *, again: bool) -> list[Mutant]:
    """Make the mutants of a module that are to be tried."""
    first, _dash, last = (lines or "0-1000000").partition("-")
    made = mutants((CHECKOUT / "chatcmd" / f"{name}.py").read_text("utf-8"))
    before = results().get(name) if again else None
    survived = None if before is None else {what_of(each) for each in before.survived}
    return [
        each
        for each in made
        if int(first) <= each.line <= int(last or first) and (survived is None or each.what in survived)
    ]


def _tried(name: str, wanted: Sequence[Mutant], *, quick: bool) -> Result:
    """Put the mutants of a module to tests; those that survive one stage unexplained, to the next."""
    hung: list[Mutant] = []
    known: list[Mutant] = []
    left = list(wanted)
    watch = WATCHED[name]
    for tests in filter(None, [watch.quick] if quick else [watch.quick, watch.thorough]):
        if left:
            outcomes = _put_to(name, tests, left)
            hung += [each.mutant for each in outcomes if each.verdict == "hung"]
            survived = [each.mutant for each in outcomes if each.verdict == "survived"]
            known += [each for each in survived if (name, each.what) in EXPLAINED]
            left = [each for each in survived if (name, each.what) not in EXPLAINED]
    return Result(name, len(wanted), hung=_names(hung), survived=_names([*known, *left]))


def _names(of: Sequence[Mutant]) -> list[str]:
    return [each.name for each in sorted(of, key=lambda each: each.line)]


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
