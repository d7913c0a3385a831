"""`chatcmd replay` with a model, a persona or --offline: the questions of saved sessions are asked again."""

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from io import StringIO
from itertools import islice
from pathlib import Path

from chatcmd.cli.document import write_document
from chatcmd.cli.keys import ask_for_keys
from chatcmd.cli.parser import Parser
from chatcmd.cli.run import Run
from chatcmd.cli.screens import pipe_screen, terminal_screen, writable
from chatcmd.cli.whose import user_of
from chatcmd.clock import Clock
from chatcmd.conversation.session import Session
from chatcmd.errors import Exit, SessionNotFound, UsageError
from chatcmd.history.entry import Entry, Wanted
from chatcmd.history.library import Library
from chatcmd.language import _, marked
from chatcmd.replay.outcome import Expectation, Outcome
from chatcmd.replay.plan import FORMAT, OFFLINE, Plan, generation_for
from chatcmd.replay.progress import Progress
from chatcmd.replay.round import Round, announced
from chatcmd.replay.task import Task, tasks_of
from chatcmd.settings.option import GENERATION, OPTIONS
from chatcmd.settings.persona import persona_of
from chatcmd.settings.settings import Settings
from chatcmd.signals import Leave, Signals
from chatcmd.terminal import ReaderGone
from chatcmd.terminal.chart import ink_for
from chatcmd.terminal.screen import Screen

JOBS, MOST_JOBS = 4, 64

AGAIN = marked(
    "--against, --persona and --offline each ask the questions again, in their order; the new answers are the context "
    "of those that follow. Ctrl-C, a failure and even kill -9 lose nothing: the same command goes on where it was, and "
    "what is finished is not asked again, unless --again says so, as a test that runs every day should. With --offline "
    "the answers come from the recording itself. -1 is the latest session that is no replay itself."
)

_WORST = (Exit.HISTORY, Exit.PROVIDER, Exit.USAGE, Exit.NO)


def add(parser: Parser) -> None:
    """Add the flags that say what is asked again, and what is to come of it."""
    add = parser.add_argument
    add("--against", metavar="MODEL", action="append", help=_("ask this model; several may be given"))
    add("-p", "--persona", metavar="NAME", help=_("let this persona answer: a file of envs/personas"))
    text = _("let each question follow upon the recorded answers, not the new ones")
    add("--recorded-context", action="store_true", help=text)
    add("--jobs", metavar="N", help=_("how many sessions and models at once (default {n})").format(n=JOBS))
    text = _("same, or similar=0.9: exit with 1 when an answer is not; turns that miss it are named")
    add("--expect", metavar="WHAT", help=text)
    add("--again", action="store_true", help=_("ask once more what was asked before to its end"))
    add("--json", action="store_true", help=_("one JSON document on standard output"))


def is_wanted(arguments: argparse.Namespace) -> bool:
    """Tell whether anything is to be asked again; raises UsageError for flags that only make sense then."""
    if arguments.against or arguments.persona is not None or arguments.offline:
        return True
    flags = ("expect", "jobs", "again", "recorded_context", "json", *(option.name for option in GENERATION))
    for name in flags:
        if getattr(arguments, name):
            sentence = _("--{flag} is for asking again; add --against MODEL, --persona NAME or --offline")
            raise UsageError(sentence.format(flag=name.replace("_", "-")))
    return False


def found(library: Library, words: Sequence[str], user: str | None) -> list[Session]:
    """Find the sessions to ask again, each once; raises SessionNotFound, HistoryError, and UsageError for an empty one.

    -1 is the latest one that is no replay itself: so the same command always means the same session.
    """
    paths = dict.fromkeys(
        _recorded(library, int(word[1:]), user) if re.fullmatch("-[1-9][0-9]{0,8}", word) else library.find(word, user)
        for word in words
    )
    sessions = [library.read(path) for path in paths]
    for session in sessions:
        if not session.turns:
            raise UsageError(_("session {id} has no answered question to ask again").format(id=session.id))
    return sessions


def plans_for(arguments: argparse.Namespace, settings: Settings, sessions: Sequence[Session]) -> list[Plan]:
    """Say what is asked of whom; raises UsageError for a model that cannot be asked, and for a persona there is not."""
    persona = persona_of(settings) if arguments.persona is not None else None
    models = _models(arguments.against or [])
    plans = []
    for session in sessions:
        for model in models or [session.model]:
            address = OFFLINE if settings["offline"] else settings.services(model)[0][0].base_url
            settings.budget(model)
            plans.append(
                Plan(
                    source=session,
                    model=model,
                    persona=persona or session.persona,
                    address=address,
                    generation=generation_for(settings, session),
                    recorded_context=arguments.recorded_context,
                )
            )
    return plans


def _models(words: Sequence[str]) -> list[str]:
    """Read the names of models, each once; raises UsageError."""
    try:
        return list(dict.fromkeys(OPTIONS["model"].check(word) for word in words))
    except ValueError as error:
        sentence = _("{place}: {name} {fault}").format(place="--against", name="model", fault=error)
        raise UsageError(sentence) from None


