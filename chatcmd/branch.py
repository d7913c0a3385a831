"""Sessions that go another way: what was said is never changed, a branch goes on from a turn of it."""

from chatcmd.app import App
from chatcmd.conversation.message import Message, Turn
from chatcmd.errors import UsageError
from chatcmd.language import _, ngettext
from chatcmd.talk import Talk


def undo(app: App, turns: int) -> Message:
    """Go on without the newest turns, and return the first question of them; raises UsageError."""
    old = app.talk
    there = len(old.session.turns)
    if turns > there:
        few = ngettext("there is only {n} turn to take back", "there are only {n} turns to take back", there)
        raise UsageError(few.format(n=there))
    _go_on_in(app, _branch(app, there - turns))
    return old.session.turns[-turns].question


def fork(app: App) -> Talk:
    """Go on in a copy of the session; raises UsageError when there is nothing to copy."""
    turns = len(app.talk.session.turns)
    if not turns:
        raise UsageError(_("there is nothing to copy yet: no question was answered in this session"))
    copy = _branch(app, turns)
    _go_on_in(app, copy)
    return copy


def newest_question(talk: Talk) -> Message:
    """Find the question that was asked last, answered or not; raises UsageError when there is none."""
    if (open_question := _unanswered(talk)) is not None:
        return open_question
    if not talk.session.turns:
        raise UsageError(_("there is no question to ask again yet"))
    return talk.session.turns[-1].question


async def ask_again(app: App, question: Message, model: str | None = None) -> Turn | None:
    """Ask in place of the newest question, in a branch; `model` answers this one question only.

    None when it was stopped before its first word: the session then is as it was, as it is when this raises (as
    `App.ask` does).
    """
    old = app.talk
    model = model or old.session.model
    if _unanswered(old) is not None:
        return await app.ask_in(old, question, model)
    kept = len(old.session.turns) - 1
    branch = _branch(app, kept)
    try:
        return await app.ask_in(branch, question, model)
    finally:
        if len(branch.session.turns) > kept:
            _go_on_in(app, branch)
        else:
            branch.discard()


def _unanswered(talk: Talk) -> Message | None:
    """Find a question that stands open behind the last turn: given back, or left by a killed process."""
    if talk.given_back is not None:
        return talk.given_back
    aside = talk.session.aside
    return aside[-1] if aside and aside[-1].role == "user" else None


def _branch(app: App, turns: int) -> Talk:
    return Talk(app.talk.session.branch(turns, app.clock.session_id(), app.clock.now()), app.library)


def _go_on_in(app: App, branch: Talk) -> None:
    """Put a branch in the place of the current talk, which is saved."""
    old = app.talk
    branch.branched()
    app.talks[old.session.user] = branch
    app.end_talk(old, "switch")
    app.tell_trouble(branch)
