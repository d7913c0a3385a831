"""A chat between pipes, talked with line by line."""

import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from tests import warm
from tests.terminal_driver import _environment


class PipeChat:
    """A running program; `shown` is what it wrote so far, notes included, `times` when how much of it was there.

    Leaving the `with` block ends it.
    """

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        self.shown = b""
        self.times: list[tuple[int, float]] = []
        self._changed = threading.Condition()
        self._ended = False
        self._home = tempfile.TemporaryDirectory()
        self._process = _started(argv, _environment(self._home.name, env), self._home.name)
        self._reader = threading.Thread(target=self._read, name="chat-read", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._home.cleanup()

    @property
    def text(self) -> str:
        with self._changed:
            return self.shown.decode(errors="replace")

    @property
    def pid(self) -> int:
        return self._process.pid

    def lines(self, *texts: str) -> None:
        """Write lines to it; one that has ended does not read them."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("".join(f"{text}\n" for text in texts).encode())
        except BrokenPipeError:
            return

    def expect(self, text: str, timeout: float = 60) -> int:
        """Wait until it has written a text, and return how many bytes it had written by its end."""
        self.expect_any(text, timeout=timeout)
        with self._changed:
            found = self.shown.find(text.encode())
        assert found >= 0, f"{text!r} did not appear, the program has ended\n{self.text}"
        return found + len(text.encode())

    def expect_any(self, *texts: str, timeout: float = 60) -> None:
        """Wait until it has written one of these, or ended."""
        with self._changed:
            met = self._changed.wait_for(lambda: self._ended or any(text in self.text for text in texts), timeout)
        assert met, f"{texts} did not appear in {timeout} s\n{self.text}"

    def expect_size(self, size: int, timeout: float = 60) -> None:
        """Wait until it has written so many bytes, or ended."""
        with self._changed:
            met = self._changed.wait_for(lambda: self._ended or len(self.shown) >= size, timeout)
        assert met, f"{len(self.shown)} of {size} bytes came in {timeout} s\n{self.text}"

    def end_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def finish(self, timeout: float = 60) -> int:
        """End its input, and return its exit code once it has ended and all was read."""
        self.end_input()
        return self.wait(timeout)

    def wait(self, timeout: float = 60) -> int:
        code = self._process.wait(timeout)
        self._reader.join()
        return code

    def kill(self) -> int:
        """Send SIGKILL, and return the exit code: -9 unless it had ended before."""
        self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while data := self._process.stdout.read(65536):
            with self._changed:
                self.shown += data
                self.times.append((len(self.shown), time.monotonic()))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _started(argv: Sequence[str], environ: Mapping[str, str], cwd: str) -> subprocess.Popen[bytes] | warm.Program:
    if warm.starter.fits(argv, environ):
        return warm.Program(warm.Orders(argv, environ, cwd))
    pipe = subprocess.PIPE
    return subprocess.Popen(
        argv,
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        bufsize=0,
        cwd=cwd,
        env=environ,
        start_new_session=True,
    )
