"""/persona: who answers."""

from chatcmd.app import App
from chatcmd.settings.persona import find_persona, persona_names
from chatcmd.slash.registry import command


@command("persona", "[NAME]", "let another persona answer; a session with turns ends")
async def persona(app: App, argument: str) -> None:
    if not argument:
        current = app.talk.session.persona
        app.screen.show(f"{current.name}: {current.content}")
        others = [name for name in persona_names(app.settings.root) if name != current.name]
        app.screen.show(
            f"others: {', '.join(others)}" if others else "others: none; write one to envs/personas/NAME.md"
        )
        return
    chosen = find_persona(app.settings.root, argument)
    app.change_persona(chosen)
    app.screen.note(f"{chosen.name} answers now, in a new session")
