"""How long is waited before another try: growing, within limits, and as a server asks where that is bearable."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from chatcmd.provider.pause import FIRST, JITTER, TRIES, pause, retry_after
from chatcmd.provider.request import BRIEF, LONG

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def test_the_pauses_double_and_jitter_only_shortens_them() -> None:
    assert [pause(tries, 0, None, BRIEF, 0) for tries in (1, 2, 3)] == [0.5, 1.0, None]
    assert [pause(tries, 0, None, BRIEF, 1) for tries in (1, 2)] == [0.375, 0.75]


@given(
    st.integers(1, 9),
    st.floats(0, 200),
    st.none() | st.floats(0, 1000),
    st.sampled_from([BRIEF, LONG]),
    st.floats(0, 1),
)
def test_no_rule_is_ever_broken(tries: int, waited: float, said: float | None, patience: float, chance: float) -> None:
    seconds = pause(tries, waited, said, patience, chance)
    if seconds is None:
        return
    assert tries < TRIES
    assert waited + seconds <= (BRIEF if said is None else patience)
    assert seconds == said if said is not None else seconds >= FIRST * (1 - JITTER)


# What the server asks for, in a pipe and at a terminal.
ASKED = [(0, 0, 0), (8, 8, 8), (8.5, None, 8.5), (90, None, 90), (120, None, 120), (121, None, None), (600, None, None)]


@pytest.mark.parametrize(("said", "in_a_pipe", "at_a_terminal"), ASKED)
def test_a_long_wait_is_only_for_those_who_see_it(said: float, in_a_pipe: float, at_a_terminal: float) -> None:
    assert (pause(1, 0, said, BRIEF, 0), pause(1, 0, said, LONG, 0)) == (in_a_pipe, at_a_terminal)


HEADERS = [
    ({}, None),
    ({"retry-after": "2"}, 2),
    ({"retry-after": " 2.5 "}, 2.5),
    ({"retry-after": "0"}, 0),
    ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
    ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
    ({"retry-after": "-1"}, None),
    ({"retry-after": "1e3"}, None),
    ({"retry-after": "٣"}, None),
    ({"retry-after": "nan"}, None),
    ({"retry-after": "9" * 400}, None),
    ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30),
    ({"retry-after": "Sat, 21 Nov 2026 12:00:30 -0000"}, 30),
    ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0),
    ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT", "date": "Sat, 21 Nov 2026 12:00:20 GMT"}, 10),
    ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT", "date": "yesterday"}, None),
    ({"retry-after": "Sat, 99 Nov 2026 12:00:30 GMT"}, None),
    ({"retry-after": "Wed, 21 Oct 2026"}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), HEADERS)
def test_the_wait_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text(max_size=40)))
def test_no_header_is_a_fault(headers: dict[str, str]) -> None:
    seconds = retry_after(headers, NOW)
    assert seconds is None or seconds >= 0
