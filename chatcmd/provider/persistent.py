"""A service with all the ways to it: tried again while a failure may pass, and another way taking over.

Both only before the first word: what has been shown is never taken back, nor asked and paid for twice.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from time import monotonic

from chatcmd.conversation.reply import Delta
from chatcmd.errors import Forbidden, KeyRefused, ProviderError, QuotaUsedUp, RateLimited
from chatcmd.language import _
from chatcmd.provider.keys import KeyPool, KeyState
from chatcmd.provider.pause import TRIES, pause
from chatcmd.provider.request import Provider, Request
from chatcmd.settings.settings import Service
from chatcmd.settings.url import host_of

Connect = Callable[[Service], Awaitable[Provider]]

_REFUSED = (KeyRefused, Forbidden, QuotaUsedUp)
_OF_THE_KEY = (*_REFUSED, RateLimited)


class Persistent:
    """Answers by whichever of its services can; `connect` reaches one of them, with `start` the keys are dealt."""

    def __init__(self, services: Sequence[Service], connect: Connect, start: int = 0) -> None:
        self._services = tuple(services)
        self._connect = connect
        self._pool = KeyPool([service.weight for service in services], start)

    def states(self) -> tuple[tuple[Service, KeyState], ...]:
        """Tell how each way is now."""
        return tuple(zip(self._services, self._pool.states(monotonic()), strict=True))

    def way_of(self, session: str, parent: str | None = None) -> Service:
        """Choose the way of a session before it asks; `parent` is the one that it branched from."""
        if parent is not None:
            self._pool.inherit(session, parent)
        return self._services[self._pool.choose(session, monotonic()) or 0]

    def next_way(self) -> Service:
        """Tell which way a session that has not begun will go."""
        return self._services[self._pool.next()]

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Yield the answer, and before another try a delta that says why and when.

        Raises ProviderError, and UsageError where a way that is to take over has a proxy that cannot be used.
        """
        tries, waited = 1, 0.0
        failures: dict[int, ProviderError] = {}  # since the last pause, by the place of the way
        place = self._pool.choose(request.session, monotonic()) or 0
        while True:
            begun = False
            try:
                provider = await self._connect(self._services[place])
                async with aclosing(provider.stream(request)) as deltas:
                    async for delta in deltas:
                        begun = begun or bool(delta.text or delta.reasoning)
                        yield delta
            except ProviderError as failure:
                failures[place] = failure
                self._rest(place, failure)
                if begun:
                    raise
                other = self._pool.choose(request.session, monotonic(), self._hopeless(failures))
                if other is not None:
                    yield Delta(notice=self._taken_over(place, other, failure), again_in=0.0)
                    place = other
                    continue
                seconds = self._pause(tries, waited, failures, request.patience)
                if seconds is None:
                    raise
            else:
                self._pool.well(place)
                return
            tries, waited = tries + 1, waited + seconds
            passing = [failure for failure in failures.values() if failure.passing]
            yield Delta(notice=_again(passing[-1], seconds, tries), again_in=seconds)
            await asyncio.sleep(seconds)
            failures.clear()
            place = self._pool.choose(request.session, monotonic()) or 0

    async def close(self) -> None:
        """Leave the connections to whoever made them."""

    def _rest(self, place: int, failure: ProviderError) -> None:
        """Let a way rest that cannot answer now, so that the next question goes another one, if there is one."""
        if isinstance(failure, _REFUSED):
            self._pool.put_aside(place, monotonic())
        elif failure.passing:
            self._pool.cool(place, monotonic(), failure.retry_after)

    def _hopeless(self, failures: Mapping[int, ProviderError]) -> set[int]:
        """Name the ways that need not be tried: what is no matter of a key fails with every key of the same address."""
        hopeless = set(failures)
        for place, failure in failures.items():
            if not isinstance(failure, _OF_THE_KEY):
                hopeless |= {each for each in range(len(self._services)) if self._is_beside(place, each, failure)}
        return hopeless

    def _is_beside(self, place: int, other: int, failure: ProviderError) -> bool:
        mine, theirs = self._services[place], self._services[other]
        return not failure.passing or (mine.base_url, mine.proxy) == (theirs.base_url, theirs.proxy)

    def _pause(self, tries: int, waited: float, failures: Mapping[int, ProviderError], patience: float) -> float | None:
        """Say how long to wait for the way that is well first; None when none will be, or not soon."""
        passing = {place: failure.retry_after for place, failure in failures.items() if failure.passing}
        if not passing:
            return None
        said = [seconds for seconds in passing.values() if seconds is not None]
        said += [
            state.seconds
            for place, state in enumerate(self._pool.states(monotonic()))
            if state.kind == "cooling" and place not in failures
        ]
        named = min(said) if said and (None not in passing.values()) else None
        return pause(tries, waited, named, patience, random.random())  # noqa: S311 - spreads tries, hides nothing

    def _taken_over(self, place: int, other: int, failure: ProviderError) -> str:
        sentence = _("{failure}; the key {key} (from {place}) takes over")
        key = self._services[other].key
        if key is None or self._services[place].base_url != self._services[other].base_url:
            sentence, key = _("{failure}; {host} takes over"), None
        return sentence.format(
            failure=failure.what,
            key=key.secret.masked if key else "",
            place=key.origin if key else "",
            host=host_of(self._services[other].base_url),
        )


def _again(failure: ProviderError, seconds: float, tries: int) -> str:
    sentence = _("{failure}; asked again in {seconds:g} s (try {tries} of {most})")
    return sentence.format(failure=failure.what, seconds=round(seconds, 1), tries=tries, most=TRIES)
