"""/raw: the last answer as it was written."""

from chatcmd.app import App
from chatcmd.language import marked
from chatcmd.slash.copy import chosen, offer_blocks, to_clipboard
from chatcmd.slash.registry import command


@command(
    "raw",
    marked("[N]"),
    marked("show the last answer, or its code block N, as it was written"),
    group="answer",
    complete=offer_blocks,
    more=marked("It goes to the clipboard too, where there is one."),
)
async def raw(app: App, argument: str) -> None:
    text = chosen(app, argument)
    app.screen.show(text)
    if app.keyboard.interactive and (done := await to_clipboard(app, text)):
        app.screen.note(*done)
