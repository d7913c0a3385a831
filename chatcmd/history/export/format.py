"""The formats of an export: how each is called, where it is made, and what it cannot hold."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import PurePath
from typing import Any

import msgspec

from chatcmd.conversation.session import Session
from chatcmd.errors import UsageError
from chatcmd.history.export.asciicast import Frames
from chatcmd.language import _, marked, ngettext


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How sessions are wanted: as a list even where there is one, as exact as it can be; `frames` draws a recording."""

    listed: bool = False
    exact: bool = False
    frames: Frames


Make = Callable[[Any, Iterable[Session], Wish], Iterator[str]]


class Format(msgspec.Struct, frozen=True):
    """A format: the module that makes it, the endings of its files, one line of help.

    `make` is given that module, which is only loaded when it is needed. `joins` says that one document can hold
    several sessions.
    """

    module: str
    endings: tuple[str, ...]
    help: str
    make: Make
    joins: bool = True

    def pieces(self, sessions: Iterable[Session], wish: Wish, losses: Counter[str]) -> Iterator[str]:
        """Yield the document piece by piece, counting in `losses` what it cannot hold."""
        module = import_module(f"{__package__}.{self.module}")
        left_out: Callable[[Session], Counter[str]] = getattr(module, "left_out", lambda _session: Counter())

        def noted() -> Iterator[Session]:
            for session in sessions:
                losses.update(left_out(session))
                yield session

        return self.make(module, noted(), wish)


def _markdown(module: Any, sessions: Iterable[Session], wish: Wish) -> Iterator[str]:
    between = ""
    for session in sessions:
        yield between
        yield from module.pages(session, exact=wish.exact)
        between = "\n"


def _each(module: Any, sessions: Iterable[Session], _wish: Wish) -> Iterator[str]:
    return (text for session in sessions for text in module.line(session))


FORMATS = {
    "markdown": Format("markdown", (".md", ".markdown"), marked("to be read, and edited"), _markdown),
    "html": Format(
        "html",
        (".html", ".htm"),
        marked("one page with all in it, for any browser"),
        lambda module, sessions, _wish: module.pieces(sessions),
    ),
    "json": Format(
        "ours",
        (".json",),
        marked("all that is known, as it is saved; several sessions are a list"),
        lambda module, sessions, wish: module.documents(sessions, listed=wish.listed),
    ),
    "jsonl": Format(
        "finetuning",
        (".jsonl", ".ndjson"),
        marked("a line a session for fine-tuning, of complete turns alone"),
        _each,
    ),
    "tutorial": Format(
        "tutorial",
        (),
        marked("{user: [messages, ...]}; a user's sessions follow each other in one list"),
        lambda module, sessions, _wish: module.users(sessions),
    ),
    "asciicast": Format(
        "asciicast",
        (".cast",),
        marked("a recording that asciinema plays, of one session"),
        lambda module, sessions, wish: (module.recording(session, wish.frames) for session in sessions),
        joins=False,
    ),
}
"""By name, as they are listed."""

DEFAULT = "markdown"


def ending_of(name: str) -> str:
    """Give the ending of a format's files."""
    return next(iter(FORMATS[name].endings), ".json")


def guessed(file: PurePath) -> str:
    """Tell the format by the ending of a file's name; raises UsageError."""
    ending = file.suffix.lower()
    found = next((name for name, each in FORMATS.items() if ending in each.endings), None)
    if found is None:
        known = _(", ").join(each for form in FORMATS.values() for each in form.endings)
        sentence = _("{file!r} does not say which format is meant: end it in one of {endings}, or name the format")
        raise UsageError(sentence.format(file=str(file), endings=known))
    return found


def told(losses: Counter[str]) -> list[str]:
    """Say what was left out, in a sentence each."""
    return [_LOSSES[kind](n).format(n=n) for kind, n in losses.items() if n]


_LOSSES: dict[str, Callable[[int], str]] = {
    "unfinished": lambda n: ngettext(
        "left out: {n} turn whose answer is not complete",
        "left out: {n} turns whose answers are not complete",
        n,
    ),
    "aside": lambda n: ngettext(
        "left out: {n} message that belongs to no turn, such as a question without an answer",
        "left out: {n} messages that belong to no turn, such as questions without an answer",
        n,
    ),
    "empty": lambda n: ngettext(
        "left out: {n} session without a complete turn", "left out: {n} sessions without a complete turn", n
    ),
    "image": lambda n: ngettext(
        "{n} image is only named: this format holds none", "{n} images are only named: this format holds none", n
    ),
}
