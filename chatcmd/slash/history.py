"""/history: the user's saved sessions."""

import asyncio
from pathlib import Path

from chatcmd.app import App
from chatcmd.errors import UsageError
from chatcmd.history.entry import Entry, Wanted
from chatcmd.history.library import LIVE
from chatcmd.history.row import rows
from chatcmd.language import _, marked
from chatcmd.slash.registry import command

SHOWN = 20


@command(
    "history",
    marked("[WORD]"),
    marked("the newest saved sessions of this user, or those whose title holds WORD"),
    group="history",
    more=marked("Go on with one of them: /resume ID. All users' sessions, and more of them: chatcmd history list."),
)
async def history(app: App, argument: str) -> None:
    if app.library is None:
        raise UsageError(_("nothing is kept with --no-save; start without it"))
    entries, more = list[Entry](), False
    for entry in app.library.entries(Wanted(user=app.user, title=argument or None)):
        if not isinstance(entry, Entry):
            app.screen.fail(str(entry))
        elif len(entries) == SHOWN:
            more = True
            break
        else:
            entries.append(entry)
        await asyncio.sleep(0)  # without an index this takes long, and Ctrl-C ends it
    if entries:
        live = [Path(entry.path).with_suffix(LIVE).exists() for entry in entries]
        app.screen.table(*rows(entries, app.screen.columns, live, without=("user",)))
        if more:
            app.screen.note(_("there are more; see them with: {command}").format(command="chatcmd history list"))
    elif argument:
        app.screen.note(_("no saved session has {word!r} in its title").format(word=argument))
    else:
        app.screen.note(_("nothing is saved of this user yet"))
