"""`chatcmd history list`: the saved sessions, newest first."""

import argparse
from itertools import islice

import msgspec

from chatcmd.cli.document import write_document
from chatcmd.cli.flags import pipe_screen
from chatcmd.cli.parser import Parser
from chatcmd.cli.whose import add_user, user_of
from chatcmd.errors import Exit
from chatcmd.history.entry import Entry, Wanted
from chatcmd.history.library import Library
from chatcmd.language import _
from chatcmd.settings.root import Root

SHOWN = 20


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    parser.add_argument("-n", type=int, default=SHOWN, metavar="N", help=_("how many (default {n})").format(n=SHOWN))
    parser.add_argument("--all", action="store_true", help=_("all of them"))


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """List them; what cannot be read is said, and sets the exit code."""
    wanted = Wanted(user=user_of(arguments))
    found = islice(library.entries(wanted), None if arguments.all else max(arguments.n, 0))
    entries: list[Entry] = []
    screen, code = pipe_screen(), Exit.DONE
    for entry in found:
        if isinstance(entry, Entry):
            entries.append(entry)
        else:
            screen.fail(str(entry))
            code = Exit.HISTORY
    if arguments.json:
        write_document([msgspec.to_builtins(entry) for entry in entries])
    elif entries:
        rows = [(each.id, each.user, str(each.turns), each.model, each.title) for each in entries]
        screen.table(rows, (_("session"), _("user"), _("turns"), _("model"), _("title")))
    elif code == Exit.DONE:
        screen.note(_("nothing is saved in {folder} yet").format(folder=root.history))
    return code
