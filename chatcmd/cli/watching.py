"""`chatcmd replay` without a model: a saved session is watched, at a terminal or through a pipe."""

import argparse
import sys

from chatcmd.cli.keyboard import keyboard_of
from chatcmd.cli.parser import Parser
from chatcmd.cli.run import Run
from chatcmd.cli.screens import pipe_screen, terminal_screen
from chatcmd.conversation.session import Session
from chatcmd.errors import Exit
from chatcmd.language import _, marked
from chatcmd.replay.speed import speed_of
from chatcmd.replay.watch import at_once, no_keys, watch
from chatcmd.signals import Leave, Signals, Stopped
from chatcmd.terminal import ReaderGone

KEYS = marked(
    "While a session is watched: space pauses, right and left step to the next and the previous turn, up and down "
    "change the speed, q, Esc and Ctrl-C leave. A pipe is given all of it at once, unless --speed says otherwise."
)


def add(parser: Parser) -> None:
    """Add the flags that say how a session is watched."""
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--speed", metavar="NUMBER", help=_("watch it so many times as fast, such as 4 or 0.5"))
    pace.add_argument("--instant", action="store_true", help=_("show all of it at once"))


async def show(run: Run, session: Session, arguments: argparse.Namespace) -> Exit:
    """Show a session as the flags say; leaving early, by a key or Ctrl-C, is no failure. Raises UsageError."""
    at_terminal = sys.stdout.isatty()
    speed = 1.0 if arguments.speed is None else speed_of(arguments.speed)
    watched = not arguments.instant and (at_terminal or arguments.speed is not None)
    screen = terminal_screen(run.environ, plain=run.settings["plain"]) if at_terminal else pipe_screen()
    screen.setting = run.settings.__getitem__
    has_keys = at_terminal and sys.stdin.isatty()
    signals = Signals(interrupt_leaves=not has_keys)
    signals.listen()
    keyboard = keyboard_of(run, at_terminal=True) if watched and has_keys else None
    try:
        pressing = keyboard.pressing if keyboard is not None else no_keys
        showing = watch(session, screen, speed=speed, pressing=pressing) if watched else at_once(session, screen)
        await signals.guard(showing)
    except Stopped:
        return Exit.DONE
    except (Leave, ReaderGone) as ended:
        return ended.exit_code
    finally:
        if keyboard is not None:
            keyboard.close()
        screen.close()
    return Exit.DONE
