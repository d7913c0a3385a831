"""/replay: a session is watched as it was."""

import re

from chatcmd.app import App
from chatcmd.conversation.session import Session
from chatcmd.errors import UsageError
from chatcmd.language import _, marked
from chatcmd.resumption import named as found
from chatcmd.slash.registry import command

_SPEED = re.compile(r"(?:^|(?<=\s))--speed(?:=|\s+)(\S+)")
_INSTANT = re.compile(r"(?:^|(?<=\s))--instant(?=\s|$)")


@command(
    "replay",
    marked("[SESSION] [--speed N]"),
    marked("watch this session, or a saved one, as it was"),
    group="history",
    more=marked(
        "SESSION is an id, its beginning, a title, or -1 for the latest. N is how many times as fast, such as 4 or "
        "0.5; --instant shows all of it at once. Space pauses, right and left step to the next and the previous turn, "
        "up and down change the speed, q, Esc and Ctrl-C leave. Nothing is asked again; this session goes on where it "
        "was."
    ),
)
async def replay(app: App, argument: str) -> None:
    from chatcmd.replay.speed import speed_of  # noqa: PLC0415 - the first prompt need not wait for it
    from chatcmd.replay.watch import at_once, watch  # noqa: PLC0415 - the first prompt need not wait for it

    speeds, instant = _SPEED.findall(argument), bool(_INSTANT.search(argument))
    speed = speed_of(speeds[-1]) if speeds else 1.0
    session = _session(app, _INSTANT.sub("", _SPEED.sub("", argument)).strip())
    if instant or not (speeds or app.keyboard.interactive):
        await at_once(session, app.screen)
    else:
        await watch(session, app.screen, speed=speed, pressing=app.keyboard.pressing)
    app.screen.note(_("this was a replay; your session goes on"))


def _session(app: App, named: str) -> Session:
    """Find the session that was named, the current one without a name; raises UsageError and HistoryError."""
    if named:
        if app.library is None:
            raise UsageError(_("nothing is kept with --no-save, so no saved session can be watched"))
        return app.library.read(found(app, app.library, named))
    session = app.talk.session
    if not session.worth_saving:
        raise UsageError(_("nothing was said in this session yet; name a saved one: /replay -1"))
    return session
