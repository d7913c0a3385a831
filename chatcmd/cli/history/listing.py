"""`chatcmd history list`: the saved sessions, newest first."""

import argparse
from pathlib import Path

from chatcmd.cli.document import write_document
from chatcmd.cli.entries import show, told
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import beside, view
from chatcmd.cli.wanted import add_most, add_wanted, most_of, wanted_of
from chatcmd.errors import Exit
from chatcmd.history.entry import ALL, Entry
from chatcmd.history.library import LIVE, Library
from chatcmd.language import _
from chatcmd.settings.root import Root


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_wanted(parser)
    add_most(parser)


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """List them; what cannot be read is said, and sets the exit code."""
    wanted, most = wanted_of(arguments), most_of(arguments)
    entries: list[Entry] = []
    screen, code, more = beside(), Exit.DONE, False
    for entry in library.entries(wanted) if most != 0 else ():
        if not isinstance(entry, Entry):
            screen.fail(str(entry))
            code = Exit.HISTORY
        elif len(entries) == most:
            more = True
            break
        else:
            entries.append(entry)
    live = [Path(entry.path).with_suffix(LIVE).exists() for entry in entries]
    if arguments.json:
        write_document([told(entry, is_live=is_live) for entry, is_live in zip(entries, live, strict=True)])
    elif entries:
        show(view(), entries, live)
        if more:
            screen.note(_("there are more; see them with -n N or --all"))
    elif code == Exit.DONE and wanted == ALL and most != 0:
        screen.note(_("nothing is saved in {folder} yet").format(folder=root.history))
    elif code == Exit.DONE and most != 0:
        screen.note(_("no saved session matches"))
    return code
