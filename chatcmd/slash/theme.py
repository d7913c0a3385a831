"""/theme: the colours."""

from chatcmd.app import App
from chatcmd.errors import UsageError
from chatcmd.language import _, marked
from chatcmd.settings.option import nearest
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Offer
from chatcmd.terminal.screen import ANSWERER, heading
from chatcmd.terminal.theme import THEMES

HELPS = {
    "dark": marked("for a dark terminal"),
    "light": marked("for a light terminal"),
    "contrast": marked("bold, underlined and reversed, hardly a colour"),
}


def _names(app: App, typed: str) -> list[Offer]:  # noqa: ARG001 - all commands are called alike
    return matching(typed, {name: _(text) for name, text in HELPS.items()})


@command("theme", "[NAME]", marked("colours for a dark or light terminal, or contrast"), complete=_names)
async def theme(app: App, argument: str) -> None:
    if not argument:
        for name in THEMES:
            _show(app, name)
        return
    if argument not in THEMES:
        raise UsageError(_("there is no theme {name}").format(name=argument) + nearest(argument, THEMES))
    app.settings = app.settings.set("theme", argument)
    _show(app, argument)
    sentence = _("{name} is the theme of this chat; to keep it, put {line} into envs/settings.toml")
    app.screen.tell(sentence.format(name=argument, line=f'theme = "{argument}"'))


def _show(app: App, name: str) -> None:
    """Show a theme in its own colours, the one that is set with a star."""
    each = THEMES[name]
    called = f"{'*' if name == app.settings['theme'] else ' '} {name:<10}"
    app.screen.painted(
        (called, ""),
        (heading(ANSWERER), each.head),
        (_("thought"), each.reasoning),
        (_("remark"), each.note),
        (_("failure"), each.fail),
        (" " + _("bar") + " ", each.bar),
        indent=len(called),
    )
