"""The keyboard of someone who sits at a terminal: lines, edited; and what is typed while there is no line."""

import os
import signal
import sys
from asyncio import get_running_loop
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.history import DummyHistory, History
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead

from chatcmd.clean import clean_line
from chatcmd.conversation.mention import carried
from chatcmd.errors import Exit, UsageError
from chatcmd.settings.secret import holds_secret
from chatcmd.terminal import NO_DRAFT, Desk, EndOfInput, Line, Offer, ReaderGone
from chatcmd.terminal.block import LEAVING, unquoted
from chatcmd.terminal.modes import Modes
from chatcmd.terminal.prompt.ahead import Ahead
from chatcmd.terminal.prompt.field import Field, Look
from chatcmd.terminal.prompt.held import Held
from chatcmd.terminal.prompt.keys import bindings
from chatcmd.terminal.prompt.keystrokes import Keystrokes
from chatcmd.terminal.prompt.output import Output
from chatcmd.terminal.prompt.pressed import Pressed
from chatcmd.terminal.prompt.recalled import Recalled
from chatcmd.terminal.recall import RecallFile
from chatcmd.terminal.tail import reflows
from chatcmd.terminal.theme import THEMES

if TYPE_CHECKING:
    from pathlib import Path

    from chatcmd.terminal.pick import Choice, Shelf


