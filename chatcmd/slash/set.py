"""/set: settings that can change in the chat."""

from typing import Any

from chatcmd.app import App
from chatcmd.settings.option import OPTIONS
from chatcmd.slash.model import model
from chatcmd.slash.registry import command


@command("set", "[NAME [VALUE]]", "show the settings, or change one; VALUE default takes it back")
async def set_(app: App, argument: str) -> None:
    name, _, value = argument.partition(" ")
    if name == "model":
        await model(app, value.strip())
    elif value.strip():
        changed = app.settings.set(name, value.strip())
        changed.budget(app.talk.session.model)  # refuses what would leave no room for a question
        app.settings = changed
        app.screen.show(f"{name} = {_shown(app.settings[name])}")
    elif name:
        app.settings.set(name, "default")  # refuses a name that there is not
        app.screen.show(f"{name} = {_shown(app.settings[name])} ({app.settings.origin(name)}): {OPTIONS[name].help}")
    else:
        settable = [option for option in OPTIONS.values() if option.in_chat]
        rows = [
            (each.name, _shown(app.settings[each.name]), str(app.settings.origin(each.name)), each.help)
            for each in settable
        ]
        app.screen.table(rows, ("setting", "value", "from", ""), wrap=True)


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
