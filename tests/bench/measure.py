"""What a benchmark is: rows of the table, and ours and a floor measured in turn, so that noise meets both alike."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from math import isnan, nan
from pathlib import Path
from statistics import median
from typing import Literal

Take = Callable[[], Sequence[float]]
"""Take one sample of every row of a bench: seconds, or bytes; nan where this machine cannot tell."""

Unit = Literal["ms", "µs", "kB", "MB"]
PER_UNIT = {"ms": 1e-3, "µs": 1e-6, "kB": 1e3, "MB": 1e6}


@dataclass(frozen=True)
class Bound:
    """What a median may be: `ratio` times the floor's (and so many `beside`), so many `more` than it, or `in all`."""

    kind: Literal["ratio", "more", "in all"]
    limit: float
    beside: float = 0

    def __str__(self) -> str:
        whole = {"ratio": "<= {:g}x", "more": "<= floor + {:g}", "in all": "<= {:g}"}[self.kind].format(self.limit)
        return f"{whole} + {self.beside:g}" if self.beside else whole

    def holds(self, ours: float, floor: float) -> bool:
        """Tell whether it holds for two medians in the row's unit."""
        return (
            ours
            <= {"ratio": floor * self.limit + self.beside, "more": floor + self.limit, "in all": self.limit}[self.kind]
        )


@dataclass(frozen=True)
class Row:
    """One line of the table; `floor` says in words what it is compared with.

    A row without a bound is there to be watched.
    """

    name: str
    unit: Unit
    floor: str
    bound: Bound | None = None


@dataclass(frozen=True)
class Pair:
    """Ours and the floor, ready to be sampled; `note` says afterwards what the numbers do not."""

    ours: Take
    floor: Take
    note: Callable[[], str] = field(default=lambda: "")


@dataclass(frozen=True)
class Bench:
    """Rows that one sample fills together; `prepare` gets an empty folder, and gives the pair for a `with` block."""

    rows: tuple[Row, ...]
    samples: int
    prepare: Callable[[Path], AbstractContextManager[Pair]]


@dataclass(frozen=True)
class Result:
    """A row's samples in its unit."""

    row: Row
    ours: tuple[float, ...]
    floor: tuple[float, ...]
    note: str

    @property
    def verdict(self) -> str:
        """Say of the medians whether the bound holds; "-" where there is nothing to say."""
        if self.row.bound is None or isnan(median(self.ours)):
            return "-"
        return "holds" if self.row.bound.holds(median(self.ours), median(self.floor)) else "MISSED"

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table, as HEAD names it."""
        ours, floor = median(self.ours), median(self.floor)
        return (
            self.row.name,
            str(len(self.ours)),
            self.row.unit,
            f"{ours:.2f}",
            f"{min(self.ours):.2f}",
            f"{floor:.2f}",
            f"{min(self.floor):.2f}",
            f"{ours / floor:.2f}x" if floor > 0 else "-",
            f"{ours - floor:+.2f}",
            str(self.row.bound or "-"),
            self.verdict,
            self.row.floor + (f"; {self.note}" if self.note else ""),
        )


HEAD = ("row", "n", "unit", "median", "min", "floor", "min", "ratio", "more", "bound", "verdict", "floor is; note")


def run(bench: Bench, folder: Path, samples: int | None = None) -> list[Result]:
    """Take the samples of a bench, ours and the floor's in turn, after one of each that does not count."""
    with bench.prepare(folder) as pair:
        pair.ours(), pair.floor()
        taken = [(pair.ours(), pair.floor()) for _ in range(samples or bench.samples)]
    results = []
    for place, row in enumerate(bench.rows):
        ours, floor = zip(*((mine[place], bare[place]) for mine, bare in taken), strict=True)
        results.append(Result(row, _in_unit(ours, row.unit), _in_unit(floor, row.unit), pair.note()))
    return results


def table(results: Sequence[Result]) -> str:
    """Lay the results out under their heading."""
    lines = [HEAD, *(result.cells for result in results)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    numbers = range(1, 9)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _in_unit(values: Sequence[float], unit: Unit) -> tuple[float, ...]:
    return tuple(value / PER_UNIT[unit] if not isnan(value) else nan for value in values)
