"""The keyboard of whoever sits at the terminal."""

import sys

from chatcmd.cli.run import Run
from chatcmd.terminal import Keyboard


def keyboard_of(run: Run, *, at_terminal: bool) -> Keyboard:
    """Open it: the line editor where it can draw, else plain lines."""
    if at_terminal and not run.settings["plain"] and run.environ.get("TERM") != "dumb":
        from chatcmd.terminal import prompt

        return prompt.LineEditor(run.environ)
    from chatcmd.terminal.plain import PlainKeyboard  # noqa: PLC0415 - the line editor need not wait for it

    return PlainKeyboard(sys.stdin.buffer, sys.stdout if at_terminal else None)