async def ask(run: Run, arguments: argparse.Namespace, library: Library) -> Exit:
    """Ask again, and show what came of it; raises UsageError, HistoryError."""
    jobs, expectation = _jobs(arguments.jobs), Expectation.parse(arguments.expect) if arguments.expect else None
    plans = plans_for(arguments, run.settings, found(library, arguments.session, user_of(arguments)))
    screen = _screen(run, arguments)
    screen.setting = run.settings.__getitem__
    try:
        screen.fail(*run.settings.warnings)
        tasks = tasks_of(plans, run.library, again=arguments.again)
        screen.note(*announced(tasks))
        ink = ink_for(screen.encoding, run.environ.get("TERM"), plain=run.settings["plain"])
        progress = Progress(screen, plans, ink)
        round_ = Round(
            tasks,
            progress,
            jobs=jobs,
            settings=run.settings,
            library=run.library,
            environ=run.environ,
            clock=Clock(),
        )
        signals = Signals(interrupt_leaves=True)
        signals.listen()
        try:
            await signals.guard(ask_for_keys(run.settings, [task.plan.model for task in tasks if task.left]))
            await signals.guard(round_.run())
            outcomes = [round_.outcomes[place] for place in range(len(plans))]
            await signals.guard(_compared(outcomes))
        except Leave as leave:
            _tell_stopped(screen, run, tasks, round_)
            return leave.exit_code
        return _told(screen, run, arguments, outcomes, expectation)
    except ReaderGone as gone:
        return gone.exit_code
    finally:
        screen.close()


def _screen(run: Run, arguments: argparse.Namespace) -> Screen:
    """Make a screen for the report; with --json standard output is kept for the document."""
    if arguments.json:
        return Screen(StringIO(), writable(sys.stderr))
    return terminal_screen(run.environ, plain=run.settings["plain"]) if sys.stdout.isatty() else pipe_screen()


async def _compared(outcomes: Sequence[Outcome]) -> None:
    """Compare all answers, which may take a while; signals get through between two turns."""
    for outcome in outcomes:
        for pair in outcome.pairs:
            _ = pair.comparison
            await asyncio.sleep(0)


def _told(
    screen: Screen,
    run: Run,
    arguments: argparse.Namespace,
    outcomes: Sequence[Outcome],
    expectation: Expectation | None,
) -> Exit:
    """Show the outcomes, where they are saved, and what was expected otherwise; return the exit code."""
    if arguments.json:
        from chatcmd.replay.facts import facts  # noqa: PLC0415 - this or the other

        write_document(facts(outcomes, run.settings, expectation))
    else:
        from chatcmd.replay.report import Report  # noqa: PLC0415 - this or the other

        Report(screen, run.settings, screen.width if sys.stdout.isatty() else None).show(outcomes)
    for outcome in outcomes:
        if outcome.path is not None:
            screen.note(_("saved: {path}").format(path=run.settings.root.name(outcome.path)))
    if any(outcome.error is not None and outcome.exit_code == Exit.PROVIDER for outcome in outcomes):
        screen.note(_going_on(run))
    missed = _missed(screen, outcomes, expectation)
    codes = {outcome.exit_code for outcome in outcomes} | ({Exit.NO} if missed else set())
    return next((code for code in _WORST if code in codes), Exit.DONE)


def _missed(screen: Screen, outcomes: Sequence[Outcome], expectation: Expectation | None) -> bool:
    """Name the turns that are not as they were expected to be."""
    if expectation is None:
        return False
    any_missed = False
    for outcome in outcomes:
        if turns := expectation.missed(outcome):
            any_missed = True
            sentence = _("{name}: not {expected} as expected: turn {turns} of '{title}'")
            if len(turns) > 1:
                sentence = _("{name}: not {expected} as expected: turns {turns} of '{title}'")
            numbers, title = _(", ").join(map(str, turns)), outcome.plan.source.title
            name = outcome.plan.name
            screen.fail(sentence.format(name=name, expected=expectation.text, turns=numbers, title=title))
    return any_missed


def _tell_stopped(screen: Screen, run: Run, tasks: Sequence[Task], round_: Round) -> None:
    """Say how far it came, with what earlier runs have answered, and how to go on."""
    answered = sum(round_.outcomes.get(place, task).answered for place, task in enumerate(tasks))
    asked = sum(len(task.plan.turns) for task in tasks)
    screen.note(_("stopped with {answered:,} of {all:,} questions answered").format(answered=answered, all=asked))
    screen.note(_going_on(run))


def _going_on(run: Run) -> str:
    if run.library is None:
        return _("nothing was kept, as --no-save said; the same command asks all of it again")
    return _("what was answered is kept; the same command goes on from there")


def _recorded(library: Library, number: int, user: str | None) -> Path:
    """Find the session that was begun last but `number`, counting from 1, of those that are no replays."""
    entries = library.entries(Wanted(user=user))
    mine = (each for each in entries if isinstance(each, Entry) and each.source != FORMAT)
    entry = next(islice(mine, number - 1, None), None)
    if entry is None:
        raise SessionNotFound(_("there are not so many sessions; see: chatcmd history list"))
    return Path(entry.path)


def _jobs(text: str | None) -> int:
    try:
        jobs = int(text) if text is not None else JOBS
    except ValueError:
        jobs = 0
    if not 1 <= jobs <= MOST_JOBS:
        sentence = _("--jobs takes a whole number from 1 to {most}, not {text!r}")
        raise UsageError(sentence.format(most=MOST_JOBS, text=text))
    return jobs
