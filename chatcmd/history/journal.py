"""The journal of a live session: append-only, on the disk before a question is sent, read back after a crash."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.session import Session
from chatcmd.errors import NotSaved, SessionInUse
from chatcmd.history.disk import FILE_MODE, failing_as_not_saved, make_folder, sync, sync_folder, write_all
from chatcmd.history.file import to_content, to_session

PART_SECONDS, PART_BYTES = 2.0, 4096
"""An answer on its way is written, unsynced, at least so often: at most so much of it is lost to a kill."""


class Opened(msgspec.Struct, tag_field="event", tag="session"):
    """The whole session so far; what came before this record no longer counts."""

    session: dict[str, Any]


class Asked(msgspec.Struct, tag_field="event", tag="question"):
    message: Message


class Part(msgspec.Struct, tag_field="event", tag="part"):
    """More of the answer on its way."""

    text: str


class Answered(msgspec.Struct, tag_field="event", tag="answer"):
    message: Message


class Withdrawn(msgspec.Struct, tag_field="event", tag="withdrawn"):
    """The question failed or was stopped before the first word, and was given back."""


Event = Opened | Asked | Part | Answered | Withdrawn


class Journal:
    """One open journal, locked for this process as long as it is open.

    After a write that failed, the next one first records the whole session again. `session` is what the journal holds
    once it is written to.
    """

    def __init__(self, path: Path) -> None:
        """Open and lock the file, making it if need be; raises SessionInUse, NotSaved."""
        self.path = path
        self._behind = True
        with failing_as_not_saved(path):
            make_folder(path.parent)
            self._descriptor = _locked(path)
            self._size = os.fstat(self._descriptor).st_size
            if not self._size:
                sync_folder(path.parent)

    @property
    def is_empty(self) -> bool:
        return not self._size

    def asked(self, session: Session, question: Message) -> None:
        """Record a question before it is sent; it is on the disk when this returns. Raises NotSaved."""
        self._append(session, Asked(question))

    def answered(self, session: Session, turn: Turn) -> None:
        """Record the turn that followed upon `session`; it is on the disk when this returns. Raises NotSaved."""
        if self._behind:  # the question did not reach the disk: record both, in the order they were said
            self._append(session, Asked(turn.question))
        self._append(session, Answered(turn.answer))

    def withdrawn(self, session: Session) -> None:
        """Record that the question was given back. Raises NotSaved."""
        self._append(session, Withdrawn())

    def opened(self, session: Session) -> None:
        """Record a session as it is, before anything happens to it. Raises NotSaved."""
        self._append(session, None)

    async def follow(self, pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
        """Pass an answer on, writing it unsynced every two seconds or 4 KB while it comes."""
        waiting: list[str] = []
        size = 0
        timer: asyncio.TimerHandle | None = None

        def write() -> None:
            nonlocal size, timer
            if timer is not None:
                timer.cancel()
            if waiting and not self._behind:
                self._append_unsynced(Part("".join(waiting)))
            waiting.clear()
            size, timer = 0, None

        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    waiting.append(piece)
                    size += len(piece.encode("utf-8", "replace"))
                    if size >= PART_BYTES:
                        write()
                    elif timer is None:
                        timer = asyncio.get_running_loop().call_later(PART_SECONDS, write)
                    yield piece
        finally:
            if timer is not None:
                timer.cancel()

    def close(self, *, remove: bool) -> None:
        """Let the session go; `remove` the file once its content is safe elsewhere, or when there is none."""
        try:
            if remove or self.is_empty:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise NotSaved(f"{self.path} could not be removed: {error.strerror}") from error
        finally:
            os.close(self._descriptor)

    def _append(self, session: Session, event: Event | None) -> None:
        events = [Opened(to_content(session))] if self._behind else []
        data = b"".join(_encoder.encode(record) + b"\n" for record in (*events, *([event] if event else [])))
        with failing_as_not_saved(self.path):
            try:
                write_all(self._descriptor, data)
                sync(self._descriptor)
            except OSError:
                self._take_back()
                raise
        self._size += len(data)
        self._behind = False

    def _append_unsynced(self, event: Event) -> None:
        data = _encoder.encode(event) + b"\n"
        try:
            write_all(self._descriptor, data)
        except OSError:
            self._take_back()  # the end of the answer is recorded whole, and says so if that fails too
        else:
            self._size += len(data)

    def _take_back(self) -> None:
        """Cut off a record that was not written whole; what a failed sync left behind is not trusted either."""
        self._behind = True
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            return  # a torn last line is passed over when the journal is read


def replay(data: bytes) -> tuple[Session | None, list[int]]:
    """Read a journal back: the session it holds, if any, and the numbers of the lines that could not be read.

    A question without its answer is kept as unanswered, or with what had come of the answer as an incomplete turn.
    """
    session: Session | None = None
    question: Message | None = None
    parts: list[str] = []
    damaged: list[int] = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            event = _decoder.decode(line)
            opened = to_session(event.session) if isinstance(event, Opened) else None
        except (ValueError, RecursionError):
            damaged.append(number)
            continue
        if opened is not None:
            session, question, parts = opened, None, []
        elif isinstance(event, Part):
            parts.append(event.text)
        elif session is not None:
            if isinstance(event, Answered) and question is not None:
                session = session.with_turn(Turn(question, event.message))
            question = event.message if isinstance(event, Asked) else None
            parts = []
    if session is not None and question is not None:
        session = _with_open_question(session, question, "".join(parts))
    return session, damaged


def _with_open_question(session: Session, question: Message, text: str) -> Session:
    if not text:
        return session.with_unanswered(question)
    return session.with_turn(Turn(question, Message(role="assistant", content=text, status="incomplete")))


def _locked(path: Path) -> int:
    """Open and lock the file; whoever removed it meanwhile has made it another one, which is tried again."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        descriptor = os.open(path, flags, FILE_MODE)
        try:
            os.fchmod(descriptor, FILE_MODE)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise SessionInUse(f"session {path.stem} is open in another chatcmd; leave it there first") from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
