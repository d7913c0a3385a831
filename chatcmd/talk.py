"""One user's live session with its journal: what is said is recorded as it is said."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from msgspec.structs import replace

from chatcmd.cells import cells, cut
from chatcmd.clean import clean_line
from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.session import Ending, Session
from chatcmd.conversation.thinking import Piece
from chatcmd.errors import HistoryError, NotSaved, SessionInUse
from chatcmd.history import file
from chatcmd.history.journal import Journal
from chatcmd.history.library import SAVED, Library
from chatcmd.language import _

QUOTED, LEAST_QUOTED, MOST_QUOTED = 40, 3, 8
"""Cells of a question that a note quotes, at most and at least, and how many it quotes; no line has room for more."""


def in_memory(trouble: object, *, once: bool = False) -> str:
    """Say what becomes of a chat whose disk fails; `once` where there is a question and no chat."""
    sentence = _("{trouble}; the chat goes on in memory and tries again at every turn (/save FOLDER writes elsewhere)")
    if once:
        sentence = _(
            "{trouble}; the question is asked all the same, and saved with its answer if the disk takes it then"
        )
    return sentence.format(trouble=trouble)


class Talk:
    """A session and, once there is something to keep, its journal; `library` is None when nothing is kept.

    A disk that fails does not stop the conversation: it goes on in memory, `trouble` holds the latest failure, and
    every later record tries to write the whole session again.
    """

    def __init__(self, session: Session, library: Library | None, journal: Journal | None = None) -> None:
        self.session = session
        self.trouble: HistoryError | None = None
        self._trouble_told = library is not None and library.refused
        self._reached = False
        self._kept: tuple[int, Path] | None = None
        self._dropped = 0
        self.given_back: Message | None = None
        self._library = library
        self._journal = journal
        self._changed = False
        self._open: Message | None = None

    @property
    def path(self) -> Path | None:
        """Where the session is saved, or would be; None where nothing is kept."""
        if self._library is None:
            return None
        if self._journal is not None:
            return self._journal.path.with_suffix(SAVED)
        return self._library.path_of(self.session.user, self.session.id)

    @property
    def is_new(self) -> bool:
        """Tell whether the session was never saved as a file of its own."""
        return self.path is None or not self.path.exists()

    @property
    def kept(self) -> Path | None:
        """Where else the session was written as it is now; None where it was not, or has gone on since."""
        return self._kept[1] if self._kept is not None and self._kept[0] == self.session.sequence else None

    def asked(self, question: Message) -> None:
        """Record a question; it is on the disk when this returns, unless there is trouble."""
        self._whole()
        self._open = question
        self._record(lambda journal: journal.asked(self.session, question))

    def answered(self, turn: Turn) -> None:
        """Take the turn into the session and record it."""
        before = self.session
        self.session = before.with_turn(turn)
        self._changed, self._open, self.given_back = True, None, None
        self._record(lambda journal: journal.answered(before, turn))

    def withdrawn(self) -> None:
        """Record that the last question was given back."""
        self.given_back, self._open = self._open, None
        self._record(lambda journal: journal.withdrawn(self.session))

    def branched(self) -> None:
        """Record a session that goes another way than the one it came from, with the turns that they share."""
        if self.session.worth_saving:
            self._changed = True
            self._record(lambda journal: journal.opened(self.session))

    def changed(self, **fields: object) -> None:
        """Change what the session is about to be: its model, its settings."""
        self.session = replace(self.session, **fields)
        if self._journal is not None and not self._journal.is_empty:
            self._journal.renew()

    def renamed(self, title: str) -> None:
        """Give the session a title; once something was said, it is on the disk when this returns."""
        self.changed(title=title, renamed=self.session.renamed + 1)
        if self.session.worth_saving:
            self._changed = True
            self._record(lambda journal: journal.opened(self._whole()))

    def save(self) -> Path | None:
        """Write the session's file now, and go on; None where nothing is kept or was said. Raises NotSaved."""
        if self._library is None or not self.session.worth_saving:
            return None
        if not self._changed:  # gone on with, and nothing said since
            return self.path
        self.changed()  # the journal goes on from what is in the file, so that nothing in it comes twice
        self._record(lambda journal: journal.opened(self._whole()))
        if self._journal is None:
            raise NotSaved(str(self.trouble)) from self.trouble
        return self._library.write(self.session, self._journal)

    def keep(self, path: Path) -> None:
        """Write the session's file somewhere else, as it is now; raises NotSaved."""
        file.write(path, self._whole())
        self._kept = self.session.sequence, path

    def left_out(self, turns: int, width: int) -> list[str]:
        """Say which more turns than before stay out of the window, if any do, on one line of `width` cells."""
        before, self._dropped = self._dropped, turns
        if turns <= before:
            return []
        if turns == before + 1:
            left = _("turn {last:,} left the window, {last:,} in all (see /context): {questions}")
            shortly = _("turn {last:,} left the window, {last:,} in all")
        else:
            left = _("turns {first:,} to {last:,} left the window, {last:,} in all (see /context): {questions}")
            shortly = _("turns {first:,} to {last:,} left the window, {last:,} in all")
        asked = [clean_line(turn.question.content[:QUOTED]) for turn in self.session.turns[before:turns][:MOST_QUOTED]]
        questions = _("; ").join(cut(question, QUOTED) for question in asked)
        if cells(left.format(first=before + 1, last=turns, questions="")) + LEAST_QUOTED > width:
            left = shortly
        return [cut(left.format(first=before + 1, last=turns, questions=questions), width)]

    def news(self, *, once: bool = False) -> list[str]:
        """Say that the disk fails, or that it is well again, once each; and that it locks no files, once a run."""
        news = []
        if self._library is not None and self._library.unlocked and not self._library.unlocked_told:
            self._library.unlocked_told = True
            unlocked = _(
                "the disk of {path} locks no files ({reason}): do not open a session in two chatcmds at once, the one "
                "that leaves last overwrites what was said in the other"
            )
            news.append(unlocked.format(path=self._library.folder, reason=self._library.unlocked))
        told, self._trouble_told = self._trouble_told, self.trouble is not None
        if told == self._trouble_told:
            return news
        if self.trouble is not None:
            return [*news, in_memory(self.trouble, once=once)]
        if self._library is not None:
            self._library.refused = False
        return [*news, _("the history is written again, nothing is missing")]

    def follow(self, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
        """Pass an answer on, recording it while it comes."""
        return self._journal.follow(pieces) if self._journal else pieces

    def end(self, at: str, by: Ending) -> Path | None:
        """Save the session if anything was said, and let it go; return where it is. Raises NotSaved.

        When the file cannot be written, or a fault of ours left a question open, the journal stays, and the next start
        recovers from it. In the first case the session is still here, and this may be tried again.
        """
        if self._library is None:
            return None
        if self._changed and self._open is None and self.session.ended is None:  # tried again, it ended when it did
            self.session = self.session.ended_at(at, by)
        if self._changed and self._journal is None:
            try:
                self._journal = self._library.open(self.session.user, self.session.id)
            except SessionInUse as error:
                raise NotSaved(str(error)) from error
        if self._journal is None:
            return None
        journal, self._journal = self._journal, None
        if self._open is not None:
            journal.close(remove=False)
            return None
        if self._changed:
            return self._library.save(self.session, journal)
        journal.close(remove=True)
        return None

    def what_is_left(self, error: NotSaved, *, once: bool = False) -> str:
        """Say that it could not be saved at its end, and where what was said is."""
        if self.kept is not None:
            sentence = _("{error}; all of it is in {path}, and comes back with: chatcmd history import FILE")
            return sentence.format(error=error, path=self.kept)
        if self._reached:
            return _("{error}; what reached the journal beside it is recovered at the next start").format(error=error)
        if once:
            return _("{error}; the answer is saved nowhere, copy what you need of it").format(error=error)
        return _("{error}; it stays in memory until you leave").format(error=error)

    def discard(self) -> None:
        """Let the session go unsaved: nothing came of it."""
        if self._journal is not None:
            self._journal.close(remove=True)
            self._journal = None

    def _whole(self) -> Session:
        """Return the session, with a question in it that a fault of ours has left open."""
        if self._open is not None:
            self.session, self._changed, self._open = self.session.with_unanswered(self._open), True, None
        return self.session

    def _record(self, write: Callable[[Journal], None]) -> None:
        if self._library is None:
            return
        try:
            if self._journal is None:
                self._journal = self._library.open(self.session.user, self.session.id)
            write(self._journal)
        except HistoryError as trouble:
            self.trouble = trouble
        except Exception:  # a fault of ours: what the journal lacks now is in its next record
            if self._journal is not None:
                self._journal.renew()
            raise
        else:
            self.trouble, self._reached = None, True
