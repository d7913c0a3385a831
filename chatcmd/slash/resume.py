"""/resume: go on with a saved session, named or picked from a list."""

from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path

from chatcmd.app import App
from chatcmd.errors import HistoryError, UsageError
from chatcmd.history.entry import Entry, Wanted
from chatcmd.language import _, marked
from chatcmd.resumption import named, resume as go_on, show
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Offer

OFFERED = 20
"""Sessions that completion offers, the newest first."""


def _offers(app: App, typed: str) -> Iterable[Offer]:
    """Offer the user's newest sessions by id, with their titles; others once an id has been begun."""
    if app.library is None:
        return []
    found: dict[str, str] = {}
    with suppress(HistoryError):
        for entry in islice(app.library.entries(Wanted(user=app.user)), OFFERED):
            if isinstance(entry, Entry):
                found[Path(entry.path).stem] = entry.title
        if typed and not any(name.startswith(typed) for name in found):
            found |= {path.stem: "" for path in app.library.catalogue.named(typed)[:OFFERED]}
    return matching(typed, found)


@command(
    "resume",
    marked("[SESSION]"),
    marked("go on with a saved session; without its name, pick it from a list"),
    group="history",
    complete=_offers,
    more=marked(
        "SESSION is an id, its beginning, a title, or -1 for your latest. In the list, what you type is looked for in "
        "titles and in what was said; your own sessions stand first. The session you were in is saved."
    ),
)
async def resume(app: App, argument: str) -> None:
    from chatcmd.finding.picking import pick_session  # noqa: PLC0415 - the first prompt need not wait for it

    if app.library is None:
        raise UsageError(_("nothing is kept with --no-save; start without it"))
    if argument:
        path: Path | None = named(app, app.library, argument)
    else:
        path = await pick_session(app.library, app.keyboard, app.user, None)
    if path is None:
        return
    talk = await go_on(app, path, app.keyboard)
    if talk is not None:
        show(app, talk)
