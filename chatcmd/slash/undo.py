"""/undo: take turns back."""

from collections.abc import Iterable

from chatcmd.app import App
from chatcmd.branch import undo as undo_turns
from chatcmd.conversation.mention import places
from chatcmd.errors import UsageError
from chatcmd.language import _, marked
from chatcmd.settings.option import whole
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Line, Offer

OFFERED = 20
"""Turns that are offered, the newest first."""


def _offers(app: App, typed: str) -> Iterable[Offer]:
    newest = reversed(app.talk.session.turns[-OFFERED:])
    return matching(typed, {str(number): turn.question.content for number, turn in enumerate(newest, 1)})


@command(
    "undo",
    marked("[N]"),
    marked("take back the last turn, or N, to ask it differently; the session as it was is kept"),
    group="answer",
    complete=_offers,
    more=marked("The first question that is taken back stands in the line, to be changed and sent."),
)
async def undo(app: App, argument: str) -> Line:
    try:
        turns = whole(1)(argument or 1)
    except ValueError as error:
        raise UsageError(_("/undo: the number of turns {fault}").format(fault=error)) from None
    old = app.talk.session
    question = undo_turns(app, turns)
    sentence = _("took back {n} of {total} turns; the session as it was is kept: /resume {id}")
    if app.library is None:
        sentence = _("took back {n} of {total} turns; they are not kept (--no-save)")
    app.screen.note(sentence.format(n=turns, total=len(old.turns), id=old.id))
    return Line(question.content, places(question.content, [each.name for each in question.attachments]))
