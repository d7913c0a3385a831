"""What a killed process left in a journal, made into a saved session: every line that can be read is kept."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.name import decoded
from chatcmd.conversation.session import Session, title_of
from chatcmd.errors import Damaged, HistoryError, SessionInUse, reason
from chatcmd.history import file
from chatcmd.history.aside import aside, keep_aside
from chatcmd.history.folder import SAVED
from chatcmd.history.journal import Answered, Asked, Event, Journal, Opened, Part
from chatcmd.history.message import to_message
from chatcmd.history.nested import decoded as decoded_json
from chatcmd.language import _

MAKING_SECONDS = 60
"""An empty journal younger than this is left to whoever makes it."""

TALKING_SECONDS = 60
"""On a disk without locks, a journal written to so recently is left to whoever may be talking."""


class Recovered(msgspec.Struct, frozen=True):
    """What a killed process left: the session as it is now saved, and a sentence on what could not be read."""

    session: Session
    path: Path
    warning: str | None = None


def recover(path: Path) -> Recovered | None:
    """Save what a journal holds beyond its session's file, and remove it; None when that is nothing.

    Raises SessionInUse while someone talks, and HistoryError or OSError when it has to stay: what cannot be read is
    kept beside under another name, what a newer program wrote is left alone.
    """
    if _is_being_made(path):
        return None
    journal = Journal(path)
    safe = False
    try:
        before = path.lstat()
        if journal.unlocked and time.time() - before.st_mtime < TALKING_SECONDS:
            sentence = _("session {id} may be open in another chatcmd (its disk locks no files); try again in a minute")
            raise SessionInUse(sentence.format(id=path.stem))
        from glob import escape  # noqa: PLC0415 - few starts find a journal

        for leftover in path.parent.glob(f".{escape(path.stem)}{SAVED}.*.tmp"):
            leftover.unlink(missing_ok=True)
        recovered = _saved(path)
        safe = not journal.unlocked or _is_as_before(path, before)
    finally:
        journal.close(remove=safe)
    return recovered


def _is_being_made(path: Path) -> bool:
    """Tell whether someone may be about to lock an empty journal: taking the lock now would turn them away."""
    found = path.lstat()
    return found.st_size == 0 and time.time() - found.st_mtime < MAKING_SECONDS


def _is_as_before(path: Path, before: os.stat_result) -> bool:
    """Tell whether nobody has written to a journal since, as someone may whom no lock keeps out."""
    now = path.lstat()
    return (now.st_ino, now.st_size, now.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)


def recover_or_tell(path: Path, tell: Callable[[str], None]) -> Recovered | None:
    """Recover a journal, unless someone else has it; `tell` is given the sentence when that cannot be done."""
    try:
        return recover(path)
    except (SessionInUse, FileNotFoundError):  # someone talks, or recovered it just now
        return None
    except (HistoryError, ValueError) as error:
        tell(str(error))
    except OSError as error:
        tell(_("{path} could not be recovered: {reason}").format(path=path, reason=reason(error)))
    return None


def _saved(path: Path) -> Recovered | None:
    saved = path.with_suffix(SAVED)
    known, trouble = _known(saved)
    session, damaged = replay(path.read_bytes(), known or nameless(path))
    if session is not None:
        _refuse_newer(path, session)
    if damaged:
        numbers = _(", ").join(map(str, damaged))
        sentence = _("of its journal, line {numbers} could not be read; it is kept as {file}")
        trouble.append(sentence.format(numbers=numbers, file=aside(path).name))
    warning = _("; ").join(trouble) or None
    if session is not None and known is not None and known.sequence >= session.sequence:
        session = known if known.ended is None else None  # it was written while the session went on, or at its end
    if session is None or not session.worth_saving:
        if damaged:
            keep_aside(path)
            raise Damaged(_("nothing more could be recovered of {path}: {reason}").format(path=path, reason=warning))
        return None  # no question was asked, or the process was killed between saving and removing the journal
    session = _ended(session)
    if known is None and saved.exists():
        keep_aside(saved)
    file.write(saved, session)
    if damaged:
        keep_aside(path)
    return Recovered(session, saved, warning)


def _known(saved: Path) -> tuple[Session | None, list[str]]:
    """Read the session's file, if there is one; what is wrong with it is told, for the journal can replace it."""
    try:
        session = file.read(saved)
    except FileNotFoundError:
        return None, []
    except Damaged as error:
        return None, [_("{sentence}, as {file}").format(sentence=error, file=aside(saved).name)]
    _refuse_newer(saved, session)
    return session, []


