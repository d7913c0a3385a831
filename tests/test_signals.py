"""Signals that come while work is under way: it stops, and keeps what it has."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chatcmd.errors import Exit
from chatcmd.signals import Leave, Signals

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


@contextmanager
def listening() -> Iterator[Signals]:
    signals = Signals(interrupt_leaves=False)
    signals.listen()
    try:
        yield signals
    finally:
        for number in HEARD:
            asyncio.get_running_loop().remove_signal_handler(number)


async def heard(number: int) -> None:
    """Send this process a signal, and wait until the loop has told whoever listens."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told.set)
    signal.raise_signal(number)
    signal.raise_signal(signal.SIGUSR1)  # which is told of after the other
    await told.wait()


async def keeping(*signals_meanwhile: int) -> str:
    """Be stopped, and keep what there is, which takes a moment in which more signals come."""
    try:
        await heard(signal.SIGINT)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        for number in signals_meanwhile:
            await heard(number)
    return "kept"


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_another_ctrl_c_does_not_stop_what_keeps_an_answer(times: int) -> None:
    with listening() as signals:
        assert await signals.guard(keeping(*[signal.SIGINT] * times)) == "kept"


async def test_signal_that_ends_the_chat_lets_a_stopped_answer_be_kept_before() -> None:
    kept = []

    async def work() -> None:
        kept.append(await keeping(signal.SIGTERM))

    with listening() as signals:
        with pytest.raises(Leave) as leave:
            await signals.guard(work())
        assert leave.value.exit_code == Exit.TERMINATED
    assert kept == ["kept"]
