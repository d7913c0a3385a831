"""`chatcmd history verify`: what is damaged in the history, and what can be done; or done at once."""

import argparse
from pathlib import Path

import msgspec

from chatcmd.cells import wrapped
from chatcmd.clean import clean_line
from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.progress import Progress
from chatcmd.cli.screens import beside, view
from chatcmd.cli.whose import add_session, add_user, user_of
from chatcmd.errors import Exit
from chatcmd.history.library import Library
from chatcmd.history.verify.finding import Finding
from chatcmd.history.verify.walk import Verification
from chatcmd.language import _, marked, ngettext
from chatcmd.settings.root import Root

RECOVERS = False
"""Nothing is mended before it was looked at."""

INDENT = "  "


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    parser.add_argument(
        "--repair",
        action="store_true",
        help=_("mend what can be mended, and keep damaged files beside; while something is wrong, the exit code is 1"),
    )
    add_session(parser, nargs="*")


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """Look at all of it until Ctrl-C; what is wrong, and not mended, sets the exit code. Raises HistoryError."""
    user = user_of(arguments)
    only = [library.find(each, user) for each in arguments.session] or None
    progress = Progress(marked("{done:,} of {total:,} sessions are looked at"))
    walk = Verification(library.folder, user=user, only=only, repair=arguments.repair, progress=progress)
    found: list[Finding] = []
    page = None if arguments.json else _Page(root)
    stopped = False
    try:
        for finding in walk.findings():
            found.append(finding)
            if page is not None:
                progress.clear()
                page.show(finding)
    except KeyboardInterrupt:
        stopped = True
    finally:
        progress.clear()
    if arguments.json:
        write_document({"sessions": walk.sessions, "whole": not stopped, "findings": [_told(each) for each in found]})
    else:
        _sum_up(walk.sessions, found, stopped=stopped)
    if stopped:
        return Exit.INTERRUPTED
    return Exit.NO if any(each.is_wrong for each in found) else Exit.DONE


class _Page:
    """The findings, those at one path together."""

    def __init__(self, root: Root) -> None:
        self._root, self._screen = root, view()
        self._path = ""

    def show(self, finding: Finding) -> None:
        if finding.path != self._path:
            self._path = finding.path
            self._screen.show(clean_line(self._root.name(Path(finding.path))))
        what = (
            finding.what
            if finding.is_wrong or finding.repaired
            else _("note: {sentence}").format(sentence=finding.what)
        )
        if finding.repaired:
            what = _("repaired: {sentence}").format(sentence=finding.what)
        sentence = _("{what}; {advice}").format(what=what, advice=finding.advice) if finding.advice else what
        columns = self._screen.columns
        shown = clean_line(sentence)
        for line in wrapped(shown, columns - len(INDENT) - 1) if columns else [shown]:
            self._screen.show(INDENT + line)


def _sum_up(sessions: int, found: list[Finding], *, stopped: bool) -> None:
    screen = beside()
    wrong = [each for each in found if each.is_wrong]
    repaired = sum(1 for each in found if each.repaired)
    looked = ngettext("{n:,} session was looked at", "{n:,} sessions were looked at", sessions).format(n=sessions)
    if stopped:
        looked = _("stopped; {sentence}").format(sentence=looked)
    screen.note(looked)
    if repaired:
        screen.note(ngettext("{n:,} thing was mended", "{n:,} things were mended", repaired).format(n=repaired))
    if wrong:
        screen.fail(ngettext("{n:,} thing is wrong", "{n:,} things are wrong", len(wrong)).format(n=len(wrong)))
    elif not stopped:
        screen.note(_("nothing is damaged"))
    if not repaired and any(each.is_repairable for each in wrong):
        screen.note(_("mend what can be mended: {command}").format(command="chatcmd history verify --repair"))


def _told(finding: Finding) -> dict[str, object]:
    """Say all that is known of a finding."""
    facts: dict[str, object] = msgspec.to_builtins(finding)
    return {**facts, "wrong": finding.is_wrong}
