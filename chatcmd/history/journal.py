"""The journal of a live session: append-only, on the disk before a question is sent."""

import fcntl
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece
from chatcmd.errors import SessionInUse, reason
from chatcmd.history.disk import (
    FILE_MODE,
    failing_as_not_saved,
    let_go,
    make_folder,
    narrow,
    sync,
    sync_folder,
    write_all,
)
from chatcmd.history.file import to_content
from chatcmd.history.message import Written, to_written
from chatcmd.language import _

PART_SECONDS, PART_BYTES = 2.0, 4096
"""An answer on its way is written, unsynced, at least so often: at most so much of it is lost to a kill."""


class Opened(msgspec.Struct, tag_field="event", tag="session"):
    """The whole session so far; what came before this record no longer counts."""

    session: dict[str, Any]


class Asked(msgspec.Struct, tag_field="event", tag="question"):
    message: Written


class Part(msgspec.Struct, tag_field="event", tag="part", omit_defaults=True):
    """More of the answer on its way, and of the reasoning before it."""

    text: str
    reasoning: str = ""


class Answered(msgspec.Struct, tag_field="event", tag="answer"):
    message: Written


class Withdrawn(msgspec.Struct, tag_field="event", tag="withdrawn"):
    """The question failed or was stopped before the first word, and was given back."""


Event = Opened | Asked | Part | Answered | Withdrawn


class Journal:
    """One open journal, locked for this process as long as it is open.

    After a write that failed, the next one first records the whole session again; so it does, in a new file, after the
    file or its folder was taken away.

    `unlocked` says why the file could not be locked, where its disk locks none: then nothing keeps others out.
    """

    def __init__(self, path: Path) -> None:
        """Open and lock the file, making it if need be; raises SessionInUse, NotSaved."""
        self.path = path
        self._behind = True
        with failing_as_not_saved(path):
            make_folder(path.parent)
            narrow(path.parent.parent, path.parent)
            self._descriptor, self._size, self.unlocked = _placed(path)

    @property
    def is_empty(self) -> bool:
        return not self._size

    def asked(self, session: Session, question: Message) -> None:
        """Record a question before it is sent; it is on the disk when this returns. Raises NotSaved."""
        self._append(session, Asked(to_written(question)))

    def answered(self, session: Session, turn: Turn) -> None:
        """Record the turn that followed upon `session`; it is on the disk when this returns. Raises NotSaved."""
        self._append(session, Answered(to_written(turn.answer)), lost=Asked(to_written(turn.question)))

    def withdrawn(self, session: Session) -> None:
        """Record that the question was given back. Raises NotSaved."""
        self._append(session, Withdrawn())

    def opened(self, session: Session) -> None:
        """Record a session as it is, before anything happens to it. Raises NotSaved."""
        self._append(session)

    def renew(self) -> None:
        """Begin the next record with the whole session: something about it has changed."""
        self._behind = True

    async def follow(self, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
        """Pass an answer on, writing it unsynced every two seconds or 4 KB while it comes."""
        import asyncio  # noqa: PLC0415 - loaded by then, and what only reads the history need not load it

        waiting: list[Piece] = []
        size = 0
        timer: asyncio.TimerHandle | None = None

        def write() -> None:
            nonlocal size, timer
            if timer is not None:
                timer.cancel()
            if not self._behind:
                said, thought = "".join(each.text for each in waiting), "".join(each.reasoning for each in waiting)
                self._append_unsynced(Part(said, thought))
            waiting.clear()
            size, timer = 0, None

        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    if piece.notice:
                        yield piece
                        continue
                    waiting.append(piece)
                    size += len((piece.text + piece.reasoning).encode("utf-8", "replace"))
                    if size >= PART_BYTES:
                        write()
                    elif timer is None:
                        timer = asyncio.get_running_loop().call_later(PART_SECONDS, write)
                    yield piece
        finally:
            if timer is not None:
                timer.cancel()

    def close(self, *, remove: bool) -> None:
        """Let the session go; `remove` the file once its content is safe elsewhere, or when there is none.

        One that cannot be removed costs nothing: it tells no more than the session's file, and the next start sees so.
        """
        try:
            with suppress(OSError):
                if (remove or self.is_empty) and _is_at(self.path, self._descriptor):
                    self.path.unlink()
        finally:
            let_go(self._descriptor)

    def _append(self, session: Session, *events: Event, lost: Event | None = None) -> None:
        """Record events; where the disk fell behind, the whole session first, and what was `lost` since."""
        with failing_as_not_saved(self.path):
            self._take_place()
            if self._behind:
                events = (Opened(to_content(session)), *([lost] if lost else []), *events)
            data = b"".join(_encoder.encode(event) + b"\n" for event in events)
            if self._behind and os.fstat(self._descriptor).st_size:
                data = b"\n" + data  # what stands there may be torn, and would take this record with it
            try:
                write_all(self._descriptor, data)
                sync(self._descriptor)
            except OSError:
                self._take_back()
                raise
            self._size = os.fstat(self._descriptor).st_size
        self._behind = False

    def _append_unsynced(self, event: Event) -> None:
        try:
            write_all(self._descriptor, _encoder.encode(event) + b"\n")
            self._size = os.fstat(self._descriptor).st_size
        except OSError:
            self._take_back()  # the end of the answer is recorded whole, and says so if that fails too

    def _take_place(self) -> None:
        """Make the file anew if its name does not lead to it any more, as when its folder was removed or moved."""
        if _is_at(self.path, self._descriptor):
            return
        self._behind = True
        make_folder(self.path.parent)
        before = self._descriptor
        self._descriptor, self._size, self.unlocked = _placed(self.path)
        let_go(before)

    def _take_back(self) -> None:
        """Cut off a record that was not written whole; what a failed sync left behind is not trusted either."""
        self._behind = True
        with suppress(OSError):  # a torn last line is passed over when the journal is read
            os.ftruncate(self._descriptor, self._size)


def _placed(path: Path) -> tuple[int, int, str | None]:
    """Open and lock the file, and see that its name reaches the disk; return it with its size, and why it is unlocked.

    Whatever fails lets it go: its lock would keep us out too.
    """
    descriptor, unlocked = _locked(path)
    try:
        size = os.fstat(descriptor).st_size
        if not size:
            sync_folder(path.parent)
    except BaseException:
        let_go(descriptor)
        raise
    return descriptor, size, unlocked


def _locked(path: Path) -> tuple[int, str | None]:
    """Open and lock the file; whoever removed it meanwhile has made it another one, which is tried again."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        descriptor = os.open(path, flags, FILE_MODE)
        try:
            os.fchmod(descriptor, FILE_MODE)
            unlocked = _lock(descriptor)
            if _is_at(path, descriptor):
                return descriptor, unlocked
        except BlockingIOError:
            let_go(descriptor)
            sentence = _("session {id} is open in another chatcmd; leave it there first")
            raise SessionInUse(sentence.format(id=path.stem)) from None
        except BaseException:
            let_go(descriptor)
            raise
        let_go(descriptor)


def _lock(descriptor: int) -> str | None:
    """Lock a file; say why, where its disk locks none, as some network ones do. Raises BlockingIOError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        return reason(error)
    return None


def _is_at(path: Path, descriptor: int) -> bool:
    """Tell whether a path leads to an open file."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except (FileNotFoundError, NotADirectoryError):
        return False


_encoder = msgspec.json.Encoder()
