"""Dates as a person types them, by the clock on the wall."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from hypothesis import given, strategies

from chatcmd.cli.period import period, utc
from chatcmd.errors import UsageError

TODAY = date(2026, 11, 20)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Go to another time zone."""

    def go(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    before = os.environ.get("TZ")
    yield go
    if before is None:
        monkeypatch.delenv("TZ", raising=False)
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


DAY = ("2026-11-19T16:00:00.000Z", "2026-11-20T16:00:00.000Z")
READ = {
    "2026-11-20": DAY,
    "2026/11/20": DAY,
    " 2026年11月20日 ": DAY,
    "today": DAY,
    "Today": DAY,
    "今天": DAY,
    "0d": DAY,
    "yesterday": ("2026-11-18T16:00:00.000Z", "2026-11-19T16:00:00.000Z"),
    "昨天": ("2026-11-18T16:00:00.000Z", "2026-11-19T16:00:00.000Z"),
    "7d": ("2026-11-12T16:00:00.000Z", "2026-11-13T16:00:00.000Z"),
    "7 days ago": ("2026-11-12T16:00:00.000Z", "2026-11-13T16:00:00.000Z"),
    "7 天前": ("2026-11-12T16:00:00.000Z", "2026-11-13T16:00:00.000Z"),
    "2w": ("2026-11-05T16:00:00.000Z", "2026-11-06T16:00:00.000Z"),
    "2026-11": ("2026-10-31T16:00:00.000Z", "2026-11-30T16:00:00.000Z"),
    "2026-12": ("2026-11-30T16:00:00.000Z", "2026-12-31T16:00:00.000Z"),
    "2026年2月": ("2026-01-31T16:00:00.000Z", "2026-02-28T16:00:00.000Z"),
    "2026": ("2025-12-31T16:00:00.000Z", "2026-12-31T16:00:00.000Z"),
    "2026-11-20 21:30": ("2026-11-20T13:30:00.000Z", "2026-11-20T13:31:00.000Z"),
    "2026-11-20T00:00": ("2026-11-19T16:00:00.000Z", "2026-11-19T16:01:00.000Z"),
}


@pytest.mark.parametrize("text", READ)
def test_a_date_is_from_its_beginning_up_to_its_end(text: str, at: Callable[[str], None]) -> None:
    at("Asia/Shanghai")
    found = period(text, TODAY)
    assert (utc(found.begin), utc(found.end)) == READ[text]


def test_a_day_on_which_the_clock_is_set_has_the_hours_that_it_has(at: Callable[[str], None]) -> None:
    at("America/New_York")
    found = period("2026-03-08", TODAY)
    assert (utc(found.begin), utc(found.end)) == ("2026-03-08T05:00:00.000Z", "2026-03-09T04:00:00.000Z")


REFUSED = (
    *("", " ", "x", "2026-13", "2026-00", "2026-02-30", "2026-11-00", "20261120", "26-11-20", "9999", "9999-12"),
    *("2026-11-20 25:00", "2026-11-20 12:60", "-7d", "7", "7m", "999999d", "9999999d", "999999w", "tomorrow"),
)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_date_is_one_sentence(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        period(text, TODAY)
    assert f"{text!r} is no date; write it like 2026-11-20" in str(refused.value)


@given(strategies.text(alphabet="0123456789-/dw年月日: T today", max_size=16))
def test_any_text_is_a_span_of_time_or_refused(text: str) -> None:
    try:
        found = period(text, TODAY)
    except UsageError:
        return
    assert found.begin < found.end
    assert utc(found.begin) < utc(found.end)
