"""Signals: Ctrl-C stops what is under way, SIGTERM and SIGHUP end the program with everything saved."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from chatcmd.errors import Exit

T = TypeVar("T")

_LEAVING = {signal.SIGTERM: Exit.TERMINATED, signal.SIGHUP: Exit.HANGUP}


class Leave(Exception):
    """The program is to end, saving what is live."""

    def __init__(self, exit_code: Exit = Exit.DONE) -> None:
        super().__init__()
        self.exit_code = exit_code


class Stopped(Exception):
    """Ctrl-C stopped the work before it had anything to give."""


class Signals:
    """Listens for the program's whole life; `interrupt_leaves` is for a run that nobody is typing at."""

    def __init__(self, *, interrupt_leaves: bool) -> None:
        self._interrupt_leaves = interrupt_leaves
        self._leaving: Exit | None = None
        self._task: asyncio.Task[Any] | None = None
        self._stopping = self._cancelled = False

    def listen(self) -> None:
        """Take the signals, once; the line editor leaves Ctrl-C to us."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        for number, code in _LEAVING.items():
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                loop.add_signal_handler(number, self._leave, code)

    async def guard(self, work: Coroutine[Any, Any, T]) -> T:
        """Do work that a signal may end; raises Leave or Stopped when one did and the work was not done."""
        self._stopping = self._cancelled = False
        self._task = asyncio.ensure_future(work)
        if self._leaving is not None:
            self._cancel()
        try:
            done: T = await self._task
        except asyncio.CancelledError:
            if self._leaving is None and self._stopping:
                raise Stopped from None
            raise Leave(self._leaving or Exit.TERMINATED) from None
        finally:
            self._task = None
        if self._leaving is not None:
            raise Leave(self._leaving)
        return done

    def _interrupt(self) -> None:
        if self._interrupt_leaves:
            self._leave(Exit.INTERRUPTED)
        else:
            self._stopping = True
            self._cancel()

    def _leave(self, code: Exit) -> None:
        self._leaving = self._leaving or code
        self._cancel()

    def _cancel(self) -> None:
        """Stop the work, once: another time would stop it from keeping what it has."""
        if self._task is not None and not self._cancelled:
            self._cancelled = True
            self._task.cancel()
