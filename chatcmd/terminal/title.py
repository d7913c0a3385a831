"""The name of the terminal's window."""

from collections.abc import Callable, Mapping

from chatcmd.clean import clean_line

_LARGEST = 80
_KEEP, _TITLE, _OLD = "\x1b[22;2t", "\x1b]2;{}\x1b\\", "\x1b[23;2t"
_UNTITLED = ("dumb", "linux", "vt")


class Title:
    """Names the window; the name that it had is kept, and comes back at the end."""

    def __init__(self, write: Callable[[str], object], environ: Mapping[str, str]) -> None:
        self._write = write
        self._can = not environ.get("TERM", "").startswith(_UNTITLED)
        self._now = ""

    def change(self, text: str) -> None:
        """Name it, where a terminal can be told."""
        title = clean_line(text)[:_LARGEST]
        if self._can and title != self._now:
            keep = "" if self._now else _KEEP
            self._now = title
            self._write(keep + _TITLE.format(title))

    def give_back(self) -> None:
        """Give it the name that it had."""
        if self._now:
            self._write(_TITLE.format("") + _OLD)
