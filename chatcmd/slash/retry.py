"""/retry: ask the last question again."""

from chatcmd.app import App
from chatcmd.slash.registry import command


@command("retry", "", "ask the last question again; the answer before it is kept in the history")
async def retry(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    await app.retry()
