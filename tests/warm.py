"""The program started by a process that has loaded the libraries of others, which is most of what a short run costs.

Each run is a fork, with streams, an environment, a folder and a session of its own, and loads all of chatcmd as
`python -m chatcmd` does. A keeper above it, a fork too, reports how it ended. With `--cold` pytest does without.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import re
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

PYTHON = sys.executable
ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("chatcmd", "tests.faults.meddled", "tests.history.broken_disk", "tests.injector")
"""The modules that are started so, with `python -m`."""

SURROUNDINGS = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
"""What Python and the libraries read when they are loaded."""

READ_LATER = re.compile(
    r"CHATCMD_\w+|OPENAI_(?:API_KEY|BASE_URL)|HOME|TMPDIR|TZ|TERM|COLUMNS|NO_COLOR|PROMPT_TOOLKIT_NO_CPR|XDG_\w+"
)
"""The variables that are read when they are needed: with any other one the program is started from nothing."""

HEARD = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP)
"""What a keeper stays in spite of, and the program takes as at any start."""

_IMPORT = re.compile(r"^ *(?:from|import) (?!chatcmd)(\w[\w.]*)", re.MULTILINE)
_DEEPER = ("anyio._backends._asyncio", "encodings.idna", "tiktoken_ext.openai_public")
"""What the libraries load when they are used."""


@dataclass(frozen=True)
class Orders:
    """What is to be run: the words from `python` on, the environment, the folder, and a terminal's name."""

    argv: Sequence[str]
    environ: Mapping[str, str]
    cwd: str
    terminal: str | None = None


class Starter:
    """The process that starts the program, itself started when it is first needed; to be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.is_open = False
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Start whatever fits; what has been started may outlive it."""
        self.is_open = True
        try:
            yield
        finally:
            self.is_open = False
            if self._process is not None and self._orders is not None:
                self._orders.close()
                self._process.wait()
                self._process = self._orders = None

    def fits(self, argv: Sequence[str], environ: Mapping[str, str]) -> bool:
        """Tell whether a program is one of ours, in an environment that only ours looks into at its start."""
        ours = tuple(argv[:2]) == (PYTHON, "-m") and argv[2] in PROGRAMS
        surroundings = {name: value for name, value in environ.items() if not READ_LATER.fullmatch(name)}
        return self.is_open and ours and surroundings == SURROUNDINGS

    def start(self, orders: Orders, *streams: int) -> socket.socket:
        """Start the program; return where its keeper reports, in two lines, its own process id and the program's, and
        the program's status.

        `streams` are its standard input, output and error, where it has no terminal.
        """
        control, other = socket.socketpair()
        with other, self._lock:
            self._orders = self._orders or self._begin()
            socket.send_fds(self._orders, [b"."], [other.fileno(), *streams])
        control.sendall(json.dumps(vars(orders)).encode() + b"\n")
        return control

    def _begin(self) -> socket.socket:
        ours, orders = socket.socketpair()
        argv = [PYTHON, "-m", "tests.warm", str(orders.fileno())]
        with orders:
            self._process = subprocess.Popen(
                argv,
                env=SURROUNDINGS,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[orders.fileno()],
                start_new_session=True,  # the terminal of whoever runs the tests is none of the program's
            )
        return ours


starter = Starter()


class Program:
    """One run between pipes, to be dealt with as with a subprocess.Popen; its errors go into `stdout` too."""

    def __init__(self, orders: Orders, *more: int) -> None:
        """Start it; `more` is a descriptor that its errors go into instead."""
        (stdin, into), (out, stdout) = os.pipe(), os.pipe()
        self._argv = orders.argv
        self._control = starter.start(orders, stdin, stdout, *(more or [stdout]))
        close((stdin, stdout, *more))
        self.stdin, self.stdout = io.FileIO(into, "w"), io.FileIO(out)
        self._reports = self._control.makefile("rb", buffering=0)
        _keeper, self.pid = map(int, self._reports.readline().split())
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit code, -n for signal n; raises TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._control], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self._argv, timeout or 0)
            self.returncode = os.waitstatus_to_exitcode(int(self._reports.readline()))
            self._reports.close()
            self._control.close()
        return self.returncode

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)


def run(orders: Orders, data: bytes, timeout: float) -> tuple[int, bytes, bytes]:
    """Run the program between pipes to its end; return its exit code, output and errors; raises TimeoutExpired."""
    err, stderr = os.pipe()
    program = Program(orders, stderr)
    with ThreadPoolExecutor(3) as pool:
        pool.submit(_write, program.stdin, data)
        written, noted = pool.submit(_read, program.stdout), pool.submit(_read, io.FileIO(err))
        try:
            code = program.wait(timeout)
        finally:
            program.kill()
            program.wait()
        return code, written.result(), noted.result()


def _write(pipe: io.FileIO, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), io.BufferedWriter(pipe) as stream:
        stream.write(data)


def _read(pipe: io.FileIO) -> bytes:
    with pipe:
        return pipe.readall()


# In the process that starts


def load() -> None:
    """Load what our sources import of others."""
    named = {name for path in (ROOT / "chatcmd").rglob("*.py") for name in _IMPORT.findall(path.read_text("utf-8"))}
    for name in sorted(named | {*_DEEPER}):
        with contextlib.suppress(ImportError):  # of another system, or not installed
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def main() -> None:
    """Load, then start a keeper for each order until the tests close."""
    load()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests and for the programs
    with socket.socket(fileno=int(sys.argv[1])) as tests:
        while True:
            message, descriptors, _flags, _address = socket.recv_fds(tests, 1, 4)
            if not message:
                return
            if os.fork() == 0:
                break
            for each in descriptors:
                os.close(each)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
    keep(*descriptors)


def keep(control: int, *streams: int) -> None:
    """Be the keeper of one run: start the program, report both process ids and its status, stay until told to go."""
    tests = socket.socket(fileno=control)
    with tests.makefile("rb") as told:
        orders = Orders(**json.loads(told.readline()))
    if orders.terminal is not None:
        lead_session()
        streams = (os.open(orders.terminal, os.O_RDWR),) * 3
    pid = os.fork()
    if pid == 0:
        tests.close()
        take(streams)
        return be(orders)
    if orders.terminal is None:
        close(streams)
    tests.sendall(b"%d %d\n" % (os.getpid(), pid))
    tests.sendall(b"%d\n" % os.waitpid(pid, 0)[1])
    tests.recv(1)
    os._exit(0)


def lead_session() -> None:
    """Lead a session, and outlive whatever its terminal sends."""
    os.setsid()
    for number in HEARD:
        signal.signal(number, lambda *_: None)


def take(streams: Sequence[int]) -> None:
    """Make these the standard streams, as Python does at its start."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    close(streams)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        old = getattr(sys, name)
        binary = open(number, f"{mode}b", closefd=False)  # noqa: SIM115 - it is open to the end
        by_line = name == "stderr" or os.isatty(number)
        new = io.TextIOWrapper(binary, old.encoding, old.errors, newline="\n", line_buffering=by_line)
        new.mode = mode  # type: ignore[misc]  # it can be set, as Python itself does
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def close(streams: Sequence[int]) -> None:
    for each in set(streams):
        os.close(each)


def be(orders: Orders) -> None:
    """Be the program."""
    for number in HEARD:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.chdir(orders.cwd)
    os.environ.clear()
    os.environ.update(orders.environ)
    time.tzset()
    _python, _option, module, *sys.argv[1:] = orders.argv
    sys.path[0] = orders.cwd
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
