"""/clear: an empty screen."""

from chatcmd.app import App
from chatcmd.language import marked
from chatcmd.slash.registry import command


@command("clear", "", marked("clear the screen; the session goes on"))
async def clear(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    app.screen.clear()
