"""The token vocabularies that the package ships: loaded when a count is needed, never downloaded."""

import threading
from collections.abc import Callable
from contextlib import suppress

WARM_DELAY = 0.2
"""Seconds before a vocabulary is loaded in the background."""

_counts: dict[str, Callable[[str], int]] = {}
_lock = threading.Lock()


def counter(encoding: str) -> Callable[[str], int]:
    """Return the function that counts a text's tokens, loading the vocabulary first if need be (0.1 to 0.2 s)."""
    with _lock:
        if encoding not in _counts:
            from chatcmd.vocabulary import tables

            _counts[encoding] = tables.load(encoding)
        return _counts[encoding]


def is_loaded(encoding: str) -> bool:
    return encoding in _counts


def warm(encoding: str) -> None:
    """Load a vocabulary in the background, soon: once the prompt is back and the human reads or types."""
    if not is_loaded(encoding):
        timer = threading.Timer(WARM_DELAY, counter, (encoding,))
        timer.daemon = True
        with suppress(RuntimeError):  # there can be no further thread: it is loaded when it is needed
            timer.start()
