"""The checks of doctor at once: their order, what takes too long, what breaks, and being stopped."""

import threading
from collections.abc import Iterator

import pytest

from chatcmd.cli.doctor.finding import Check, Finding
from chatcmd.cli.doctor.round import Round


def found(name: str) -> Finding:
    return Finding(name, name, "ok", name)


def check(name: str, *, limit: float = 30, after: threading.Event | None = None, more: str = "") -> Check:
    """Make a check that finds something, waits for an event, and then finds more."""

    def find() -> Iterator[Finding]:
        yield found(name)
        if after is not None:
            after.wait()
        if more:
            yield found(more)

    return Check(name, name, "heading", find, limit)


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """An event that does not come before the test is over."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name == "hung":
            thread.join()


def ids(checks: Round) -> list[tuple[str, str]]:
    return [(each.finding.id, each.finding.status) for each in checks.findings()]


def test_findings_come_in_the_order_of_their_checks_however_they_are_done() -> None:
    gate = threading.Event()

    def second() -> Iterator[Finding]:
        yield found("second")
        gate.set()

    checks = Round([check("first", after=gate, more="first.more"), Check("second", "second", "heading", second, 30)])
    assert ids(checks) == [("first", "ok"), ("first.more", "ok"), ("second", "ok")]


def test_a_finding_is_given_while_its_check_still_looks() -> None:
    gate = threading.Event()
    given = Round([check("first", after=gate, more="rest")]).findings()
    assert next(given).finding.id == "first"
    gate.set()
    assert [each.finding.id for each in given] == ["rest"]


def test_a_check_that_hangs_is_given_up_and_the_others_are_told(never: threading.Event) -> None:
    checks = Round([check("hung", limit=1.5, after=never), check("well")])
    last = list(checks.findings())
    assert [(each.finding.id, each.finding.status) for each in last] == [
        ("hung", "ok"),
        ("hung.time", "failed"),
        ("well", "ok"),
    ]
    assert last[1].finding.value == "no answer in 1.5 seconds; it was given up"


def test_what_was_stopped_is_told_with_all_that_is_known(never: threading.Event) -> None:
    checks = Round([check("hung", after=never), check("well", more="well.more")])
    given = checks.findings()
    assert next(given).finding.id == "hung"
    for thread in threading.enumerate():
        if thread.name == "well":
            thread.join()
    rest = [(each.finding.id, each.finding.status) for each in checks.rest()]
    assert rest == [("hung.time", "skipped"), ("well", "ok"), ("well.more", "ok")]
    assert list(checks.rest()) == []


def test_a_fault_of_ours_in_one_check_leaves_the_others_and_tells_nothing_but_its_kind() -> None:
    def find() -> Iterator[Finding]:
        yield found("before")
        raise ValueError("a question that somebody asked")

    checks = Round([Check("broken", "broken", "heading", find, 30), check("well")])
    told = list(checks.findings())
    assert [(each.finding.id, each.finding.status) for each in told] == [
        ("before", "ok"),
        ("broken.fault", "failed"),
        ("well", "ok"),
    ]
    assert "something went wrong inside chatcmd (ValueError)" in told[1].finding.value
    assert "somebody" not in told[1].finding.value


def test_whoever_waits_is_told_how_far_it_has_come() -> None:
    seen: set[tuple[int, int]] = set()
    gate = threading.Event()

    def waits(done: int, total: int) -> None:
        seen.add((done, total))
        if done == 1:
            gate.set()

    assert ids(Round([check("slow", after=gate), check("well")], waits)) == [("slow", "ok"), ("well", "ok")]
    assert (1, 2) in seen
