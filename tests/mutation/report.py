"""What came of the mutants, as a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tests.mutation.mutants import what_of
from tests.mutation.watched import WATCHED

PAGE = Path(__file__).parents[1] / "MUTANTS.md"
RESULTS = Path(__file__).with_name("results.json")

_HEAD = """\
# Mutants

Made by `python -m tests.mutation`: small faults are put into the modules that must not be wrong, one at a time, and
the tests that watch a module are run on each. Most are killed by a test that fails; some keep the tests from ending,
and are killed by the limit of time. A mutant that no test notices has survived: it is explained here, or a test is
missing. Lines are those of the run.

| module | mutants | killed | did not end | survived | unexplained |
| --- | ---: | ---: | ---: | ---: | ---: |
"""


class Result(msgspec.Struct, frozen=True):
    """What came of a module's mutants, with the names of those that did not end, and of those that survived."""

    module: str
    mutants: int
    hung: list[str]
    survived: list[str]

    @property
    def killed(self) -> int:
        return self.mutants - len(self.hung) - len(self.survived)


Explained = Mapping[tuple[str, str], str]
"""Why a mutant may survive, by module and by what was done in it."""


def results() -> dict[str, Result]:
    """Read what came of each module the last time."""
    if not RESULTS.exists():
        return {}
    return {each.module: each for each in msgspec.json.decode(RESULTS.read_bytes(), type=list[Result])}


def write(found: Mapping[str, Result], explained: Explained) -> None:
    """Keep what came of each module, and write the page."""
    told = [found[name] for name in WATCHED if name in found]
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    PAGE.write_text(report(told, explained), "utf-8")


def unexplained(result: Result, explained: Explained) -> list[str]:
    """Name those that survived and ought not to."""
    return [name for name in result.survived if (result.module, what_of(name)) not in explained]


def report(results: Sequence[Result], explained: Explained) -> str:
    """Write the page."""
    rows = [
        f"| {each.module} | {each.mutants} | {each.killed} | {len(each.hung)} | {len(each.survived)} "
        f"| {len(unexplained(each, explained))} |\n"
        for each in results
    ]
    return _HEAD + "".join(rows) + "".join(_section(each, explained) for each in results)


def _section(result: Result, explained: Explained) -> str:
    page = f"\n## {result.module}\n"
    if result.survived:
        page += "\n| survived | why no test can notice |\n| --- | --- |\n"
    for name in result.survived:
        why = explained.get((result.module, what_of(name)), "**a test is missing**")
        page += f"| {_in_a_cell(name)} | {why} |\n"
    if result.hung:
        page += "\n| did not end |\n| --- |\n"
    return page + "".join(f"| {_in_a_cell(name)} |\n" for name in result.hung)


def _in_a_cell(text: str) -> str:
    return text.replace("|", r"\|")
