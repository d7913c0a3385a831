"""The index brought in step with all files in the background, those that were edited in their place too."""

import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from chatcmd.history.library import Library

AFTER = 1.0
"""Seconds after which it begins: the prompt is there, and what the first question needs is loaded."""

REST = 0.05
"""Seconds for which it leaves the interpreter to others after each part of a long work."""


def keep_in_step(history: Path, after: float = AFTER) -> threading.Timer:
    """Begin after so many seconds, in a thread that ends with the program; a small history is left as it is."""
    timer = threading.Timer(after, _refresh, (history,))
    timer.daemon = True
    with suppress(RuntimeError):  # there can be no further thread: the chat is worth more
        timer.start()
    return timer


def _refresh(history: Path) -> None:
    library = Library(history)
    with suppress(Exception), closing(library.catalogue) as catalogue:  # what is wrong matters to those who ask it
        catalogue.progress = lambda _done, _total: time.sleep(REST)
        library.refresh()
