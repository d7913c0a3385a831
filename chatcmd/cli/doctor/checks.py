"""What is looked at, in the order in which it is shown."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial

from chatcmd.cli.doctor.case import Case, case_of
from chatcmd.cli.doctor.finding import Check, Finding
from chatcmd.cli.doctor.history import contents, disk
from chatcmd.cli.doctor.program import program
from chatcmd.cli.doctor.service import look_at
from chatcmd.cli.doctor.settings import settings
from chatcmd.cli.doctor.terminal import terminal
from chatcmd.cli.doctor.ways import Way, ways
from chatcmd.cli.keys import ask_for
from chatcmd.errors import SettingsError
from chatcmd.language import _
from chatcmd.settings.settings import Settings

STARTING = 5.0
"""Seconds that the SDK may take to load, on top of those for the network."""


def before_a_root(
    arguments: argparse.Namespace, environ: Mapping[str, str], take: Callable[[Case], None]
) -> list[Check]:
    """Give the checks that need no root, and the one that finds it with its settings, which is taken."""

    def found() -> Iterator[Finding]:
        try:
            case = case_of(arguments, environ)
        except SettingsError as error:
            yield Finding("settings.root", _("root"), "failed", str(error))
            return
        take(case)
        yield from settings(case)

    plain, seconds = bool(arguments.plain), arguments.patience
    return [
        Check("program", _("program"), _("program"), program, seconds),
        Check("terminal", _("terminal"), _("terminal"), lambda: terminal(environ, plain=plain), seconds),
        Check("settings", _("settings"), _("settings"), found, seconds),
    ]


def ask_for_keys(case: Case) -> None:
    """Ask for keys that have to be asked for before all is looked at at once: only now a password can be typed.

    Without a terminal that is left to the checks, whose patience is shorter.
    """
    if case.settings is not None and _unasked(case) is None and sys.stdin.isatty():
        with suppress(RuntimeError):  # no thread is left: then, too
            asyncio.run(_ask_for_keys(case, case.settings))


async def _ask_for_keys(case: Case, settings: Settings) -> None:
    for way in ways(settings):
        key = way.service.key if isinstance(way, Way) else None
        if key is None:
            continue
        try:
            await ask_for(key)
        except SettingsError as error:
            case.keyless[key.origin] = str(error)


def below_a_root(case: Case) -> list[Check]:
    """Give the checks of what a root holds, and of the services that its settings name."""
    heading, seconds = _("history"), case.patience
    return [
        Check("history.disk", _("disk"), heading, lambda: disk(case), seconds),
        Check("history.sessions", _("sessions"), heading, lambda: contents(case), seconds),
        *_services(case),
    ]


def _services(case: Case) -> Iterator[Check]:
    unasked = _unasked(case)
    if case.settings is None or unasked is not None:
        finding = Finding("service", _("service"), "skipped", unasked or "")
        yield Check("service", _("service"), _("service"), lambda: [finding], case.patience)
        return
    seconds = case.patience * (2 if case.asks else 1) + STARTING
    for way in ways(case.settings):
        if isinstance(way, Finding):
            yield Check(way.id, way.label, _("service"), partial(iter, [way]), seconds)
        else:
            yield Check(way.id, _("service"), way.heading, partial(look_at, case, way), seconds)


def _unasked(case: Case) -> str | None:
    """Say why no service is asked, if none is."""
    if case.settings is None:
        return _("not asked: the settings are wrong")
    if not case.trusted:
        return _("not asked: nobody has agreed to what this folder sets")
    if case.settings["offline"]:
        return _("not asked: the offline demo answers ({origin})").format(origin=case.settings.origin("offline"))
    return None
