"""`chatcmd history`: what was saved."""

import argparse
import os
from itertools import islice
from pathlib import Path

import msgspec

from chatcmd.cli.document import write_document
from chatcmd.cli.flags import Parser, current_folder, pipe_screen
from chatcmd.cli.recovery import recover
from chatcmd.conversation.name import checked
from chatcmd.errors import Exit, HistoryError
from chatcmd.history import file
from chatcmd.history.foreign import import_tutorial
from chatcmd.history.library import Entry, Library
from chatcmd.settings.root import Root, find_root
from chatcmd.terminal import ReaderGone

SHOWN = 20


def run(words: list[str]) -> int:
    """Parse the words and do what they name."""
    parser = Parser(prog="chatcmd history", description="What was saved.")
    common = Parser(add_help=False)
    common.add_argument("--root", metavar="DIR", help="the folder that holds envs/ and history/")
    common.add_argument("--json", action="store_true", help="one JSON document on standard output")
    whose = Parser(add_help=False)
    whose.add_argument("-u", "--user", metavar="NAME", help="only this user's sessions")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", parents=[common, whose], help="the saved sessions, newest first")
    listing.add_argument("-n", type=int, default=SHOWN, metavar="N", help=f"how many (default {SHOWN})")
    listing.add_argument("--all", action="store_true", help="all of them")
    for name, text in (("show", "what was said in a session"), ("path", "the file of a session, or the folder")):
        command = commands.add_parser(name, parents=[common, whose], help=text)
        optional = "?" if name == "path" else None
        command.add_argument("session", nargs=optional, metavar="SESSION", help="id, its beginning, title, or -1")
    importing = commands.add_parser("import", parents=[common], help="take in a history of the tutorials' program")
    importing.add_argument("file", metavar="FILE", help="its user_messages.json: {user: [messages, ...]}")
    arguments = parser.parse_args(words)
    # No setting is read, so that none that is wrong can stand before one's history.
    root = find_root(arguments.root, os.environ, current_folder(arguments.root))
    try:
        library = Library(root.history)
        recover(library, pipe_screen())
        return int(_COMMANDS[arguments.command](arguments, library, root))
    except ReaderGone as gone:
        if gone.exit_code == Exit.READER_GONE:
            raise BrokenPipeError from None
        return int(gone.exit_code)


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
        screen.table(rows, ("session", "user", "turns", "model", "title"))
    elif code == Exit.DONE:
        screen.note(f"nothing is saved in {root.history} yet")
    return code


def _show(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:  # noqa: ARG001 - all are called alike
    path = library.find(arguments.session, _user(arguments))
    try:
        session = file.read(path)
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror}") from None
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
    for reason in done.left_out:
        screen.fail(f"left out: {reason}")
    if not arguments.json:
        for path in done.written:
            screen.show(root.name(path))
        screen.note(
            f"imported {len(done.written)} sessions; {done.known} were known, {done.empty} asked nothing, "
            f"{len(done.left_out)} left out"
        )
    return Exit.HISTORY if done.left_out else Exit.DONE


def _user(arguments: argparse.Namespace) -> str | None:
    return checked(arguments.user, "user") if arguments.user else None


_COMMANDS = {"list": _list, "show": _show, "path": _path, "import": _import}
