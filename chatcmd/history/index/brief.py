"""A session's file read for the index alone: what is listed of it, the words in it, and what was asked."""

from pathlib import Path

import msgspec

from chatcmd.conversation.session import Session, paired, title_of
from chatcmd.conversation.words import folded, terms
from chatcmd.errors import HistoryError
from chatcmd.history import file
from chatcmd.history.asked import Asked, asked_in, asked_of
from chatcmd.history.entry import Entry, entry_of, listed
from chatcmd.history.hit import text_of
from chatcmd.history.nested import decoded


class Stamp(msgspec.Struct, frozen=True):
    """What a file had when it was read: nanoseconds of its last change, and bytes."""

    changed: int
    size: int


class Brief(msgspec.Struct, frozen=True):
    """`entry` is None where the file holds no session; `words` are those that it is found by, with blanks between.

    `shared` is what was asked in the turns that its parent has too, `asked` what was asked behind them.
    """

    stamp: Stamp
    entry: Entry | None = None
    words: str = ""
    shared: tuple[Asked, ...] = ()
    asked: tuple[Asked, ...] = ()


def brief_of(path: Path) -> Brief:
    """Read a file; one that holds no session is told as such. Raises OSError."""
    found = path.stat()  # before it is read: what is changed meanwhile is read again
    data = file.read_bytes(path)
    stamp = Stamp(found.st_mtime_ns, found.st_size)
    try:
        content = decoded(msgspec.json.decode, data)  # all of it, as whoever shows it does
        return _quickly(path, msgspec.convert(content, file.Saved), stamp)
    except (ValueError, RecursionError):
        pass  # told by the way that all other readers go
    try:
        return _as_shown(path, file.parse(data, str(path)), stamp)
    except HistoryError:
        return Brief(stamp)


def _quickly(path: Path, saved: file.Saved, stamp: Stamp) -> Brief:
    """Take from what is written; raises ValueError where that is not all plain text."""
    messages = saved.messages
    if saved.format != file.FORMAT or any(each.attachments or type(each.content) is not str for each in messages):
        raise ValueError(path)
    first = messages[0] if messages else None
    if first is not None and first.role == "system" and first.content == saved.persona.content != "":
        messages = messages[1:]
    turns, _aside = paired(messages)  # type: ignore[arg-type] # they differ in their attachments alone
    title = saved.title or title_of(turns[0].question.content if turns else "")
    entry = listed(path, saved, title, len(turns))
    texts = [title, *(str(each.content) for each in messages)]
    behind = saved.parent.turn if saved.parent else 0
    shared = tuple(asked_in(turns[:behind], saved.user, saved.model)) if behind else ()
    return Brief(stamp, entry, _words(texts), shared, tuple(asked_in(turns[behind:], saved.user, saved.model)))


def _as_shown(path: Path, session: Session, stamp: Stamp) -> Brief:
    """Take from the session as it is read to be shown."""
    said = [each for turn in session.turns for each in (*turn.aside, turn.question, turn.answer)]
    texts = [session.title, *(text_of(each) for each in (*said, *session.aside))]
    behind = session.parent.turn if session.parent else 0
    shared = asked_in(session.turns[:behind], session.user, session.model)
    return Brief(stamp, entry_of(path, session), _words(texts), tuple(shared), tuple(asked_of(session, shared=behind)))


def _words(texts: list[str]) -> str:
    return terms(folded("\n".join(texts)))
