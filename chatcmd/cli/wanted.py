"""The flags that say which sessions are wanted."""

import argparse
from datetime import datetime
from unicodedata import normalize

from chatcmd.cli.parser import Parser
from chatcmd.cli.period import Period, period, utc
from chatcmd.cli.whose import add_user, user_of
from chatcmd.errors import UsageError
from chatcmd.history.entry import Wanted
from chatcmd.language import _
from chatcmd.settings.option import whole

MOST = 20


def add_wanted(parser: Parser) -> None:
    """Add the flags by which sessions are chosen."""
    add_user(parser)
    add = parser.add_argument
    add("-p", "--persona", metavar="NAME", help=_("only those whose persona's name holds this"))
    add("-m", "--model", metavar="NAME", help=_("only those whose model's name holds this"))
    add("--title", metavar="WORD", help=_("only those whose title holds this"))
    add("--tag", metavar="NAME", help=_("only those with this tag"))
    add("--since", metavar="DATE", help=_("only those begun on this day or later: 2026-11-20, 2026-11, yesterday, 7d"))
    add("--until", metavar="DATE", help=_("only those begun on this day or before"))


def add_most(parser: Parser) -> None:
    """Add the flags that say how many are shown."""
    parser.add_argument("-n", type=int, default=MOST, metavar="N", help=_("how many (default {n})").format(n=MOST))
    parser.add_argument("--all", action="store_true", help=_("all of them"))


def most_of(arguments: argparse.Namespace) -> int | None:
    """Say how many are shown, None for all; raises UsageError."""
    try:
        return None if arguments.all else whole(0)(arguments.n)
    except ValueError as error:
        raise UsageError(_("{place}: {sentence}").format(place="-n", sentence=error)) from None


def wanted_of(arguments: argparse.Namespace) -> Wanted:
    """Say which sessions are wanted; raises UsageError, NameRefused."""
    since, until = named("--since", arguments.since), named("--until", arguments.until)
    if since is not None and until is not None and since.begin >= until.end:
        raise UsageError(_("--since is later than --until: nothing can be in between; change one of them"))
    return Wanted(
        user=user_of(arguments),
        persona=arguments.persona,
        model=arguments.model,
        title=arguments.title,
        tag=normalize("NFC", arguments.tag).strip() if arguments.tag else None,
        since=utc(since.begin) if since is not None else None,
        until=utc(until.end) if until is not None else None,
    )


def named(flag: str, text: str | None) -> Period | None:
    """Read the time that a flag names, if it is given; raises UsageError."""
    try:
        return period(text, datetime.now().date()) if text is not None else None  # noqa: DTZ005 - days are local
    except UsageError as error:
        raise UsageError(_("{place}: {sentence}").format(place=flag, sentence=error)) from None
