"""The screens that commands show things on: a terminal's, a pipe's."""

import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from typing import TextIO

from chatcmd.terminal.screen import Screen


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
