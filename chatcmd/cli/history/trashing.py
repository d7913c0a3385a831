"""`chatcmd history trash`: what was deleted, got back or removed for good."""

import argparse

from chatcmd.cli.consent import add_consent, agreed
from chatcmd.cli.document import write_document
from chatcmd.cli.entries import show, told
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import beside, view
from chatcmd.cli.whose import add_user, user_of
from chatcmd.errors import Exit, HistoryError, UsageError
from chatcmd.history.entry import Entry
from chatcmd.history.library import Library
from chatcmd.history.trash import Trash
from chatcmd.language import _, ngettext
from chatcmd.settings.root import Root

ACTIONS = ("list", "restore", "empty")


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    add_consent(parser)
    text = _("list what is there, restore sessions, or empty it: then they are gone")
    parser.add_argument("action", choices=ACTIONS, nargs="?", default="list", metavar="|".join(ACTIONS), help=text)
    text = _("what to restore: id, its beginning, title, or -1")
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help=text)


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """Do one of the three; raises SessionNotFound, HistoryError and UsageError."""
    if arguments.action != "restore" and arguments.sessions:
        raise UsageError(_("only restore takes sessions: chatcmd history trash restore SESSION"))
    trash, user = Trash(library.folder), user_of(arguments)
    if arguments.action == "empty":
        return _empty(trash, user, arguments)
    if arguments.action == "restore":
        return _restore(trash, user, arguments, root)
    return _list(trash, user, arguments)


def _list(trash: Trash, user: str | None, arguments: argparse.Namespace) -> Exit:
    screen, code, entries = beside(), Exit.DONE, []
    for entry in trash.entries(user):
        if isinstance(entry, Entry):
            entries.append(entry)
        else:
            screen.fail(str(entry))
            code = Exit.HISTORY
    if arguments.json:
        write_document([told(entry) for entry in entries])
    elif entries:
        show(view(), entries)
    elif code == Exit.DONE:
        screen.note(_("the trash is empty"))
    return code


def _restore(trash: Trash, user: str | None, arguments: argparse.Namespace, root: Root) -> Exit:
    if not arguments.sessions:
        raise UsageError(_("name what is to be restored; see it with: chatcmd history trash"))
    paths = list(dict.fromkeys(trash.find(each, user) for each in arguments.sessions))
    screen, code, restored = beside(), Exit.DONE, []
    for path in paths:
        try:
            restored.append(trash.restore(path))
        except HistoryError as error:
            screen.fail(str(error))
            code = Exit.HISTORY
    if arguments.json:
        write_document({"restored": [{"id": path.stem, "path": str(path)} for path in restored]})
    else:
        for path in restored:
            screen.note(_("restored: {path}").format(path=root.name(path)))
    return code


def _empty(trash: Trash, user: str | None, arguments: argparse.Namespace) -> Exit:
    screen, there = beside(), len(trash.paths(user))
    ask = ngettext("remove {n} session for good?", "remove {n} sessions for good?", there)
    if there and not agreed(ask.format(n=there), yes=arguments.yes):
        screen.note(_("nothing was removed"))
        return Exit.NO
    removed = trash.empty(user)
    if arguments.json:
        write_document({"removed": removed})
    elif removed:
        screen.note(
            ngettext("removed {n} session for good", "removed {n} sessions for good", removed).format(n=removed)
        )
    else:
        screen.note(_("the trash is empty"))
    return Exit.DONE
