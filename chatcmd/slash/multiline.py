"""/multiline: what Enter does."""

from chatcmd.app import App
from chatcmd.language import _, marked
from chatcmd.slash.registry import command


@command(
    "multiline",
    "",
    marked("swap the keys that send and that make a new line"),
    more=marked(
        'Enter makes a new line then and Alt-Enter sends. To keep it, put "multiline = true" into envs/settings.toml.'
    ),
)
async def multiline(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    on = not app.settings["multiline"]
    app.settings = app.settings.set("multiline", "true" if on else "false")
    app.screen.note(
        _("Enter makes a new line now, Alt-Enter sends; /multiline swaps them back")
        if on
        else _("Enter sends now, Alt-Enter or Ctrl-J makes a new line; /multiline swaps them back")
    )
