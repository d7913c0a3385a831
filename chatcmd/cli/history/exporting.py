"""`chatcmd history export`: sessions taken out, for people and for other programs."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TextIO

import msgspec

from chatcmd.clean import clean
from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import pipe_screen, writable
from chatcmd.cli.wanted import add_wanted, wanted_of
from chatcmd.cli.whose import add_session
from chatcmd.conversation.session import Session
from chatcmd.errors import Exit, HistoryError, UsageError
from chatcmd.history.disk import write_whole
from chatcmd.history.entry import Entry, Wanted
from chatcmd.history.export.format import DEFAULT, FORMATS, Wish, ending_of, guessed, told
from chatcmd.history.export.place import checked, file_names, is_folder, is_there
from chatcmd.history.library import Library
from chatcmd.language import _, ngettext
from chatcmd.replay.frames import frames
from chatcmd.settings.root import Root
from chatcmd.terminal.writer import Writer


class Export(msgspec.Struct):
    """What is to be done, and what came of it; `folder` says that every session gets a file of its own."""

    format: str
    wish: Wish
    output: str | None
    folder: bool
    force: bool
    history: Path
    sessions: int = 0
    written: list[str] = []
    kept: list[str] = []
    unread: list[str] = []
    losses: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def code(self) -> Exit:
        if self.unread:
            return Exit.HISTORY
        if self.kept:
            return Exit.USAGE
        return Exit.DONE if self.written or self.output is None else Exit.NO


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_session(parser, nargs="*")
    file = _("a file, whose ending may say the format, or a folder for a file a session; else standard output")
    raw = _("Markdown with all that was said, even what a terminal may take for a command")
    add_argument = parser.add_argument
    add_argument("--all", action="store_true", help=_("every session that is not ruled out below, the oldest first"))
    add_argument("--format", metavar="FORMAT", choices=FORMATS, help=_("one of those below"))
    add_argument("-o", "--output", metavar="FILE", help=file)
    add_argument("--force", action="store_true", help=_("replace what is there already"))
    add_argument("--raw", action="store_true", help=raw)
    add_wanted(parser)
    listed = (_("  {name}: {text}").format(name=name, text=_(each.help)) for name, each in FORMATS.items())
    parser.epilog = "\n".join((_("Formats:"), *listed))


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """Export them; what is left out is said. Raises UsageError, SessionNotFound, HistoryError and NotSaved."""
    wanted = wanted_of(arguments)
    narrowed = wanted != Wanted(user=wanted.user)
    if bool(arguments.session) == (arguments.all or narrowed):
        if arguments.session:
            raise UsageError(_("name the sessions, or choose them by --all and flags like --tag, but not both"))
        raise UsageError(_("name the sessions to export, or --all; see: chatcmd history export --help"))
    export = _meant(arguments, root, several=len(arguments.session) != 1)
    found = _named(arguments.session, library, wanted.user) if arguments.session else _all(library, wanted, export)
    sessions = _counted(found, export)
    if export.output is None:
        _to_output(sessions, export)
    elif export.folder:
        _to_folder(sessions, Path(export.output), export)
    else:
        _to_file(sessions, Path(export.output), export)
    _report(export, as_json=arguments.json and export.output is not None)
    return export.code


def _meant(arguments: argparse.Namespace, root: Root, *, several: bool) -> Export:
    output = None if arguments.output in (None, "-") else arguments.output
    folder = output is not None and (output.endswith("/") or is_folder(output))
    name = arguments.format
    if output is None and arguments.json:
        if name not in (None, "json"):
            raise UsageError(_("--json is itself a format on standard output; leave it out, or name a file with -o"))
        name = "json"
    if name is None:
        name = DEFAULT if output is None or folder else guessed(Path(output))
    if several and not folder and not FORMATS[name].joins:
        sentence = _("{format} holds one session; name a folder for a file a session, like: -o DIR/")
        raise UsageError(sentence.format(format=name))
    exact = arguments.raw and not (output is None and sys.stdout.isatty())
    wish = Wish(frames=frames, listed=several and not folder, exact=exact)
    return Export(name, wish, output, folder, arguments.force, root.history)


def _named(words: Sequence[str], library: Library, user: str | None) -> Iterable[Session]:
    """Read the sessions that are named, all of them before anything is written."""
    return [library.read(path) for path in dict.fromkeys(library.find(word, user) for word in words)]


def _all(library: Library, wanted: Wanted, export: Export) -> Iterator[Session]:
    """Read every session that is wanted, the oldest first; what cannot be read is told at the end."""
    paths: list[str] = []
    for entry in library.entries(wanted):
        if isinstance(entry, Entry):
            paths.append(entry.path)
        else:
            export.unread.append(str(entry))
    for path in reversed(paths):
        try:
            yield library.read(Path(path))
        except HistoryError as error:
            export.unread.append(str(error))


def _counted(sessions: Iterable[Session], export: Export) -> Iterator[Session]:
    for session in sessions:
        export.sessions += 1
        yield session


def _to_output(sessions: Iterable[Session], export: Export) -> None:
    """Write the document to standard output: in a pipe the bytes that a file would have, on a terminal clean."""
    at_terminal = sys.stdout.isatty()
    writer = Writer(writable(sys.stdout) if at_terminal else _as_bytes(sys.stdout), sys.stderr)
    for piece in FORMATS[export.format].pieces(sessions, export.wish, export.losses):
        writer.write(clean(piece) if at_terminal else piece)
        if writer.gone is not None:
            raise writer.gone
    if at_terminal and export.format == "tutorial":
        writer.write("\n")


def _as_bytes(stream: TextIO) -> TextIO:
    """Let a document be UTF-8, whatever the locale says that texts are."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="replace", newline="")
    return stream


