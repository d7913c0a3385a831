"""/rename: give the session a title."""

from collections.abc import Iterable

from chatcmd.app import App
from chatcmd.clean import clean_line
from chatcmd.conversation.label import checked_title
from chatcmd.language import _, marked
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Offer


def _offers(app: App, typed: str) -> Iterable[Offer]:
    title = app.talk.session.title
    return matching(typed, {title: _("the title that it has")}) if title else ()


@command(
    "rename",
    marked("TITLE"),
    marked("give this session a title, by which it is listed and found"),
    group="session",
    complete=_offers,
)
async def rename(app: App, argument: str) -> None:
    talk = app.talk
    if not argument:
        title = talk.session.title
        app.screen.tell(
            _("the title is: {title}").format(title=clean_line(title)) if title else _("this session has no title yet")
        )
        return
    talk.renamed(checked_title(argument))
    app.saving.tell(talk)
    app.screen.note(_("the title is: {title}").format(title=clean_line(argument)))
