"""`chatcmd history show`: what was said in a session."""

import argparse

from chatcmd.cli.document import write_document
from chatcmd.cli.flags import pipe_screen
from chatcmd.cli.parser import Parser
from chatcmd.cli.whose import add_session, add_user, user_of
from chatcmd.errors import Exit
from chatcmd.history.library import Library
from chatcmd.settings.root import Root


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    add_session(parser)


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:  # noqa: ARG001 - all are called alike
    """Show it; raises SessionNotFound and HistoryError."""
    session = library.read(library.find(arguments.session, user_of(arguments)))
    if arguments.json:
        write_document(session.raw)
    else:
        pipe_screen().transcript(session)
    return Exit.DONE