class LineEditor:
    """Reads lines at a terminal, which is ours from the beginning until `close`; `environ` names editor and colours."""

    interactive = True

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._modes = Modes(sys.stdin)
        self._keystrokes = Keystrokes(sys.stdin, self._modes)
        self._output = Output.of(environ)
        self._held = Held()
        self._field = Field(self._keystrokes, self._output, self._held, reflows=reflows(environ))
        self._field.app.key_bindings = bindings(self._field, self._suspend)
        self._drawn: Application[Any] = self._field.app
        self._desk: Desk | None = None
        self._recalled: dict[Path | None, Recalled] = {}
        self._last, self._away, self._listening = ("", ""), False, False
        self._modes.collect()
        store_typeahead(self._keystrokes, self._keystrokes.read_early())

    def sit_at(self, desk: Desk) -> None:
        """Learn where completions, bar, recall and settings come from."""
        self._desk = desk

    async def line(
        self, prompt: str, *, draft: Line = NO_DRAFT, offers: Sequence[str] | None = None, secret: bool = False
    ) -> Line:
        """Read a line; offers complete a name, and only questions are recalled with the arrow keys.

        Raises EndOfInput, Interrupted, and ReaderGone when the terminal has vanished.
        """
        self._listen()
        if offers is not None or secret:
            look = Look(prompt, offers=_beginning_so(offers or ()), secret=secret)
            return Line(self._held.told(await self._read(look, draft.text, DummyHistory()))[0])
        recalled = self._history()
        line = self._given_back(draft)
        if line and (ahead := get_typeahead(self._keystrokes)):  # must not be joined to it: Up brings that
            store_typeahead(self._keystrokes, ahead)
            recalled.add(line, sent=False)
            line = ""
        look = self._question(prompt)
        line = await self._read(look, line, recalled)
        while self._field.for_editor:
            before, (line, trouble) = line, await self._changed(line)
            if before.strip() and not line.strip():
                recalled.add(before, sent=False)  # Up brings back what the editor left nothing of
            line = await self._read(look, line, recalled, trouble)
        entered = Line(*self._held.told(unquoted(line)))
        if line.strip() and line not in LEAVING:  # nobody wants those back at the next start
            recalled.add(line, sent=not holds_secret(entered.text))  # nor a key in a file
        self._last, self._field.unread = (entered.text, line), False
        return entered

    async def edit(self, text: str) -> str:
        """Let the user change a text in their editor; raises UsageError when there is none, or it fails."""
        from chatcmd.terminal.editor import edited  # noqa: PLC0415 - few prompts come to it

        with self._keystrokes.detach(), self._elsewhere():
            return await edited(text, self._environ)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Collect what is typed during an answer, unseen, for the next line; Ctrl-C still comes as a signal.

        It is read all the while: a terminal keeps 4,095 bytes of a line and drops the rest. Esc alone is as Ctrl-C.
        """
        self._listen()
        self._keystrokes.many_lines = True
        ahead = Ahead(self._keystrokes, lambda: signal.raise_signal(signal.SIGINT))
        try:
            with self._keystrokes.attach(ahead.ready):
                yield
        finally:
            store_typeahead(self._keystrokes, ahead.close())

    @contextmanager
    def pressing(self, take: Callable[[str], None]) -> Iterator[None]:
        """Give each key by its name as it is pressed; Ctrl-C still comes as a signal."""
        self._listen()
        many_lines, self._keystrokes.many_lines = self._keystrokes.many_lines, False
        pressed = Pressed(self._keystrokes, take)
        try:
            with self._keystrokes.attach(pressed.ready):
                yield
        finally:
            pressed.close()
            self._keystrokes.many_lines = many_lines

    async def pick(self, shelf: "Shelf", typed: str = "") -> "Choice | None":
        """Let something be picked from a list that has the screen for itself until then; None when it is left."""
        from chatcmd.terminal.prompt.picker import Picker  # noqa: PLC0415 - few prompts come to it

        self._listen()
        colour = not self._environ.get("NO_COLOR")
        picker = Picker(shelf, self._keystrokes, self._output, self._suspend, colour=colour)
        many_lines, self._keystrokes.many_lines = self._keystrokes.many_lines, False
        self._drawn = picker.app
        try:
            return await picker.run(typed)
        except OSError:  # it has vanished
            raise ReaderGone(Exit.HANGUP) from None
        finally:
            self._drawn, self._keystrokes.many_lines = self._field.app, many_lines

    def close(self) -> None:
        """Give the terminal back as it was."""
        self._output.mark_pastes(on=False)
        self._modes.give_back()
        loop = get_running_loop()
        loop.remove_signal_handler(signal.SIGTSTP)
        loop.remove_signal_handler(signal.SIGCONT)

    async def _read(self, look: Look, line: str, history: History, message: str = "") -> str:
        self._keystrokes.many_lines = look.many_lines
        try:
            return await self._field.read(look, line, history, message)
        except EOFError:  # the terminal has been closed
            raise EndOfInput from None
        except OSError:  # the terminal has vanished
            raise ReaderGone(Exit.HANGUP) from None

    async def _changed(self, line: str) -> tuple[str, str]:
        """Let the whole text of a line be changed in the editor, pastes and all; give it, and what went wrong."""
        text, ats = self._held.told(line)
        try:
            changed = await self.edit(text)
        except UsageError as error:
            return line, str(error)
        return (line if changed == text else self._held.given(changed, carried(ats, text, changed))), ""

    def _question(self, prompt: str) -> Look:
        desk = self._desk
        if desk is None:
            return Look(clean_line(prompt), many_lines=True)
        colour = not self._environ.get("NO_COLOR")
        theme = THEMES[desk.setting("theme")]
        return Look(
            clean_line(prompt),
            offers=desk.complete,
            bar=desk.bar if desk.setting("bar") else None,
            bar_colour=theme.bar if colour else "",
            message_colour=theme.fail if colour else "",
            many_lines=True,
            enter_sends=not desk.setting("multiline"),
            vi=desk.setting("vi"),
        )

    def _given_back(self, draft: Line) -> str:
        """Make a line of a text to be edited: what was sent last keeps what was typed in it, and what was pasted."""
        last, line = self._last
        return line if draft.text and draft.text == last else self._held.given(draft.text, draft.ats)

    def _history(self) -> Recalled:
        path = self._desk.recall() if self._desk is not None else None
        if path not in self._recalled:
            self._recalled[path] = Recalled(self._held, RecallFile(path) if path is not None else None)
        return self._recalled[path]

    # Making room for other programs

    @contextmanager
    def _elsewhere(self) -> Iterator[None]:
        """Let another program have the terminal."""
        self._output.mark_pastes(on=False)
        self._away = True
        try:
            with self._modes.as_before():
                yield
        finally:
            self._away = False
            self._output.mark_pastes(on=True)

    def _listen(self) -> None:
        if self._listening:
            return
        self._listening = True
        loop = get_running_loop()
        if signal.getsignal(signal.SIGTSTP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGTSTP, self._stop)
        loop.add_signal_handler(signal.SIGCONT, self._go_on)

    def _stop(self) -> None:
        """Stop as asked from outside, at a prompt or during an answer."""
        if self._drawn.is_running and self._drawn.context is not None:
            self._drawn.context.copy().run(run_in_terminal, self._suspend)
        else:
            self._suspend()

    def _suspend(self) -> None:
        """Stop this process and those with it, as Ctrl-Z does; go on from here."""
        self._keystrokes.poll()  # what was typed before is ours, not the shell's
        loop = get_running_loop()
        self._listening = False
        loop.remove_signal_handler(signal.SIGTSTP)
        loop.remove_signal_handler(signal.SIGCONT)
        with self._elsewhere():
            os.kill(0, signal.SIGTSTP)  # all of the job: the shell waits until the last of it has stopped
        self._listen()

    def _go_on(self) -> None:
        """Go on after a stop that we were not told of."""
        self._modes.again()
        if self._drawn.is_running and not self._away:
            self._output.write_raw("\r")
            self._drawn.renderer.reset()
            self._drawn.invalidate()


def _beginning_so(words: Iterable[str]) -> Callable[[str], Iterable[Offer]]:
    return lambda before: [Offer(word, len(before)) for word in words if word.startswith(before)]
