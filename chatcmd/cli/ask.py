"""`chatcmd ask`: one question, one answer, saved like a chat."""

import argparse
import getpass
import re
import sys
from io import StringIO
from pathlib import Path

import msgspec

from chatcmd.app import App
from chatcmd.clean import clean
from chatcmd.cli import fault
from chatcmd.cli.document import write_document
from chatcmd.cli.flags import add_flags
from chatcmd.cli.going_on import go_on, goes_on, named_user
from chatcmd.cli.keys import ask_for_keys
from chatcmd.cli.parser import Parser
from chatcmd.cli.recovery import recover
from chatcmd.cli.run import Run, prepare, trusted
from chatcmd.cli.screens import pipe_screen, writable
from chatcmd.clock import Clock
from chatcmd.conversation.message import Turn
from chatcmd.conversation.name import checked
from chatcmd.errors import ChatcmdError, Exit, UsageError
from chatcmd.language import _
from chatcmd.signals import Leave, Signals
from chatcmd.terminal import ReaderGone
from chatcmd.terminal.plain import PlainKeyboard
from chatcmd.terminal.screen import Screen


def run(words: list[str]) -> int:
    """Parse the words, ask, print the answer."""
    parser = Parser(
        prog="chatcmd ask",
        usage=_("[options] QUESTION ..."),
        description=_(
            "Ask one question; what stands on standard input is added to it. The answer is saved like a chat."
        ),
    )
    parser.add_argument("words", nargs="*", metavar="QUESTION", help=_("the question"))
    add_flags(parser)
    text = _("print the answer and all that is known of it as JSON")
    parser.add_argument("--json", action="store_true", help=text)
    end = words.index("--") if "--" in words else len(words)  # argparse forgets it when words stand between flags
    arguments = parser.parse_intermixed_args(words[:end])
    arguments.words += words[end + 1 :]
    return int(fault.run(_ask(trusted(prepare(arguments), arguments), arguments)))


def question_of(words: list[str], piped: str | None) -> str:
    """Join the words and what was piped in; raises UsageError when there is neither."""
    parts = [" ".join(words), piped or ""]
    question = "\n\n".join(part for part in parts if part.strip())
    if not question:
        raise UsageError(_("there is no question; write it behind `chatcmd ask`, or pipe it in"))
    return re.sub("[\ud800-\udfff]", "\ufffd", question)  # bytes of an argument that are no UTF-8


async def _ask(run: Run, arguments: argparse.Namespace) -> Exit:
    screen = Screen(StringIO(), writable(sys.stderr)) if arguments.json else pipe_screen(headed=False)
    signals = Signals(interrupt_leaves=True)
    signals.listen()
    piped = None if sys.stdin is None or sys.stdin.isatty() else PlainKeyboard(sys.stdin.buffer, None).rest()
    try:
        question = question_of(arguments.words, await signals.guard(piped) if piped else None)
    except Leave as leave:
        return leave.exit_code
    app = App(run.settings, run.library, screen, run.environ, Clock(), once=True)
    for warning in run.settings.warnings:
        screen.fail(warning)
    if app.library is not None:
        recover(app.library, screen)
    await _begin(app, arguments)
    before, code = len(app.talk.session.turns), Exit.DONE
    try:
        await signals.guard(ask_for_keys(app.settings, [app.talk.session.model]))
        await signals.guard(app.ask(question))
    except (Leave, ReaderGone) as leave:
        code = leave.exit_code
    except ChatcmdError as error:
        if arguments.json:
            write_document({"error": clean(str(error))})
        raise
    finally:
        session = app.talk.session
        path = app.library.path_of(session.user, session.id) if app.library is not None else None
        app.end_all("exit" if code == Exit.DONE else "signal")
        await app.close()
    if arguments.json and len(session.turns) > before:
        write_document(_facts(session.turns[-1], session.id, path))
    if screen.gone is not None:
        return screen.gone.exit_code
    return app.exit_code if code == Exit.DONE else code


async def _begin(app: App, arguments: argparse.Namespace) -> None:
    """Let the user talk that was named, or else the login name, going on with a session if that was asked for."""
    if goes_on(arguments):
        await go_on(app, arguments)
        return
    try:
        app.switch_to(named_user(app.settings) or checked(getpass.getuser(), "user"))
    except (OSError, KeyError):  # no login name, as in some containers
        app.switch_to("user")


def _facts(turn: Turn, session_id: str, path: Path | None) -> dict[str, object]:
    """Gather all that is known of one turn."""
    answer = msgspec.to_builtins(turn.answer)
    return {
        "session": session_id,
        "file": str(path) if path else None,
        "question": turn.question.content,
        "answer": answer.pop("content"),
        **{name: value for name, value in answer.items() if name != "role"},
    }
