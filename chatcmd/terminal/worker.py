"""Slow work beside the loop, that ends soon after nobody waits for it any more."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from chatcmd.errors import ChatcmdError, OurFault
from chatcmd.terminal.pick import Abandoned, Pulse

T = TypeVar("T")


class Worker:
    """A thread that is asked for one thing after the other: only what is asked last counts.

    `tell` is given the sentences of its pulse, and `fail` what went wrong; both are called in the loop.
    """

    def __init__(self, tell: Callable[[str], None], fail: Callable[[str], None]) -> None:
        self._tell, self._fail = tell, fail
        self._loop = asyncio.get_running_loop()
        self._executor = ThreadPoolExecutor(1, "worker")
        self._newest = 0
        self._closed = False

    def ask(self, work: Callable[[Pulse], Iterator[T]], take: Callable[[T], None]) -> None:
        """Have `take` called in the loop with all that the work gives, unless something else is asked for."""
        self._newest += 1
        self._executor.submit(self._do, self._newest, work, take)

    def close(self, finish: Callable[[], None] = lambda: None) -> None:
        """Let go of what is under way; the thread comes to its end by itself, with `finish`."""
        self._closed = True
        self._executor.submit(finish)
        self._executor.shutdown(wait=False)

    def _do(self, number: int, work: Callable[[Pulse], Iterator[T]], take: Callable[[T], None]) -> None:
        def pulse(sentence: str = "") -> None:
            if self._closed or (not sentence and number != self._newest):
                raise Abandoned
            if sentence:
                self._post(number, self._tell, sentence)

        try:
            pulse()
            for found in work(pulse):
                self._post(number, take, found)
        except Abandoned:
            pass
        except Exception as fault:  # whatever it is, the person who waits is told
            error = fault if isinstance(fault, ChatcmdError) else OurFault(fault, "looking for something")
            self._post(number, self._fail, str(error))

    def _post(self, number: int, call: Callable[[Any], None], given: object) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._deliver, number, call, given)

    def _deliver(self, number: int, call: Callable[[Any], None], given: object) -> None:
        if not self._closed and number == self._newest:
            call(given)


async def beside(work: Callable[[Pulse], T], tell: Callable[[str], None]) -> T:
    """Do slow work in a thread; being cancelled abandons it. `tell` is given the sentences of its pulse."""
    loop = asyncio.get_running_loop()
    left = False

    def pulse(sentence: str = "") -> None:
        if left:
            raise Abandoned
        if sentence:
            loop.call_soon_threadsafe(tell, sentence)

    try:
        return await asyncio.to_thread(work, pulse)
    finally:
        left = True
