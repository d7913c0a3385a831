"""Slow work beside the loop: what is asked last counts, and what nobody waits for ends."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from chatcmd.errors import HistoryError
from chatcmd.terminal.pick import Abandoned, Pulse
from chatcmd.terminal.worker import Worker, beside


class Listener:
    """Takes what a worker gives, tells and fails, in order; `until` waits until one came."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        self._came = asyncio.Event()

    def take(self, given: object) -> None:
        self.heard.append(given)
        self._came.set()

    async def until(self, given: object) -> None:
        while given not in self.heard:
            self._came.clear()
            await self._came.wait()


def spin(pulse: Pulse, abandoned: threading.Event, sentence: str = "") -> None:
    """Work without end, until nobody waits for it."""
    try:
        while True:
            pulse(sentence)
    except Abandoned:
        abandoned.set()
        raise


async def test_newest_question_wins_over_one_that_is_still_worked_at() -> None:
    listener, began, abandoned = Listener(), threading.Event(), threading.Event()
    worker = Worker(listener.take, listener.take)

    def endless(pulse: Pulse) -> Iterator[str]:
        began.set()
        spin(pulse, abandoned)
        yield "never"

    worker.ask(endless, listener.take)
    await asyncio.to_thread(began.wait)
    worker.ask(lambda _pulse: iter(["new"]), listener.take)
    await listener.until("new")
    assert abandoned.is_set()
    assert listener.heard == ["new"]
    worker.close()


async def test_work_that_serves_every_question_goes_on_until_all_is_left() -> None:
    listener, asked, abandoned = Listener(), threading.Event(), threading.Event()
    worker = Worker(listener.take, listener.take)

    def indexing(pulse: Pulse) -> Iterator[str]:
        pulse("half of it")
        asked.wait()
        pulse("all of it")  # although something else was asked by now
        yield "old"

    worker.ask(indexing, listener.take)
    await listener.until("half of it")
    worker.ask(lambda _pulse: iter(["new"]), listener.take)
    asked.set()
    await listener.until("new")
    assert listener.heard == ["half of it", "new"]

    def left(pulse: Pulse) -> Iterator[str]:
        yield "begun"
        spin(pulse, abandoned, "more")

    worker.ask(left, listener.take)
    await listener.until("begun")
    closed = threading.Event()
    worker.close(closed.set)
    assert await asyncio.to_thread(closed.wait, 10)
    assert abandoned.is_set()


@pytest.mark.parametrize(
    ("error", "told"), [(HistoryError("it cannot be read"), "it cannot be read"), (ZeroDivisionError("x"), "ZeroDiv")]
)
async def test_what_goes_wrong_is_told(error: Exception, told: str) -> None:
    failed = asyncio.get_running_loop().create_future()
    worker = Worker(lambda _sentence: None, failed.set_result)

    def work(_pulse: Pulse) -> Iterator[str]:
        raise error

    worker.ask(work, lambda _given: None)
    assert told in await failed
    worker.close()


async def test_cancelled_work_ends_at_its_next_pulse() -> None:
    began, ended = threading.Event(), threading.Event()

    def work(pulse: Pulse) -> None:
        began.set()
        spin(pulse, ended)

    task = asyncio.create_task(beside(work, lambda _sentence: None))
    await asyncio.to_thread(began.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 10)


async def test_work_beside_the_loop_tells_how_far_it_is() -> None:
    listener = Listener()

    def work(pulse: Pulse) -> int:
        pulse("half")
        return 7

    assert await beside(work, listener.take) == 7
    await listener.until("half")