def replay(data: bytes, otherwise: Session | None = None) -> tuple[Session | None, list[int]]:
    """Read a journal back: the session it holds, if any, and the numbers of the lines that could not be read.

    A question without its answer is kept as unanswered, or with what had come of the answer as an incomplete turn.
    `otherwise` is what the events belong to when the line that says so cannot be read.
    """
    told = _Told(None)
    damaged: list[int] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line:
            continue
        try:
            event = decoded_json(_decoder.decode, line)
            opened = file.to_session(event.session) if isinstance(event, Opened) else None
        except (ValueError, RecursionError):
            damaged.append(number)
            told.missed()
            continue
        if opened is not None:
            told = _Told(opened)
            continue
        if told.beginning is None:
            told.beginning = otherwise
        if told.beginning is not None:
            told.hear(event)
    told.close()
    return told.session, damaged


class _Told:
    """A session while its journal is read: how it began, the messages since, and what is open."""

    def __init__(self, beginning: Session | None) -> None:
        self.beginning = beginning
        self._turns: list[Turn] = []
        self._aside: list[Message] = list(beginning.aside) if beginning else []
        self._asked: list[Message] = []
        self._question: Message | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._unsure = False

    @property
    def session(self) -> Session | None:
        """The session as far as it has been read, without what is open."""
        before = self.beginning
        if before is None:
            return None
        title = before.title or (title_of(self._asked[0].content) if self._asked else "")
        return replace(before, turns=(*before.turns, *self._turns), aside=tuple(self._aside), title=title)

    def missed(self) -> None:
        """Take note that a line is lost: what comes next may belong to a question that stood there."""
        self._unsure = True

    def hear(self, event: Event) -> None:
        if isinstance(event, Part):
            self._text.append(event.text)
            self._reasoning.append(event.reasoning)
        elif isinstance(event, Answered):
            self._take(to_message(event.message))
            self._begin(None)
        elif isinstance(event, Asked):
            self.close()  # what ended the question before is lost
            self._begin(to_message(event.message))
        elif self._unsure or any(self._text):
            self.close()  # only a question without a word of an answer is withdrawn: this was another one
        else:
            self._begin(None)

    def close(self) -> None:
        """Keep what is open."""
        if any(self._text):
            said, thought = "".join(self._text), "".join(self._reasoning) or None
            self._take(Message(role="assistant", content=said, status="incomplete", reasoning=thought))
        elif self._question is not None:
            self._asked.append(self._question)
            self._aside.append(replace(self._question, status="unanswered"))
        self._begin(None)

    def _begin(self, question: Message | None) -> None:
        self._question, self._unsure = question, False
        self._text, self._reasoning = [], []

    def _take(self, answer: Message) -> None:
        if self._question is not None:
            self._asked.append(self._question)
            self._turns.append(Turn(self._question, answer, tuple(self._aside)))
            self._aside = []
        else:  # its question is lost
            self._aside.append(answer)


def nameless(path: Path) -> Session:
    """Say of a session what its journal's name tells, for want of the line that opens it."""
    return Session(
        id=path.stem,
        user=decoded(path.parent.name),
        persona=Persona("unknown", ""),
        model="",
        started="",
    )


def _ended(session: Session) -> Session:
    """End a session with its last message; what only the messages still tell is taken from them."""
    times = [message.at for message in session.messages if message.at] or [session.started]
    models = [message.model for message in session.messages if message.model] or ["unknown"]
    known = replace(session, started=session.started or times[0], model=session.model or models[0])
    return known.ended_at(max(times), "recovered")


def _refuse_newer(path: Path, session: Session) -> None:
    if file.is_newer(session):
        sentence = _("{path} was written by a newer chatcmd; the journal is left as it is, upgrade")
        raise HistoryError(sentence.format(path=path))


_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
