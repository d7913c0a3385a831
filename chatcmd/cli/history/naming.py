"""`chatcmd history path`: where a session is, or the folder of all."""

import argparse

from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import pipe_screen
from chatcmd.cli.whose import add_session, add_user, user_of
from chatcmd.errors import Exit
from chatcmd.history.library import Library
from chatcmd.settings.root import Root


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    add_session(parser, nargs="?")


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """Print the path; raises SessionNotFound."""
    path = library.find(arguments.session, user_of(arguments)) if arguments.session else root.history
    if arguments.json:
        write_document({"path": str(path)})
    else:
        pipe_screen().show(str(path))
    return Exit.DONE
