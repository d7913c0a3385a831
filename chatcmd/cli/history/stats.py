"""`chatcmd history stats`: questions a day, tokens and money by model and user, in charts."""

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import msgspec

from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import pipe_screen
from chatcmd.cli.wanted import named
from chatcmd.cli.whose import add_user, user_of
from chatcmd.conversation.price import Price
from chatcmd.conversation.spent import Spent
from chatcmd.errors import Exit, SettingsError, UsageError
from chatcmd.history.asked import Asked, by
from chatcmd.history.disk import write_whole
from chatcmd.history.entry import Wanted
from chatcmd.history.export.place import checked
from chatcmd.history.library import Library
from chatcmd.language import _, ngettext
from chatcmd.settings.load import load
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings
from chatcmd.terminal.chart import Ink, ink_for
from chatcmd.terminal.screen import Screen
from chatcmd.terminal.tally import laid, priced_by, questions_per_day, room_for, tokens_by

Priced = Callable[[Asked], Price | None]


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    add = parser.add_argument
    add("-m", "--model", metavar="NAME", help=_("only what was asked of a model whose name holds this"))
    add("--since", metavar="DATE", help=_("asked on this day or later: 2026-11-20, 2026-11, yesterday, 7d"))
    add("--until", metavar="DATE", help=_("asked on this day or before"))
    add("--html", metavar="FILE", help=_("write a page that any browser shows, without a network"))
    add("--force", action="store_true", help=_("replace what is there already"))


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """Draw the charts, or write the page."""
    first, last = _days(arguments)
    page = _page(arguments, root.history)
    rows = library.asked(Wanted(user=user_of(arguments)))
    wanted = [row for row in rows if _is_wanted(row, arguments.model, first, last)]
    screen = pipe_screen()
    settings = _settings(root, screen)

    def priced(row: Asked) -> Price | None:
        return settings.price_of(row.named, row.model)

    if page is not None:
        from chatcmd.history.export.html.statistics import statistics

        write_whole(page, statistics(wanted, priced).encode())
        screen.note(_("exported: {path}").format(path=arguments.html))
    if arguments.json:
        write_document(_document(wanted, priced))
    elif page is None and wanted:
        width = room_for(screen.width)
        ink = ink_for(screen.encoding, os.environ.get("TERM"), plain=settings["plain"])
        lines = charts(wanted, priced, width, ink)
        screen.show("\n".join(part for line in lines for part in laid(line, width)))
    elif page is None:
        screen.note(_("nothing was asked that this asks for; see: chatcmd history list"))
    return Exit.DONE


def charts(rows: Sequence[Asked], priced: Priced, width: int, ink: Ink) -> list[str]:
    """Draw questions a day and tokens by model and by user, with what they cost, in lines of `width` cells."""
    models, users = by(rows, lambda row: row.model, priced), by(rows, lambda row: row.user, priced)
    days = {day: spent.turns for day, spent in by(rows, lambda row: row.day, priced).items() if day}
    lines = [_of(users, sum(models.values(), Spent()))]
    lines += questions_per_day(days, width, ink)
    sentence = _("tokens by model: prompt {prompt}, answer {answer}")
    title = sentence.format(prompt=ink.shades[0], answer=ink.shades[1])
    lines += tokens_by(title, models, width, ink)
    if len(users) > 1:
        lines += tokens_by(_("tokens by user"), users, width, ink)
    return lines + priced_by(models)


def _of(users: Iterable[str], everything: Spent) -> str:
    names = list(users)
    if len(names) == 1:
        return _("{user}, {sentence}").format(user=names[0], sentence=everything.sentence)
    sentence = ngettext("{n:,} user, {sentence}", "{n:,} users, {sentence}", len(names))
    return sentence.format(n=len(names), sentence=everything.sentence)


def _document(rows: Sequence[Asked], priced: Priced) -> object:
    """Give all of it as JSON; money is null where no price is known."""
    days = by(rows, lambda row: row.day, priced)
    return {
        "total": _told(sum((row.spent(priced(row)) for row in rows), Spent())),
        "days": [{"day": day or None, "turns": spent.turns} for day, spent in sorted(days.items())],
        "models": [{"model": name} | _told(each) for name, each in sorted(by(rows, _model, priced).items())],
        "users": [{"user": name} | _told(each) for name, each in sorted(by(rows, _user, priced).items())],
    }


def _told(spent: Spent) -> dict[str, object]:
    known = spent.turns > spent.uncounted + spent.unpriced
    counts = {name: value for name, value in msgspec.structs.asdict(spent).items() if name != "money"}
    money = {"dollars": round(spent.money.dollars, 8), "at_most": spent.money.at_most} if known else None
    return counts | {"money": money}


def _model(row: Asked) -> str:
    return row.model


def _user(row: Asked) -> str:
    return row.user


def _is_wanted(row: Asked, model: str | None, first: date | None, last: date | None) -> bool:
    if model is not None and model.casefold() not in row.model.casefold():
        return False
    if first is None and last is None:
        return True
    if not row.day:
        return False
    day = date.fromisoformat(row.day)
    return (first is None or day >= first) and (last is None or day <= last)


def _days(arguments: argparse.Namespace) -> tuple[date | None, date | None]:
    """Give the first and the last day that are wanted; raises UsageError."""
    since, until = named("--since", arguments.since), named("--until", arguments.until)
    first = since.begin.date() if since is not None else None
    last = (until.end - timedelta(microseconds=1)).date() if until is not None else None
    if first is not None and last is not None and first > last:
        raise UsageError(_("--since is later than --until: nothing can be in between; change one of them"))
    return first, last


def _page(arguments: argparse.Namespace, history: Path) -> Path | None:
    """Say where the page is wanted; raises UsageError where it cannot be."""
    if arguments.html is None:
        return None
    real = checked(Path(arguments.html).absolute(), history)
    if real.exists() and not arguments.force:
        sentence = _("{path} is there already; name another file, or replace it with --force")
        raise UsageError(sentence.format(path=arguments.html))
    return real


def _settings(root: Root, screen: Screen) -> Settings:
    """Read the settings for their prices; where they are wrong, say so, and go by the list prices."""
    try:
        return load({}, dict(os.environ), root)
    except SettingsError as error:
        for sentence in error.sentences:
            screen.fail(sentence)
        screen.note(_("the settings are not read, so costs are by the list prices alone"))
        return Settings(root, {}, {})
