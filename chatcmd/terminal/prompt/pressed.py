"""Single keys as they are pressed, while there is no line to type."""

from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable, Iterable

from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from chatcmd.terminal.prompt.ahead import ALONE
from chatcmd.terminal.prompt.keystrokes import Keystrokes


class Pressed:
    """Gives `take` each key by its name: the character itself, or such as `left` and `escape`; pastes are no keys."""

    def __init__(self, keystrokes: Keystrokes, take: Callable[[str], None]) -> None:
        self._keystrokes, self._take = keystrokes, take
        self._timer: TimerHandle | None = None

    def ready(self) -> None:
        """Read what has come."""
        self.close()
        self._give(self._keystrokes.read_keys())
        if self._keystrokes.ends_in_escape:
            self._timer = get_running_loop().call_later(ALONE, self._alone)

    def close(self) -> None:
        """Wait no longer for what may follow an Esc."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _alone(self) -> None:
        self._timer = None
        self._give(self._keystrokes.flush_keys())

    def _give(self, keys: Iterable[KeyPress]) -> None:
        for each in keys:
            if each.key is not Keys.BracketedPaste:
                self._take(each.key.value if isinstance(each.key, Keys) else each.key)
