"""App, the one mutable object: who is talking, everyone's session, the doors; `ask` is one turn."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from chatcmd.clock import Clock
from chatcmd.conversation.attachment import File, announced, block
from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.models import check_images
from chatcmd.conversation.remark import broken_off, empty, remarks
from chatcmd.conversation.reply import Reply
from chatcmd.conversation.session import Ending, Session
from chatcmd.conversation.window import Window
from chatcmd.errors import (
    ChatcmdError,
    ContextTooLong,
    EmptyAnswer,
    Exit,
    KeyInQuestion,
    OurFault,
)
from chatcmd.history.library import Library
from chatcmd.language import _
from chatcmd.meter import Meter
from chatcmd.provider import Provider, Providers, Request
from chatcmd.saving import Saving
from chatcmd.services import Services
from chatcmd.settings.origin import Origin
from chatcmd.settings.persona import persona_of
from chatcmd.settings.secret import holds_secret
from chatcmd.settings.settings import Settings
from chatcmd.talk import Talk
from chatcmd.terminal import Keyboard, ReaderGone
from chatcmd.terminal.screen import Screen


class App:
    """Everything that one run holds; `library` is None when nothing is kept, `once` that no line is read after this."""

    def __init__(
        self,
        settings: Settings,
        library: Library | None,
        screen: Screen,
        environ: Mapping[str, str],
        clock: Clock,
        *,
        providers: Providers | None = None,
        once: bool = False,
    ) -> None:
        self.settings = settings
        self.library = library
        self.screen = screen
        self.clock = clock
        self.user: str | None = None
        self.talks: dict[str, Talk] = {}
        self.saving = Saving(settings.root, screen, clock, once=once)
        self._worst = Exit.DONE
        self.environ = environ
        self.services = Services(environ, providers)
        self.meter = Meter(screen.note)
        self.keyboard: Keyboard

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

    def end(self, by: Ending) -> None:
        """End the current user's session; a new one begins when they talk again."""
        self.saving.end(self.talks.pop(self.talk.session.user), by)

    def end_all(self, by: Ending) -> None:
        """End every live session, saying where each is."""
        for user in list(self.talks):
            self.user = user
            self.end(by)

    @property
    def exit_code(self) -> Exit:
        """That of the worst: what was not saved, then what was not answered."""
        return Exit.HISTORY if self.saving.unsaved else self._worst

    async def close(self) -> None:
        await self.services.close()

    def fail(self, error: ChatcmdError, sentence: str = "{error}") -> None:
        """Say what went wrong, and let the exit code tell it too."""
        worst = (Exit.HISTORY, Exit.PROVIDER, error.exit_code)
        self._worst = next(code for code in worst if code in (self._worst, error.exit_code))
        self.screen.fail(sentence.format(error=error))

    # What can change on the way

    def change_persona(self, persona: Persona, by: Ending = "switch") -> None:
        """Let another persona answer: a session that has turns ends, a new one begins."""
        user = self.talk.session.user
        self.end(by)
        self.talks[user] = self._new_talk(user, persona)

    def change_model(self, name: str) -> None:
        """Let another model answer from the next question on; raises UsageError when it cannot be reached."""
        self.check_model(name)
        self.settings = self.settings.changed("model", name, Origin("chat", "/model"))
        self.talk.changed(model=name)

    def check_model(self, name: str) -> None:
        """Raise UsageError when a model cannot be asked."""
        if not self.settings["offline"]:
            self.settings.services(name)
        self.settings.budget(name)

    # One turn

    async def ask(self, text: str, ats: Sequence[int] = (), *, with_key: bool = False) -> Turn | None:
        """Ask a question, show and keep the answer; None when it was stopped before its first word.

        `ats` are the places of the `@` that a person typed; one that names a file attaches it. Being cancelled stops
        the answer. Raises QuestionTooLong, UsageError, and ProviderError when nothing came: the session is then as it
        was. A question that holds a key of ours raises KeyInQuestion, unless it is meant `with_key`.
        """
        question = Message(role="user", content=text)
        if ats:
            from chatcmd.attachment import attached

            question = replace(question, attachments=attached(text, ats, self.settings))
        if not with_key and holds_secret(text):
            raise KeyInQuestion(_("one of your keys stands in this question, and it was not sent; take the key out"))
        return await self.ask_in(self.talk, question, self.talk.session.model)

    async def ask_in(
        self, talk: Talk, question: Message, model: str, context: Sequence[Turn] | None = None
    ) -> Turn | None:
        """Ask in a talk that need not be the current one, of a model that need not be its own; as `ask` does.

        The model is sent the turns of `context`, where it is given, in place of the talk's own.
        """
        question = replace(question, at=self.clock.now(), status=None)
        session = replace(talk.session, model=model, turns=talk.session.turns if context is None else tuple(context))
        check_images(model, [question])
        window = self.meter.fit(self.settings, session, question)
        check_images(model, window.messages)
        provider = await self.services.reach(self.settings, talk.session, model, self.screen.note)
        self.screen.note(*self._attached(question, model), *talk.left_out(window.dropped, self.screen.width))
        talk.asked(question)
        self.saving.tell(talk)
        reply, stopped, failure = await self._answer(talk, provider, self._request(talk, model, window))
        if isinstance(failure, ContextTooLong) and not reply.content:
            self.settings, smaller = self.meter.fit_smaller(self.settings, session, question, window, failure)
            if smaller is not None:
                again = _("{refusal}; asking once more with less").format(refusal=failure.what)
                self.screen.note(*reply.notices, again, *talk.left_out(smaller.dropped, self.screen.width))
                reply, stopped, failure = await self._answer(talk, provider, self._request(talk, model, smaller))
        turn = self._keep(talk, reply, question, stopped=stopped)
        if turn is None:
            talk.withdrawn()
            self.saving.tell(talk)
            self.screen.note(*reply.notices)
            if failure is None and not stopped:
                failure = EmptyAnswer(empty(model, reply.finish_reason))
            if failure is not None:
                raise failure
            return None
        self.saving.tell(talk)
        self.meter.learn(self.settings, model, reply.window, turn.answer)
        self._remark(reply, turn.answer, failure)
        return turn

    def _keep(self, talk: Talk, reply: Reply, question: Message, *, stopped: bool) -> Turn | None:
        """Take what came of a question into the session; a fault of ours on the way costs nothing of what was shown."""
        for is_last in (False, True):
            try:
                turn = reply.turn(question, self.clock.now(), stopped=stopped)
                if turn is None or any(each.question is question for each in talk.session.turns[-1:]):
                    return turn
                if (settings := self.settings.generation or None) != talk.session.settings:
                    turn = replace(turn, answer=replace(turn.answer, settings=settings or {}))
                talk.answered(turn)
                return turn
            except Exception as fault:
                if is_last:
                    raise
                self.fail(OurFault(fault, "keeping an answer"))
        return None

    def _attached(self, question: Message, model: str) -> list[str]:
        """Say what a question brings along."""
        exact = self.settings.model_named(model).known
        sizes = [
            self.meter.count(self.settings, model, block(each)) if isinstance(each, File) else 0
            for each in question.attachments
        ]
        return [announced(each, size, exact=exact) for each, size in zip(question.attachments, sizes, strict=True)]

    async def _answer(self, talk: Talk, provider: Provider, asked: Request) -> tuple[Reply, bool, ChatcmdError | None]:
        """Show the answer as it comes and record it; tell whether it was stopped, or what broke it off."""
        deltas = provider.stream(asked)
        reply = Reply(deltas, asked.window, self.clock.monotonic)
        try:
            async with aclosing(deltas), aclosing(talk.follow(reply.pieces())) as pieces:
                await self.screen.stream(pieces)
        except (asyncio.CancelledError, ReaderGone):
            return reply, True, None
        except ChatcmdError as error:  # of the model's side; or of the settings, when another key takes over
            return reply, False, error
        except Exception as fault:  # what was shown by then is kept all the same
            return reply, False, OurFault(fault, "an answer")
        return reply, False, None

    def _request(self, talk: Talk, model: str, window: Window) -> Request:
        watched = self.screen.watched
        return self.services.request(self.settings, talk.session, model, window, watched=watched)

    def warm(self, delay: float) -> None:
        """Load what the first question and its answer need in the background, after `delay` seconds."""
        session = self.talk.session if self.user is not None else None
        model = session.model if session else self.settings["model"]
        self.services.warm(self.settings, model, session.id if session else "", delay, self.screen.warm)

    def _remark(self, reply: Reply, answer: Message, failure: ChatcmdError | None) -> None:
        self.screen.note(*remarks(reply, answer))
        if failure is not None:
            self.fail(failure, broken_off(kept=self.library is not None, once=self.saving.once))

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
