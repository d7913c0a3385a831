"""The flags that commands share, and the run that they describe."""

import argparse
import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from msgspec import Struct

from chatcmd.cli.parser import Parser
from chatcmd.errors import SettingsError
from chatcmd.history.library import Library
from chatcmd.language import _
from chatcmd.settings.language import LANGUAGES, chosen, setting_of, use
from chatcmd.settings.load import load
from chatcmd.settings.option import GENERATION, OPTIONS
from chatcmd.settings.root import Root, find_root
from chatcmd.settings.settings import Settings
from chatcmd.terminal.screen import Screen

PICKED = True
"""Stands for a session that is to be picked from a list."""


class Run(Struct):
    """What a command line and its surroundings come to."""

    settings: Settings
    environ: Mapping[str, str]
    root: Root

    @property
    def library(self) -> Library | None:
        """The history, or None when it is not to be kept."""
        return Library(self.root.history) if self.settings["save"] else None


def add_flags(parser: Parser, *, picks: bool = False) -> None:
    """Add the flags that `chat` and `ask` share (design: 1.2); with `picks`, a session can be picked from a list."""
    add = parser.add_argument
    add("-u", "--user", metavar="NAME", help=_("who is talking"))
    add("-p", "--persona", metavar="NAME", help=_("who answers: a file of envs/personas"))
    add("-m", "--model", metavar="NAME", help=_("MODEL, or NAME/MODEL of [providers.NAME]"))
    add("-c", "--continue", dest="go_on", action="store_true", help=_("go on with the last session"))
    if picks:
        text = _("go on with a session: id, its beginning, title, -1; without one, pick it from a list")
        add("-r", "--resume", metavar="SESSION", nargs="?", const=PICKED, help=text)
    else:
        add("-r", "--resume", metavar="SESSION", help=_("go on with a session: id, its beginning, title, -1"))
    add("--fork", action="store_true", help=_("with -c or -r: go on in a copy, whoever has the session open"))
    add_service(parser)


def add_service(parser: Parser, offline: str | None = None) -> None:
    """Add the flags that say who answers where, and how: all that asks a model has them.

    `offline` says what answers without a network, where that is not the demo model.
    """
    add = parser.add_argument
    add("--offline", action="store_const", const=True, help=offline or _("a demo model: no key, no network"))
    add("--no-save", dest="save", action="store_const", const=False, help=_("leave no trace"))
    add("--provider", metavar="NAME", help=_("the [providers.NAME] to use"))
    add("--base-url", metavar="URL", help=_("address of the service, like https://host/v1"))
    add("--proxy", metavar="URL", help=_("http, https or socks5 address to go through"))
    add("--no-stream", dest="stream", action="store_const", const=False, help=_("the answer all at once"))
    add("--plain", action="store_const", const=True, help=_("no escape sequences, no line editor"))
    add("--root", metavar="DIR", help=_("the folder that holds envs/ and history/"))
    add_lang(parser)
    group = parser.add_argument_group(_("generation, by the API's own names"))
    for option in GENERATION:
        more: dict[str, Any] = {"action": "append"} if option.name == "stop" else {}
        group.add_argument(f"--{option.name.replace('_', '-')}", metavar="VALUE", help=_(option.help), **more)


def add_lang(parser: Parser, **more: Any) -> None:
    """Add --lang, which every command has: the setting `language`."""
    words = "|".join(LANGUAGES)
    text = _("the language that chatcmd speaks: English or Chinese")
    parser.add_argument("--lang", dest="language", metavar=words, choices=LANGUAGES, help=text, **more)


def prepare(arguments: argparse.Namespace) -> Run:
    """Find the root and read the settings; raises SettingsError."""
    environ = dict(os.environ)
    root = find_root(arguments.root, environ, current_folder(arguments.root or environ.get("CHATCMD_ROOT")))
    speak_of(arguments, environ, root)
    flags = {name: value for name, value in vars(arguments).items() if value is not None and name in OPTIONS}
    return Run(load(flags, environ, root), environ, root)


def speak_of(arguments: argparse.Namespace, environ: Mapping[str, str], root: Root) -> None:
    """Speak the language of the run, now that the settings file can be asked too, unless a flag says all."""
    if arguments.language is None:
        use(chosen(None, setting_of(environ, root), environ))


def current_folder(root: str | None) -> Path:
    """Name the current folder, which may have been removed: that matters unless the root is given in full."""
    try:
        return Path.cwd()
    except OSError:
        if root is not None and Path(root).is_absolute():
            return Path("/")
        raise SettingsError(
            _("the current folder is gone; change to another one, or pass --root with a full path")
        ) from None


def pipe_screen(*, headed: bool = True) -> Screen:
    """Make the screen of a pipe: the conversation alone on standard output, notes on standard error."""
    return Screen(writable(sys.stdout), writable(sys.stderr), headed=headed)


def terminal_screen(environ: Mapping[str, str], *, plain: bool = False, headed: bool = True) -> Screen:
    """Make the screen of a terminal, in which all stands on standard output."""
    drawn = not (plain or environ.get("TERM", "dumb") == "dumb")
    out = writable(sys.stdout)
    colour = drawn and not environ.get("NO_COLOR")
    return Screen(out, out, at_terminal=True, drawn=drawn, colour=colour, headed=headed, environ=environ)


def view(*, headed: bool = True) -> Screen:
    """Make a screen for what was asked for, as standard output can show it; what is said about it goes elsewhere."""
    if sys.stdout.isatty():
        return terminal_screen(os.environ, headed=headed)
    return pipe_screen(headed=headed)


def beside() -> Screen:
    """Make a screen for what is said beside what was asked for: on standard error, broken as a terminal needs it."""
    out = writable(sys.stderr)
    return Screen(out, out, at_terminal=out.isatty())


def writable(stream: TextIO) -> TextIO:
    """Let a stream take any text: what its encoding does not have is written as an escape."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
