"""/editor: write in an editor what then stands in the line."""

from chatcmd.app import App
from chatcmd.language import marked
from chatcmd.slash.registry import command


@command(
    "editor",
    marked("[TEXT]"),
    marked("write in your editor; the text then stands in the line"),
    more=marked(
        "The editor is $VISUAL, else $EDITOR. What stands in the line goes there with Ctrl-O, or Ctrl-X Ctrl-E."
    ),
    lines=True,
)
async def editor(app: App, argument: str) -> str | None:
    return await app.keyboard.edit(argument)
