"""Hits on a screen: those of a session together, each a line with what was found."""

from chatcmd.cells import cells, cut
from chatcmd.clean import clean_line
from chatcmd.conversation.query import Query
from chatcmd.finding.excerpt import LOOKED, around
from chatcmd.history.entry import Entry
from chatcmd.history.hit import TITLE, Hit
from chatcmd.history.row import when
from chatcmd.language import _, marked
from chatcmd.terminal.screen import Screen

LINES = {"user": marked("  turn {turn}, question: "), "assistant": marked("  turn {turn}, answer: ")}
"""What stands before an excerpt, by who said it."""

OF_OTHERS = marked("  turn {turn}: ")
"""What stands before what neither of them said."""

IN_PIPES, LEAST = 120, 16
"""Cells of a line where no terminal shows it, and those that a title or an excerpt has in any case."""

INDENT = "    "
"""Stands before an excerpt that has no room beside what is said of it."""


class Page:
    """The page of one query, hit by hit."""

    def __init__(self, screen: Screen, query: Query) -> None:
        self._screen, self._query = screen, query
        self._width = screen.columns or IN_PIPES
        self._session = ""

    def show(self, hit: Hit) -> None:
        if hit.entry.path != self._session:
            if self._session:
                self._screen.show("")
            self._session = hit.entry.path
            self._head(hit.entry)
        if hit.role != TITLE:
            before = said_by(hit)
            if self._width - cells(before) < LEAST:
                self._screen.show(before.rstrip())
                before = INDENT
            text, spans = around(hit, self._query, max(self._width - cells(before), LEAST))
            self._screen.found(before, text, spans)

    def _head(self, entry: Entry) -> None:
        """Show which session it is, its title below where there is no room beside."""
        title, before = clean_line(entry.title[:LOOKED]), ""
        for each in (entry.id, when(entry.started), entry.user):
            shown = clean_line(each[:LOOKED])
            if before and cells(before) + cells(shown) + 2 > self._width:
                break
            before += shown + "  "
        room = self._width - cells(before)
        if room < min(cells(title), LEAST):
            self._screen.show(before.rstrip())
            before, room = "  ", self._width - 2
        title = cut(title, max(room, LEAST))
        self._screen.found(before, title, self._query.spans(title))


def said_by(hit: Hit) -> str:
    """Say where in a session a hit stands, to be followed by what was said."""
    return _(LINES.get(hit.role, OF_OTHERS)).format(turn=hit.turn)
