"""`chatcmd doctor`: what is configured, where from, whether it works, and what to do where it does not."""

import argparse
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

import msgspec
from msgspec.structs import replace

from chatcmd import __version__
from chatcmd.cli.doctor.case import Case, surroundings
from chatcmd.cli.doctor.checks import ask_for_keys, before_a_root, below_a_root
from chatcmd.cli.doctor.finding import Finding
from chatcmd.cli.doctor.page import Page
from chatcmd.cli.doctor.round import Found, Round
from chatcmd.cli.document import write_document
from chatcmd.cli.flags import add_service
from chatcmd.cli.parser import Parser
from chatcmd.cli.progress import Progress
from chatcmd.cli.screens import beside, pipe_screen, terminal_screen
from chatcmd.cli.surroundings import current_folder, speak_of
from chatcmd.errors import Exit, UsageError
from chatcmd.language import _, marked, ngettext
from chatcmd.settings.option import number
from chatcmd.settings.redaction import without_known
from chatcmd.settings.root import find_root
from chatcmd.terminal import ReaderGone

PATIENCE = 5.0
"""Seconds that each check has."""

ENDING = 0.5
"""Seconds that threads have to end in that are done."""


def run(words: list[str]) -> int:
    """Parse the words, look at everything, and say what was found; the exit code is 1 when something does not work."""
    parser = Parser(prog="chatcmd doctor", description=_("What is configured, where from, and whether it works."))
    _add(parser)
    arguments = parser.parse_args(words)
    arguments.patience = _seconds(arguments.patience)
    others = {*threading.enumerate()}
    environ = surroundings()
    _speak(arguments, environ)
    report = _Report(arguments, environ)
    try:
        code = report.give()
    except ReaderGone as gone:
        code = gone.exit_code
    _leave(code, others)
    return int(code)


def _add(parser: Parser) -> None:
    add = parser.add_argument
    add("-m", "--model", metavar="NAME", help=_("MODEL, or NAME/MODEL of [providers.NAME]"))
    add("--ask", action="store_true", help=_("ask the model a short question too, which costs some tokens"))
    add(
        "--timeout",
        dest="patience",
        metavar="SECONDS",
        default=str(PATIENCE),
        help=_("how long each check may take (default {n:g})").format(n=PATIENCE),
    )
    add("--json", action="store_true", help=_("one JSON document on standard output"))
    add_service(parser)


def _speak(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Speak the language that the settings name, if they can be read at once: their disk may be one that hangs."""

    def look() -> None:
        with suppress(Exception):  # what is wrong with them is found below
            named = arguments.root
            root = find_root(named, environ, current_folder(named or environ.get("CHATCMD_ROOT")))
            speak_of(arguments, environ, root)

    looking = threading.Thread(target=look, daemon=True)
    with suppress(RuntimeError):  # no thread is left: it is found below, too
        looking.start()
        looking.join(ENDING)


def _seconds(text: str) -> float:
    try:
        return number(0.1, 600)(text)
    except ValueError as error:
        raise UsageError(_("{place}: {name} {fault}").format(place="--timeout", name=text, fault=error)) from None


class _Report:
    """One look at everything, shown as it comes or as a document at its end."""

    def __init__(self, arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
        self._arguments, self._environ = arguments, environ
        self._found: list[Finding] = []
        self._progress = Progress(marked("{done} of {total} checks are done"))
        self._page = None if arguments.json else self._paper()

    def give(self) -> Exit:
        """Look until all is known, or Ctrl-C; raises ReaderGone."""
        stopped = False
        try:
            for checks in self._rounds():
                self._look(checks)
        except KeyboardInterrupt:
            stopped = True
        self._progress.clear()
        counts = Counter(finding.status for finding in self._found)
        if self._arguments.json:
            told = [_told(finding) for finding in self._found]
            well = not counts["failed"]
            write_document({"version": __version__, "well": well, "whole": not stopped, "checks": told})
        else:
            self._sum_up(counts["failed"], counts["warning"], stopped=stopped)
        if stopped:
            return Exit.INTERRUPTED
        if self._page is not None and self._page.screen.gone is not None:
            return self._page.screen.gone.exit_code
        return Exit.NO if counts["failed"] else Exit.DONE

    def _rounds(self) -> Iterator[Round]:
        cases: list[Case] = []
        yield Round(before_a_root(self._arguments, self._environ, cases.append), self._progress)
        for case in cases:
            if self._page is not None and case.settings is not None:
                self._page.screen.setting = case.settings.__getitem__
            self._progress.clear()
            ask_for_keys(case)
            yield Round(below_a_root(case), self._progress)

    def _look(self, checks: Round) -> None:
        """Take what is found; at Ctrl-C what is found by then, and raise KeyboardInterrupt."""
        try:
            for found in checks.findings():
                self._take(found)
        except KeyboardInterrupt:
            for found in checks.rest():
                self._take(found)
            raise

    def _take(self, found: Found) -> None:
        finding = _without_secrets(found.finding)
        self._found.append(finding)
        if self._page is not None:
            self._progress.clear()
            self._page.show(found.check.heading, finding)

    def _paper(self) -> Page:
        plain = bool(self._arguments.plain)
        screen = terminal_screen(self._environ, plain=plain) if sys.stdout.isatty() else pipe_screen()
        return Page(screen, self._environ.get("TERM"), plain=plain)

    def _sum_up(self, failed: int, warnings: int, *, stopped: bool) -> None:
        screen = beside()
        if stopped:
            screen.note(_("stopped; not all of it was looked at"))
        if warnings:
            screen.note(ngettext("{n} warning", "{n} warnings", warnings).format(n=warnings))
        if failed:
            screen.fail(ngettext("{n} thing does not work", "{n} things do not work", failed).format(n=failed))
        elif not stopped:
            screen.note(_("everything that was tried works"))


def _told(finding: Finding) -> dict[str, object]:
    """Say all that is known of a finding, but for its name in the reader's language."""
    facts: dict[str, object] = msgspec.to_builtins(finding)
    del facts["label"]
    return facts


def _without_secrets(finding: Finding) -> Finding:
    """Put dots in place of all keys, whoever has quoted one."""
    value, origin, advice = (text and without_known(text) for text in (finding.value, finding.origin, finding.advice))
    return replace(finding, value=value, origin=origin, advice=advice)


def _leave(code: int, others: Collection[threading.Thread]) -> None:
    """End the process where a thread of ours still waits for a disk or a name: Python would wait for it, too."""
    end = time.monotonic() + ENDING
    for thread in threading.enumerate():
        if thread not in others:
            thread.join(max(end - time.monotonic(), 0))
            if thread.is_alive():
                with suppress(OSError):
                    sys.stdout.flush()
                    sys.stderr.flush()
                os._exit(code)
