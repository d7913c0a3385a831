"""What commands share that name sessions: whose, and which one."""

import argparse

from chatcmd.cli.parser import Parser
from chatcmd.conversation.name import checked
from chatcmd.language import _


def add_user(parser: Parser) -> None:
    """Add the flag that says whose sessions are meant."""
    parser.add_argument("-u", "--user", metavar="NAME", help=_("only this user's sessions"))


def add_session(parser: Parser, **more: str) -> None:
    """Add the words that name one session, or several with `nargs`."""
    parser.add_argument("session", metavar="SESSION", help=_("id, its beginning, title, or -1"), **more)  # type: ignore[arg-type]


def user_of(arguments: argparse.Namespace) -> str | None:
    """Give the user that is meant, None for all; raises NameRefused."""
    return checked(arguments.user, "user") if arguments.user is not None else None
