"""All replays of one command, several at once; what one of them meets does not stop the others."""

import asyncio
import os
from collections.abc import Mapping, Sequence

from chatcmd import vocabulary
from chatcmd.app import App
from chatcmd.clock import Clock
from chatcmd.errors import ChatcmdError, Exit, HistoryError
from chatcmd.history.library import Library
from chatcmd.language import _, ngettext
from chatcmd.provider import Providers
from chatcmd.provider.recorded import Recorded
from chatcmd.replay.asking import Asking, Notes, gone_on_with
from chatcmd.replay.outcome import Outcome
from chatcmd.replay.plan import OFFLINE
from chatcmd.replay.progress import Progress
from chatcmd.replay.task import Task
from chatcmd.settings.settings import Settings
from chatcmd.talk import Talk


class Round:
    """Carries out tasks, `jobs` of them at once; `outcomes` are there by the task's place, as far as they have ended.

    Without a library nothing is kept.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        progress: Progress,
        *,
        jobs: int,
        settings: Settings,
        library: Library | None,
        environ: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self._tasks, self._settings, self._library = tasks, settings, library
        self._environ, self._clock, self._progress = environ, clock, progress
        self._free = asyncio.Semaphore(jobs)
        self._providers = Providers(environ, start=int.from_bytes(os.urandom(2)))
        self._ids: set[str] = set()

    async def run(self) -> None:
        """Ask all that is left; being cancelled ends each replay where it is, and saves it."""
        running = [asyncio.ensure_future(self._carry_out(place)) for place in range(len(self._tasks))]
        try:
            await asyncio.gather(*running)
        except BaseException:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            raise
        finally:
            self._progress.close()
            await self._providers.close()

    async def _carry_out(self, place: int) -> None:
        task = self._tasks[place]
        if task.left:
            async with self._free:
                self.outcomes[place] = await self._ask(place, task)
        else:
            self.outcomes[place] = self._as_it_was(task)
        self._progress.ended(place, self.outcomes[place])

    def _as_it_was(self, task: Task) -> Outcome:
        if task.error is not None:
            self._progress.warn(task.plan, str(task.error))
            return Outcome(task.plan, error=str(task.error), exit_code=task.error.exit_code)
        assert task.session is not None, "what was answered is in it"
        sentence = _("was asked before, in session {id}; --again asks once more")
        self._progress.tell(task.plan, sentence.format(id=task.session.id))
        return Outcome(task.plan, task.session, task.path, task.answered, task.answered)

    async def _ask(self, place: int, task: Task) -> Outcome:
        """Ask what is left of one task, and save what came."""
        plan = task.plan
        notes = Notes(lambda said: self._progress.tell(plan, said), lambda said: self._progress.warn(plan, said))
        providers = await self._providers_for(task)
        app = App(self._settings, self._library, notes, self._environ, self._clock, providers=providers, once=True)
        code, path, stopped = Exit.DONE, None, True
        try:
            asking = Asking(plan, app, self._talk(task))
        except HistoryError as error:
            notes.fail(str(error))
            return Outcome(plan, error=str(error), exit_code=error.exit_code)
        try:
            self._progress.answered(place, asking.answered)
            async for _turn in asking.turns():
                self._progress.answered(place, asking.answered)
            stopped = asking.answered < len(plan.turns) and app.exit_code == Exit.DONE
        except ChatcmdError as error:
            notes.fail(str(error))
            code, stopped = error.exit_code, False
        finally:
            try:
                path = asking.end("signal" if stopped else "exit")
            except HistoryError as error:
                notes.fail(str(error))
                code = error.exit_code
        code = app.exit_code if code == Exit.DONE else code
        error_text = notes.failed if code != Exit.DONE else None
        return Outcome(plan, asking.session, path, asking.answered, asking.before, error_text, code)

    def _talk(self, task: Task) -> Talk:
        """Begin a new session, or go on with the one that an earlier run has left; raises HistoryError."""
        if task.path is not None and self._library is not None:
            session, journal = self._library.resume(task.path)
            return Talk(gone_on_with(session), self._library, journal)
        session_id = next(each for each in iter(self._clock.session_id, None) if each not in self._ids)
        self._ids.add(session_id)
        return Talk(task.plan.begun(session_id, self._clock.now()), self._library)

    async def _providers_for(self, task: Task) -> Providers:
        """Give whoever answers: the services, or the recording itself."""
        plan = task.plan
        if plan.address != OFFLINE:
            return self._providers
        if (rules := self._settings.model_named(plan.model).rules) is not None:
            # Counts are then exact from the first turn on, whatever else goes on: the same replay, the same bytes.
            await asyncio.to_thread(vocabulary.counter, rules.encoding)
        name = plan.model if plan.model != plan.source.model else None
        return Providers(self._environ, Recorded(plan.source.persona, plan.turns, name, begin=task.answered))


def announced(tasks: Sequence[Task]) -> list[str]:
    """Say how many questions go to which model, before any is asked."""
    said = []
    for name in dict.fromkeys(task.plan.name for task in tasks):
        mine = [task for task in tasks if task.plan.name == name and task.error is None]
        left, answered = sum(task.left for task in mine), sum(task.answered for task in mine)
        if not left:
            continue
        sentence = ngettext("asking {name}: {n:,} question", "asking {name}: {n:,} questions", left)
        if answered:
            sentence = ngettext(
                "asking {name}: {n:,} question; {answered:,} were answered before",
                "asking {name}: {n:,} questions; {answered:,} were answered before",
                left,
            )
        said.append(sentence.format(name=name, n=left, answered=answered))
    return said
