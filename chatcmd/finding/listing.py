"""Hits listed for someone who reads them line by line."""

from chatcmd.conversation.query import Query
from chatcmd.errors import HistoryError
from chatcmd.finding.heeding import HeedingQuery, opened
from chatcmd.finding.page import Page
from chatcmd.history.hit import Hit
from chatcmd.history.library import Library
from chatcmd.language import _
from chatcmd.terminal.pick import Pulse
from chatcmd.terminal.screen import Screen
from chatcmd.terminal.worker import beside

SHOWN = 20
"""Hits that are listed, the newest."""


async def list_hits(library: Library, screen: Screen, text: str) -> None:
    """Show the newest messages that hold a query; raises UsageError when there is nothing to look for."""
    query = Query.parse(text)

    def look(pulse: Pulse) -> list[Hit | HistoryError]:
        own, found, hits = opened(library.folder, pulse), list[Hit | HistoryError](), 0
        try:
            for each in own.search(HeedingQuery.of(query, pulse)):
                found.append(each)
                hits += isinstance(each, Hit)
                if hits > SHOWN:
                    break
        finally:
            own.catalogue.close()
        return found

    page, shown = Page(screen, query), 0
    for each in await beside(look, screen.note):
        if isinstance(each, HistoryError):
            screen.fail(str(each))
        elif shown == SHOWN:
            screen.note(_("there are more; see them with: {command}").format(command="chatcmd history search --all"))
        else:
            page.show(each)
            shown += 1
    if not shown:
        screen.note(_("nothing was found"))
