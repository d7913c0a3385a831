"""/exit and /quit: save everything and leave."""

from chatcmd.app import App
from chatcmd.language import marked
from chatcmd.signals import Leave
from chatcmd.slash.registry import command


@command("exit", "", marked("save everything and leave (also: 0, quit, exit)"))
async def leave(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    raise Leave


@command("quit", "", marked("save everything and leave"))
async def quit_(app: App, argument: str) -> None:
    await leave(app, argument)
