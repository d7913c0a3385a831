"""The keys of a service: dealt out by weight, kept by a session, resting and coming back by themselves."""

from collections import Counter

from hypothesis import given, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chatcmd.provider.keys import (
    FIRST_ASIDE,
    FIRST_PAUSE,
    LONGEST_ASIDE,
    LONGEST_ASKED,
    LONGEST_PAUSE,
    MOST_SESSIONS,
    KeyPool,
)


def kinds(pool: KeyPool, now: float) -> list[str]:
    return [state.kind for state in pool.states(now)]


def dealt(pool: KeyPool, sessions: int) -> list[int | None]:
    return [pool.choose(f"session {number}", 0) for number in range(sessions)]


def test_sessions_are_dealt_out_in_turn() -> None:
    assert dealt(KeyPool([1, 1, 1]), 6) == [0, 1, 2, 0, 1, 2]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(1, 4))
def test_each_key_gets_its_weight_of_sessions(weights: list[int], rounds: int) -> None:
    found = Counter(dealt(KeyPool(weights), rounds * sum(weights)))
    assert [found[place] for place in range(len(weights))] == [rounds * weight for weight in weights]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 2**16))
def test_a_pool_that_starts_elsewhere_goes_on_as_one_that_has_dealt_so_many(weights: list[int], start: int) -> None:
    all_of_them = dealt(KeyPool(weights), start % sum(weights) + 9)
    assert dealt(KeyPool(weights, start), 9) == all_of_them[-9:]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 30))
def test_whom_the_next_session_is_dealt_is_known_without_dealing(weights: list[int], start: int) -> None:
    pool = KeyPool(weights, start)
    assert pool.next() == pool.next() == pool.choose("new", 0)


def test_a_heavy_key_is_not_asked_many_times_in_a_row() -> None:
    assert dealt(KeyPool([3, 1]), 8) == [0, 0, 1, 0, 0, 0, 1, 0]


@given(st.lists(st.integers(0, 5)))
def test_a_session_stays_with_its_key(asking: list[int]) -> None:
    pool, homes = KeyPool([1, 2, 1]), dict[int, int | None]()
    for session in asking:
        place = pool.choose(str(session), 0)
        assert homes.setdefault(session, place) == place


def test_a_branch_stays_with_the_key_of_its_parent() -> None:
    pool = KeyPool([1, 1])
    assert pool.choose("a", 0) == 0
    pool.inherit("b", "a")
    assert pool.choose("b", 0) == 0
    pool.inherit("c", "nobody")
    assert pool.choose("c", 0) == 1
    pool.inherit("c", "a")
    assert pool.choose("c", 0) == 1


def test_another_key_takes_over_from_one_that_rests_and_keeps_the_session() -> None:
    pool = KeyPool([1, 1])
    assert pool.choose("a", 0) == 0
    pool.cool(0, 0, 30)
    assert pool.choose("a", 1) == 1
    assert pool.choose("a", 31) == 1


def test_a_rest_lasts_as_long_as_the_server_said_else_doubles() -> None:
    pool = KeyPool([1, 1])
    pool.cool(0, 100, 7)
    assert (pool.states(100)[0].kind, pool.states(100)[0].seconds) == ("cooling", 7)
    assert (pool.states(107)[0].kind, pool.states(107)[0].seconds) == ("ready", 0)
    pool.cool(0, 107, 10.0**9)
    assert pool.states(107)[0].seconds == LONGEST_ASKED  # nothing a server says keeps a key away for good
    pool.well(0)
    for number in range(12):
        pool.cool(0, 0)
        assert pool.states(0)[0].seconds == min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)
    pool.well(0)
    pool.cool(0, 0)
    assert pool.states(0)[0].seconds == FIRST_PAUSE


def test_a_refused_key_is_put_aside_longer_each_time_and_tried_again() -> None:
    pool = KeyPool([1, 1])
    for number in range(9):
        pool.put_aside(0, 0)
        assert pool.states(0)[0].kind == "aside"
        assert pool.states(0)[0].seconds == min(LONGEST_ASIDE, FIRST_ASIDE * 2**number)
    assert dealt(pool, 3) == [1, 1, 1]
    assert {pool.choose(f"later {number}", LONGEST_ASIDE) for number in range(3)} == {0, 1}


def test_a_key_alone_is_always_chosen_and_the_soonest_of_several() -> None:
    alone = KeyPool([1])
    alone.put_aside(0, 0)
    assert alone.choose("a", 0) == 0
    assert alone.choose("a", 0, {0}) is None
    several = KeyPool([1, 1, 1])
    for place, seconds in enumerate((30, 10, 20)):
        several.cool(place, 0, seconds)
    assert several.choose("a", 0) == 1
    assert several.choose("a", 0, {1}) is None


def test_as_many_sessions_as_there_may_be_are_remembered_and_no_more() -> None:
    pool = KeyPool([1, 1])
    first = pool.choose("first", 0)
    for number in range(MOST_SESSIONS - 1):
        pool.choose(str(number), 0)
    assert len(pool._homes) == MOST_SESSIONS
    assert pool.choose("first", 0) == first  # and is the newest now
    pool.choose("one more", 0)
    assert len(pool._homes) == MOST_SESSIONS
    assert "first" in pool._homes
    assert "0" not in pool._homes


class Pooled(RuleBasedStateMachine):
    """Whatever happens to the keys: a ready one is preferred, and all are ready again by themselves."""

    @initialize(weights=st.lists(st.integers(1, 5), min_size=1, max_size=4))
    def begin(self, weights: list[int]) -> None:
        self.pool, self.size, self.now = KeyPool(weights), len(weights), 0.0
        self.homes: dict[str, int] = {}

    @rule(seconds=st.floats(0, 1000))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(place=st.integers(0, 3), seconds=st.none() | st.floats(0, 600))
    def is_asked_too_much(self, place: int, seconds: float | None) -> None:
        self.pool.cool(place % self.size, self.now, seconds)

    @rule(place=st.integers(0, 3))
    def is_refused(self, place: int) -> None:
        self.pool.put_aside(place % self.size, self.now)

    @rule(place=st.integers(0, 3))
    def answers(self, place: int) -> None:
        self.pool.well(place % self.size)

    @rule(session=st.sampled_from("abc"), without=st.sets(st.integers(0, 3)))
    def is_chosen(self, session: str, without: set[int]) -> None:
        ready = {place for place, kind in enumerate(kinds(self.pool, self.now)) if kind == "ready"} - without
        place = self.pool.choose(session, self.now, without)
        if place is None:
            assert without
            assert not ready
            return
        assert place in ready or not (ready or without)
        home = self.homes.get(session)
        assert home not in ready or place == home
        self.homes[session] = place

    @invariant()
    def all_come_back(self) -> None:
        if hasattr(self, "pool"):
            assert set(kinds(self.pool, self.now + LONGEST_ASIDE)) == {"ready"}


TestPooled = Pooled.TestCase
