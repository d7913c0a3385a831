"""What becomes of our own faults, wherever they happen: a report, one sentence, and never a traceback."""

import errno
import sys
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from chatcmd.errors import UNREPORTED, OurFault, reason
from chatcmd.language import _, marked

if TYPE_CHECKING:
    import asyncio
    import threading

    from chatcmd.fault import Reports

T = TypeVar("T")

SCARCE = marked("the system has no more to give ({fault}); close what is not needed, and try again")
SCARCITIES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)


class Reporter:
    """Reports faults below the root of a command line, which is looked for when there is something to report."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [*words]
        self._reports: Reports | None = None
        self._keeps = True

    def __call__(self, fault: BaseException, during: str, ends: bool) -> str:  # noqa: FBT001 - as the error gives it
        """Report a fault, and say it in one sentence."""
        try:
            if scarce := _scarce(fault):  # then there may be no file left to load the rest with
                return _(SCARCE).format(fault=scarce)
            from chatcmd.fault import sentence  # noqa: PLC0415 - most runs have none

            with suppress(Exception):  # as when the root itself is what is wrong
                self._reports = self._reports or self._below_root()
            return sentence(fault, during, self._reports if self._keeps else None, ends=ends)
        except Exception:  # even now: its class is known in any case
            return _(UNREPORTED).format(fault=type(fault).__name__)

    def keep_none(self) -> None:
        """Write no reports."""
        self._keeps = False

    def _below_root(self) -> "Reports":
        import os  # noqa: PLC0415 - see above

        from chatcmd.cli.surroundings import current_folder  # noqa: PLC0415 - see above
        from chatcmd.fault import Reports  # noqa: PLC0415 - see above
        from chatcmd.settings.root import find_root  # noqa: PLC0415 - see above

        named = _root_in(self._words)
        root = find_root(named, os.environ, current_folder(named or os.environ.get("CHATCMD_ROOT")))
        return Reports(root.path / "logs")


@contextmanager
def reported(words: Sequence[str], *, alone: bool = False) -> Iterator[None]:
    """Report faults below the root of a command line meanwhile; where this process is the program's, all of them."""
    before = OurFault.reported
    OurFault.reported = staticmethod(Reporter(words))
    if alone:
        import threading  # noqa: PLC0415 - loaded by then
        import warnings  # noqa: PLC0415 - Python has loaded it

        threading.excepthook, sys.unraisablehook = _in_thread, _thrown_away  # Python's own print them
        if not sys.warnoptions:
            warnings.simplefilter("ignore")  # they are for those who write programs
    try:
        yield
    finally:
        OurFault.reported = staticmethod(before)


def leave_no_trace() -> None:
    """Write no reports in a run that keeps nothing."""
    if isinstance(OurFault.reported, Reporter):
        OurFault.reported.keep_none()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a loop to its end; a fault in it that nobody waits for is reported, and said when something can be."""
    import asyncio  # noqa: PLC0415 - what a command needs that has a loop

    from chatcmd.cli.loop import Loop  # noqa: PLC0415 - see above

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(_heard(work))


async def _heard(work: Coroutine[Any, Any, T]) -> T:
    import asyncio  # noqa: PLC0415 - see above
    import logging  # noqa: PLC0415 - asyncio has loaded it

    # A library's warning would stand in the middle of the screen, and hold who knows what.
    logging.lastResort = logging.NullHandler()
    asyncio.get_running_loop().set_exception_handler(_in_loop)
    return await work


def _scarce(fault: BaseException) -> str:
    """Say of what a system has no more; nothing when that is not what is wrong."""
    if isinstance(fault, MemoryError):
        return _("no memory is left")
    if isinstance(fault, OSError) and fault.errno in SCARCITIES:
        return reason(fault).lower()
    if isinstance(fault, RuntimeError) and str(fault).startswith("can't start new thread"):
        return _("no thread can be started")
    return ""


def _in_loop(_loop: "asyncio.AbstractEventLoop", context: dict[str, Any]) -> None:
    fault = context.get("exception")
    if isinstance(fault, Exception):
        _note(fault, "work of the loop")


def _in_thread(arguments: "threading.ExceptHookArgs") -> None:
    if isinstance(arguments.exc_value, Exception):
        _note(arguments.exc_value, "work beside the loop")


def _thrown_away(arguments: "sys.UnraisableHookArgs") -> None:
    if isinstance(arguments.exc_value, Exception):
        _note(arguments.exc_value, "letting something go")


def _note(fault: Exception, during: str) -> None:
    """Keep a fault until it can be said, once however often it happens: what is ready to be read is called for ever."""
    with suppress(Exception):
        said = OurFault(fault, during)
        if str(said) not in map(str, OurFault.unsaid):
            OurFault.unsaid.append(said)


def _root_in(words: Sequence[str]) -> str | None:
    """Find the value of --root in a command line, as argparse would, when it may not have been parsed yet."""
    for word, value in zip(words, [*words[1:], None], strict=False):
        if word == "--":
            break
        name, is_joined, joined = word.partition("=")
        if name in ("--root", "--roo"):
            return joined if is_joined else value
    return None
