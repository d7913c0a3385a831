"""Going on with a saved session: as it is, in a copy, or, where another process has it open, only to read it."""

from pathlib import Path

from msgspec.structs import replace

from chatcmd.app import App
from chatcmd.branch import go_on_in, keep
from chatcmd.clean import clean_line
from chatcmd.conversation.name import checked
from chatcmd.conversation.session import Session
from chatcmd.errors import Damaged, HistoryError, NameRefused, SessionInUse, SessionNotFound, UsageError
from chatcmd.history.file import is_newer
from chatcmd.history.library import Library
from chatcmd.history.live import read_live
from chatcmd.language import _, ngettext
from chatcmd.talk import Talk
from chatcmd.terminal import EndOfInput, Interrupted, Keyboard

SHOWN = 20
"""Turns that are shown of a session that is gone on with, the newest; what came before has scrolled away anyway."""

AROUND = 1
"""Turns that are shown before and behind one that was looked for."""


def named(app: App, library: Library, words: str) -> Path:
    """Find a session that was named in the chat, the user's own first; raises UsageError when there is none."""
    try:
        return library.find(words, app.user)
    except SessionNotFound:
        try:
            return library.find(words)
        except SessionNotFound as error:  # mistyped, where the shell's exit code says that nothing could be shown
            raise UsageError(str(error)) from None


def go_on_with(app: App, path: Path) -> Talk:
    """Go on with a saved session, as its user; the session that this user was in is saved, all others stay alive.

    One that is live here already is gone on with where it is. Raises SessionInUse when another process has it open,
    HistoryError when it cannot be read, and NotSaved; nothing has changed then.
    """
    assert app.library is not None, "asked before"
    if (live := live_here(app, path)) is not None:
        app.user = live.session.user
        return live
    session, journal = app.library.resume(path)
    talk = Talk(replace(_of_this_run(app, session), ended=None, ended_by=None), app.library, journal)
    try:
        _keep_theirs(app, session.user)
    except BaseException:
        talk.discard()
        raise
    app.meter.recall(app.settings, talk.session)
    go_on_in(app, talk, branched=False)
    return talk


def go_on_in_copy(app: App, path: Path) -> Talk:
    """Go on in a copy of a saved session as it is on the disk now, whoever has it open; as its user.

    Raises UsageError when there is nothing to copy, HistoryError when it cannot be read, and NotSaved.
    """
    live = live_here(app, path)
    session = live.session if live is not None else read_live(path)
    if is_newer(session):
        sentence = _("{path} was written by a newer chatcmd: it can be shown, not copied; upgrade")
        raise HistoryError(sentence.format(path=path))
    try:
        checked(session.user, "user")
    except NameRefused as error:
        sentence = _("{path} can be shown, not continued: {sentence}")
        raise Damaged(sentence.format(path=path, sentence=error)) from None
    turns = len(session.turns)
    if not turns:
        raise UsageError(
            _("there is nothing to copy yet: no question was answered in session {id}").format(id=path.stem)
        )
    _keep_theirs(app, session.user)
    branch = session.branch(turns, app.clock.session_id(), app.clock.now())
    copy = Talk(_of_this_run(app, branch), app.library)
    app.meter.recall(app.settings, copy.session)
    go_on_in(app, copy)
    return copy


async def resume(app: App, path: Path, keyboard: Keyboard | None = None) -> Talk | None:
    """Go on with a saved session; where another process has it open, ask a person whether to read it or to copy it.

    None when it was only read, or left alone. Raises what `go_on_with` and `go_on_in_copy` raise: SessionInUse only
    where there is nobody to ask.
    """
    try:
        return go_on_with(app, path)
    except SessionInUse as error:
        if keyboard is None or not keyboard.interactive:
            sentence = _("{error}, go on in a copy: {fork}, or read it: {read}")
            fork, read = f"chatcmd -r {path.stem} --fork", f"chatcmd history show {path.stem}"
            raise SessionInUse(sentence.format(error=error, fork=fork, read=read)) from None
    chosen = await _choose(app, path, keyboard)
    if chosen == "1":
        app.screen.transcript(read_live(path))
    return go_on_in_copy(app, path) if chosen == "2" else None


def live_here(app: App, path: Path) -> Talk | None:
    """Find the talk of this process whose session is saved there."""
    return next((talk for talk in app.talks.values() if talk.path == path), None)


def show(app: App, talk: Talk, turn: int = 0) -> None:
    """Show the newest turns of a session that is gone on with, and say where it goes on.

    Where `turn` is given and is none of these, the turns around it are shown.
    """
    session, number = talk.session, len(talk.session.turns)
    hidden = number - SHOWN
    if 0 < turn <= hidden:
        _show_around(app, session, turn)
    else:
        _show_newest(app, talk, hidden)
    sentence = _("going on with '{title}' of {user}, after turn {number}")
    if talk.is_new and session.parent is not None:
        sentence = _("going on in a branch of '{title}' of {user}, after turn {number}; the session itself stays: {id}")
    title, user, of = clean_line(session.title), clean_line(session.user), session.parent.id if session.parent else ""
    app.screen.note(sentence.format(title=title, user=user, number=number, id=of))


def _show_around(app: App, session: Session, turn: int) -> None:
    first, last = max(turn - AROUND, 1), turn + AROUND
    for each in session.turns[first - 1 : last]:
        for message in (*each.aside, each.question, each.answer):
            app.screen.message(message, session.user)
    sentence = _("these were turns {first} to {last} of {number}; go on from here in a copy with: {fork}")
    app.screen.note(sentence.format(first=first, last=last, number=len(session.turns), fork=f"/fork {turn}"))


def _show_newest(app: App, talk: Talk, hidden: int) -> None:
    session = talk.session
    if hidden > 0:
        sentence = ngettext("{n} earlier turn is not shown here", "{n} earlier turns are not shown here", hidden)
        if not talk.is_new:
            sentence = ngettext(
                "{n} earlier turn is not shown here; see all of it with: {command}",
                "{n} earlier turns are not shown here; see all of it with: {command}",
                hidden,
            )
        app.screen.note(sentence.format(n=hidden, command=f"chatcmd history show {session.id}"))
    app.screen.transcript(replace(session, turns=session.turns[-SHOWN:]))


async def _choose(app: App, path: Path, keyboard: Keyboard) -> str:
    """Ask what to do with a session that is open elsewhere: 1, 2 or 0; leaving is 0 too."""
    app.screen.tell(
        _("Session {id} is open in another chatcmd. What would you like to do?").format(id=path.stem),
        _("  1  read it, as far as it has come"),
        _("  2  go on in a copy of it; both are kept"),
        _("  0  leave it"),
    )
    while True:
        try:
            line = await keyboard.line(_("1, 2 or 0: "), offers=("1", "2", "0"))
        except (EndOfInput, Interrupted):
            return "0"
        if (answer := line.text.strip()) in ("1", "2", "0"):
            return answer
        if answer in ("quit", "exit"):
            return "0"


def _of_this_run(app: App, session: Session) -> Session:
    """Let the model answer that was named for this run, if one was."""
    if app.settings.origin("model").kind in ("flag", "environment"):
        return replace(session, model=app.settings["model"])
    return session


def _keep_theirs(app: App, user: str) -> None:
    if user in app.talks:
        keep(app.talks[user])
