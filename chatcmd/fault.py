"""A fault of this program written down: where it happened, and nothing of what was said."""

import linecache
import platform
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import TracebackType

from chatcmd import __version__
from chatcmd.errors import UNREPORTED, reason
from chatcmd.history.disk import narrow, write_whole
from chatcmd.language import _, marked
from chatcmd.settings.redaction import redacted, without_known

FIRST_FRAMES, LAST_FRAMES = 10, 40
"""Frames of a traceback that are written, where it has more."""

MOST_REPORTS = 50
"""Reports that are kept; a new one takes the place of the oldest."""

LONGEST_TEXT = 200
"""Characters of an exception's text that are told."""

_LIBRARIES = ("openai", "httpx2", "prompt_toolkit", "rich", "msgspec", "tiktoken")
_PACKAGE = Path(__file__).parent

# The text of an exception may quote whatever was said, is in a file, or came from a server; to look for the words of
# one session in it would miss all others. So it is kept only of those classes, exactly, whose texts the interpreter
# makes of the code alone: of names, types and numbers of arguments. All others are told by their class and their
# place, which is what a fault is found by. Theirs pass the redaction all the same.
_SPEAK_OF_CODE = (
    AttributeError, ImportError, MemoryError, ModuleNotFoundError, NameError, RecursionError, TypeError,
    UnboundLocalError, ZeroDivisionError,
)  # fmt: skip


_SENTENCES = {  # by whether there is a report, and whether it was all there was to do
    (False, False): UNREPORTED,
    (True, False): marked(
        "something went wrong inside chatcmd ({fault}); the chat goes on, keep the report {report} for whoever mends "
        "it: it holds nothing that was said, and no key"
    ),
    (False, True): marked("something went wrong inside chatcmd ({fault}); try again"),
    (True, True): marked(
        "something went wrong inside chatcmd ({fault}); keep the report {report} for whoever mends it: it holds "
        "nothing that was said, and no key"
    ),
}


def sentence(fault: BaseException, during: str, reports: "Reports | None", *, ends: bool) -> str:
    """Report a fault, where there are reports, and say so."""
    report = reports.write(fault, during) if reports is not None else None
    return _(_SENTENCES[report is not None, ends]).format(fault=described(fault), report=report)


class Reports:
    """The reports of one run, below one folder; the same fault is written down once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, Path] = {}

    def write(self, fault: BaseException, during: str) -> Path | None:
        """Write a report for its owner alone, and say where it is; None where that cannot be done."""
        try:
            what = "\n".join(_told(fault))
            if what not in self._written:
                now = datetime.now(UTC)
                path = self._folder / f"fault-{now:%Y%m%dT%H%M%S.%fZ}.txt"
                write_whole(path, "\n".join((*_surroundings(now, during), "", what, "")).encode("utf-8", "replace"))
                narrow(self._folder)
                self._written[what] = path
                self._remove_oldest()
            return self._written[what]
        except Exception:  # whatever there is to be said of one fault, it must not become another
            return None

    def _remove_oldest(self) -> None:
        with suppress(OSError):
            for path in sorted(self._folder.glob("fault-*.txt"))[:-MOST_REPORTS]:
                path.unlink()


def described(fault: BaseException) -> str:
    """Name a fault on one line for the person who sees it, who may see what was said, but no key."""
    text = redacted(str(fault))[:LONGEST_TEXT]
    return f"{type(fault).__name__}: {text}" if text else type(fault).__name__


def _surroundings(now: datetime, during: str) -> Iterator[str]:
    yield f"chatcmd {__version__}, a fault of its own at {now:%Y-%m-%d %H:%M:%S} UTC"
    yield f"while: {without_known(during)}" if during else "while: not known"
    yield f"Python {platform.python_version()} ({platform.python_implementation()}) on {platform.platform()}"
    for name in _LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            yield f"{name} {metadata.version(name)}"


def _told(fault: BaseException) -> Iterator[str]:
    """Tell an exception and what led to it, the last first, each with the places that it passed."""
    seen: set[int] = set()
    led_to: BaseException | None = fault
    while led_to is not None and id(led_to) not in seen:
        seen.add(id(led_to))
        yield ("while handling: " if len(seen) > 1 else "") + _named(led_to)
        yield from _places(led_to.__traceback__)
        if isinstance(led_to, BaseExceptionGroup):
            for each in led_to.exceptions:
                yield f"one of them: {_named(each)}"
                yield from _places(each.__traceback__)
        led_to = led_to.__cause__ or (None if led_to.__suppress_context__ else led_to.__context__)


def _named(fault: BaseException) -> str:
    kind = type(fault)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(fault, OSError) and fault.errno is not None:  # but for the names of files
        return f"{name}: [{fault.errno}] {reason(fault)}"
    if kind in _SPEAK_OF_CODE and str(fault):
        return f"{name}: {redacted(str(fault))[:LONGEST_TEXT]}"
    return name


def _places(trace: TracebackType | None) -> Iterator[str]:
    """Give file, line and function of each frame, and of our own files the source: no values."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(trace)]
    left_out = len(frames) - FIRST_FRAMES - LAST_FRAMES
    for number, (code, line) in enumerate(frames):
        if left_out > 0 and FIRST_FRAMES <= number < FIRST_FRAMES + left_out:
            if number == FIRST_FRAMES:
                yield f"  ... {left_out} more"
            continue
        path = Path(code.co_filename)
        yield f"  {_shown(path)}:{line} in {code.co_qualname}"
        if path.is_relative_to(_PACKAGE) and (source := linecache.getline(code.co_filename, line).strip()):
            yield f"    {source}"


def _shown(path: Path) -> str:
    """Name a file by its place below what holds it: a package, or Python itself; of others only by its name."""
    if path.is_relative_to(_PACKAGE):
        return str(path.relative_to(_PACKAGE.parent))
    for folder in sys.path:
        if folder and path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return path.name
