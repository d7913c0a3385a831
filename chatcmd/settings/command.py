"""A command of the user's that is run for what it prints, and ended with all that it started."""

import os
import select
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Literal

from msgspec import Struct

MOST = 65_536
"""Bytes that are read of what a command prints."""

_TICK = 0.05
"""Seconds between two looks whether it has ended: one that it has started may hold the pipes open for ever."""

_GRACE = 1.0
"""Seconds to end by itself when told to; then it is killed."""


Ending = Literal["itself", "time", "size", "stopped"]


class Outcome(Struct, frozen=True):
    """How a command ended: by itself, or because it took too long, printed too much, or was stopped.

    `code` is its exit code, -n when signal n was its end. `out` and `err` are what it printed, `MOST` bytes at most.
    """

    ended: Ending
    code: int
    out: bytes
    err: bytes

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was its end, told as a program does or as a shell."""
        return self.code in (-signal.SIGINT, 128 + signal.SIGINT)


class Command:
    """One run of a command, without a shell."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._stop = threading.Event()

    def stop(self) -> None:
        """End it, from another thread."""
        self._stop.set()

    def run(self, seconds: float, *, asking: bool) -> Outcome:
        """Run it for so many seconds at most; raises OSError when it cannot be started.

        With `asking` it has the terminal, if there is one, to ask for a password; Ctrl-C then is its own, and ours too.
        Else it runs apart from any.
        """
        terminal = _terminal() if asking else None
        with terminal.lent() if terminal else nullcontext():
            process = subprocess.Popen(  # noqa: S603 - the user's own, and without a shell
                self._words,
                stdin=subprocess.DEVNULL if terminal is None else terminal.descriptor,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=terminal is None,
                process_group=None if terminal is None else 0,
            )
            with process:
                if terminal is not None:
                    terminal.give(process.pid)
                outcome = self._follow(process, time.monotonic() + seconds)
        if terminal is not None and outcome.interrupted:
            os.kill(os.getpid(), signal.SIGINT)
            self._stop.wait(_GRACE)  # whoever listens to it stops us
        return outcome

    def _follow(self, process: subprocess.Popen[bytes], end: float) -> Outcome:
        """Read what it prints until it has ended, or has to."""
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = process.stdout.fileno(), process.stderr.fileno()
        printed = {out: b"", err: b""}
        still_open = [out, err]
        try:
            while (ended := self._to_end(end, printed[out])) is None:
                gone = process.poll() is not None
                ready = select.select(still_open, (), (), 0 if gone else _TICK)[0]
                if gone and not ready:
                    ended = "itself"
                    break
                for pipe in ready:
                    if data := os.read(pipe, MOST):
                        printed[pipe] += data
                    else:
                        still_open.remove(pipe)
                printed[err] = printed[err][-MOST:]
        finally:
            _end(process)
        return Outcome(ended, process.returncode, printed[out], printed[err])

    def _to_end(self, end: float, out: bytes) -> Ending | None:
        """Say why it has to end, if it has to."""
        if self._stop.is_set():
            return "stopped"
        if time.monotonic() > end:
            return "time"
        return "size" if len(out) > MOST else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that has not ended by itself, with its group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
                os.killpg(process.pid, signal.SIGCONT)  # one that is stopped hears nothing else
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)


class _Terminal(Struct):
    """The terminal that we are in the foreground of, and its modes."""

    descriptor: int
    modes: list[Any]

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Set the terminal up for other programs, and take it back as it was."""
        try:
            with suppress(termios.error):  # it has vanished
                # Before any other starts: one that changes the modes by itself first looks how they are.
                termios.tcsetattr(self.descriptor, termios.TCSANOW, _for_lines(self.modes))
            yield
        finally:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})  # else it would stop us
            try:
                with suppress(OSError, termios.error):
                    os.tcsetpgrp(self.descriptor, os.getpgrp())
                    termios.tcsetattr(self.descriptor, termios.TCSANOW, self.modes)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                os.close(self.descriptor)

    def give(self, group: int) -> None:
        """Put a group of processes into the foreground, as a shell does."""
        with suppress(OSError):  # it has ended by now
            os.tcsetpgrp(self.descriptor, group)
            os.killpg(group, signal.SIGCONT)  # it may have asked before the terminal was its own


def _for_lines(modes: list[Any]) -> list[Any]:
    """Give the modes in which a program expects a terminal: a line editor may have taken them away by now."""
    input_, output, control, local, *rest = modes
    local |= termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN
    return [input_ | termios.ICRNL, output | termios.OPOST, control, local, *rest]


def _terminal() -> _Terminal | None:
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    with suppress(OSError, termios.error):
        if os.tcgetpgrp(descriptor) == os.getpgrp():
            return _Terminal(descriptor, termios.tcgetattr(descriptor))
    os.close(descriptor)
    return None
