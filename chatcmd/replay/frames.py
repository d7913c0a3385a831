"""A session drawn as its chat drew it, frame by frame, with the time of each: for recordings."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from chatcmd.clean import Cleaner
from chatcmd.clock import elapsed
from chatcmd.conversation.message import Message
from chatcmd.conversation.pace import Beat, acts, beats
from chatcmd.conversation.remark import MARKS
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece
from chatcmd.history.export.asciicast import Frame
from chatcmd.language import _
from chatcmd.terminal.screen import ANSWERER, heading
from chatcmd.terminal.tail import Tail
from chatcmd.terminal.theme import THEMES

if TYPE_CHECKING:
    from chatcmd.terminal.markdown import Printer

PERIOD = 0.1
"""Seconds between two frames of an answer, at least."""

_SOFT = "markdown.reasoning"


def frames(session: Session, width: int, height: int) -> Iterator[Frame]:
    """Draw a session at its recorded pace, on a terminal of so many columns and rows that shows colours."""
    from chatcmd.terminal.markdown import Printer

    printer, pause = Printer(THEMES["dark"], colour=True), 0.0
    chapters: list[str | None] = [turn.question.content[:80] for turn in session.turns] or [None]
    for act, chapter in zip(acts(session, elapsed), chapters, strict=True):
        yield Frame(pause, "", chapter)
        for message in act.messages:
            mark = f"({_(MARKS[message.status])})" if message.status in MARKS else ""
            if message.role == "assistant":
                yield from _answer(message, printer, width, height)
                yield Frame(0.0, f"{mark}\n" if mark else "")
            else:
                yield from _typed(message, heading(session.user if message.role == "user" else message.role))
                yield Frame(0.0, f"  {mark}\n" if mark else "\n")
        pause = act.after


def _typed(message: Message, head: str) -> Iterator[Frame]:
    cleaner = Cleaner()
    yield Frame(0.0, head)
    for beat in beats(message):
        yield Frame(beat.delay, cleaner.feed(beat.piece.text))


def _answer(message: Message, printer: "Printer", width: int, height: int) -> Iterator[Frame]:
    """Draw an answer while it comes, below what was thought before it."""
    from chatcmd.terminal.markdown import Layout

    tail, layout = Tail(reflows=False), Layout(printer, heading(ANSWERER))
    said, thought, thoughts, answering = Cleaner(), Cleaner(), "", False
    head = printer.line(width, (heading(ANSWERER), "markdown.head"))
    yield Frame(0.0, tail.draw([], head, width, height))
    for beat in merged(beats(message)):
        thoughts += thought.feed(beat.piece.reasoning)
        layout.feed(said.feed(beat.piece.text))
        above = printer.text(thoughts.rstrip("\n"), _SOFT, width) if thoughts else []
        answering = answering or bool(beat.piece.text)
        if answering:
            thoughts, settled, rows = "", [*above, *layout.settle(width)], layout.tail(width, height)
        else:
            settled, rows = [], [*above, *head]
        yield Frame(beat.delay, tail.draw(settled, rows, width, height))
    yield Frame(0.0, tail.draw([*layout.settle(width), *layout.rest(width)], [], width, height))


def merged(coming: Iterable[Beat]) -> Iterator[Beat]:
    """Join pieces that follow each other sooner than two frames do."""
    delay, text, reasoning = 0.0, "", ""
    for beat in coming:
        if (text or reasoning) and delay + beat.delay > PERIOD:
            yield Beat(delay, Piece(text, reasoning))
            delay, text, reasoning = 0.0, "", ""
        delay, text, reasoning = delay + beat.delay, text + beat.piece.text, reasoning + beat.piece.reasoning
    if text or reasoning:
        yield Beat(delay, Piece(text, reasoning))
