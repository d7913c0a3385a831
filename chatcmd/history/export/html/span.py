"""Days put together until they are few enough for a chart: to weeks, months, years (pure)."""

from collections.abc import Iterator, Mapping
from datetime import date

from msgspec import Struct

from chatcmd.language import marked

MOST = 120
"""Columns that a chart has room for."""

_TITLES = {
    "day": marked("Questions per day"),
    "week": marked("Questions per week"),
    "month": marked("Questions per month"),
    "year": marked("Questions per year"),
}


class Span(Struct, frozen=True):
    """A day, or a longer time: what its chart is called, its own name, and how much was asked in it."""

    title: str
    label: str
    count: int


def spans(days: Mapping[str, int]) -> list[Span]:
    """Make of days (in ISO 8601) all spans from the first to the last, those without a question too."""
    if not days:
        return []
    counts = {date.fromisoformat(day): count for day, count in days.items()}
    first, last = min(counts), max(counts)
    kind = next((kind for kind in ("day", "week", "month") if _number(kind, first, last) <= MOST), "year")
    sums: dict[str, int] = dict.fromkeys(_labels(kind, first, last), 0)
    for day, count in counts.items():
        sums[_label(kind, day)] += count
    return [Span(_TITLES[kind], label, count) for label, count in sums.items()]


def _number(kind: str, first: date, last: date) -> int:
    days = (last - first).days + 1
    return {"day": days, "week": days // 7 + 1, "month": days // 30 + 1}[kind]


def _labels(kind: str, first: date, last: date) -> Iterator[str]:
    """Name all spans in order."""
    if kind == "year":
        yield from (f"{year:04}" for year in range(first.year, last.year + 1))
        return
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield _label(kind, date.fromordinal(ordinal))


def _label(kind: str, day: date) -> str:
    """Name the span that a day is in: the Monday of its week, its month, its year."""
    if kind == "week":
        return date.fromordinal(max(day.toordinal() - day.weekday(), 1)).isoformat()
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[kind]]
