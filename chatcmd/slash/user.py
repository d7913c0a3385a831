"""/user and /users: who is talking."""

from collections.abc import Iterable

from chatcmd.app import App
from chatcmd.conversation.name import checked
from chatcmd.language import _, marked, ngettext
from chatcmd.slash.registry import command, matching
from chatcmd.talk import Talk
from chatcmd.terminal import Offer


def _offers(app: App, typed: str) -> Iterable[Offer]:
    saved = app.library.users() if app.library is not None else []
    names = dict.fromkeys([*app.talks, *saved])
    return matching(typed, {name: _("talks now") if name in app.talks else "" for name in names if name != app.user})


@command(
    "user",
    marked("NAME"),
    marked("let another user talk; everyone's session stays alive"),
    group="who",
    complete=_offers,
    more=marked("Switching back goes on where that user was. A name that is new begins a new user."),
)
async def user(app: App, argument: str) -> None:
    if not argument:
        await users(app, "")
        return
    talk = app.switch_to(checked(argument, "user"))
    turns = len(talk.session.turns)
    sentence = _("{name} goes on after turn {turns}") if turns else _("{name} begins")
    app.screen.note(sentence.format(name=talk.session.user, turns=turns))


@command("users", "", marked("everyone who talks or has talked"), group="who")
async def users(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    saved = app.library.counts() if app.library is not None else {}
    rows = []
    for name in dict.fromkeys([*app.talks, *saved]):
        talk = app.talks.get(name)
        rows.append(("*" if name == app.user else "", name, _said(talk) if talk else "", str(saved.get(name, 0))))
    app.screen.table(rows, ("", _("user"), _("talking now"), _("saved sessions")))


def _said(talk: Talk) -> str:
    turns = len(talk.session.turns)
    sentence = ngettext("{n} turn, {persona}", "{n} turns, {persona}", turns)
    return sentence.format(n=turns, persona=talk.session.persona.name)
