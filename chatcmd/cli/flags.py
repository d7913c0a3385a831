"""The flags that commands share, and the run that they describe."""

import argparse
import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn, TextIO

from msgspec import Struct

from chatcmd.errors import SettingsError, UsageError
from chatcmd.history.library import Library
from chatcmd.settings.load import load
from chatcmd.settings.option import GENERATION
from chatcmd.settings.root import Root, find_root
from chatcmd.settings.settings import Settings
from chatcmd.terminal.screen import Screen


class Parser(argparse.ArgumentParser):
    """argparse with our way of saying what is wrong."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see: {self.prog} --help")


class Run(Struct):
    """What a command line and its surroundings come to."""

    settings: Settings
    environ: Mapping[str, str]
    root: Root

    @property
    def library(self) -> Library | None:
        """The history, or None when it is not to be kept."""
        return Library(self.root.history) if self.settings["save"] else None


def add_flags(parser: Parser) -> None:
    """Add the flags that `chat` and `ask` share (design: 1.2)."""
    parser.add_argument("-u", "--user", metavar="NAME", help="who is talking")
    parser.add_argument("-p", "--persona", metavar="NAME", help="who answers: a file of envs/personas")
    parser.add_argument("-m", "--model", metavar="NAME", help="MODEL, or NAME/MODEL of [providers.NAME]")
    parser.add_argument("-c", "--continue", dest="go_on", action="store_true", help="go on with the last session")
    parser.add_argument("--offline", action="store_const", const=True, help="a demo model: no key, no network")
    parser.add_argument("--no-save", dest="save", action="store_const", const=False, help="leave no trace")
    parser.add_argument("--provider", metavar="NAME", help="the [providers.NAME] to use")
    parser.add_argument("--base-url", metavar="URL", help="address of the service, like https://host/v1")
    parser.add_argument("--proxy", metavar="URL", help="http, https or socks5 address to go through")
    parser.add_argument("--no-stream", dest="stream", action="store_const", const=False, help="the answer all at once")
    parser.add_argument("--plain", action="store_const", const=True, help="no escape sequences, no line editor")
    parser.add_argument("--root", metavar="DIR", help="the folder that holds envs/ and history/")
    group = parser.add_argument_group("generation, by the API's own names")
    for option in GENERATION:
        more: dict[str, Any] = {"action": "append"} if option.name == "stop" else {}
        group.add_argument(f"--{option.name.replace('_', '-')}", metavar="VALUE", help=option.help, **more)


def prepare(arguments: argparse.Namespace) -> Run:
    """Find the root and read the settings; raises SettingsError."""
    environ = dict(os.environ)
    root = find_root(arguments.root, environ, current_folder(arguments.root or environ.get("CHATCMD_ROOT")))
    skipped = ("go_on", "resume", "root", "words", "json")
    flags = {name: value for name, value in vars(arguments).items() if value is not None and name not in skipped}
    return Run(load(flags, environ, root), environ, root)


def current_folder(root: str | None) -> Path:
    """Name the current folder, which may have been removed: that matters unless the root is given in full."""
    try:
        return Path.cwd()
    except OSError:
        if root is not None and Path(root).is_absolute():
            return Path("/")
        raise SettingsError(
            "the current folder is gone; change to another one, or pass --root with a full path"
        ) from None


def pipe_screen(*, headed: bool = True) -> Screen:
    """Make the screen of a pipe: the conversation alone on standard output, notes on standard error."""
    return Screen(writable(sys.stdout), writable(sys.stderr), headed=headed)


def writable(stream: TextIO) -> TextIO:
    """Let a stream take any text: what its encoding does not have is written as an escape."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
