"""The line editor: the only file that knows prompt_toolkit."""

import os
import sys
import termios
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_input
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle

from chatcmd.errors import Exit
from chatcmd.terminal import EndOfInput, Interrupted, ReaderGone
from chatcmd.terminal.plain import switched_off

if TYPE_CHECKING:
    from prompt_toolkit.key_binding.key_processor import KeyPress


class LineEditor:
    """Reads lines at a terminal; `commands` gives the slash words with their one-line helps when Tab asks."""

    interactive = True

    def __init__(self, commands: Callable[[], Mapping[str, str]]) -> None:
        self._input = create_input(sys.stdin)
        # The terminal is never asked where its cursor is: one that does not answer would delay every Enter.
        self._output = Vt100_Output.from_pty(sys.stdout, term=os.environ.get("TERM"))
        self._output.enable_cpr = False
        self._commands = commands
        self._keys = _keys()
        self._questions: PromptSession[str] | None = None

    async def line(
        self, prompt: str, *, text: str = "", offers: Sequence[str] | None = None, secret: bool = False
    ) -> str:
        """Read a line; offers complete a name, and only questions are recalled with the arrow keys."""
        if offers is not None or secret:
            asked = self._session(lambda: dict.fromkeys(offers or (), ""), secret=secret)
        else:
            asked = self._questions = self._questions or self._session(self._commands, secret=False)
        if text and (ahead := get_typeahead(self._input)):  # must not be joined to what is given back: Up brings that
            store_typeahead(self._input, ahead)
            asked.history.append_string(text)
            text = ""
        try:
            return await asked.prompt_async([("", prompt)], default=text, handle_sigint=False)  # see signals.py
        except EOFError:
            raise EndOfInput from None
        except OSError:  # the terminal has vanished
            raise ReaderGone(Exit.HANGUP) from None

    def _session(self, words: Callable[[], Mapping[str, str]], *, secret: bool) -> PromptSession[str]:
        session: PromptSession[str] = PromptSession(
            completer=_Words(words),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,  # a menu would keep eight lines free below every prompt
            is_password=secret,
            include_default_pygments_style=False,  # nothing is highlighted, and each redraw would merge it
            enable_suspend=True,
            key_bindings=self._keys,
            input=self._input,
            output=self._output,
        )
        session.app.terminal_size_polling_interval = None  # a resize comes as a signal
        return session

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Collect what is typed during an answer, unseen, for the next line; Ctrl-C still comes as a signal.

        It is read all the while: a terminal by itself keeps 4,095 bytes of a line and drops the rest.
        """
        keys: list[KeyPress] = []
        with self._pastes_marked(), switched_off(termios.ECHO | termios.ICANON, sys.stdin):
            try:
                with self._input.attach(lambda: keys.extend(self._input.read_keys())):
                    yield
            finally:
                store_typeahead(self._input, [*keys, *self._input.flush_keys()])

    @contextmanager
    def _pastes_marked(self) -> Iterator[None]:
        """Let the terminal mark a paste, so that one of many lines is one question, as at the prompt."""
        with suppress(OSError):  # the terminal has vanished
            self._output.enable_bracketed_paste()
            self._output.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                self._output.disable_bracketed_paste()
                self._output.flush()


class _Words(Completer):
    """Completes whole lines by their beginning."""

    def __init__(self, words: Callable[[], Mapping[str, str]]) -> None:
        self._words = words

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002
        typed = document.text_before_cursor
        for word, help_text in self._words().items():
            if word.startswith(typed):
                yield Completion(word, start_position=-len(typed), display_meta=help_text)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("c-c", eager=True)
    def _(event: KeyPressEvent) -> None:
        """Clear the line, which Up brings back; on an empty line, tell the chat."""
        if event.current_buffer.text:
            event.current_buffer.append_to_history()
            event.current_buffer.reset()
        else:
            event.app.exit(exception=Interrupted())

    return keys