def _to_file(sessions: Iterable[Session], path: Path, export: Export) -> None:
    real = checked(path, export.history)
    if is_there(real) and not export.force:
        raise UsageError(_("{path} is there already; name another file, or replace it with --force").format(path=path))
    _write(sessions, path, real, export)


def _to_folder(sessions: Iterable[Session], folder: Path, export: Export) -> None:
    """Write a file a session; those that are there already are kept, unless --force says otherwise."""
    taken: set[str] = set()
    for session in sessions:
        names = file_names(session, ending_of(export.format))
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        real = checked(folder / name, export.history)
        if is_there(real) and not export.force:
            export.kept.append(str(folder / name))
        else:
            _write([session], folder / name, real, export)


def _write(sessions: Iterable[Session], path: Path, real: Path, export: Export) -> None:
    """Write a file whole, or none where the format holds nothing of the sessions."""
    coming = iter(sessions)
    one = next(coming, None)
    pieces = FORMATS[export.format].pieces(() if one is None else chain([one], coming), export.wish, export.losses)
    first = next(pieces, None)
    if one is not None and first is not None:
        write_whole(real, (piece.encode("utf-8", "replace") for piece in chain([first], pieces)))
        export.written.append(str(path))


def _report(export: Export, *, as_json: bool) -> None:
    """Say what was written, and what was not."""
    screen = pipe_screen()
    if as_json:
        told_of = ("format", "sessions", "written", "kept", "unread")
        losses = {kind: n for kind, n in export.losses.items() if n}
        write_document({name: getattr(export, name) for name in told_of} | {"left_out": losses})
    elif export.written:
        if export.folder:
            for path in export.written:
                screen.show(path)
        n = len(export.written) if export.folder else export.sessions
        sentence = ngettext("exported {n} session to {place}", "exported {n} sessions to {place}", n)
        screen.note(sentence.format(n=n, place=export.output))
    screen.note(*told(export.losses))
    if not export.sessions and not export.unread:
        screen.note(_("nothing to export: {folder} holds no such session").format(folder=export.history))
    elif export.code == Exit.NO:
        screen.note(_("nothing was written: there is nothing that {format} could hold").format(format=export.format))
    if export.kept:
        n = len(export.kept)
        sentence = ngettext(
            "{n} file was there already and is left as it was; replace it with --force",
            "{n} files were there already and are left as they were; replace them with --force",
            n,
        )
        screen.fail(sentence.format(n=n))
    screen.fail(*export.unread)
