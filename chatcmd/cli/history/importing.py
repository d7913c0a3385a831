"""`chatcmd history import`: other programs' histories, taken in."""

import argparse
from pathlib import Path

from chatcmd.cli.document import write_document
from chatcmd.cli.flags import pipe_screen
from chatcmd.cli.parser import Parser
from chatcmd.errors import Exit
from chatcmd.history.foreign.tutorial import import_tutorial
from chatcmd.history.library import Library
from chatcmd.language import _, ngettext
from chatcmd.settings.root import Root


def add(parser: Parser) -> None:
    """Add what the command takes."""
    parser.add_argument("file", metavar="FILE", help=_("its user_messages.json: {user: [messages, ...]}"))


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """Import it; what is left out is said, and sets the exit code."""
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
