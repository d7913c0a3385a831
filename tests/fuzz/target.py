"""What is fuzzed: a reader with its samples, and the bounds that every case keeps."""

import resource
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import FrameType

from hypothesis import strategies as st

from tests.fuzz.damage import damaged, soup

SECONDS = 5.0
"""A case that keeps the processor busy for longer hangs."""

MEMORY = 256 * 2**20
"""Bytes by which one case may raise what this process has ever taken."""

SEEDS = Path(__file__).parent / "seeds"

Check = Callable[[bytes, Path], None]
"""Reads a case, in an empty folder of its own; raises what no reader may, AssertionError for a broken promise."""


class Target:
    """One reader: its `name`, what it `promises`, real `samples` to damage, and more cases of its own."""

    def __init__(
        self,
        check: Check,
        samples: Callable[[], list[bytes]],
        *more: Callable[[], st.SearchStrategy[bytes]],
    ) -> None:
        self.name = check.__name__.strip("_")
        self.promises = (check.__doc__ or "").partition("\n")[0]
        self.check, self._samples, self._more = check, samples, more

    @cached_property
    def samples(self) -> list[bytes]:
        return self._samples()

    @cached_property
    def cases(self) -> st.SearchStrategy[bytes]:
        """Make cases: real ones damaged a little and much, and others of the same words."""
        few, many = damaged(self.samples, 3), damaged(self.samples, 20)
        return st.one_of(few, few, many, soup(self.samples), *(make() for make in self._more))

    @property
    def seeds(self) -> list[Path]:
        """List what broke it once."""
        folder = SEEDS / self.name
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def run(self, data: bytes) -> None:
        """Check one case within its bounds; raises what it broke."""
        before = _peak()
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, bounded():
            self.check(data, Path(folder))
        assert _peak() - before <= MEMORY, f"it took {(_peak() - before) >> 20} MB"


class Hangs(AssertionError):
    """A case took too long."""


class Hung(BaseException):
    """Raised in the midst of a case that takes too long; nothing that is checked catches it."""


@contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[None]:
    """Break a case off that hangs, on the main thread; what counts is the processor's time, however busy it is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGPROF, _hung)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except Hung as hung:
        raise Hangs(f"it takes longer than {seconds:g} s, in {place_of(hung)}") from hung
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _hung(_number: int, _frame: FrameType | None) -> None:
    raise Hung


def place_of(error: BaseException | None) -> str:
    """Name the innermost line of the program that an error comes from, or else of the check."""
    if isinstance(error, Hangs):
        error = error.__cause__
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    ours = [frame for frame in frames if "/chatcmd/" in frame.filename] or [
        frame for frame in frames if "/tests/" in frame.filename
    ]
    return f"{Path(ours[-1].filename).name}:{ours[-1].name}:{ours[-1].lineno}" if ours else "nowhere"


def _peak() -> int:
    """Tell the most memory that this process has taken so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
