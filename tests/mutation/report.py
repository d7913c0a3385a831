"""What came of the mutants, as a page."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

_HEAD = """\
# Mutants

Made by `python -m tests.mutation`: small faults are put into the modules that must not be wrong, one at a time, and
the tests that watch a module are run on each. A mutant that no test notices has survived: it is explained here, or a
test is missing.

| module | mutants | killed | did not end | survived | unexplained |
| --- | ---: | ---: | ---: | ---: | ---: |
"""


class Result(Struct, frozen=True):
    """What came of a module's mutants: `survived` are their names, `changes` what was done in each."""

    module: str
    mutants: int
    killed: int
    hung: int
    survived: list[str]
    changes: list[str]
    seconds: int


Explained = Mapping[tuple[str, str], str]
"""Why a mutant may survive, by module and by what was done in it."""


def report(results: Sequence[Result], explained: Explained) -> str:
    """Write the page."""
    rows = [
        f"| {each.module} | {each.mutants} | {each.killed} | {each.hung} | {len(each.survived)} "
        f"| {_open(each, explained)} |\n"
        for each in results
    ]
    return _HEAD + "".join(rows) + "".join(_section(one, explained) for one in results if one.survived)


def _open(one: Result, explained: Explained) -> int:
    return sum((one.module, what) not in explained for what in one.changes)


def _section(one: Result, explained: Explained) -> str:
    lines = [f"\n## {one.module}\n\n| line: what was done | why no test can notice |\n| --- | --- |\n"]
    for name, what in zip(one.survived, one.changes, strict=True):
        why = explained.get((one.module, what), "**a test is missing**")
        lines.append(f"| {name.replace('|', chr(92) + '|')} | {why} |\n")
    return "".join(lines)
