"""`chatcmd history import`: other programs' histories, taken in."""

import argparse
import getpass
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from msgspec import Struct

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
    parser.add_argument("files", metavar="FILE", nargs="+", help=_("a file, a .zip, or a folder with several"))
    text = _("what it is, where that cannot be seen: {names}").format(names=_(", ").join(FORMATS))
    parser.add_argument("--from", dest="form", metavar="FORMAT", choices=tuple(FORMATS), help=text)
    text = _("whose sessions they become (default: whom the file names, else the login name)")
    parser.add_argument("-u", "--user", metavar="NAME", help=text)
    parser.add_argument("--dry-run", action="store_true", help=_("only say what would be done"))
    parser.epilog = "\n".join(
        (_("It can read:"), *(_("  {name}: {text}").format(name=name, text=_(text)) for name, text in FORMATS.items()))
    )


class _Taken(Struct):
    """What one file came to; `trouble` is what it broke off with."""

    done: Import
    passed: list[Path]
    trouble: HistoryError | None = None
    stopped: bool = False


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """Import all files; what is left out is said, and sets the exit code. Ctrl-C keeps what was taken in by then.

    Raises Damaged, NotSaved where there is but one file.
    """
    screen, files = pipe_screen(), list(dict.fromkeys(arguments.files))
    user, otherwise, code = user_of(arguments), _login_name(), Exit.DONE
    taken: list[_Taken] = []
    for file in files:
        done = Import(library, user=user, otherwise=otherwise, dry_run=arguments.dry_run)
        each = _taken(done, Path(file), arguments.form, screen)
        taken.append(each)
        _tell_left_out(screen, done)
        if not arguments.json and _is_worth_telling(each):
            _tell(screen, root, each, file if len(files) > 1 else None, dry_run=arguments.dry_run)
        if each.stopped:
            break
        if each.trouble is not None and len(files) > 1:
            screen.fail(_failed(file, each.trouble))
        if each.trouble is not None or done.left_out:
            code = Exit.HISTORY
    if arguments.json and not all(isinstance(each.trouble, Damaged) for each in taken):
        write_document(_document(taken, dry_run=arguments.dry_run))
    if taken[-1].stopped:
        screen.fail(_("stopped; what was taken in by then is kept, import again for the rest"))
        return Exit.INTERRUPTED
    if len(files) == 1 and taken[0].trouble is not None:
        raise taken[0].trouble
    return code


def _taken(done: Import, path: Path, form: str | None, screen: Screen) -> _Taken:
    """Import one file, as far as that can be done."""
    taken = _Taken(done, [])
    try:
        with done.alone(lambda: screen.note(_("another import is under way; waiting for its end"))):
            _take_all(done, taken.passed, path, form)
    except KeyboardInterrupt:
        taken.stopped = True
    except HistoryError as error:
        taken.trouble = error
    return taken


def _is_worth_telling(taken: _Taken) -> bool:
    """Tell whether there is more to say than what was wrong with all of it."""
    done = taken.done
    return taken.trouble is None or bool(done.written or done.grown or done.known)


def _failed(file: str, trouble: HistoryError) -> str:
    """Say what is wrong with one file of several; what is damaged is named by its sentence."""
    return str(trouble) if isinstance(trouble, Damaged) else _("{name}: {sentence}").format(name=file, sentence=trouble)


def _tell_left_out(screen: Screen, done: Import) -> None:
    for left in done.left_out[:SHOWN]:
        screen.fail(_("left out: {sentence}").format(sentence=left))
    _tell_more(screen, len(done.left_out))


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


def _document(taken: list[_Taken], *, dry_run: bool) -> dict[str, Any]:
    imports = [each.done for each in taken]
    return {
        "written": [str(path) for done in imports for path in done.written],
        "grown": [str(path) for done in imports for path in done.grown],
        "known": sum(done.known for done in imports),
        "empty": sum(done.empty for done in imports),
        "left_out": [str(left) for done in imports for left in done.left_out],
        "lost": dict(sum((done.lost for done in imports), Counter())),
        "passed_over": [str(path) for each in taken for path in each.passed],
        "stopped": taken[-1].stopped,
        "dry_run": dry_run,
    }


def _tell(screen: Screen, root: Root, taken: _Taken, file: str | None, *, dry_run: bool) -> None:
    """Say what was done: the sessions, their number behind the file where it is one of several, and what is lost."""
    done, passed = taken.done, taken.passed
    for path in (*done.written, *done.grown)[:SHOWN]:
        screen.show(root.name(path))
    _tell_more(screen, len(done.written) + len(done.grown))
    counts = {"grown": len(done.grown), "known": done.known, "empty": done.empty, "left_out": len(done.left_out)}
    sentence = _done(len(done.written), dry_run=dry_run).format(n=len(done.written), **counts)
    screen.note(_("{name}: {sentence}").format(name=file, sentence=sentence) if file else sentence)
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
