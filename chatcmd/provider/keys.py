"""Which of several keys a request is sent with (pure: seconds come in as `now`).

New sessions are dealt out in turn, by weight; one session stays with its key, for providers cache prompts by key. A key
that gets too many requests cools down, one that is refused is put aside; both are tried again later by themselves.
"""

from collections.abc import Collection, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds for which a key cools down where the server does not say: the first time, and at most after doubling."""

FIRST_ASIDE, LONGEST_ASIDE = 60.0, 3600.0
"""Seconds for which a refused key is put aside: the first time, and at most after doubling."""

LONGEST_ASKED = 3600.0
"""Seconds for which a key cools down at most, whatever a server asks for: it has to come back by itself."""

MOST_SESSIONS = 10_000
"""Sessions whose key is remembered; who was longest not heard of is dealt one anew."""

Kind = Literal["ready", "cooling", "aside"]


class KeyState(Struct, frozen=True):
    """How a key is: ready, or not before so many seconds have passed; `failures` are those in a row."""

    kind: Kind = "ready"
    seconds: float = 0.0
    failures: int = 0


class KeyPool:
    """The keys of one service by their places, 0 upwards, with a weight of 1 or more for each.

    `start` is how many sessions count as dealt before: a program that is started for each begins elsewhere each time.
    """

    def __init__(self, weights: Sequence[int], start: int = 0) -> None:
        self._weights = tuple(weights)
        self._states = [KeyState() for _ in weights]  # here `seconds` is the time from which on it is ready
        self._credits = [0] * len(self._weights)
        self._homes: dict[str, int] = {}
        for _ in range(start % sum(self._weights)):
            self._deal(range(len(self._weights)))

    def choose(self, session: str, now: float, without: Collection[int] = ()) -> int | None:
        """Choose the key of a session, and keep to it; None when all that are left are not ready.

        Without exceptions there is always one: where none is ready, the one that soonest will be.
        """
        ready = [each for each in range(len(self._weights)) if each not in without and self._is_ready(each, now)]
        if not ready:
            return None if without else self._settle(session, self._soonest(session))
        home = self._homes.get(session)
        return self._settle(session, home if home in ready else self._deal(ready))

    def next(self) -> int:
        """Name the key that the next new session is dealt while all are ready, without dealing it."""
        return self._next(range(len(self._weights)))

    def inherit(self, session: str, parent: str) -> None:
        """Let a new session stay with the key of the one that it branched from: they begin with the same words."""
        if session not in self._homes and parent in self._homes:
            self._settle(session, self._homes[parent])

    def cool(self, place: int, now: float, seconds: float | None = None) -> None:
        """Let a key rest: as long as the server said, within bounds, else longer each time."""
        pause = _doubled(FIRST_PAUSE, LONGEST_PAUSE, self._states[place])
        self._rest(place, "cooling", now, pause if seconds is None else min(seconds, LONGEST_ASKED))

    def put_aside(self, place: int, now: float) -> None:
        """Leave out a key that was refused, longer each time."""
        self._rest(place, "aside", now, _doubled(FIRST_ASIDE, LONGEST_ASIDE, self._states[place]))

    def well(self, place: int) -> None:
        """Take note that a key was answered."""
        self._states[place] = KeyState()

    def states(self, now: float) -> tuple[KeyState, ...]:
        """Tell how each key is now."""
        return tuple(
            replace(each, kind="ready", seconds=0.0)
            if now >= each.seconds
            else replace(each, seconds=each.seconds - now)
            for each in self._states
        )

    def _is_ready(self, place: int, now: float) -> bool:
        return now >= self._states[place].seconds

    def _rest(self, place: int, kind: Kind, now: float, seconds: float) -> None:
        self._states[place] = KeyState(kind, now + seconds, self._states[place].failures + 1)

    def _soonest(self, session: str) -> int:
        """Name the key that is ready first, of equals the session's own."""
        home = self._homes.get(session)
        return min(range(len(self._weights)), key=lambda each: (self._states[each].seconds, each != home))

    def _deal(self, ready: Sequence[int]) -> int:
        """Deal the next key: each gains its weight, and the richest pays for all; so the turns of each are spread."""
        dealt = self._next(ready)
        for each in ready:
            self._credits[each] += self._weights[each]
        self._credits[dealt] -= sum(self._weights[each] for each in ready)
        return dealt

    def _next(self, ready: Sequence[int]) -> int:
        return max(ready, key=lambda each: self._credits[each] + self._weights[each])

    def _settle(self, session: str, place: int) -> int:
        self._homes.pop(session, None)
        self._homes[session] = place
        if len(self._homes) > MOST_SESSIONS:
            del self._homes[next(iter(self._homes))]
        return place


def _doubled(first: float, longest: float, state: KeyState) -> float:
    return float(min(longest, first * 2.0 ** min(state.failures, 30)))
