"""Keys as the terminal sends them, and pastes of any size, each of them one key."""

import re
import select
from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TextIO

from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from chatcmd.terminal.modes import Modes
from chatcmd.terminal.prompt.held import is_private

ALT_ENTER = Keys.ControlF24  # a key that no keyboard has
NEW_LINE = Keys.ControlJ
# Told apart where the bytes are: a binding of Escape and Enter would make a lone Escape wait.
ANSI_SEQUENCES["\x1b\r"] = ALT_ENTER
ANSI_SEQUENCES["\x1b[13;2u"] = ANSI_SEQUENCES["\x1b[27;2;13~"] = NEW_LINE  # Shift-Enter

MOST_PASTED = 4_000_000
"""Characters that a paste may have; of a longer one, one more than these is kept, to tell it by."""

LONG = 1_000
"""Characters that come at once which nobody types."""

SOON, SETTLED = 0.02, 0.25
"""Seconds of silence after which a line is known to have ended, and an unmarked paste."""

_CHUNK = 65536
_BEGIN, _END = "\x1b[200~", "\x1b[201~"
_TEXT = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_LINES = re.compile(r"[\r\n].", re.DOTALL)


class Keystrokes(Vt100Input):
    """The input of a terminal. While `many_lines`, lines that come at once are one paste, marked by it or not."""

    def __init__(self, terminal: TextIO, modes: Modes) -> None:
        super().__init__(terminal)
        self.many_lines = False
        self.vt100_parser = Vt100Parser(self._take)
        self._modes = modes
        self._keys: list[KeyPress] = []
        self._ready: Callable[[], None] | None = None
        self._recent = ""
        self._marks = False
        self._pasted: list[str] | None = None
        self._pasted_size = 0
        self._burst: list[str] = []
        self._burst_size = 0
        self._timer: TimerHandle | None = None

    def read_early(self) -> list[KeyPress]:
        """Read what was typed before us, when an Enter was still made a line feed."""
        while data := self.stdin_reader.read(_CHUNK):
            self._feed(data.replace("\n", "\r") if self._modes.enter_was_line_feed else data)
        return self._taken()

    def poll(self) -> None:
        """Have whoever takes the keys take what has come."""
        if self._ready is not None:
            self._ready()

    @property
    def ends_in_escape(self) -> bool:
        """Tell whether the last that came may be a lone Esc, or the beginning of another key."""
        return self._pasted is None and self._recent.endswith("\x1b")

    # What prompt_toolkit asks of an input

    def read_keys(self) -> list[KeyPress]:
        if data := self.stdin_reader.read(_CHUNK):
            self._feed(data)
        return self._taken()

    def flush_keys(self) -> list[KeyPress]:
        self.vt100_parser.flush()
        return self._taken()

    @contextmanager
    def attach(self, input_ready_callback: Callable[[], None]) -> Iterator[None]:
        before, self._ready = self._ready, input_ready_callback
        if self._keys:
            get_running_loop().call_soon(input_ready_callback)
        try:
            with super().attach(input_ready_callback):
                yield
        finally:
            self._ready = before

    def raw_mode(self) -> AbstractContextManager[None]:
        return self._modes.raw()

    def cooked_mode(self) -> AbstractContextManager[None]:
        return self._modes.as_before()

    # From text to keys

    def _taken(self) -> list[KeyPress]:
        keys, self._keys = self._keys, []
        return keys

    def _take(self, key: KeyPress) -> None:
        if not isinstance(key.key, Keys) and is_private(key.key):
            key = KeyPress(Keys.BracketedPaste, key.key)  # it must not be taken for one that stands for a text
        self._keys.append(key)

    def _feed(self, data: str) -> None:
        if self._pasted is not None:
            self._paste(data)
            return
        seen = len(self._recent)
        text, self._recent = self._recent + data, (self._recent + data)[-len(_BEGIN) + 1 :]
        begin = text.find(_BEGIN)
        if begin >= 0:
            self._settle()
            if begin < seen:
                self.vt100_parser.reset()  # which waits for the rest of the mark
            self.vt100_parser.feed(data[: max(0, begin - seen)])
            self._marks, self._pasted, self._pasted_size, self._recent = True, [], 0, ""
            self._paste(text[begin + len(_BEGIN) :])
        elif self._goes_on(data):
            self._gather(data)
        else:
            self._settle()
            self.vt100_parser.feed(data)

    def _paste(self, data: str) -> None:
        """Add to a marked paste, in time that grows with its size only, and take it when its end has come."""
        assert self._pasted is not None, "one has begun"
        seen = len(self._recent)
        text, self._recent = self._recent + data, (self._recent + data)[-len(_END) + 1 :]
        end = text.find(_END)
        if self._pasted_size <= MOST_PASTED + len(_END):
            self._pasted.append(data)
            self._pasted_size += len(data)
        if end < 0:
            return
        whole = "".join(self._pasted)
        if self._pasted_size <= MOST_PASTED + len(_END):
            whole = whole[: len(whole) - len(data) + end - seen]
        self._pasted, self._recent = None, ""
        self._keys.append(KeyPress(Keys.BracketedPaste, whole[: MOST_PASTED + 1]))
        if rest := text[end + len(_END) :]:
            self._feed(rest)

    def _goes_on(self, data: str) -> bool:
        """Tell whether text belongs, or could belong, to a paste that the terminal does not mark.

        Nobody types behind an Enter at the same instant; a terminal that has marked one paste marks all.
        """
        if not self.many_lines or self._marks or not _TEXT.fullmatch(data):
            return False
        if self._burst or len(data) >= LONG or _LINES.search(data):
            return True
        return data[-1] == "\r" and (len(data) > 1 or bool(select.select([self.fileno()], [], [], 0)[0]))

    def _gather(self, data: str) -> None:
        if self._burst_size <= MOST_PASTED:
            self._burst.append(data)
        several = self._timer is not None or _LINES.search(data)
        self._burst_size += len(data)
        if self._timer is not None:
            self._timer.cancel()
        seconds = SETTLED if several or self._burst_size >= LONG else SOON
        self._timer = get_running_loop().call_later(seconds, self._silence)

    def _silence(self) -> None:
        self._settle()
        self.poll()

    def _settle(self) -> None:
        """Take what came at once: several lines are a paste, a single one was typed, however fast."""
        if self._timer is None:
            return
        self._timer.cancel()
        burst, self._burst, self._burst_size, self._timer = "".join(self._burst), [], 0, None
        line, enter = (burst[:-1], "\r") if burst.endswith("\r") else (burst, "")
        if "\r" in line or "\n" in line:
            self._keys.append(KeyPress(Keys.BracketedPaste, burst[: MOST_PASTED + 1]))
            return
        if len(line) >= LONG:
            self._keys.append(KeyPress(Keys.BracketedPaste, line[: MOST_PASTED + 1]))
            line = ""
        self.vt100_parser.feed(line + enter)
