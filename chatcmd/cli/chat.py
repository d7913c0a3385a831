"""`chatcmd chat`: talk, at a terminal or through a pipe."""

import argparse
import sys

from chatcmd import __version__
from chatcmd.app import App
from chatcmd.cli import fault
from chatcmd.cli.flags import add_flags
from chatcmd.cli.going_on import go_on, goes_on, named_user
from chatcmd.cli.keyboard import keyboard_of
from chatcmd.cli.parser import Parser
from chatcmd.cli.recovery import recover
from chatcmd.cli.run import Run, prepare, trusted
from chatcmd.cli.screens import pipe_screen, terminal_screen
from chatcmd.clock import Clock
from chatcmd.desk import Desk
from chatcmd.errors import Exit, KeyMissing, SettingsError, UsageError
from chatcmd.history.upkeep import keep_in_step
from chatcmd.language import _, marked
from chatcmd.repl import Repl
from chatcmd.settings.settings import Settings
from chatcmd.signals import Leave, Signals, Stopped
from chatcmd.talk import in_memory
from chatcmd.terminal import Keyboard, ReaderGone

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
    add_flags(parser, picks=True)
    arguments = parser.parse_args(words)
    if arguments.words:
        sentence = _(
            "chat does not take {word!r}: a command comes first (chatcmd history ...), "
            "and a single question goes to chatcmd ask"
        )
        raise UsageError(sentence.format(word=arguments.words[0]))
    return int(fault.run(_talk(trusted(prepare(arguments), arguments), arguments)))


async def _talk(run: Run, arguments: argparse.Namespace) -> Exit:
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    screen = terminal_screen(run.environ, plain=run.settings["plain"]) if at_terminal else pipe_screen()
    signals = Signals(interrupt_leaves=not at_terminal)
    signals.listen()
    keyboard = keyboard_of(run, at_terminal=at_terminal)
    app = None
    try:
        going_on = goes_on(arguments)  # then the session's model is what has to be reached
        settings = run.settings
        if not going_on and not _is_ready(settings):
            from chatcmd.cli.setup import with_service  # noqa: PLC0415 - most starts have a key at hand

            settings = await with_service(run, keyboard, screen, signals)
        app = App(settings, run.library, screen, run.environ, Clock())
        desk = Desk(app)
        screen.setting = desk.setting
        keyboard.sit_at(desk)
        _greet(app, at_terminal=at_terminal)
        await signals.guard(_begin(app, arguments, keyboard))
        if going_on:
            await signals.guard(_ask_for_key(app))
        app.warm(DRAWN if keyboard.interactive else 0)
        if app.library is not None and keyboard.interactive:
            keep_in_step(app.library.folder)
        return await Repl(app, keyboard, signals).run()
    except (Leave, Stopped, ReaderGone) as ended:  # before the first line, as while a resumed session was shown
        if app is not None:
            app.end_all("signal")
        return Exit.DONE if isinstance(ended, Stopped) else ended.exit_code
    finally:
        keyboard.close()
        if app is not None:
            _stop_asking(app)
            await app.close()
        screen.close()


def _is_ready(settings: Settings) -> bool:
    """Tell whether the model can be reached without a question to anyone; raises UsageError."""
    try:
        ways = () if settings["offline"] else settings.services(settings["model"])[0]
    except KeyMissing:
        return False
    return all(way.key is None or way.key.secret.at_hand for way in ways)


def _greet(app: App, *, at_terminal: bool) -> None:
    """Say what is to be known before the first question: warnings, what was recovered, and how to leave."""
    if at_terminal:
        who = _("the offline demo") if app.settings["offline"] else app.settings["model"]
        sentence = _("chatcmd {version}, {who}.  0 leaves and saves, 1 starts over, /help lists the commands")
        app.screen.note(sentence.format(version=__version__, who=who))
    for warning in app.settings.warnings:
        app.screen.fail(warning)
    if app.library is not None:
        recover(app.library, app.screen, in_chat=at_terminal)
        if refusal := app.library.refusal(app.settings["user"]):
            app.screen.fail(in_memory(refusal))


async def _ask_for_key(app: App) -> None:
    """Ask for the key of a resumed session's service; what else is wrong with it is told when a question is asked."""
    from chatcmd.cli.keys import ask_for_keys  # noqa: PLC0415 - most chats begin anew

    try:
        await ask_for_keys(app.settings, [app.talk.session.model])
    except SettingsError as error:
        app.screen.fail(str(error))
    except UsageError:
        pass


def _stop_asking(app: App) -> None:
    from chatcmd.cli.keys import stop_asking  # noqa: PLC0415 - needed at the end alone

    stop_asking(app.settings)


async def _begin(app: App, arguments: argparse.Namespace, keyboard: Keyboard) -> None:
    """Let the user that was named talk, going on with a session if that was asked for; raises Leave."""
    if goes_on(arguments):
        talk = await go_on(app, arguments, keyboard)
        if talk is None:
            raise Leave
        from chatcmd.resumption import show  # noqa: PLC0415 - most chats begin anew

        show(app, talk)
    elif (user := named_user(app.settings)) is not None:
        app.switch_to(user)
