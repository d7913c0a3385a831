"""The page of statistics: its charts show what was asked, and no name becomes more than text."""

import re

import pytest
from hypothesis import given, strategies as st

from chatcmd.conversation.price import Price
from chatcmd.history.asked import Asked
from chatcmd.history.export.html.span import MOST, spans
from chatcmd.history.export.html.statistics import HEIGHT, statistics
from tests.hostile import HOSTILE
from tests.pages import SCRIPTS, Reader

ROWS = [
    Asked("老表", "gpt-4o", "gpt-4o", "2026-11-18", 2, 3000, 1000, 0, 1),
    Asked("老表", "local", "local", "2026-11-20", 1, 0, 0, 1, 0),
    Asked("bob", "gpt-4o", "gpt-4o", "2026-11-20", 3, 900, 100, 0, 0),
]


def price(row: Asked) -> Price | None:
    return Price(2.5, 10.0, caches=True) if row.model == "gpt-4o" else None


def test_it_shows_what_was_asked_and_what_it_cost() -> None:
    page = statistics(ROWS, price)
    reader = Reader(page)
    assert reader.faults == []
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page.partition("<main>")[2].partition("<script>")[0]))
    for sentence in (
        "turns 6 first day 2026-11-18 last day 2026-11-20 tokens 3,900 + 1,100 cost &lt;=$0.0208 + $? not counted 1",
        "2026-11-18: 2 2026-11-20: 4",  # what stands over the columns
        "2026-11-18 2 2026-11-19 0 2026-11-20 4",
        "model cost turns prompt answer gpt-4o &lt;=$0.0208 5 3,900 1,100 local not counted 1 - -",
        "user cost turns prompt answer 老表 &lt;=$0.0175 + $? 3 3,000 1,000 bob $0.0032 3 900 100",
    ):
        assert sentence in text, sentence


def test_columns_are_as_high_as_their_share() -> None:
    page = statistics(ROWS, price)
    heights = [
        float(each)
        for each in re.findall(r'class="second" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)"', page)
    ]
    assert heights == [HEIGHT / 2, HEIGHT]


def test_bars_of_prompt_and_answer_are_as_long_as_their_share() -> None:
    bars = re.findall(r'<rect (?:x="([\d.]+)" )?width="([\d.]+)" height="10"', statistics(ROWS, price))
    assert bars[:2] == [("", "780.00"), ("780.00", "220.00")]
    assert bars[4:6] == [("", "750.00"), ("750.00", "250.00")]
    assert bars[6:] == [("", "225.00"), ("225.00", "25.00")]


@pytest.mark.parametrize("name", [*SCRIPTS, *HOSTILE])
def test_no_name_becomes_more_than_text(name: str) -> None:
    text = (SCRIPTS | HOSTILE)[name]
    assert Reader(statistics([Asked(text, text, text, "2026-11-20", 1, 5, 5)], lambda _: None)).faults == []


def test_a_page_of_nothing_is_a_page() -> None:
    for rows in ([], [Asked("u", "m", "m", "", 1)]):
        reader = Reader(statistics(rows, lambda _: None))
        assert reader.faults == []
        assert "Questions per" not in reader.text


@pytest.mark.parametrize(
    ("days", "title", "labels"),
    [
        ({"2026-11-20": 1}, "day", ["2026-11-20"]),
        ({"2026-01-01": 1, "2026-04-30": 2}, "day", ["2026-01-01", "2026-04-30"]),
        ({"2026-01-01": 1, "2026-05-01": 2}, "week", ["2025-12-29", "2026-04-27"]),
        ({"2020-02-03": 1, "2026-11-20": 2}, "month", ["2020-02", "2026-11"]),
        ({"1970-01-01": 1, "2026-11-20": 2}, "year", ["1970", "2026"]),
        ({"0001-01-01": 1, "9999-12-31": 2}, "year", ["0001", "9999"]),
    ],
)
def test_many_days_become_weeks_months_and_years(days: dict[str, int], title: str, labels: list[str]) -> None:
    made = spans(days)
    assert made[0].title == f"Questions per {title}"
    assert [made[0].label, made[-1].label] == (labels * 2)[:2] if len(labels) == 1 else labels
    assert [each.count for each in made if each.count] == list(days.values())


DATES = st.dates().map(lambda day: day.isoformat())


@given(st.dictionaries(DATES, st.integers(1, 9), min_size=1, max_size=20))
def test_spans_lose_no_question_and_are_in_order(days: dict[str, int]) -> None:
    made = spans(days)
    assert sum(each.count for each in made) == sum(days.values())
    assert [each.label for each in made] == sorted({each.label for each in made})
    assert len(made) <= MOST or made[0].title == "Questions per year"
