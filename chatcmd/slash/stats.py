"""/stats: this session and this user in small charts."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from chatcmd.app import App
from chatcmd.clean import clean_line
from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.price import Price
from chatcmd.conversation.session import Session
from chatcmd.conversation.spent import Spent, spent_on, total
from chatcmd.errors import HistoryError
from chatcmd.history import file
from chatcmd.history.asked import day_of
from chatcmd.language import _, marked, ngettext
from chatcmd.slash.registry import command
from chatcmd.terminal.chart import Bar, Ink, bars, ink_for, sparkline
from chatcmd.terminal.tally import laid, priced_by, questions_per_day, room_for, tokens_by

MOST_SESSIONS, MOST_BYTES = 500, 20_000_000
"""Saved sessions that are read, newest first, and their bytes: that takes about half a second."""

TURNS = 12
"""Rows of the session's chart, of which the newest are shown."""

Priced = Callable[[Session, Message], Price | None]
"""Finds the price of the model that gave an answer in a session."""


@command("stats", "", marked("this session and this user in small charts: tokens, times, money"), group="session")
async def stats(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    width = room_for(app.screen.width)
    ink = ink_for(app.screen.encoding, app.environ.get("TERM"), plain=app.settings["plain"])
    session = app.talk.session

    def priced(of: Session, answer: Message) -> Price | None:
        return app.settings.price_of(of.model, answer.model)

    room = app.settings.budget(session.model).room
    lines = session_charts(session, room, lambda answer: priced(session, answer), width, ink)
    saved, remarks = await _saved(app, session)
    lines += [*user_charts(session.user, [session, *saved], priced, width, ink), *remarks]
    app.screen.show("\n".join(part for line in lines for part in laid(line, width)))


def session_charts(
    session: Session, room: int, price: Callable[[Message], Price | None], width: int, ink: Ink
) -> list[str]:
    """Draw tokens a turn, the window over time and answer times in lines of at most `width` cells, 20 and more."""
    turns = session.turns
    if not turns:
        return [_("nothing was asked yet in this session")]
    shown = list(enumerate(turns, 1))[-TURNS:]
    heads = _("tokens per turn: prompt {prompt}, answer {answer}").format(prompt=ink.shades[0], answer=ink.shades[1])
    lines = [_("this session, {sentence}").format(sentence=total(turns, price).sentence), "", heads]
    digits = len(str(len(turns)))
    lines += bars([_turn_bar(f"{number:>{digits}}", turn) for number, turn in shown], width, ink)
    if len(shown) < len(turns):
        lines.append(_("the last {shown} of {n:,} turns").format(shown=len(shown), n=len(turns)))
    windows = [turn.answer.window.tokens for turn in turns if turn.answer.window is not None]
    if windows:
        span = _("from {least:,} to {most:,} of {room:,} tokens").format(
            least=min(windows), most=max(windows), room=room
        )
        lines += ["", _("window over time"), sparkline(windows, width, ink, max(room, *windows)), span]
    times = [turn.answer.latency.total for turn in turns if turn.answer.latency is not None]
    if times:
        middle = sorted(times)[(len(times) - 1) // 2]
        span = _("from {least:.1f} to {most:.1f} seconds, half of them within {middle:.1f}").format(
            least=min(times), most=max(times), middle=middle
        )
        lines += ["", _("answer times"), sparkline(times, width, ink), span]
    return lines


def user_charts(user: str, sessions: Sequence[Session], priced: Priced, width: int, ink: Ink) -> list[str]:
    """Draw a user's questions a day and tokens by model; a turn that several sessions share counts once."""
    days: dict[str, int] = {}
    models: dict[str, Spent] = {}
    for session, turn in _each_once(sessions):
        name = turn.answer.model or session.model
        models[name] = models.get(name, Spent()) + spent_on(turn.answer, priced(session, turn.answer))
        if (day := day_of(turn.question.at)) is not None:
            days[day.isoformat()] = days.get(day.isoformat(), 0) + 1
    if not models:
        return []
    asked = sum(1 for session in sessions if session.turns)
    count = ngettext("{user} in {n:,} session, {sentence}", "{user} in {n:,} sessions, {sentence}", asked)
    everything = sum(models.values(), Spent()).sentence
    lines = ["", count.format(user=clean_line(user), n=asked, sentence=everything)]
    lines += questions_per_day(days, width, ink)
    return [*lines, *tokens_by(_("tokens by model"), models, width, ink), *priced_by(models)]


def _turn_bar(number: str, turn: Turn) -> Bar:
    """Draw what the server counted, else what we had counted before it was sent."""
    label, usage, sent = f"{number} {clean_line(turn.question.content[:200])}", turn.answer.usage, turn.answer.window
    if usage is not None:
        return Bar(
            label, (usage.prompt_tokens, usage.completion_tokens), f"{usage.prompt_tokens + usage.completion_tokens:,}"
        )
    if sent is None:
        return Bar(label, (0,), "?")
    return Bar(label, (sent.tokens, 0), f"{'<=' if sent.at_most else '~' if sent.estimate else ''}{sent.tokens:,}+?")


def _each_once(sessions: Iterable[Session]) -> Iterable[tuple[Session, Turn]]:
    """Walk all turns; those of a branch are its parent's too, and known by their time."""
    seen: set[tuple[str, str]] = set()
    for session in sessions:
        for turn in session.turns:
            key = (turn.question.at or "", turn.question.content)
            if not turn.question.at or key not in seen:
                seen.add(key)
                yield session, turn


async def _saved(app: App, live: Session) -> tuple[list[Session], list[str]]:
    """Read the user's saved sessions, newest first, as many as take no time, and say what is missing."""
    if app.library is None:
        return [], []
    try:
        paths = [path for path in app.library.paths(live.user) if path.stem != live.id]
    except HistoryError as error:
        return [], [str(error)]
    found: list[Session] = []
    faults: list[str] = []
    size, read = 0, 0
    for path in paths[:MOST_SESSIONS]:
        await asyncio.sleep(0)  # Ctrl-C gets through
        try:
            size += path.stat().st_size
            if size > MOST_BYTES:
                break
            found.append(file.read(path))
        except (HistoryError, OSError) as error:
            faults.append(str(error))
        read += 1
    remarks = []
    if read < len(paths):
        whole = _("only the newest {read:,} of {n:,} saved sessions were read")
        remarks.append(whole.format(read=read, n=len(paths)))
    if faults:
        whole = ngettext("{n:,} could not be read: {fault}", "{n:,} could not be read, such as: {fault}", len(faults))
        remarks.append(whole.format(n=len(faults), fault=faults[0]))
    return found, remarks
