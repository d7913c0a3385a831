"""Sessions that go another way: what was said is never changed, a branch goes on from a turn of it."""

from chatcmd.app import App
from chatcmd.conversation.message import Message, Turn
from chatcmd.errors import NotSaved, UsageError
from chatcmd.language import _, ngettext
from chatcmd.talk import Talk


def undo(app: App, turns: int) -> Message:
    """Go on without the newest turns, and return the first question of them; raises UsageError, NotSaved."""
    old = app.talk
    there = len(old.session.turns)
    if turns > there:
        few = ngettext("there is only {n} turn to take back", "there are only {n} turns to take back", there)
        raise UsageError(few.format(n=there))
    keep(old)
    go_on_in(app, _branch(app, there - turns))
    return old.session.turns[-turns].question


def fork(app: App, turns: int | None = None) -> Talk:
    """Go on in a copy of the first `turns` turns (None: of all); raises UsageError, NotSaved."""
    old = app.talk
    if not old.session.turns:
        raise UsageError(_("there is nothing to copy yet: no question was answered in this session"))
    if turns is not None:
        _check(old, turns)
    keep(old)
    copy = _branch(app, len(old.session.turns) if turns is None else turns)
    go_on_in(app, copy)
    return copy


def question_of(talk: Talk, turn: int) -> Message:
    """Find the question of a turn, counted from 1; raises UsageError when there is no such turn."""
    _check(talk, turn)
    return talk.session.turns[turn - 1].question


def newest_question(talk: Talk) -> Message:
    """Find the question that was asked last, answered or not; raises UsageError when there is none."""
    if (open_question := _unanswered(talk)) is not None:
        return open_question
    if not talk.session.turns:
        raise UsageError(_("there is no question to ask again yet"))
    return talk.session.turns[-1].question


def newest_turn(talk: Talk) -> int | None:
    """Give the number of the turn whose question was asked last; None while it stands open."""
    return None if _unanswered(talk) is not None else len(talk.session.turns)


async def ask_again(app: App, question: Message, model: str | None = None, turn: int | None = None) -> Turn | None:
    """Ask in place of a turn's question (None: of the newest, answered or not), in a branch from the turn before it.

    `model` answers this one question only. None when it was stopped before its first word: the session then is as it
    was, as it is when this raises (as `App.ask` does, and NotSaved when what is replaced could not be kept).
    """
    old = app.talk
    model = model or old.session.model
    turn = turn or newest_turn(old)
    if turn is None:
        return await app.ask_in(old, question, model)
    keep(old)
    branch = _branch(app, turn - 1)
    try:
        return await app.ask_in(branch, question, model)
    finally:
        if len(branch.session.turns) >= turn:
            go_on_in(app, branch)
        else:
            branch.discard()


def keep(talk: Talk) -> None:
    """Make sure that what was said in a talk is not in memory alone before another takes its place; raises NotSaved."""
    if talk.trouble is None:
        return
    try:
        talk.save()
    except NotSaved as error:
        raise NotSaved(_("{error}; you are still in the session as it was").format(error=error)) from error


def go_on_in(app: App, talk: Talk, *, branched: bool = True) -> None:
    """Put a talk in the place of the one that its user was in, which is saved, and let its user talk."""
    user = talk.session.user
    old = app.talks.get(user)
    if branched:
        talk.branched()
    app.talks[user], app.user = talk, user
    if old is not None:
        app.saving.end(old, "switch")
    app.saving.tell(talk)


def _unanswered(talk: Talk) -> Message | None:
    """Find a question that stands open behind the last turn: given back, or left by a killed process."""
    if talk.given_back is not None:
        return talk.given_back
    aside = talk.session.aside
    return aside[-1] if aside and aside[-1].role == "user" else None


def _check(talk: Talk, turn: int) -> None:
    there = len(talk.session.turns)
    if turn > there:
        few = ngettext("there is only {n} turn in this session", "there are only {n} turns in this session", there)
        raise UsageError(few.format(n=there))


def _branch(app: App, turns: int) -> Talk:
    return Talk(app.talk.session.branch(turns, app.clock.session_id(), app.clock.now()), app.library)
