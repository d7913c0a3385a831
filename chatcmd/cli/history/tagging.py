"""`chatcmd history tag`: words by which saved sessions are found again."""

import argparse

from msgspec.structs import replace

from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import beside, pipe_screen
from chatcmd.cli.whose import add_session, add_user, user_of
from chatcmd.conversation.label import tagged, untagged
from chatcmd.conversation.session import Session
from chatcmd.errors import Exit
from chatcmd.history.change import change
from chatcmd.history.library import Library
from chatcmd.language import _
from chatcmd.settings.root import Root


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    add_session(parser)
    text = _("tags that it gets; without any, those that it has are shown")
    parser.add_argument("names", metavar="NAME", nargs="*", help=text)
    text = _("tags that are taken away")
    parser.add_argument("--remove", metavar="NAME", nargs="+", action="extend", default=[], help=text)


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:  # noqa: ARG001 - all are called alike
    """Tag it, or show its tags; raises SessionNotFound, SessionInUse, UsageError and NotSaved."""
    path = library.find(arguments.session, user_of(arguments))
    given, taken = tuple(arguments.names), tuple(arguments.remove)

    def tag(old: Session) -> Session:
        return replace(old, tags=tagged(untagged(old.tags, taken), given))

    session = change(library, path, tag) if given or taken else library.read(path)
    if arguments.json:
        write_document({"id": session.id, "tags": list(session.tags), "path": str(path)})
    elif given or taken:
        shown = _(", ").join(session.tags)
        beside().note(_("tags: {names}").format(names=shown) if shown else _("no tags are left"))
    else:
        for each in session.tags:
            pipe_screen().show(each)
    return Exit.DONE
