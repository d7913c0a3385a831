"""`chatcmd chat`: talk, at a terminal or through a pipe."""

import argparse
import asyncio
import os
import sys

from chatcmd import __version__
from chatcmd.app import App
from chatcmd.cli.flags import Run, add_flags, pipe_screen, prepare, writable
from chatcmd.cli.going_on import go_on, named_user
from chatcmd.cli.parser import Parser
from chatcmd.cli.recovery import recover
from chatcmd.cli.setup import with_service
from chatcmd.clock import Clock
from chatcmd.desk import Desk
from chatcmd.errors import Exit, UsageError
from chatcmd.language import _, marked
from chatcmd.repl import Repl
from chatcmd.signals import Leave, Signals
from chatcmd.terminal import Keyboard, ReaderGone
from chatcmd.terminal.plain import PlainKeyboard
from chatcmd.terminal.screen import Screen

DRAWN = 0.03
"""Seconds by which the first prompt is drawn; only then the SDK is loaded, while the human types."""

INSIDE = marked(
    "In the chat: Enter sends, Ctrl-J or Alt-Enter makes a new line, Ctrl-X Ctrl-E opens your editor, @path attaches a "
    "file, Ctrl-C or Esc stops an answer, 0 saves and leaves, /help lists the commands.\n"
    "How it looks and what its keys do are settings, for /set or envs/settings.toml: theme, markdown, reasoning, bar, "
    "title, vi, multiline."
)


def run(words: list[str]) -> int:
    """Parse the words, open the doors, and talk."""
    parser = Parser(
        prog="chatcmd chat",
        description=_("Talk with a model over many turns; every session is saved."),
        epilog=_(INSIDE),
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    add_flags(parser)
    text = _("go on with a session: id, its beginning, title, -1")
    parser.add_argument("-r", "--resume", metavar="SESSION", help=text)
    arguments = parser.parse_args(words)
    if arguments.words:
        sentence = _(
            "chat does not take {word!r}: a command comes first (chatcmd history ...), "
            "and a single question goes to chatcmd ask"
        )
        raise UsageError(sentence.format(word=arguments.words[0]))
    return int(asyncio.run(_talk(prepare(arguments), arguments)))


async def _talk(run: Run, arguments: argparse.Namespace) -> Exit:
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    screen = _terminal_screen(run) if at_terminal else pipe_screen()
    signals = Signals(interrupt_leaves=not at_terminal)
    signals.listen()
    keyboard = _keyboard(run, at_terminal=at_terminal)
    app = None
    try:
        going_on = arguments.go_on or arguments.resume is not None  # then the session's model is what has to be reached
        settings = run.settings if going_on else await with_service(run, keyboard, screen, signals)
        app = App(settings, run.library, screen, run.environ, Clock())
        desk = Desk(app)
        screen.setting = desk.setting
        keyboard.sit_at(desk)
        _greet(app, at_terminal=at_terminal)
        _begin(app, arguments)
        app.warm(DRAWN if keyboard.interactive else 0)
        return await Repl(app, keyboard, signals).run()
    except Leave as leave:
        return leave.exit_code
    except ReaderGone as gone:  # while a resumed session was shown
        if app is not None:
            app.end_all("signal")
        return gone.exit_code
    finally:
        keyboard.close()
        if app is not None:
            await app.close()
        screen.close()


def _keyboard(run: Run, *, at_terminal: bool) -> Keyboard:
    if at_terminal and not run.settings["plain"] and os.environ.get("TERM") != "dumb":
        from chatcmd.terminal import prompt

        return prompt.LineEditor(run.environ)
    return PlainKeyboard(sys.stdin.buffer, sys.stdout if at_terminal else None)


def _terminal_screen(run: Run) -> Screen:
    environ = run.environ
    drawn = not (run.settings["plain"] or environ.get("TERM", "dumb") == "dumb")
    out = writable(sys.stdout)
    colour = drawn and not environ.get("NO_COLOR")
    return Screen(out, out, at_terminal=True, drawn=drawn, colour=colour, environ=environ)


def _greet(app: App, *, at_terminal: bool) -> None:
    """Say what is to be known before the first question: warnings, what was recovered, and how to leave."""
    if at_terminal:
        who = _("the offline demo") if app.settings["offline"] else app.settings["model"]
        sentence = _("chatcmd {version}, {who}.  0 leaves and saves, 1 starts over, /help lists the commands")
        app.screen.note(sentence.format(version=__version__, who=who))
    for warning in app.settings.warnings:
        app.screen.fail(warning)
    if app.library is not None:
        recover(app.library, app.screen)


def _begin(app: App, arguments: argparse.Namespace) -> None:
    """Let the user that was named talk, going on with a session if that was asked for."""
    if arguments.go_on or arguments.resume is not None:
        session = go_on(app, arguments.resume)
        app.screen.transcript(session)
        sentence = _("going on with '{title}' of {user}, after turn {number}")
        app.screen.note(sentence.format(title=session.title, user=session.user, number=len(session.turns)))
    elif (user := named_user(app.settings)) is not None:
        app.switch_to(user)
