"""/fork: a copy of the session, or of its first turns, goes its own way."""

from collections.abc import Iterable
from itertools import islice

from chatcmd.app import App
from chatcmd.branch import fork as fork_session
from chatcmd.errors import UsageError
from chatcmd.language import _, marked
from chatcmd.settings.option import whole
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Offer

OFFERED = 20
"""Turns that are offered, the newest first."""

LOOKED_AT = 200
"""Characters of a question of which an offer shows the beginning."""


def offer_turns(app: App, typed: str) -> Iterable[Offer]:
    """Offer the turns of the session by number, with their questions."""
    turns = app.talk.session.turns
    numbers = islice((each for each in range(len(turns), 0, -1) if str(each).startswith(typed)), OFFERED)
    return matching(typed, {str(each): turns[each - 1].question.content[:LOOKED_AT] for each in numbers})


def turn_number(name: str, text: str) -> int:
    """Read the number of a turn behind a command; raises UsageError."""
    try:
        return whole(1)(text)
    except ValueError as error:
        raise UsageError(_("/{name}: the number of the turn {fault}").format(name=name, fault=error)) from None


@command(
    "fork",
    marked("[TURN]"),
    marked("go on in a copy of this session, or of its first turns; both are kept"),
    group="session",
    complete=offer_turns,
    more=marked("With TURN the copy ends with that turn. Go back to the other session with: /resume ID"),
)
async def fork(app: App, argument: str) -> None:
    old = app.talk.session
    copy = fork_session(app, turn_number("fork", argument) if argument else None).session
    if app.library is None:
        app.screen.note(_("this is a copy now, {copy}; nothing is kept (--no-save)").format(copy=copy.id))
        return
    sentence = _("this is a copy now, {copy}, after turn {turn}; the session that it comes from is kept: /resume {id}")
    app.screen.note(sentence.format(copy=copy.id, turn=len(copy.turns), id=old.id))
