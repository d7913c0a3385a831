"""`chatcmd history`: what was saved, one file a command."""

import argparse
import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from chatcmd.cli.flags import add_lang
from chatcmd.cli.parser import Parser
from chatcmd.cli.recovery import recover
from chatcmd.cli.screens import pipe_screen
from chatcmd.cli.surroundings import current_folder, speak_of
from chatcmd.errors import Exit
from chatcmd.history.library import Library
from chatcmd.language import _, marked
from chatcmd.settings.root import find_root
from chatcmd.terminal import ReaderGone

COMMANDS = {
    "list": ("listing", "", marked("the saved sessions, newest first")),
    "show": ("showing", "SESSION", marked("what was said in a session")),
    "search": ("searching", "WORD ...", marked("what was said, found by its words")),
    "rename": ("renaming", "SESSION TITLE", marked("give a session another title")),
    "tag": ("tagging", "SESSION [NAME ...] [--remove NAME ...]", marked("give a session tags, or take them away")),
    "delete": ("deleting", "SESSION ...", marked("put sessions into the trash")),
    "trash": ("trashing", "[list|restore SESSION|empty]", marked("what was deleted: see it, get it back, empty it")),
    "reindex": ("reindexing", "", marked("make the index anew, of which list and search are quick")),
    "verify": ("verifying", "[SESSION ...]", marked("what is damaged, and what can be done; --repair does it")),
    "path": ("naming", "[SESSION]", marked("the file of a session, or the folder")),
    "export": ("exporting", "SESSION ...", marked("take sessions out: Markdown, HTML, JSON and more")),
    "import": ("importing", "FILE ...", marked("take in histories of other programs")),
    "stats": ("stats", "", marked("questions a day, tokens and money by model and user, in charts")),
}
"""Each command's module here, what follows its name, and one line of help; only the module that is called is loaded."""


def run(words: list[str]) -> int:
    """Parse the words and do what they name."""
    module, arguments = _parse(words)
    # But for the language no setting is read, so that none that is wrong can stand before one's history.
    root = find_root(arguments.root, os.environ, current_folder(arguments.root))
    speak_of(arguments, os.environ, root)
    try:
        library = Library(root.history)
        if getattr(module, "RECOVERS", True):
            recover(library, pipe_screen(), quickly=True)
        return int(module.run(arguments, library, root))
    except ReaderGone as gone:
        if gone.exit_code == Exit.READER_GONE:
            raise BrokenPipeError from None
        return int(gone.exit_code)


def _parse(words: Sequence[str]) -> tuple[Any, argparse.Namespace]:
    """Parse the words; give the module that does what they name."""
    common = Parser(add_help=False)
    common.add_argument("--root", metavar="DIR", help=_("the folder that holds envs/ and history/"))
    common.add_argument("--json", action="store_true", help=_("one JSON document on standard output"))
    add_lang(common)
    called = next((word for word in words if word in COMMANDS), None)
    if called is None:
        return None, _overview().parse_args(words)  # which ends here: a page of help, or what is wrong
    name, what, text = COMMANDS[called]
    module: Any = import_module(f"{__name__}.{name}")
    usage = (_("[options]") + f" {what}").rstrip()
    parser = Parser(prog=f"chatcmd history {called}", usage=usage, parents=[common], description=_(text))
    module.add(parser)
    rest = list(words)
    rest.remove(called)
    return module, parser.parse_args(rest) if "--" in rest else parser.parse_intermixed_args(rest)


def _overview() -> Parser:
    """Name the commands."""
    parser = Parser(prog="chatcmd history", usage=_("COMMAND [options]"), description=_("What was saved."))
    add_lang(parser)
    commands = parser.add_subparsers(prog=parser.prog, dest="command", required=True, metavar="COMMAND")
    for name, (_module, _what, text) in COMMANDS.items():
        commands.add_parser(name, help=_(text))
    return parser
