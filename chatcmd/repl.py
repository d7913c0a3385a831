"""The loop: read a line, then run a slash command or ask."""

import re
from collections.abc import Coroutine, Sequence
from typing import Any

from chatcmd.app import App
from chatcmd.conversation.name import checked
from chatcmd.desk import entitle
from chatcmd.errors import ChatcmdError, Exit, KeyInQuestion, NameRefused, OurFault, UsageError
from chatcmd.language import _
from chatcmd.settings.secret import holds_secret
from chatcmd.signals import Leave, Signals, Stopped
from chatcmd.slash.registry import Call, Question, parse
from chatcmd.terminal import NO_DRAFT, EndOfInput, Interrupted, Keyboard, Line, ReaderGone
from chatcmd.terminal.screen import heading

TWICE_SECONDS = 2.0
"""A second Ctrl-C on an empty line leaves when it comes within so many seconds."""

MOST_FAULTS = 3
"""Faults of ours in a row, without a line read between them, that the chat outlives."""

MOST_KNOWN = 8
"""Known users that are named; the rest are completed."""

_NO_NAMES = ("0", "1", "quit", "exit")


class Repl:
    """One chat at one keyboard."""

    def __init__(self, app: App, keyboard: Keyboard, signals: Signals) -> None:
        self._app = app
        self._keyboard = app.keyboard = keyboard
        self._signals = signals
        self._draft = NO_DRAFT
        self._pressed: float | None = None
        self._faults = 0
        self._with_key = ""

    async def run(self) -> Exit:
        """Talk until the user leaves, input ends or a signal comes; every session is saved by then."""
        app, by_signal = self._app, True
        try:
            while True:
                await self._step()
        except Leave as leave:
            by_signal = leave.exit_code != Exit.DONE
            code = leave.exit_code
        except ReaderGone as gone:
            code = gone.exit_code
        finally:
            self._save("signal" if by_signal else "exit")
        if app.saving.unsaved:
            from chatcmd.unsaved import last_try  # noqa: PLC0415 - a disk seldom fails

            asks = self._keyboard.interactive and not by_signal and app.screen.gone is None
            await last_try(app, self._keyboard if asks else None, self._signals)
        if code == Exit.DONE and app.screen.gone is not None:
            return app.screen.gone.exit_code
        if code == Exit.DONE and (app.exit_code == Exit.HISTORY or not self._keyboard.interactive):
            return app.exit_code
        return code

    async def _step(self) -> None:
        """Do what one line says; a fault of ours costs neither the chat nor what was typed."""
        try:
            while OurFault.unsaid:
                self._app.fail(OurFault.unsaid.pop(0))
            await self._once()
        except (Leave, ReaderGone):
            raise
        except Exception as fault:
            self._faults += 1
            if self._faults > MOST_FAULTS:  # it would go on so for ever
                raise
            self._app.fail(fault if isinstance(fault, OurFault) else OurFault(fault, "the prompt"))

    async def _once(self) -> None:
        """Read one line and do what it says."""
        app = self._app
        entitle(app)
        if app.user is None:
            await self._ask_who()
            return
        line = await self._line(heading(app.user), draft=self._draft)
        if line is None:
            self._draft = NO_DRAFT
            return
        self._draft, asked, during = NO_DRAFT, False, "a line"
        turns = len(app.talk.session.turns)
        try:
            meant = parse(line.text)
            asked = isinstance(meant, Question)
            during = f"/{meant.command.name}" if isinstance(meant, Call) else "a question"
            if isinstance(meant, Call):
                given = await self._interruptible(meant.command.run(app, meant.argument))
                self._draft = given if isinstance(given, Line) else Line(given or "")
            elif meant is not None:
                await self._question(meant.text, _moved(line, meant.text))
        except Stopped:
            app.screen.note(_("stopped before the first word") if asked else _("stopped"))
            self._give_back(line if asked else NO_DRAFT)
        except ChatcmdError as error:
            app.fail(error)
            self._give_back(line if asked else NO_DRAFT)
        except (Leave, ReaderGone):
            raise
        except Exception as fault:
            talk = app.talks.get(app.user or "")
            answered = asked and talk is not None and len(talk.session.turns) > turns
            self._give_back(NO_DRAFT if answered else line)
            app.fail(OurFault(fault, during))
        if app.screen.gone is not None:
            raise app.screen.gone

    async def _question(self, text: str, ats: Sequence[int]) -> None:
        if not self._keyboard.interactive and not holds_secret(text):
            assert self._app.user is not None, "asked for before"
            self._app.screen.question(self._app.user, text)
        meant, self._with_key = self._with_key == text, ""
        try:
            turn = await self._interruptible(self._app.ask(text, ats, with_key=meant))
        except KeyInQuestion as error:
            if not self._keyboard.interactive:
                raise
            self._with_key = text
            raise KeyInQuestion(
                _("{error}, or enter it once more to send it all the same").format(error=error)
            ) from None
        if turn is None:
            raise Stopped

    async def _interruptible(self, work: Coroutine[Any, Any, Any]) -> Any:
        with self._keyboard.answering():
            return await self._signals.guard(work)

    async def _ask_who(self) -> None:
        """Ask who is talking, offering who has talked before."""
        app = self._app
        saved = app.library.users() if app.library else []
        known = list(dict.fromkeys(name for name in (*app.talks, *saved) if _is_name(name)))
        if known and self._keyboard.interactive:
            names = _(", ").join([*known[:MOST_KNOWN], *(["..."] if len(known) > MOST_KNOWN else [])])
            app.screen.note(_("known users: {names}").format(names=names))
        line = await self._line(_("Your name: "), offers=known)
        if line is None or line.text.strip() == "1":
            return
        if line.text.strip() in _NO_NAMES:
            raise Leave
        try:
            if line.text.startswith("/"):
                raise NameRefused(_("a name cannot begin with a slash here; type a name first, or 0 to leave"))
            app.switch_to(checked(line.text, "user"))
        except UsageError as error:
            app.fail(error)
            if not self._keyboard.interactive:
                raise Leave from None

    async def _line(self, prompt: str, *, draft: Line = NO_DRAFT, offers: list[str] | None = None) -> Line | None:
        """Read a line; None when Ctrl-C was pressed once, on an empty line."""
        try:
            line = await self._signals.guard(self._keyboard.line(prompt, draft=draft, offers=offers))
        except EndOfInput:
            raise Leave from None
        except (Interrupted, Stopped):
            now = self._app.clock.monotonic()
            if self._pressed is not None and now - self._pressed <= TWICE_SECONDS:
                raise Leave from None
            self._pressed = now
            self._app.screen.note(_("Ctrl-C again leaves, and saves; so does 0"))
            return None
        self._pressed, self._faults = None, 0
        return Line(_whole(line.text), line.ats)

    def _give_back(self, line: Line) -> None:
        """Put a question that was not answered back into the line, where there is one to edit."""
        if self._keyboard.interactive:
            self._draft = line

    def _save(self, by: Any) -> None:
        try:
            self._app.end_all(by)
        except ReaderGone:
            self._app.end_all(by)  # the screen is silent from now on
        except Exception as fault:
            OurFault.unsaid.append(OurFault(fault, "saving", ends=True))
            self._app.end_all(by)


def _whole(text: str) -> str:
    """Put U+FFFD for surrogates: what is typed that is no UTF-8 comes as such, and can be neither sent nor saved."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text)
    return text


def _moved(line: Line, text: str) -> Sequence[int]:
    """Give the places of the typed `@` in what is sent of a line: all of it, or what follows its first character."""
    shift = len(line.text) - len(text)
    return tuple(at - shift for at in line.ats if at >= shift)


def _is_name(folder: str) -> bool:
    """Tell whether a folder below history/ has a name that could be typed, and shown where it is completed."""
    try:
        return checked(folder, "user") == folder
    except NameRefused:
        return False
