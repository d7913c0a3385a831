"""/save: write the session's file now."""

from chatcmd.app import App
from chatcmd.errors import UsageError
from chatcmd.language import _, marked
from chatcmd.slash.registry import command


@command(
    "save",
    "",
    marked("write this session's file now, and say where it is"),
    group="session",
    more=marked("Nothing depends on it: each question is on the disk before it is sent, and leaving saves everything."),
)
async def save(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    if app.library is None:
        raise UsageError(_("nothing is kept with --no-save; start without it"))
    talk = app.talk
    try:
        path = talk.save()
    finally:
        app.tell_trouble(talk)
    if path is None:
        app.screen.note(_("there is nothing to save yet: no question was answered in this session"))
    else:
        app.screen.note(_("saved: {path}").format(path=app.settings.root.name(path)))
