"""What is typed during an answer: kept for the next line, but for a lone Esc, which stops the answer."""

from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable

from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from chatcmd.terminal.prompt.keystrokes import Keystrokes

ALONE = 0.05
"""Seconds without another byte after which an Esc is known to stand for itself, rather than to begin a key."""


class Ahead:
    """Collects keys from `ready()` until `close()`; calls `stop` for a lone Esc."""

    def __init__(self, keystrokes: Keystrokes, stop: Callable[[], None]) -> None:
        self._keystrokes, self._stop = keystrokes, stop
        self._keys: list[KeyPress] = []
        self._timer: TimerHandle | None = None

    def ready(self) -> None:
        """Read what has come."""
        self._cancel()
        self._keys.extend(self._keystrokes.read_keys())
        if self._keystrokes.ends_in_escape:
            self._timer = get_running_loop().call_later(ALONE, self._alone)

    def close(self) -> list[KeyPress]:
        """Give what was typed; an Esc that has just come was meant for the answer, which is over."""
        self._cancel()
        return [*self._keys, *self._flushed()[0]]

    def _alone(self) -> None:
        self._timer = None
        keys, lone = self._flushed()
        self._keys.extend(keys)
        if lone:
            self._stop()

    def _flushed(self) -> tuple[list[KeyPress], bool]:
        if not self._keystrokes.ends_in_escape:
            return [], False
        keys = self._keystrokes.flush_keys()
        lone = bool(keys) and all(key.key is Keys.Escape for key in keys)
        return ([] if lone else keys), lone

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
