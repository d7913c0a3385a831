"""/set: settings that can change in the chat."""

from collections.abc import Iterable
from typing import Any

from chatcmd.app import App
from chatcmd.errors import UsageError
from chatcmd.language import _, marked
from chatcmd.settings.option import OPTIONS, Option, nearest
from chatcmd.slash.model import model, offer_models
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Offer

EXAMPLES = {
    "connect_timeout": ("5", "10", "30"),
    "first_timeout": ("30", "120", "600"),
    "timeout": ("30", "120", "600"),
    "reserve": ("512", "1024", "4096"),
    "max_turns": ("0", "5", "10"),
    "temperature": ("0", "0.7", "1.5"),
    "top_p": ("0.1", "0.5", "1"),
    "max_tokens": ("256", "1024", "4096"),
    "presence_penalty": ("-1", "0", "1"),
    "frequency_penalty": ("-1", "0", "1"),
    "seed": ("1", "42"),
    "stop": ("END", "###"),
    "end_user": ("team-7",),
}
"""Values to begin with, for settings that have a range rather than choices."""


def _offers(app: App, typed: str) -> Iterable[Offer]:
    name, blank, value = typed.partition(" ")
    if not blank:
        return matching(name, {each.name: _(each.help) for each in _settable()})
    if name == "model":
        return offer_models(app, value.lstrip())
    option = OPTIONS.get(name)
    if option is None or not option.in_chat:
        return []
    values = dict.fromkeys(option.choices or EXAMPLES.get(name, ()), "")
    default = _("{value}, the default").format(value=_shown(option.default))
    return matching(value.lstrip(), values | {"default": default})


@command(
    "set",
    marked("[NAME [VALUE]]"),
    marked("show the settings, or change one; VALUE default takes it back"),
    complete=_offers,
    more=marked("It holds until you leave; what is to stay is written into envs/settings.toml."),
)
async def set_(app: App, argument: str) -> None:
    name, _blank, value = argument.partition(" ")
    if name == "model":
        await model(app, value.strip())
    elif value.strip():
        _change(app, name, value.strip())
        app.screen.tell(f"{name} = {_shown(app.settings[name])}")
    elif name:
        app.settings.set(name, "default")  # refuses a name that there is not
        shown, origin = _shown(app.settings[name]), app.settings.origin(name)
        sentence = _("{name} = {value} ({origin}): {help}")
        app.screen.tell(sentence.format(name=name, value=shown, origin=origin, help=_(OPTIONS[name].help)))
    else:
        rows = [
            (each.name, _shown(app.settings[each.name]), str(app.settings.origin(each.name)), _(each.help))
            for each in _settable()
        ]
        app.screen.table(rows, (_("setting"), _("value"), _("from"), ""), wrap=True)


def _change(app: App, name: str, value: str) -> None:
    """Change a setting, unless it would leave no room for a question; raises UsageError."""
    option = OPTIONS.get(name)
    try:
        changed = app.settings.set(name, value)
    except UsageError as error:
        hint = nearest(value, option.choices) if option is not None and option.in_chat else ""
        raise UsageError(f"{error}{hint}") from None
    changed.budget(app.talk.session.model)
    app.settings = changed


def _settable() -> list[Option]:
    return [option for option in OPTIONS.values() if option.in_chat]


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
