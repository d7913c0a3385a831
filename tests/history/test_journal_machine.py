"""Whatever happens to a journal, in whatever order: it holds what a plain list of it would hold."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from resource import RLIM_INFINITY

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.thinking import Piece
from chatcmd.errors import NotSaved
from chatcmd.history import file
from chatcmd.history.journal import PART_BYTES
from chatcmd.history.library import Library
from chatcmd.history.recovery import replay
from tests.history.made import ID, answer, full_disk, let_go, question, session

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROOM = st.none() | st.integers(0, 400)
"""Bytes that the disk still takes; None is enough."""

Said = list[tuple[str, str, str | None]]
"""Messages as role, content, status."""


async def whole(text: str) -> AsyncGenerator[Piece, None]:
    yield Piece(text)


class JournalMachine(RuleBasedStateMachine):
    """`said` is the conversation in memory, `kept` what of it the journal has, `saved` what the session's file has."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.library = Library(self.root / "history")
        self.session = session()
        self.said: Said = said(self.session.messages)
        self.saved: Said = []
        self.open: str | None = None
        self.heard = False
        self.start_over()

    def teardown(self) -> None:
        let_go(self.journal)
        shutil.rmtree(self.root)

    def start_over(self) -> None:
        self.journal = self.library.open(self.session.user, ID)
        self.kept: Said = []
        self.kept_open: str | None = None
        self.parts = ""
        self.behind = True

    @property
    def on_disk(self) -> Said:
        """What a reader of the journal should find."""
        if self.kept_open is None:
            return self.kept
        if self.parts:
            return [*self.kept, ("user", self.kept_open, None), ("assistant", self.parts, "incomplete")]
        return [*self.kept, ("user", self.kept_open, "unanswered")]

    def attempt(self, write: str, room: int | None, *arguments: object) -> bool:
        """Write to the journal with so much room on the disk; tell whether it worked."""
        path = self.journal.path
        limit = RLIM_INFINITY if room is None else room + (path.stat().st_size if path.exists() else 0)
        try:
            with full_disk(limit):
                getattr(self.journal, write)(self.session, *arguments)
        except NotSaved:
            self.behind = True
            return False
        if self.behind:
            self.kept, self.kept_open, self.parts, self.behind = list(self.said), None, "", False
        return True

    @precondition(lambda self: self.open is None)
    @rule(text=TEXT, room=ROOM)
    def ask(self, text: str, room: int | None) -> None:
        if self.attempt("asked", room, question(text)):
            self.kept_open, self.parts = text, ""
        self.open, self.heard = text, False

    @precondition(lambda self: self.open is not None)
    @rule(text=TEXT.filter(bool), more=st.booleans())
    def hear_a_part(self, text: str, more: bool) -> None:  # noqa: FBT001
        text += "。" * PART_BYTES if more else ""

        async def hear() -> None:
            async for _ in self.journal.follow(whole(text)):
                pass

        asyncio.run(hear())
        self.heard = True
        if more and not self.behind:
            self.parts += text

    @precondition(lambda self: self.open is not None)
    @rule(text=TEXT, room=ROOM, broken=st.booleans())
    def hear_the_answer(self, text: str, room: int | None, broken: bool) -> None:  # noqa: FBT001
        assert self.open is not None
        asked, answered = question(self.open), answer(text, status="incomplete" if broken else "complete")
        worked = self.attempt("answered", room, Turn(asked, answered))
        new = said([asked, answered])
        if worked:
            self.kept, self.kept_open, self.parts = self.kept + new, None, ""
        self.session, self.said, self.open = self.session.with_turn(Turn(asked, answered)), self.said + new, None

    @precondition(lambda self: self.open is not None and not self.heard)
    @rule(room=ROOM)
    def withdraw(self, room: int | None) -> None:
        if self.attempt("withdrawn", room):
            self.kept_open = None
        self.open = None

    @precondition(lambda self: self.open is None)
    @rule(room=ROOM)
    def record_it_all(self, room: int | None) -> None:
        self.attempt("opened", room)

    @precondition(lambda self: self.kept)
    @rule()
    def lose_the_folder(self) -> None:
        shutil.rmtree(self.library.folder)
        self.kept, self.kept_open, self.parts, self.behind, self.saved = [], None, "", True, []

    @precondition(lambda self: self.journal.path.exists())
    @rule(torn=st.binary(max_size=10))
    def be_killed_and_start_again(self, torn: bytes) -> None:
        left = self.on_disk
        path = let_go(self.journal)
        with path.open("ab") as end:
            end.write(torn.replace(b"\n", b""))
        os.utime(path, (0, 0))
        found = list(self.library.recover())
        if len(left) > max(len(self.saved), 1):
            self.saved = left
            assert [each.path for each in found] == [path.with_suffix(".json")]
        assert list(self.library.recover()) == []
        assert not path.exists()
        self.session = file.read(path.with_suffix(".json")) if self.saved else session()
        self.said, self.open = said(self.session.messages), None
        self.start_over()

    @invariant()
    def journal_holds_what_was_said(self) -> None:
        path = self.journal.path
        made, damaged = replay(path.read_bytes() if path.exists() else b"")
        assert (said(made.messages) if made else []) == self.on_disk
        assert damaged == []

    @invariant()
    def file_holds_what_was_saved(self) -> None:
        path = self.journal.path.with_suffix(".json")
        assert (said(file.read(path).messages) if path.exists() else []) == self.saved


def said(messages: Iterable[Message]) -> Said:
    return [(message.role, message.content, message.status) for message in messages]


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
