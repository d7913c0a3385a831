"""Processes watched from outside: their time to the end, their time to a text on the screen, their memory."""

import os
import pty
import select
import shutil
import subprocess
import sys
import sysconfig
import termios
import time
from collections.abc import Mapping, Sequence
from math import nan
from pathlib import Path
from types import TracebackType
from typing import Self

PYTHON = sys.executable
CHATCMD = shutil.which("chatcmd", path=sysconfig.get_path("scripts")) or "chatcmd is not installed beside this Python"


def environment(home: Path, **more: str) -> dict[str, str]:
    """Make the surroundings of a measured program: of ours only the search paths."""
    paths = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return paths | {"HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"} | more


def whole(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> float:
    """Run a program to its end, in silence, and return its seconds."""
    began = time.monotonic()
    # Without a timeout: waiting with one looks in every 50 ms, and that is what would be measured.
    done = subprocess.run(argv, env=environ, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    ended = time.monotonic()
    assert done.returncode == 0, f"{argv} ended with {done.returncode}: {done.stderr.decode(errors='replace')}"
    return ended - began


def peak(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> float:
    """Run a program to its end, in silence, and return the bytes that it took at its most.

    A small process starts it: what a large one takes is counted for its children too, until they run something else.
    """
    words = [PYTHON, "-c", _PEAK, *argv]
    done = subprocess.run(words, env=environ, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)


_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


class Watched:
    """A program in a bare pseudo-terminal; leaving the `with` block kills it.

    Bytes are only searched, not drawn: between the program and the clock stands nothing but a read.
    """

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self._seen = b""
        self.began = time.monotonic()
        try:
            self._process = subprocess.Popen(
                argv, env=environ, cwd=folder, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
            )
        except OSError:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def until(self, text: str, timeout: float = 60) -> float:
        """Wait for a text behind the one waited for before; return the time at which it was read."""
        needle, end = text.encode(), time.monotonic() + timeout
        while needle not in self._seen:
            ready = select.select([self._master], [], [], max(0, end - time.monotonic()))[0]
            assert ready, f"{text!r} did not appear in {timeout:g} s after {self._seen[-500:]!r}"
            self._seen += self._read(text)
        at = time.monotonic()
        self._seen = self._seen.partition(needle)[2]
        return at

    def type(self, keys: str) -> float:
        """Type keys; return the time just before."""
        at = time.monotonic()
        os.write(self._master, keys.encode())
        return at

    def memory(self) -> tuple[float, float]:
        """Return the bytes that it takes at its most, and now."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:  # not Linux
            return nan, nan
        return memory_in(status)

    def _read(self, text: str) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError:  # EIO: the program has ended, and nobody else holds its terminal
            raise AssertionError(f"it ended before {text!r}, with {self._seen[-500:]!r}") from None


def memory_in(status: str) -> tuple[float, float]:
    """Read peak and present resident memory, in bytes, off a /proc/PID/status."""
    lines = dict(line.partition(":")[::2] for line in status.splitlines())
    peak, now = (float(lines[name].split()[0]) * 1024 for name in ("VmHWM", "VmRSS"))
    return peak, now
