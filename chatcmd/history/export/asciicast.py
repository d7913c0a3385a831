"""A session as asciinema plays it (asciicast v2): a line of facts, then a line for each change of the screen."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec import Struct

from chatcmd.clean import clean_line
from chatcmd.conversation.session import Session

WIDTH, HEIGHT = 80, 24
"""Columns and rows of the terminal that is recorded."""


class Frame(Struct, frozen=True):
    """What is written to the terminal `delay` seconds after the frame before, safe for it; `mark` opens a chapter."""

    delay: float
    output: str
    mark: str | None = None


Frames = Callable[[Session, int, int], Iterable[Frame]]
"""Draws a session on a terminal of so many columns and rows."""


def recording(session: Session, frames: Frames, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Record a session as `frames` draws it: JSON Lines, the facts first, then `[seconds, kind, text]`."""
    events = [json.dumps(event, ensure_ascii=False) for event in _events(frames(session, width, height))]
    facts: dict[str, Any] = {"version": 2, "width": width, "height": height}
    with suppress(ValueError, OverflowError):  # what other programs wrote need not be a time
        facts["timestamp"] = int(datetime.fromisoformat(session.started).timestamp())
    facts |= {"title": clean_line(session.title), "env": {"TERM": "xterm-256color"}}
    return "\n".join([json.dumps(facts, ensure_ascii=False), *events, ""])


def _events(frames: Iterable[Frame]) -> Iterator[tuple[float, str, str]]:
    """Tell when, since the beginning, each frame is written, and each chapter begins."""
    seconds = 0.0
    for frame in frames:
        seconds += frame.delay
        when = round(seconds, 3)
        if frame.mark is not None:
            yield when, "m", clean_line(frame.mark)
        if frame.output:  # as it leaves the driver of a terminal, which makes a line feed a new line
            yield when, "o", frame.output.replace("\n", "\r\n")
