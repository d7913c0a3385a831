"""/persona: who answers."""

from collections.abc import Iterable

from chatcmd.app import App
from chatcmd.language import _, marked
from chatcmd.settings.persona import find_persona, persona_names
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Offer


def _offers(app: App, typed: str) -> Iterable[Offer]:
    now = app.talk.session.persona.name
    names = persona_names(app.settings.root)
    return matching(typed, {name: _("answers now") if name == now else "" for name in names})


@command(
    "persona",
    marked("[NAME]"),
    marked("let another persona answer; a session with turns ends"),
    group="who",
    complete=_offers,
    more=marked("A persona is a text in envs/personas/NAME.md, which is sent before all questions."),
)
async def persona(app: App, argument: str) -> None:
    if not argument:
        current = app.talk.session.persona
        app.screen.tell(_("{name}: {text}").format(name=current.name, text=current.content))
        others = [name for name in persona_names(app.settings.root) if name != current.name]
        app.screen.tell(
            _("others: {names}").format(names=_(", ").join(others))
            if others
            else _("others: none; write one to envs/personas/NAME.md")
        )
        return
    chosen = find_persona(app.settings.root, argument)
    app.change_persona(chosen)
    app.screen.note(_("{name} answers now, in a new session").format(name=chosen.name))
