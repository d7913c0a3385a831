"""`chatcmd history delete`: sessions put into the trash."""

import argparse
from pathlib import Path

from chatcmd.clean import clean_line
from chatcmd.cli.consent import add_consent, agreed
from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import beside
from chatcmd.cli.whose import add_session, add_user, user_of
from chatcmd.errors import Exit, HistoryError
from chatcmd.history.library import Library
from chatcmd.history.trash import Trash
from chatcmd.language import _, ngettext
from chatcmd.settings.root import Root


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    add_consent(parser)
    add_session(parser, nargs="+")


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:  # noqa: ARG001 - all are called alike
    """Delete them all, or those that can be; raises SessionNotFound before anything is deleted, and UsageError."""
    user = user_of(arguments)
    paths = list(dict.fromkeys(library.find(each, user) for each in arguments.session))
    screen, trash = beside(), Trash(library.folder)
    ask = ngettext("put {n} session into the trash?", "put {n} sessions into the trash?", len(paths))
    question = "\n".join([*(_named(library, path) for path in paths), ask.format(n=len(paths))])
    if not agreed(question, yes=arguments.yes):
        screen.note(_("nothing was deleted"))
        return Exit.NO
    deleted, code = [], Exit.DONE
    for path in paths:
        try:
            deleted.append({"id": path.stem, "path": str(trash.throw(path))})
        except HistoryError as error:
            screen.fail(str(error))
            code = Exit.HISTORY
    if arguments.json:
        write_document({"deleted": deleted})
    elif deleted:
        sentence = ngettext(
            "{n} session is in the trash; get it back with: {command}",
            "{n} sessions are in the trash; get one back with: {command}",
            len(deleted),
        )
        command = f"chatcmd history trash restore {Path(deleted[0]['path']).stem}"
        screen.note(sentence.format(n=len(deleted), command=command))
    return code


def _named(library: Library, path: Path) -> str:
    """Say which session is meant; one that cannot be read is named by its file."""
    try:
        session = library.read(path)
    except HistoryError:
        return _("{path}, which cannot be read").format(path=path)
    turns = len(session.turns)
    sentence = ngettext("{id}: {title} ({user}, {n} turn)", "{id}: {title} ({user}, {n} turns)", turns)
    title, user = clean_line(session.title), clean_line(session.user)
    return sentence.format(id=path.stem, title=title, user=user, n=turns)
