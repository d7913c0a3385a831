"""Whatever is said, taken back, changed, forked, resumed or cut off, in any order: no session ever loses a word."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatcmd.app import App
from chatcmd.conversation.message import Message
from chatcmd.errors import ModelNotFound, SessionInUse, UsageError
from chatcmd.history import file
from chatcmd.history.folder import LIVE
from chatcmd.history.journal import Journal
from chatcmd.history.live import read_live
from chatcmd.resumption import go_on_in_copy, go_on_with
from chatcmd.slash.registry import Call, parse
from tests.chat.stage import PERSONA, Keys, Stage
from tests.history.made import let_go
from tests.loopback import FAULTS, Loopback, say

USERS = st.sampled_from(["anna", "小明"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
TEXTS = st.lists(TEXT, min_size=1, max_size=4)
NUMBER = st.integers(1, 5)

Said = tuple[str, str, str | None]
"""A message as role, content, status."""


@dataclass(frozen=True)
class Told:
    """A session as plain lists: its turns with what stood aside before each, and what stands aside behind them."""

    user: str
    turns: tuple[tuple[Said, ...], ...] = ()
    aside: tuple[Said, ...] = ()
    parent: tuple[str, int] | None = None
    given_back: str | None = field(default=None, compare=False)

    @property
    def messages(self) -> list[Said]:
        return [*(message for turn in self.turns for message in turn), *self.aside]

    @property
    def window(self) -> list[dict[str, str]]:
        """What of it goes into a request."""
        return [{"role": role, "content": content} for turn in self.turns for role, content, _ in turn[-2:]]

    @property
    def open_question(self) -> str | None:
        return self.given_back or (self.aside[-1][1] if self.aside else None)

    def answered(self, question: str, answer: str, status: str = "complete") -> "Told":
        turn = (*self.aside, ("user", question, None), ("assistant", answer, status))
        return replace(self, turns=(*self.turns, turn), aside=(), given_back=None)


class Editor(Keys):
    """A keyboard whose editor leaves `text` behind."""

    text = ""

    async def edit(self, text: str) -> str:  # noqa: ARG002 - what was in it is written anew
        return self.text


class Elsewhere:
    """A session that is open: a lock holds between two files of one process as it does between two processes."""

    def __init__(self, path: Path) -> None:
        self._journal = Journal(path.with_suffix(LIVE))

    def close(self) -> None:
        self._journal.close(remove=False)


class SessionMachine(RuleBasedStateMachine):
    """`told` holds every session ever made by its id, `live` the id of each user's own, as plain values."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.server = Loopback()
        self.stage = Stage(self.root, self.server)
        self.stage.settings('[windows]\n"gpt-3.5-turbo" = 1000000\n"gpt-4" = 1000000\n')
        self.runner = asyncio.Runner()
        self.keyboard = Editor(())
        self.answers = 0
        self.told: dict[str, Told] = {}
        self.first = self.app = self.started()
        self.begin("anna")

    def teardown(self) -> None:
        try:
            self.leave("anna")
            self.leave("小明")
        finally:
            self.runner.run(self.first.close())
            self.runner.close()
            self.server.close()
            shutil.rmtree(self.root)

    # The program, and what it should hold

    def started(self) -> App:
        """Start as the program does; the connections are the machine's, so that they are made once."""
        app = self.stage.app(StringIO(), StringIO())
        app.keyboard = self.keyboard
        if hasattr(self, "first"):
            app.services = self.first.services
        self.live: dict[str, str] = {}
        return app

    def begin(self, user: str) -> None:
        """Let a user talk, who is new or has been here."""
        talk = self.app.switch_to(user)
        self.user = user
        if user not in self.live:
            self.made(talk.session.id, Told(user))

    def made(self, session_id: str, told: Told) -> None:
        """Take note of a session that is new, and live."""
        assert session_id not in self.told
        self.told[session_id] = told
        self.live[told.user] = session_id
        self.user = told.user

    @property
    def now(self) -> Told:
        return self.told[self.live[self.user]]

    @now.setter
    def now(self, told: Told) -> None:
        self.told[self.live[self.user]] = told

    def branched(self, told: Told, parent: str, turn: int) -> None:
        """Take note that the chat went on in a branch, which does not remember what stood aside behind its turns."""
        self.made(self.app.talk.session.id, replace(told, parent=(parent, turn), given_back=None))

    def command(self, line: str) -> Any:
        """Do what a line does that the user types."""
        meant = parse(line)
        assert isinstance(meant, Call)
        return self.runner.run(meant.command.run(self.app, meant.argument))

    def answer(self) -> str:
        """Let the server have an answer ready, and tell it."""
        self.answers += 1
        text = f"answer {self.answers}"
        self.server.answer(say(text, pieces=1))
        return text

    def asked(self, *before: dict[str, str], question: str) -> None:
        """Compare what the server was asked last with what was said before."""
        assert self.stage.requests[-1] == [PERSONA, *before, {"role": "user", "content": question}]

    # What a user does

    @initialize(texts=TEXTS)
    def begin_to_say(self, texts: list[str]) -> None:
        self.say(texts)

    @rule(texts=TEXTS)
    def say(self, texts: list[str]) -> None:
        for text in texts:
            answer = self.answer()
            self.runner.run(self.app.ask(text))
            self.asked(*self.now.window, question=text)
            self.now = self.now.answered(text, answer)

    @rule(text=TEXT)
    def say_and_hear_nothing(self, text: str) -> None:
        self.server.answer(FAULTS["404"])
        with pytest.raises(ModelNotFound):
            self.runner.run(self.app.ask(text))
        self.now = replace(self.now, given_back=text)

    @rule(text=TEXT)
    def say_and_hear_a_part(self, text: str) -> None:
        self.server.answer(FAULTS["cut_chunked"])
        self.runner.run(self.app.ask(text))
        self.now = self.now.answered(text, "partial ", "incomplete")

    @rule(turns=NUMBER)
    def undo(self, turns: int) -> None:
        old, there = self.live[self.user], len(self.now.turns)
        if turns > there:
            with pytest.raises(UsageError):
                self.command(f"/undo {turns}")
            return
        line = self.command(f"/undo {turns}")
        assert line.text == self.now.turns[-turns][-2][1]
        self.branched(Told(self.user, self.now.turns[:-turns]), old, there - turns)

    @rule(turn=st.none() | NUMBER)
    def fork(self, turn: int | None) -> None:
        old, there = self.live[self.user], len(self.now.turns)
        if (turn or 1) > there:
            with pytest.raises(UsageError):
                self.command(f"/fork {turn or ''}")
            return
        self.command(f"/fork {turn or ''}")
        self.branched(Told(self.user, self.now.turns[:turn]), old, turn or there)

    @rule()
    def retry(self) -> None:
        self.ask_in_place(None, self.now.open_question, lambda: self.command("/retry"))

    @rule(turn=st.none() | NUMBER, text=TEXT, by_hand=st.booleans())
    def edit(self, turn: int | None, text: str, by_hand: bool) -> None:  # noqa: FBT001
        text = text.strip()
        self.keyboard.text = text
        line = "/edit" if turn is None else f"/edit {turn}" if by_hand else f"/edit {turn} {text}"
        if (turn or 0) > len(self.now.turns):
            with pytest.raises(UsageError):
                self.command(line)
            return
        self.ask_in_place(turn, text, lambda: self.command(line))

    def ask_in_place(self, turn: int | None, text: str | None, ask: Callable[[], Any]) -> None:
        """Ask `text` (None: as it was) in place of a turn (None: of the newest question, which may stand open)."""
        old, told, requests = self.live[self.user], self.now, len(self.server.chats)
        is_open = turn is None and told.open_question is not None
        if not is_open and not told.turns:
            with pytest.raises(UsageError):
                ask()
            return
        place = turn or len(told.turns)
        before = told.open_question if is_open else told.turns[place - 1][-2][1]
        question = text if text is not None else before
        assert question is not None
        if text == before and not (is_open and text is told.open_question):
            assert ask() is None
            assert len(self.server.chats) == requests
            return
        answer = self.answer()
        assert ask() is None
        shared = told if is_open else Told(self.user, told.turns[: place - 1])
        self.asked(*shared.window, question=question)
        if is_open:
            self.now = told.answered(question, answer)
        else:
            self.branched(shared.answered(question, answer), old, place - 1)

    @rule(turn=NUMBER, text=TEXT)
    def edit_and_hear_nothing(self, turn: int, text: str) -> None:
        text = text.strip()
        if turn > len(self.now.turns) or text == self.now.turns[turn - 1][-2][1]:
            return
        self.server.answer(FAULTS["404"])
        line = self.command(f"/edit {turn} {text}")
        assert line.text == f"/edit {turn} {text}"

    @rule(line=st.sampled_from(["/save", "/rename a title", "/model gpt-4", "/model gpt-3.5-turbo"]))
    def change_what_is_no_message(self, line: str) -> None:
        self.command(line)

    @precondition(lambda self: self.now.turns)
    @rule(line=st.sampled_from(["/new", "/persona default"]))
    def begin_anew(self, line: str) -> None:
        self.command(line)
        self.made(self.app.talk.session.id, Told(self.user))

    @precondition(lambda self: self.now.turns)
    @rule(user=USERS)
    def reset(self, user: str) -> None:
        self.command("1")
        assert self.app.user is None
        del self.live[self.user]
        self.begin(user)

    @rule(user=USERS)
    def switch(self, user: str) -> None:
        self.begin(user)

    # Going on

    def saved(self, data: st.DataObject) -> tuple[str, Path]:
        """Choose one of all sessions that have something to go on with, live ones too."""
        session_id = data.draw(st.sampled_from([name for name, told in self.told.items() if told.messages]))
        library = self.app.library
        assert library is not None
        return session_id, library.path_of(self.told[session_id].user, session_id)

    @precondition(lambda self: any(told.messages for told in self.told.values()))
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        self.go_on_with(*self.saved(data))

    def go_on_with(self, session_id: str, path: Path) -> None:
        talk = go_on_with(self.app, path)
        assert talk is self.app.talk
        self.user = self.told[session_id].user
        if session_id not in self.live.values():
            self.live[self.user] = session_id
            self.now = replace(self.now, given_back=None)

    @precondition(lambda self: any(told.turns for told in self.told.values()))
    @rule(data=st.data())
    def go_on_in_a_copy(self, data: st.DataObject) -> None:
        session_id, path = self.saved(data)
        told = self.told[session_id]
        if not told.turns:
            with pytest.raises(UsageError):
                go_on_in_copy(self.app, path)
            return
        go_on_in_copy(self.app, path)
        self.branched(Told(told.user, told.turns), session_id, len(told.turns))

    @precondition(lambda self: any(told.messages for name, told in self.told.items() if name not in self.live.values()))
    @rule(data=st.data())
    def resume_what_is_open_elsewhere(self, data: st.DataObject) -> None:
        session_id, path = self.saved(data)
        if session_id in self.live.values():
            return
        with closing(Elsewhere(path)), pytest.raises(SessionInUse):
            go_on_with(self.app, path)

    # The end

    @rule(question=st.none() | TEXT, torn=st.binary(max_size=10), user=USERS, go_on=st.booleans())
    def crash(self, question: str | None, torn: bytes, user: str, go_on: bool) -> None:  # noqa: FBT001
        """Let the kernel close everything, perhaps while an answer is awaited and a record is half written."""
        if question is not None:
            self.app.talk.asked(Message(role="user", content=question, at=self.app.clock.now()))
            self.now = replace(self.now, aside=(*self.now.aside, ("user", question, "unanswered")))
        left, told, path = self.live[self.user], self.now, self.app.talk.path
        for talk in self.app.talks.values():
            if talk._journal is not None:
                journal = let_go(talk._journal)
                with journal.open("ab") as end:
                    end.write(torn.replace(b"\n", b""))
                os.utime(journal, (0, 0))
        self.start_again(user)
        if go_on and told.messages:
            assert path is not None
            self.go_on_with(left, path)

    @precondition(lambda self: self.now.turns)
    @rule(user=USERS)
    def leave(self, user: str) -> None:
        self.app.end_all("exit")
        self.start_again(user)

    def start_again(self, user: str) -> None:
        """Start as the next program does, and find every session ever made."""
        self.app = self.started()
        assert self.app.library is not None
        list(self.app.library.recover())
        assert {path.stem for path in self.app.library.paths()} == {
            name for name, told in self.told.items() if told.messages
        }
        for name, told in self.told.items():
            self.told[name] = replace(told, given_back=None)
        self.begin(user)

    # What holds after every step

    @invariant()
    def everyone_is_where_they_were(self) -> None:
        assert self.app.user == self.user
        assert {user: talk.session.id for user, talk in self.app.talks.items()} == self.live
        for name in self.live.values():
            talk = self.app.talks[self.told[name].user]
            assert said(talk.session.messages) == self.told[name].messages
            assert talk.trouble is None

    @invariant()
    def every_session_is_on_the_disk(self) -> None:
        assert self.app.library is not None
        assert {path.name.partition(".")[0] for path in self.stage.files()} <= self.told.keys()
        for name, told in self.told.items():
            if told.messages:
                path = self.app.library.path_of(told.user, name)
                found = read_live(path) if name in self.live.values() else file.read(path)
                parent = (found.parent.id, found.parent.turn) if found.parent is not None else None
                assert (said(found.messages), parent, found.user) == (told.messages, told.parent, told.user)


def said(messages: Iterable[Message]) -> list[Said]:
    """Strip messages to what the model knows of them, without the persona."""
    return [(each.role, each.content, each.status) for each in messages if each.role != "system"]


TestSessions = SessionMachine.TestCase
TestSessions.settings = settings(
    max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
