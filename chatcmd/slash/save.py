"""/save: write the session's file now, in the history or elsewhere."""

from chatcmd.app import App
from chatcmd.errors import UsageError
from chatcmd.language import _, marked
from chatcmd.slash.registry import command


@command(
    "save",
    marked("[FOLDER]"),
    marked("write this session's file now, and say where it is"),
    group="session",
    more=marked(
        "Nothing depends on it: each question is on the disk before it is sent, and leaving saves everything. When the "
        "history's disk fails, FOLDER is another place for this session, and for those that ended unsaved; a name that "
        "ends with .json is the file itself. What was saved elsewhere comes back with: chatcmd history import FILE"
    ),
)
async def save(app: App, argument: str) -> None:
    if argument:
        _save_elsewhere(app, argument)
        return
    if app.library is None:
        raise UsageError(_("nothing is kept with --no-save; start without it, or name a folder: /save FOLDER"))
    talk = app.talk
    try:
        path = talk.save()
    finally:
        app.saving.tell(talk)
    if path is None:
        app.screen.note(_("there is nothing to save yet: no question was answered in this session"))
    else:
        app.screen.note(_("saved: {path}").format(path=app.settings.root.name(path)))


def _save_elsewhere(app: App, typed: str) -> None:
    from chatcmd.unsaved import write  # noqa: PLC0415 - a disk seldom fails

    if not (app.talk.session.worth_saving or app.saving.unsaved):
        raise UsageError(_("there is nothing to save yet: no question was answered in this session"))
    if app.talk.session.worth_saving:
        write(app, app.talk, typed)
    if not typed.endswith(".json"):
        for talk in list(app.saving.unsaved):
            write(app, talk, typed)
            app.saving.unsaved.remove(talk)
