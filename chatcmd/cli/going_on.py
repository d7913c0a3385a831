"""Who talks, and with which saved session they go on."""

from chatcmd.app import App
from chatcmd.conversation.name import checked
from chatcmd.conversation.session import Session
from chatcmd.errors import UsageError
from chatcmd.language import _
from chatcmd.settings.settings import Settings


def named_user(settings: Settings) -> str | None:
    """Say who was named to talk, if anyone; raises UsageError that names the place of a name that cannot be."""
    named = settings["user"]
    try:
        return checked(named, "user") if named else None
    except UsageError as error:
        raise UsageError(_("{place}: {sentence}").format(place=settings.origin("user"), sentence=error)) from None


def go_on(app: App, wanted: str | None) -> Session:
    """Resume the session that is wanted, or the one that was saved last (None), of the named user if there is one."""
    if app.library is None:
        raise UsageError(_("--no-save keeps no history to go on with; leave it out"))
    if app.settings.origin("persona").kind == "flag":
        raise UsageError(
            _("a session keeps its persona; leave out --persona, or start a new session without -c and -r")
        )
    user = named_user(app.settings)
    path = app.library.latest(user) if wanted is None else app.library.find(wanted, user)
    return app.resume(path).session
