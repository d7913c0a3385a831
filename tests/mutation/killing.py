"""Mutants put to the tests: each in a copy of the checkout, in a process of its own, until a test fails."""

import contextlib
import importlib
import os
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from tests.mutation.mutants import Mutant

CHECKOUT = Path(__file__).resolve().parents[2]

TIMES, MORE = 3.0, 5.0
"""A mutant that keeps the processor busy for so many times as long as the tests do, and a few seconds, hangs."""

WAIT = 300.0
"""Seconds after which one hangs that waits for something."""

_HEAVY = ("pytest", "hypothesis", "hypothesis.stateful", "msgspec", "pyte", "prompt_toolkit", "sqlite3", "asyncio")
"""Loaded once, and there in every process that is forked."""

Verdict = Literal["killed", "hung", "survived"]


class Outcome(Struct, frozen=True):
    """What became of a mutant, and the test that killed it."""

    mutant: Mutant
    verdict: Verdict
    killer: str = ""


class Trial:
    """The tests that watch one module, run on its mutants in a folder of their own."""

    def __init__(self, module: str, tests: Sequence[str], folder: Path) -> None:
        self._path = folder / "chatcmd" / f"{module}.py"
        self._tests, self._folder = tests, folder
        self._killers: Counter[str] = Counter()
        self._durations: dict[str, float] = {}
        self._original = self._path.read_text("utf-8")
        self._changes = 0
        self._most = 600.0

    def is_sound(self) -> bool:
        """Tell whether the tests pass on the module as it is, and take note of how long each of them takes."""
        code, used = self._run(self._original)
        self._most = TIMES * used + MORE
        self._durations = {name: float(seconds) for name, seconds in self._told("durations")}
        return code == 0

    def outcomes(self, mutants: Iterator[Mutant]) -> Iterator[Outcome]:
        """Put one mutant after the other to the tests."""
        try:
            for mutant in mutants:
                yield self._outcome(mutant)
        finally:
            self._write(self._original)

    def _outcome(self, mutant: Mutant) -> Outcome:
        code, _used = self._run(mutant.source)
        if code is None:
            return Outcome(mutant, "hung")
        if code == 0:
            return Outcome(mutant, "survived")
        killer = next((name for name, *_ in self._told("killer")), "")
        self._killers[killer] += 1
        return Outcome(mutant, "killed", killer)

    def _run(self, source: str) -> tuple[int | None, float]:
        """Run the tests on a source; return their exit code, None where they hang, and the seconds of processor."""
        self._write(source)
        for name in ("killer", "durations"):
            (self._folder / name).unlink(missing_ok=True)
        for name in _HEAVY:
            importlib.import_module(name)
        process = os.fork()
        if not process:
            os._exit(_tested(self._folder, self._tests, self._order, self._most))
        return _waited(process)

    def _order(self, test: str) -> float:
        """Say how late a test comes: quick ones that killed much are first."""
        return self._durations.get(test, 0.0) / (1 + self._killers[test] ** 2)

    def _told(self, name: str) -> list[list[str]]:
        path = self._folder / name
        return [line.rsplit(" ", 1) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def _write(self, source: str) -> None:
        """Write the module with a time of its own, by which compiled code is known to be old."""
        self._path.write_text(source, "utf-8")
        self._changes += 2
        at = int(time.time()) - 100_000 + self._changes
        os.utime(self._path, (at, at))


def copied(folder: Path) -> Path:
    """Copy what the tests need of the checkout."""
    for name in ("chatcmd", "tests"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in CHECKOUT.iterdir():
        if path.is_file():
            shutil.copy2(path, folder)
    return folder


def _waited(process: int) -> tuple[int | None, float]:
    """Wait for a process, end all that it has started; return its exit code and the seconds of processor it took."""
    until = time.monotonic() + WAIT
    done = 0
    while not done and time.monotonic() < until:
        done, status, used = os.wait4(process, os.WNOHANG)
        if not done:
            time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    if not done:
        _done, status, used = os.wait4(process, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if done and code >= 0 else None, used.ru_utime + used.ru_stime


def _tested(folder: Path, tests: Sequence[str], order: Callable[[str], float], most: float) -> int:
    """Run the tests of a copy in this process, and tell how they ended."""
    import pytest  # noqa: PLC0415 - loaded by then, as is the other
    from hypothesis import Phase, settings  # noqa: PLC0415

    os.setsid()
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(most), ceil(most)))
    silence = os.open(os.devnull, os.O_WRONLY)
    if "MUTATION_LOUD" not in os.environ:
        os.dup2(silence, 1)
        os.dup2(silence, 2)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "chatcmd")]:
        del sys.modules[name]
    sys.path[:] = [str(folder), *(each for each in sys.path if Path(each or ".").resolve() != CHECKOUT)]
    settings.register_profile("unshrunk", phases=(Phase.explicit, Phase.generate))  # no one looks at the example
    settings.load_profile("unshrunk")
    given = [
        "-x",
        "-q",
        "-n0",
        "--assert=plain",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
        "--hypothesis-seed=0",
    ]
    given += ["-p", "no:randomly", "-p", "no:cacheprovider", "--timeout=60"]
    try:
        return int(pytest.main([*given, *tests], plugins=[_Watch(order, folder)]))
    except BaseException as fault:
        print(repr(fault), file=sys.__stderr__)
        return 1


class _Watch:
    """Lets the tests come in their order, and tells which one fails and how long each takes."""

    def __init__(self, order: Callable[[str], float], folder: Path) -> None:
        self._order, self._folder = order, folder

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: self._order(item.nodeid))

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed or report.when == "call":
            with (self._folder / ("killer" if report.failed else "durations")).open("a", encoding="utf-8") as told:
                told.write(f"{report.nodeid} {report.duration}\n")
