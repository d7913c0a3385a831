"""/fork: a copy of the session goes its own way."""

from chatcmd.app import App
from chatcmd.branch import fork as fork_session
from chatcmd.language import _, marked
from chatcmd.slash.registry import command


@command(
    "fork",
    "",
    marked("go on in a copy of this session; both are kept"),
    group="session",
    more=marked("Go back to the other with: chatcmd -r ID"),
)
async def fork(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    old = app.talk.session
    copy = fork_session(app).session
    if app.library is None:
        app.screen.note(_("this is a copy now, {copy}; nothing is kept (--no-save)").format(copy=copy.id))
    else:
        sentence = _("this is a copy now, {copy}; the session that it comes from is kept as {id}")
        app.screen.note(sentence.format(copy=copy.id, id=old.id))
