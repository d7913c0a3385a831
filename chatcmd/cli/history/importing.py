"""`chatcmd history import`: other programs' histories, taken in."""

import argparse
import getpass
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.progress import Progress
from chatcmd.cli.screens import pipe_screen
from chatcmd.cli.whose import user_of
from chatcmd.errors import Damaged, Exit, HistoryError
from chatcmd.history.foreign.formats import FORMATS, Passed, found_in
from chatcmd.history.foreign.found import HIDDEN, KINDS
from chatcmd.history.foreign.imported import Import
from chatcmd.history.library import Library
from chatcmd.language import _, marked, ngettext
from chatcmd.settings.root import Root
from chatcmd.terminal.screen import Screen

SHOWN = 20
"""Files that are named; of more, only how many there are."""


def add(parser: Parser) -> None:
    """Add what the command takes."""
    parser.add_argument("file", metavar="FILE", help=_("a file, a .zip, or a folder with several"))
    text = _("what it is, where that cannot be seen: {names}").format(names=_(", ").join(FORMATS))
    parser.add_argument("--from", dest="form", metavar="FORMAT", choices=tuple(FORMATS), help=text)
    text = _("whose sessions they become (default: whom the file names, else the login name)")
    parser.add_argument("-u", "--user", metavar="NAME", help=text)
    parser.add_argument("--dry-run", action="store_true", help=_("only say what would be done"))
    parser.epilog = "\n".join(
        (_("It can read:"), *(_("  {name}: {text}").format(name=name, text=_(text)) for name, text in FORMATS.items()))
    )


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """Import it; what is left out is said, and sets the exit code. Ctrl-C keeps what was taken in by then.

    Raises Damaged, NotSaved.
    """
    screen = pipe_screen()
    done = Import(library, user=user_of(arguments), otherwise=_login_name(), dry_run=arguments.dry_run)
    passed: list[Path] = []
    trouble: BaseException | None = None
    with done.alone(lambda: screen.note(_("another import is under way; waiting for its end"))):
        try:
            _take_all(done, passed, Path(arguments.file), arguments.form)
        except (KeyboardInterrupt, HistoryError) as error:
            trouble = error
    stopped = isinstance(trouble, KeyboardInterrupt)
    for left in done.left_out[:SHOWN]:
        screen.fail(_("left out: {sentence}").format(sentence=left))
    _tell_more(screen, len(done.left_out))
    if stopped or not isinstance(trouble, Damaged):
        if arguments.json:
            write_document(_document(done, passed, stopped=stopped, dry_run=arguments.dry_run))
        else:
            _tell(screen, root, done, passed, dry_run=arguments.dry_run)
    if stopped:
        screen.fail(_("stopped; what was taken in by then is kept, import again for the rest"))
        return Exit.INTERRUPTED
    if trouble is not None:
        raise trouble
    return Exit.HISTORY if done.left_out else Exit.DONE


def _take_all(done: Import, passed: list[Path], path: Path, form: str | None) -> None:
    """Take in all that is found, and list the files that hold nothing."""
    progress = Progress(marked("{done:,} sessions so far"))
    try:
        with _stopped_between() as check:
            for found in found_in(path, form):
                if isinstance(found, Passed):
                    passed.append(found.path)
                else:
                    done.take(found)
                progress(len(done.written) + len(done.grown) + done.known)
                check()
    finally:
        progress.clear()


@contextmanager
def _stopped_between() -> Iterator[Callable[[], None]]:
    """Put Ctrl-C off to where what this gives is called, so that no session is half kept; not so a second Ctrl-C."""
    stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        signal.signal(signal.SIGINT, before)

    def check() -> None:
        if stopped:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # as in some containers
        return "user"


def _document(done: Import, passed: list[Path], *, stopped: bool, dry_run: bool) -> dict[str, Any]:
    return {
        "written": [str(path) for path in done.written],
        "grown": [str(path) for path in done.grown],
        "known": done.known,
        "empty": done.empty,
        "left_out": [str(left) for left in done.left_out],
        "lost": dict(done.lost),
        "passed_over": [str(path) for path in passed],
        "stopped": stopped,
        "dry_run": dry_run,
    }


def _tell(screen: Screen, root: Root, done: Import, passed: list[Path], *, dry_run: bool) -> None:
    """Say what was done: the files, their number, and what has no place in a session."""
    for path in (*done.written, *done.grown)[:SHOWN]:
        screen.show(root.name(path))
    _tell_more(screen, len(done.written) + len(done.grown))
    counts = {"grown": len(done.grown), "known": done.known, "empty": done.empty, "left_out": len(done.left_out)}
    screen.note(_done(len(done.written), dry_run=dry_run).format(n=len(done.written), **counts))
    things = _(", ").join(KINDS[kind](number) for kind, number in sorted(done.lost.items()) if kind in KINDS)
    if things:
        screen.note(_("not kept, with a few words in their place: {things}").format(things=things))
    if hidden := done.lost[HIDDEN]:
        sentence = ngettext(
            "{n} message that was hidden is now a system message",
            "{n} messages that were hidden are now system messages",
            hidden,
        )
        screen.note(sentence.format(n=hidden))
    if passed:
        n = len(passed)
        sentence = ngettext(
            "passed over {n} file that holds no history", "passed over {n} files that hold no history", n
        )
        screen.note(sentence.format(n=n))


def _tell_more(screen: Screen, number: int) -> None:
    if number > SHOWN:
        n = number - SHOWN
        screen.note(ngettext("and {n} more", "and {n} more", n).format(n=n))


def _done(written: int, *, dry_run: bool) -> str:
    """Choose the sentence that says what an import came to."""
    if dry_run:
        return ngettext(
            "would import {n} session; {grown} grown, {known} known, {empty} asked nothing, {left_out} left out",
            "would import {n} sessions; {grown} grown, {known} known, {empty} asked nothing, {left_out} left out",
            written,
        )
    return ngettext(
        "imported {n} session; {grown} had grown, {known} known already, {empty} asked nothing, {left_out} left out",
        "imported {n} sessions; {grown} had grown, {known} known already, {empty} asked nothing, {left_out} left out",
        written,
    )
