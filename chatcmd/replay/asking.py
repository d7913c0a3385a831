"""One session asked again of one model: turn by turn, each on the disk before the next is asked."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from io import StringIO
from pathlib import Path

from msgspec.structs import replace

from chatcmd.app import App
from chatcmd.conversation.message import Turn
from chatcmd.conversation.session import Ending, Session
from chatcmd.conversation.thinking import Piece
from chatcmd.replay.plan import Plan, with_generation
from chatcmd.talk import Talk
from chatcmd.terminal.screen import Screen


class Notes(Screen):
    """A screen that shows no answers, for several come at once; what is said about them goes to `tell` and `warn`.

    `failed` is what was last said to have gone wrong.
    """

    def __init__(self, tell: Callable[[str], None], warn: Callable[[str], None]) -> None:
        super().__init__(StringIO(), StringIO(), headed=False)
        self.failed: str | None = None
        self._tell, self._warn = tell, warn

    async def stream(self, pieces: AsyncIterator[Piece], **_drawing: object) -> None:
        """Take an answer to its end."""
        async for piece in pieces:
            if piece.notice:
                self._tell(piece.notice)

    def note(self, *texts: str) -> None:
        for text in texts:
            self._tell(text)

    def fail(self, *texts: str) -> None:
        for text in texts:
            self.failed = text
            self._warn(text)


class Asking:
    """A replay under way in a talk, which holds what was answered before."""

    def __init__(self, plan: Plan, app: App, talk: Talk) -> None:
        self._plan, self._app, self._talk = plan, app, talk
        self.answered = self.before = len(talk.session.turns)
        if self.before:
            app.meter.recall(app.settings, talk.session)

    @property
    def session(self) -> Session:
        return self._talk.session

    async def turns(self) -> AsyncGenerator[Turn, None]:
        """Ask what is left, and yield each turn that is answered whole; end early when one is not.

        Raises ProviderError and UsageError when a question is not answered at all. Being cancelled ends it too: what
        had come of the answer is kept.
        """
        for number in range(self.before, len(self._plan.turns)):
            self._app.settings = with_generation(self._app.settings, self._plan.generation[number])
            question, context = self._plan.turns[number].question, self._plan.context(number)
            turn = await self._app.ask_in(self._talk, question, self._plan.model, context)
            if turn is None or turn.answer.status != "complete":
                return
            self.answered += 1
            yield turn

    def end(self, by: Ending) -> Path | None:
        """Save what was answered; return where it is, or None when nothing is. Raises NotSaved."""
        path = self._talk.end(self._app.clock.now(), by)
        return self._talk.path if path is None and self.session.worth_saving else path


def gone_on_with(session: Session) -> Session:
    """Make a session of an earlier run live: an answer that is not whole is set aside, to be asked for again."""
    last = session.turns[-1] if session.turns else None
    if last is not None and last.answer.status not in (None, "complete"):
        question = replace(last.question, status="unanswered")
        aside = (*last.aside, question, last.answer, *session.aside)
        session = replace(session, turns=session.turns[:-1], aside=aside)
    return replace(session, ended=None, ended_by=None)
