"""App, the one mutable object: who is talking, everyone's session, the doors; `ask` is one turn."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from pathlib import Path

from msgspec.structs import replace

from chatcmd.clock import Clock
from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.remark import empty, remarks
from chatcmd.conversation.reply import Reply
from chatcmd.conversation.session import Ending, Session
from chatcmd.conversation.window import Window
from chatcmd.errors import (
    ChatcmdError,
    ContextTooLong,
    EmptyAnswer,
    Exit,
    NotSaved,
    OurFault,
    ProviderError,
    UsageError,
)
from chatcmd.history.library import Library
from chatcmd.meter import Meter
from chatcmd.provider import Provider, Providers, Request
from chatcmd.settings.origin import Origin
from chatcmd.settings.persona import persona_of
from chatcmd.settings.settings import Settings
from chatcmd.talk import Talk
from chatcmd.terminal import ReaderGone
from chatcmd.terminal.screen import Screen


class App:
    """Everything that one run holds; `library` is None when nothing is kept."""

    def __init__(
        self, settings: Settings, library: Library | None, screen: Screen, environ: Mapping[str, str], clock: Clock
    ) -> None:
        self.settings = settings
        self.library = library
        self.screen = screen
        self.clock = clock
        self.user: str | None = None
        self.talks: dict[str, Talk] = {}
        self.exit_code = Exit.DONE
        self.environ = environ
        self._providers = Providers(environ)
        self.meter = Meter(screen.note)

    # Who is talking

    @property
    def talk(self) -> Talk:
        """The current user's live session."""
        assert self.user is not None, "a user was asked for first"
        return self.talks[self.user]

    def switch_to(self, user: str) -> Talk:
        """Let a user talk: where they were, or in a new session."""
        if user not in self.talks:
            self.talks[user] = self._new_talk(user, persona_of(self.settings))
        self.user = user
        return self.talks[user]

    def resume(self, path: Path) -> Talk:
        """Go on with a saved session, as its user; raises SessionInUse, Damaged, NotSaved."""
        assert self.library is not None, "asked before"
        session, journal = self.library.resume(path)
        if self.settings.origin("model").kind in ("flag", "environment"):
            session = replace(session, model=self.settings["model"])
        self.user = session.user
        self.talks[session.user] = Talk(replace(session, ended=None, ended_by=None), self.library, journal)
        return self.talks[session.user]

    def end(self, by: Ending) -> None:
        """End the current user's session; a new one begins when they talk again."""
        self._end(self.talks.pop(self.talk.session.user), by)

    def end_all(self, by: Ending) -> None:
        """End every live session, saying where each is."""
        for user in list(self.talks):
            self.user = user
            self.end(by)

    async def close(self) -> None:
        await self._providers.close()

    def fail(self, error: ChatcmdError, more: str = "") -> None:
        """Say what went wrong; the exit code is that of the worst: what was not saved, then what was not answered."""
        worst = (Exit.HISTORY, Exit.PROVIDER, error.exit_code)
        self.exit_code = next(code for code in worst if code in (self.exit_code, error.exit_code))
        self.screen.fail(f"{error}{more}")

    # What can change on the way

    def change_persona(self, persona: Persona, by: Ending = "switch") -> None:
        """Let another persona answer: a session that has turns ends, a new one begins."""
        user = self.talk.session.user
        self.end(by)
        self.talks[user] = self._new_talk(user, persona)

    def change_model(self, name: str) -> None:
        """Let another model answer from the next question on; raises UsageError when it cannot be reached."""
        if not self.settings["offline"]:
            self.settings.service(name)
        self.settings.budget(name)
        self.settings = self.settings.changed("model", name, Origin("chat", "/model"))
        self.talk.changed(model=name)

    def undo(self, turns: int) -> Talk:
        """Take back the newest turns: the session as it was is saved, and a branch goes on without them."""
        old = self.talk
        kept = len(old.session.turns) - turns
        if kept < 0:
            raise UsageError(f"there are only {len(old.session.turns)} turns to take back")
        branch = self._branch(old.session, kept)
        branch.branched()
        self.talks[old.session.user] = branch
        self._end(old, "switch")
        self._tell_trouble(branch)
        return branch

    async def retry(self) -> Turn | None:
        """Ask the newest question again, in a branch; without an answer the session stays as it is."""
        old = self.talk
        if old.given_back is not None:
            return await self.ask(old.given_back)
        if old.session.aside and old.session.aside[-1].role == "user":  # a killed process left it unanswered
            return await self.ask(old.session.aside[-1].content)
        if not old.session.turns:
            raise UsageError("there is no question to ask again yet")
        branch = self._branch(old.session, len(old.session.turns) - 1)
        turn = None
        try:
            turn = await self._ask(branch, old.session.turns[-1].question.content)
        finally:
            if turn is None:
                branch.discard()
        if turn is not None:
            self.talks[old.session.user] = branch
            self._end(old, "switch")
        return turn

    # One turn

    async def ask(self, text: str) -> Turn | None:
        """Ask a question, show and keep the answer; None when it was stopped before its first word.

        Being cancelled stops the answer. Raises QuestionTooLong, UsageError, and ProviderError when nothing came:
        the session is then as it was.
        """
        return await self._ask(self.talk, text)

    async def _ask(self, talk: Talk, text: str) -> Turn | None:
        question = Message(role="user", content=text, at=self.clock.now())
        window = self.meter.fit(self.settings, talk.session, question)
        provider = await self._reach(talk.session.model)
        self.screen.note(*talk.left_out(window.dropped))
        talk.asked(question)
        self._tell_trouble(talk)
        reply, stopped, failure = await self._answer(talk, provider, window)
        if isinstance(failure, ContextTooLong) and not reply.content:
            self.settings, smaller = self.meter.fit_smaller(self.settings, talk.session, question, window, failure)
            if smaller is not None:
                again = f"{str(failure).rpartition('; ')[0]}; asking once more with less"
                self.screen.note(*reply.notices, again, *talk.left_out(smaller.dropped))
                reply, stopped, failure = await self._answer(talk, provider, smaller)
        turn = reply.turn(question, self.clock.now(), stopped=stopped)
        if turn is None:
            talk.withdrawn()
            self._tell_trouble(talk)
            self.screen.note(*reply.notices)
            if failure is None and not stopped:
                failure = EmptyAnswer(empty(talk.session.model, reply.finish_reason))
            if failure is not None:
                raise failure
            return None
        if (settings := self.settings.generation or None) != talk.session.settings:
            turn = replace(turn, answer=replace(turn.answer, settings=settings or {}))
        talk.answered(turn)
        self._tell_trouble(talk)
        self.meter.learn(self.settings, talk.session.model, reply.window, turn.answer)
        self._remark(reply, turn.answer, failure)
        return turn

    async def _answer(self, talk: Talk, provider: Provider, window: Window) -> tuple[Reply, bool, ChatcmdError | None]:
        """Show the answer as it comes and record it; tell whether it was stopped, or what broke it off."""
        async with aclosing(provider.stream(self._request(talk.session.model, window))) as deltas:
            reply = Reply(deltas, window, self.clock.monotonic)
            try:
                async with aclosing(talk.follow(reply.pieces())) as pieces:
                    await self.screen.stream(pieces)
            except (asyncio.CancelledError, ReaderGone):
                return reply, True, None
            except ProviderError as error:
                return reply, False, error
            except Exception as fault:  # what was shown by then is kept all the same
                return reply, False, OurFault(fault)
            return reply, False, None

    def _request(self, name: str, window: Window) -> Request:
        settings, model = self.settings, self.settings.model_named(name)
        bare = name if settings["offline"] else settings.service(name)[1]
        return Request(bare, window, settings.generation, settings["stream"], model.reasons)

    async def _reach(self, name: str) -> Provider:
        if self.settings["offline"]:
            return self._providers.demo()
        return await self._providers.reach(self.settings.service(name)[0], self.settings["timeout"])

    def warm(self, delay: float) -> None:
        """Load what the first question needs in the background, after `delay` seconds."""
        model = self.talk.session.model if self.user is not None else self.settings["model"]
        with suppress(UsageError):  # told when it is needed
            if not self.settings["offline"]:
                self._providers.warm(self.settings.service(model)[0], delay)

    def _end(self, talk: Talk, by: Ending) -> None:
        """Save a session and say where it is; what cannot be saved is said, and sets the exit code."""
        try:
            if path := talk.end(self.clock.now(), by):
                self.screen.note(f"saved: {self.settings.root.name(path)}")
        except NotSaved as error:
            self.fail(error, "; what reached the journal beside it is recovered at the next start")

    def _tell_trouble(self, talk: Talk) -> None:
        (self.screen.fail if talk.trouble else self.screen.note)(*talk.news())

    def _remark(self, reply: Reply, answer: Message, failure: ChatcmdError | None) -> None:
        self.screen.note(*remarks(reply, answer))
        if failure is not None:
            self.fail(failure, "; what came is kept and marked incomplete" if self.library else "")

    def _new_talk(self, user: str, persona: Persona) -> Talk:
        session = Session(
            id=self.clock.session_id(),
            user=user,
            persona=persona,
            model=self.settings["model"],
            started=self.clock.now(),
            settings=self.settings.generation or None,
        )
        return Talk(session, self.library)

    def _branch(self, session: Session, turns: int) -> Talk:
        return Talk(session.branch(turns, self.clock.session_id(), self.clock.now()), self.library)
