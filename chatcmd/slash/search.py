"""/search: what was said, found by its words; the session that it was said in is gone on with."""

from contextlib import suppress
from pathlib import Path

from chatcmd.app import App
from chatcmd.errors import NotSaved, UsageError
from chatcmd.language import _, marked
from chatcmd.resumption import resume, show
from chatcmd.slash.registry import command


@command(
    "search",
    marked("WORD ..."),
    marked("find what was said, in all sessions, and go on from there"),
    group="history",
    more=marked(
        'All the words have to be in a session; several in "quotation marks" are a phrase. Enter goes on with the '
        "session of the hit that is chosen, and shows the turns around it. From the shell: chatcmd history search."
    ),
)
async def search(app: App, argument: str) -> None:
    from chatcmd.finding.listing import list_hits  # noqa: PLC0415 - the first prompt need not wait for it
    from chatcmd.finding.picking import pick_hit  # noqa: PLC0415 - the first prompt need not wait for it

    if app.library is None:
        raise UsageError(_("nothing is kept with --no-save; start without it"))
    for live in app.talks.values():  # what was said a moment ago is found too
        with suppress(NotSaved):  # told where it is kept, turn by turn
            live.save()
    if not app.keyboard.interactive:
        await list_hits(app.library, app.screen, argument)
        return
    hit = await pick_hit(app.library, app.keyboard, argument, app.user, None)
    if hit is None:
        return
    talk = await resume(app, Path(hit.entry.path), app.keyboard)
    if talk is not None:
        show(app, talk, hit.turn)
