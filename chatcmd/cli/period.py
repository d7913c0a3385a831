"""Times as a person types them: a day, a month, a year, a minute, today, seven days ago; by the clock on the wall."""

import re
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from chatcmd.errors import UsageError
from chatcmd.language import _

_WORDS = {"today": 0, "今天": 0, "yesterday": 1, "昨天": 1, "前天": 2}
_AGO = re.compile(r"(\d{1,6})\s*(?:(d|days?|天|日)|(?:w|weeks?|周|星期))(?:\s*(?:ago|前))?")
_WRITTEN = re.compile(r"(\d{4})(?:[-/年](\d{1,2})(?:[-/月](\d{1,2})日?(?:[t ]+(\d{1,2}):(\d{2}))?|月)?|年)?")


class Period(Struct, frozen=True):
    """From `begin` up to `end`, which is not in it any more; both without a zone, as the clock on the wall shows."""

    begin: datetime
    end: datetime


def period(text: str, today: date) -> Period:
    """Read the day, month, year or minute that a text names; raises UsageError."""
    try:
        found = _named(text.strip().lower(), today)
        if found is not None:
            for each in (found.begin, found.end):
                utc(each)
            return found
    except (ValueError, OverflowError):
        pass
    sentence = _(
        "{text!r} is no date; write it like 2026-11-20, 2026-11, 2026, today, yesterday or 7d (seven days ago)"
    )
    raise UsageError(sentence.format(text=text))


def utc(at: datetime) -> str:
    """Write a time of the clock on the wall as sessions do: UTC in ISO 8601 with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _named(text: str, today: date) -> Period | None:
    if text in _WORDS:
        return _day(today - timedelta(days=_WORDS[text]))
    if ago := _AGO.fullmatch(text):
        return _day(today - timedelta(days=int(ago[1]) * (1 if ago[2] else 7)))
    written = _WRITTEN.fullmatch(text)
    return _written(*(int(each) for each in written.groups() if each is not None)) if written else None


def _written(year: int, month: int | None = None, day: int | None = None, *minute: int) -> Period:
    if month is None:
        return Period(_at(year, 1, 1), _at(year + 1, 1, 1))
    if day is None:
        return Period(_at(year, month, 1), _at(year + month // 12, month % 12 + 1, 1))
    if not minute:
        return _day(date(year, month, day))
    begin = _at(year, month, day, *minute)
    return Period(begin, begin + timedelta(minutes=1))


def _day(day: date) -> Period:
    midnight = _at(day.year, day.month, day.day)
    return Period(midnight, midnight + timedelta(days=1))


def _at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - the clock on the wall shows no zone
