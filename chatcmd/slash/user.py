"""/user and /users: who is talking."""

from chatcmd.app import App
from chatcmd.conversation.name import checked
from chatcmd.slash.registry import command


@command("user", "NAME", "let another user talk; everyone's session stays alive")
async def user(app: App, argument: str) -> None:
    if not argument:
        await users(app, "")
        return
    talk = app.switch_to(checked(argument, "user"))
    turns = len(talk.session.turns)
    app.screen.note(f"{talk.session.user} goes on after turn {turns}" if turns else f"{talk.session.user} begins")


@command("users", "", "everyone who talks or has talked")
async def users(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    saved = app.library.counts() if app.library is not None else {}
    rows = []
    for name in dict.fromkeys([*app.talks, *saved]):
        talk = app.talks.get(name)
        now = f"{len(talk.session.turns)} turns, {talk.session.persona.name}" if talk else ""
        rows.append(("*" if name == app.user else "", name, now, str(saved.get(name, 0))))
    app.screen.table(rows, ("", "user", "talking now", "saved sessions"))
