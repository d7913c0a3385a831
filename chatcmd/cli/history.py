"""`chatcmd history`: what was saved."""

import argparse
import os
from itertools import islice
from pathlib import Path

import msgspec

from chatcmd.cli.document import write_document
from chatcmd.cli.flags import add_lang, current_folder, pipe_screen, speak_of
from chatcmd.cli.parser import Parser
from chatcmd.cli.recovery import recover
from chatcmd.conversation.name import checked
from chatcmd.errors import Exit, HistoryError, reason
from chatcmd.history import file
from chatcmd.history.foreign import import_tutorial
from chatcmd.history.library import Entry, Library
from chatcmd.language import _, ngettext
from chatcmd.settings.root import Root, find_root
from chatcmd.terminal import ReaderGone

SHOWN = 20


def run(words: list[str]) -> int:
    """Parse the words and do what they name."""
    arguments = _parser().parse_args(words)
    # But for the language no setting is read, so that none that is wrong can stand before one's history.
    root = find_root(arguments.root, os.environ, current_folder(arguments.root))
    speak_of(arguments, os.environ, root)
    try:
        library = Library(root.history)
        recover(library, pipe_screen())
        return int(_COMMANDS[arguments.command](arguments, library, root))
    except ReaderGone as gone:
        if gone.exit_code == Exit.READER_GONE:
            raise BrokenPipeError from None
        return int(gone.exit_code)


def _parser() -> Parser:
    parser = Parser(prog="chatcmd history", usage=_("COMMAND [options]"), description=_("What was saved."))
    add_lang(parser)
    common = Parser(add_help=False)
    common.add_argument("--root", metavar="DIR", help=_("the folder that holds envs/ and history/"))
    common.add_argument("--json", action="store_true", help=_("one JSON document on standard output"))
    add_lang(common, default=argparse.SUPPRESS)  # a command does not forget what stood before it
    whose = Parser(add_help=False)
    whose.add_argument("-u", "--user", metavar="NAME", help=_("only this user's sessions"))
    commands = parser.add_subparsers(prog=parser.prog, dest="command", required=True, metavar="COMMAND")

    def add(name: str, what: str, text: str, *parents: Parser) -> Parser:
        usage = (_("[options]") + f" {what}").rstrip()
        return commands.add_parser(name, usage=usage, parents=[common, *parents], help=text, description=text)

    listing = add("list", "", _("the saved sessions, newest first"), whose)
    listing.add_argument("-n", type=int, default=SHOWN, metavar="N", help=_("how many (default {n})").format(n=SHOWN))
    listing.add_argument("--all", action="store_true", help=_("all of them"))
    wanted = _("id, its beginning, title, or -1")
    showing = add("show", "SESSION", _("what was said in a session"), whose)
    showing.add_argument("session", metavar="SESSION", help=wanted)
    naming = add("path", "[SESSION]", _("the file of a session, or the folder"), whose)
    naming.add_argument("session", nargs="?", metavar="SESSION", help=wanted)
    importing = add("import", "FILE", _("take in a history of the tutorials' program"))
    importing.add_argument("file", metavar="FILE", help=_("its user_messages.json: {user: [messages, ...]}"))
    return parser


def _list(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    found = islice(library.entries(_user(arguments)), None if arguments.all else max(arguments.n, 0))
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


def _show(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:  # noqa: ARG001 - all are called alike
    path = library.find(arguments.session, _user(arguments))
    try:
        session = file.read(path)
    except OSError as error:
        raise HistoryError(_("{file} cannot be read: {reason}").format(file=path, reason=reason(error))) from None
    if arguments.json:
        write_document(session.raw)
    else:
        pipe_screen().transcript(session)
    return Exit.DONE


def _path(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    path = library.find(arguments.session, _user(arguments)) if arguments.session else root.history
    if arguments.json:
        write_document({"path": str(path)})
    else:
        pipe_screen().show(str(path))
    return Exit.DONE


def _import(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    done = import_tutorial(Path(arguments.file), library)
    screen = pipe_screen()
    if arguments.json:
        write_document(
            {"written": [str(path) for path in done.written], "left_out": done.left_out, "known": done.known}
        )
    for sentence in done.left_out:
        screen.fail(_("left out: {sentence}").format(sentence=sentence))
    if not arguments.json:
        for path in done.written:
            screen.show(root.name(path))
        written = len(done.written)
        sentence = ngettext(
            "imported {n} session; {known} were known, {empty} asked nothing, {left_out} left out",
            "imported {n} sessions; {known} were known, {empty} asked nothing, {left_out} left out",
            written,
        )
        left_out = len(done.left_out)
        screen.note(sentence.format(n=written, known=done.known, empty=done.empty, left_out=left_out))
    return Exit.HISTORY if done.left_out else Exit.DONE


def _user(arguments: argparse.Namespace) -> str | None:
    return checked(arguments.user, "user") if arguments.user else None


_COMMANDS = {"list": _list, "show": _show, "path": _path, "import": _import}
