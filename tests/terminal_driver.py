"""A program in a pseudo-terminal, or between pipes, driven and watched as its user would."""

import codecs
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte

from tests import warm
from tests.canary import canary

PYTHON = sys.executable
CHATCMD = [PYTHON, "-m", "chatcmd"]

_ROOT = Path(__file__).resolve().parent.parent

# The kernel resets a terminal when its session leader ends. So that the modes which a program leaves can be
# seen, something else leads the session, as a shell would: it opens the terminal, starts the program, reports
# its own process id, the program's and its wait status, and stays until told to go. Handlers, unlike SIG_IGN,
# are not inherited.
_LEADER = """
import os, signal, sys
for number in signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP:
    signal.signal(number, lambda *_: None)
control, terminal = int(sys.argv[1]), os.open(sys.argv[2], os.O_RDWR)
os.set_inheritable(control, False)
for number in range(3):
    os.dup2(terminal, number)
os.close(terminal)
pid = os.posix_spawnp("env", sys.argv[3:], os.environ, setsigdef=[signal.SIGPIPE, signal.SIGXFSZ])
os.write(control, b"%d %d\\n" % (os.getpid(), pid))
os.write(control, b"%d\\n" % os.waitpid(pid, 0)[1])
os.read(control, 1)
"""
# Written to the terminal after the program's end: what comes before it is all that the program wrote.
_MARK = b"\x1b]end of output\x07"

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC
    r"|[PX^_][^\x1b]*\x1b\\"  # DCS, SOS, PM, APC
    r"|[ -/]*[0-OQ-WYZ\\`a-~])"  # the short ones
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*)?\Z")
# pyte raises on most private sequences other than modes and erasing, which real terminals ignore.
_UNKNOWN_TO_PYTE = re.compile(r"\x1b\[[<=>][0-?]*[ -/]*[@-~]|\x1b\[\?[0-?]*(?:[ -/]+[@-~]|[@-IL-gi-km-~])")
_UNSEEN = str.maketrans(dict.fromkeys("\r\x07\x00\x0e\x0f"))


@dataclass(frozen=True)
class Finished:
    """What a program left: exit code (-n when signal n ended it), and its output, decoded and as it was."""

    code: int
    out: str
    err: str
    out_bytes: bytes


def run(
    argv: Sequence[str],
    stdin: bytes = b"",
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    timeout: float = 30,
) -> Finished:
    """Run a program between pipes to its end."""
    canary.given(env or {})
    with tempfile.TemporaryDirectory() as home:
        environ = _environment(home, env)
        if warm.starter.fits(argv, environ):
            orders = warm.Orders(argv, environ, str(cwd or home))
            code, out, err = warm.run(orders, stdin, timeout)
        else:
            done = subprocess.run(
                argv,
                input=stdin,
                env=environ,
                cwd=cwd or home,
                timeout=timeout,
                capture_output=True,
                check=False,
                start_new_session=True,  # the terminal of whoever runs the tests is none of the program's
            )
            code, out, err = done.returncode, done.stdout, done.stderr
    canary.heard(out, err, " ".join(map(str, argv)))
    return Finished(code, out.decode(errors="replace"), err.decode(errors="replace"), out)


