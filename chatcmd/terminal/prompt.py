"""The line editor: the only file that knows prompt_toolkit."""

import os
import sys
import termios
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output.vt100 import Vt100_Output

from chatcmd.terminal import EndOfInput, Interrupted


class LineEditor:
    """Reads lines at a terminal; `commands` gives the slash words with their one-line helps when Tab asks."""

    interactive = True

    def __init__(self, commands: Callable[[], Mapping[str, str]]) -> None:
        self._input = create_input(sys.stdin)
        # The terminal is never asked where its cursor is: one that does not answer would delay every Enter.
        self._output = Vt100_Output.from_pty(sys.stdout, term=os.environ.get("TERM"))
        self._output.enable_cpr = False
        self._questions = InMemoryHistory()
        self._commands = commands
        self._keys = _keys()

    async def line(self, prompt: str, *, text: str = "", offers: Sequence[str] = (), secret: bool = False) -> str:
        """Read a line; offers complete a name, and only questions are recalled with the arrow keys."""
        asked: PromptSession[str] = PromptSession(
            [("", prompt)],
            completer=_Words((lambda: dict.fromkeys(offers, "")) if offers or secret else self._commands),
            complete_while_typing=False,
            history=None if offers or secret else self._questions,
            is_password=secret,
            enable_suspend=True,
            key_bindings=self._keys,
            input=self._input,
            output=self._output,
        )
        try:
            return await asked.prompt_async(default=text)
        except EOFError:
            raise EndOfInput from None

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Switch the terminal's echo off: keys typed during an answer wait for the next line."""
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        quiet = [*before]
        quiet[3] = before[3] & ~termios.ECHO
        termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
        try:
            yield
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


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
