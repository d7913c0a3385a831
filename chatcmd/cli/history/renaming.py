"""`chatcmd history rename`: another title for a saved session."""

import argparse

from msgspec.structs import replace

from chatcmd.clean import clean_line
from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import beside
from chatcmd.cli.whose import add_session, add_user, user_of
from chatcmd.conversation.label import checked_title
from chatcmd.errors import Exit
from chatcmd.history.change import change
from chatcmd.history.library import Library
from chatcmd.language import _
from chatcmd.settings.root import Root


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    add_session(parser)
    parser.add_argument("title", metavar="TITLE", nargs="+", help=_("the title, in one word or several"))


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:  # noqa: ARG001 - all are called alike
    """Rename it; raises SessionNotFound, SessionInUse, UsageError and NotSaved."""
    title = checked_title(" ".join(arguments.title))
    path = library.find(arguments.session, user_of(arguments))
    session = change(library, path, lambda old: replace(old, title=title, renamed=old.renamed + (title != old.title)))
    if arguments.json:
        write_document({"id": session.id, "title": session.title, "path": str(path)})
    else:
        beside().note(_("the title is: {title}").format(title=clean_line(session.title)))
    return Exit.DONE
