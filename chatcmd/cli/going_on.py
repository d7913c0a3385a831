"""Who talks, and with which saved session they go on."""

import argparse
from pathlib import Path

from chatcmd.app import App
from chatcmd.cli.flags import PICKED
from chatcmd.conversation.name import checked
from chatcmd.errors import UsageError
from chatcmd.history.library import Library
from chatcmd.language import _
from chatcmd.settings.settings import Settings
from chatcmd.talk import Talk
from chatcmd.terminal import Keyboard


def named_user(settings: Settings) -> str | None:
    """Say who was named to talk, if anyone; raises UsageError that names the place of a name that cannot be."""
    named = settings["user"]
    try:
        return checked(named, "user") if named else None
    except UsageError as error:
        raise UsageError(_("{place}: {sentence}").format(place=settings.origin("user"), sentence=error)) from None


def goes_on(arguments: argparse.Namespace) -> bool:
    """Tell whether a saved session was asked for; raises UsageError when there is none to fork."""
    wanted = arguments.go_on or arguments.resume is not None
    if arguments.fork and not wanted:
        raise UsageError(_("--fork copies a saved session: say which one with -c or -r SESSION"))
    return bool(wanted)


async def go_on(app: App, arguments: argparse.Namespace, keyboard: Keyboard | None = None) -> Talk | None:
    """Go on with the session that is wanted, or the one that was saved last, of the named user if there is one.

    None when none was picked, or it is open elsewhere and the person at the keyboard did not want a copy.
    """
    from chatcmd.resumption import go_on_in_copy, resume  # noqa: PLC0415 - most chats begin anew

    if app.library is None:
        raise UsageError(_("--no-save keeps no history to go on with; leave it out"))
    if app.settings.origin("persona").kind == "flag":
        raise UsageError(
            _("a session keeps its persona; leave out --persona, or start a new session without -c and -r")
        )
    user, wanted = named_user(app.settings), arguments.resume
    if wanted is PICKED:
        path = await _picked(app.library, keyboard, user)
        if path is None:
            return None
    else:
        path = app.library.latest(user) if wanted is None else app.library.find(wanted, user)
    return go_on_in_copy(app, path) if arguments.fork else await resume(app, path, keyboard)


async def _picked(library: Library, keyboard: Keyboard | None, user: str | None) -> Path | None:
    if keyboard is None or not keyboard.interactive:
        sentence = _("-r lets you pick a session at a terminal; here, name it: -r SESSION, as listed by: {command}")
        raise UsageError(sentence.format(command="chatcmd history list"))
    from chatcmd.finding.picking import pick_session  # noqa: PLC0415 - few starts come to it

    return await pick_session(library, keyboard, user)
