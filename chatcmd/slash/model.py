"""/model: which model answers."""

from chatcmd.app import App
from chatcmd.settings.option import OPTIONS
from chatcmd.slash.registry import command


@command("model", "[NAME]", "let another model answer from the next question on")
async def model(app: App, argument: str) -> None:
    if argument:
        app.change_model(OPTIONS["model"].default if argument.lower() in ("default", "none") else argument)
    name = app.talk.session.model
    known = app.settings.model_named(name)
    counted = "counted exactly" if known.known else "its counting rules are not known: bounds and estimates"
    app.screen.show(f"{name}: a window of {known.window:,} tokens, {counted}")
