"""/undo: take turns back."""

from chatcmd.app import App
from chatcmd.errors import UsageError
from chatcmd.settings.option import whole
from chatcmd.slash.registry import command


@command("undo", "[N]", "take back the last turn, or N, to ask it differently; the session as it was is kept")
async def undo(app: App, argument: str) -> str | None:
    try:
        turns = whole(1)(argument or 1)
    except ValueError as error:
        raise UsageError(f"/undo: the number of turns {error}") from None
    old = app.talk.session
    app.undo(turns)
    app.screen.note(f"took back {turns} of {len(old.turns)} turns; the session as it was is kept as {old.id}")
    return old.turns[-turns].question.content