class Terminal:
    """A program in a terminal of its own; leaving the `with` block ends it and leaves nothing behind.

    The program sees PATH, a HOME of its own, TERM, LANG, and `env`; its folder is `cwd`, else that home. The
    terminal answers no queries, so prompt_toolkit is told not to ask for the cursor's position.

    `bytes` is everything written so far; `screen` and `text` are what a user would see now; `first_modes` are
    the terminal's settings before the program started, to be compared with `modes()`; `pid` is the program's, and
    `session` that of the session which it is in, and of what leads it; `home` is its home.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        rows: int = 24,
        columns: int = 80,
    ) -> None:
        canary.given(env or {})
        canary.heard(" ".join(argv))
        self.bytes = b""
        self.code: int | None = None
        self._display = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._display)
        self._undrawn = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._clean = ""
        self._matched = 0
        self._ended = False
        self._changed = threading.Condition()
        self._home = tempfile.TemporaryDirectory()
        self.home = self._home.name
        self._master, self._slave = pty.openpty()
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._master, False)
        termios.tcsetwinsize(self._master, (rows, columns))
        self.first_modes = self._modes = termios.tcgetattr(self._slave)
        self._reader = threading.Thread(target=self._read, name="terminal-read", daemon=True)
        self._waiter = threading.Thread(target=self._await_end, name="terminal-wait", daemon=True)
        self._reader.start()
        self._leader: subprocess.Popen[bytes] | None = None
        try:
            self._control = self._start(argv, _environment(self._home.name, env), str(cwd or self._home.name))
        except OSError:
            os.close(self._slave)
            self._vanish()
            self._home.cleanup()
            raise
        self._reports = self._control.makefile("rb")
        self.session, self.pid = map(int, self._reports.readline().split())
        self._waiter.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def screen(self) -> list[str]:
        with self._changed:
            self._draw()
            return [line.rstrip() for line in self._display.display]

    @property
    def text(self) -> str:
        return "\n".join(self.screen).rstrip()

    @property
    def output(self) -> str:
        """Everything written so far as text, without escape sequences, carriage returns and bells."""
        with self._changed:
            return self._clean

    def send(self, keys: str | bytes, timeout: float = 10) -> None:
        """Type keys; a program that reads none of them for so long is a failure."""
        left = keys.encode("utf-8", "surrogateescape") if isinstance(keys, str) else keys
        while left:
            ready = select.select([], [self._master], [], timeout)[1]
            assert ready, self._explain("The program does not read its terminal")
            with suppress(BlockingIOError):
                left = left[os.write(self._master, left) :]

    def line(self, text: str) -> None:
        """Type a line and Enter."""
        self.send(text + "\r")

    def paste(self, text: str) -> None:
        """Paste as a terminal does in bracketed mode, which sends Enter for every line end."""
        self.send("\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~")

    def expect(self, needle: str | re.Pattern[str], timeout: float = 10) -> re.Match[str]:
        """Wait until the needle appears in the output after the last match, and return the match.

        A sentence may be broken into lines at its blanks.
        """
        pattern = re.compile(r"\s+".join(map(re.escape, re.split(" +", needle)))) if isinstance(needle, str) else needle
        found: re.Match[str] | None = None

        def seen() -> bool:
            nonlocal found
            found = pattern.search(self._clean, self._matched)
            return found is not None

        with self._changed:
            self._wait(seen, timeout)
            assert found, self._explain(f"{needle!r} did not appear")
            self._matched = found.end()
            return found

    def expect_screen(self, predicate: Callable[[str], bool], timeout: float = 10) -> str:
        """Wait until the visible text is as described, and return it."""
        with self._changed:
            self._wait(lambda: predicate(self.text), timeout)
            assert predicate(self.text), self._explain("The screen did not become as expected")
            return self.text

    def wait_for(self, met: Callable[[], bool], timeout: float = 10) -> None:
        """Wait until something about what was written is true, or the output has ended, or time is up."""
        with self._changed:
            self._wait(met, timeout)

    def forget(self) -> None:
        """Let go of everything written so far, for a program that is watched for long."""
        with self._changed:
            self._draw()
            canary.heard(self.bytes)
            self.bytes, self._clean, self._matched = b"", "", 0

    def resize(self, rows: int, columns: int) -> None:
        """Change the window; the program gets SIGWINCH."""
        with self._changed:
            self._draw()
            _resize(self._display, max(rows, 1), max(columns, 1))
        termios.tcsetwinsize(self._master, (rows, columns))

    def signal(self, number: int) -> None:
        """Send a signal to the program alone, as `kill` does."""
        with self._changed:
            assert self.code is None, self._explain("The program has ended")
            with suppress(ProcessLookupError):  # it ended just now
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.signal(signal.SIGKILL)

    def close_master(self) -> None:
        """Make the terminal vanish, as when its window is closed; it gets SIGHUP, then EOF and EIO."""
        with self._changed:
            if self.code is None:
                # The kernel tells only the session's leader, before it takes the terminal away; so do we.
                self.signal(signal.SIGHUP)
        self._vanish()

    def wait(self, timeout: float = 10) -> int:
        """Wait for the end and the last output; return the exit code, or -n when signal n was the end."""
        with self._changed:
            self._changed.wait_for(lambda: self.code is not None, timeout)
            assert self.code is not None, self._explain("The program did not end")
            return self.code

    def modes(self) -> list[Any]:
        """Return the termios attributes as they are now, or as the program left them."""
        with self._changed:
            if self._slave >= 0:
                with suppress(termios.error):  # the terminal has vanished
                    self._modes = termios.tcgetattr(self._slave)
            return self._modes

    def echo_on(self) -> bool:
        """Tell whether typed keys show by themselves."""
        return bool(self.modes()[3] & termios.ECHO)

    def canonical(self) -> bool:
        """Tell whether the terminal collects whole lines."""
        return bool(self.modes()[3] & termios.ICANON)

    def close(self) -> None:
        """End the program and everything it started in this terminal."""
        with self._changed:
            if self.code is None:
                os.killpg(self.session, signal.SIGKILL)
        self._waiter.join()
        self._reports.read()  # it ends when the leader does
        if self._leader is not None:
            self._leader.wait()
        self._vanish()
        self._reports.close()
        self._control.close()
        self._home.cleanup()
        canary.heard(self.bytes)

    def _start(self, argv: Sequence[str], environ: Mapping[str, str], cwd: str) -> socket.socket:
        """Start what leads the session; return where it reports both process ids, and the program's status."""
        terminal = os.ttyname(self._slave)
        if warm.starter.fits(argv, environ):
            return warm.starter.start(warm.Orders(argv, environ, cwd, terminal))
        variables = [f"{name}={value}" for name, value in environ.items()]
        control, other = socket.socketpair()
        place = [str(other.fileno()), terminal]
        try:
            self._leader = subprocess.Popen(
                [PYTHON, "-I", "-S", "-c", _LEADER, *place, "env", "-i", *variables, *argv],
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[other.fileno()],
            )
        except OSError:
            control.close()
            raise
        finally:
            other.close()
        return control

    def _vanish(self) -> None:
        if self._waker >= 0:
            # The reader closes what it reads: a descriptor in use elsewhere would keep the terminal alive.
            os.close(self._waker)
            self._waker = -1
        self._reader.join()

    def _read(self) -> None:
        while self._wake not in select.select([self._master, self._wake], [], [])[0] and not self._ended:
            try:
                self._take(os.read(self._master, 65536))
            except BlockingIOError:
                continue
            except OSError:  # EIO: the session has ended
                break
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        select.select([self._wake], [], [])
        master, self._master = self._master, -1
        os.close(master)
        os.close(self._wake)

    def _take(self, data: bytes) -> None:
        with self._changed:
            self.bytes += data
            self._ended = self.bytes.endswith(_MARK)
            self.bytes = self.bytes.removesuffix(_MARK)
            text = self._pending + self._decoder.decode(data)
            cut = _UNFINISHED.search(text)
            whole, self._pending = (text[: cut.start()], cut.group()) if cut else (text, "")
            self._clean += _ESCAPE.sub("", whole).translate(_UNSEEN)
            self._undrawn += whole
            self._changed.notify_all()

    def _draw(self) -> None:
        # Only when someone looks: an emulator in Python is slower than the programs it watches.
        self._stream.feed(_UNKNOWN_TO_PYTE.sub("", self._undrawn))
        self._undrawn = ""

    def _await_end(self) -> None:
        status = self._reports.readline()
        with suppress(OSError):
            os.write(self._slave, _MARK)
        with self._changed:
            self._changed.wait_for(lambda: self._ended, 10)
            self.modes()
            # Without a status close() has killed the leader and all its group.
            self.code = os.waitstatus_to_exitcode(int(status)) if status else -signal.SIGKILL
            os.close(self._slave)
            self._slave = -1
            self._changed.notify_all()
        # The leader reads the end of its orders, and goes.
        self._control.shutdown(socket.SHUT_WR)

    def _wait(self, met: Callable[[], bool], timeout: float) -> None:
        end = time.monotonic() + timeout
        while not met() and not self._ended and (left := end - time.monotonic()) > 0:
            self._changed.wait(left)

    def _explain(self, what: str) -> str:
        state = "still running" if self.code is None else f"exit code {self.code}"
        return f"{what} ({state})\n--- screen\n{self.text}\n--- last bytes\n{self.bytes[-2000:]!r}"


def _resize(display: pyte.Screen, rows: int, columns: int) -> None:
    """Take rows away below the cursor, then at the top, as terminals do: pyte takes all at the top, not the cursor."""
    row, column = display.cursor.y, display.cursor.x
    above = max(0, row + 1 - rows)
    if display.lines - rows > above:
        display.cursor.y = 0
        display.insert_lines(display.lines - rows - above)
    display.resize(rows, columns)
    display.cursor.y, display.cursor.x = row - above, min(column, columns - 1)


def _environment(home: str, extra: Mapping[str, str] | None) -> dict[str, str]:
    clean = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(_ROOT),  # the program is found from any folder, installed or not
        "HOME": home,
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    return clean | dict(extra or {})
