"""/new and the line `1`: end the current user's session."""

from chatcmd.app import App
from chatcmd.language import marked
from chatcmd.settings.persona import persona_of
from chatcmd.slash.registry import command


@command("new", "", marked("save this session and start a new one"), group="session")
async def new(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    app.change_persona(persona_of(app.settings), "reset")


@command("reset", "", marked("save this session, start over, and ask who is talking"), group="session")
async def reset(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    app.end("reset")
    app.user = None
