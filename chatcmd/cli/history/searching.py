"""`chatcmd history search`: what was said, found by its words."""

import argparse
from collections.abc import Iterator

import msgspec

from chatcmd.cells import cells, cut
from chatcmd.cli.document import write_document
from chatcmd.cli.flags import beside, view
from chatcmd.cli.parser import Parser
from chatcmd.cli.progress import Progress
from chatcmd.cli.wanted import add_most, add_wanted, most_of, wanted_of
from chatcmd.conversation.query import Query, Span, excerpt
from chatcmd.errors import Exit, HistoryError
from chatcmd.history.entry import Entry
from chatcmd.history.hit import TITLE, Hit
from chatcmd.history.library import Library
from chatcmd.history.row import when
from chatcmd.language import _, marked, ngettext
from chatcmd.settings.root import Root
from chatcmd.terminal.clean import clean, clean_line
from chatcmd.terminal.screen import Screen

LINES = {"user": marked("  turn {turn}, question: "), "assistant": marked("  turn {turn}, answer: ")}
"""What stands before an excerpt, by who said it."""

LOOKED = 2000
"""Characters before and behind what was found first, which an excerpt is cut out of."""

IN_PIPES, LEAST, LEAST_EXCERPT = 120, 16, 8
"""Cells of a line where no terminal shows it, and those that a title and an excerpt have in any case."""


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_wanted(parser)
    text = _("only in questions (user), or only in answers (assistant)")
    parser.add_argument("--role", choices=[*LINES], metavar="|".join(LINES), help=text)
    add_most(parser)
    text = _('what a session has to hold: all these words, or "a phrase"; when nothing is found, the exit code is 1')
    parser.add_argument("words", nargs="+", metavar="WORD", help=text)


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:  # noqa: ARG001 - all are called alike
    """Show what is found as it is found, or all of it as one document, until Ctrl-C."""
    library.catalogue.progress = Progress()
    query = Query.parse(" ".join(map(_phrase, arguments.words)))
    search = _Search(library.search(query, wanted_of(arguments), arguments.role), most_of(arguments))
    if arguments.json:
        write_document([_told(hit) for hit in search.hits()])
    else:
        page = _Page(view(), query)
        for hit in search.hits():
            page.show(hit)
        search.sum_up()
    return search.code


class _Search:
    """A search under way: up to `most` hits (None: all), and the exit code that it comes to."""

    def __init__(self, found: Iterator[Hit | HistoryError], most: int | None) -> None:
        self._found, self._most = found, most
        self._screen = beside()
        self._hits: list[tuple[str, int]] = []
        self._more = False
        self.code = Exit.NO

    def hits(self) -> Iterator[Hit]:
        """Give hit after hit; what cannot be read is said between them."""
        try:
            for hit in self._found if self._most != 0 else ():
                if isinstance(hit, HistoryError):
                    self._screen.fail(str(hit))
                    self.code = Exit.HISTORY
                elif len(self._hits) == self._most:
                    self._more = True
                    return
                else:
                    self._hits.append((hit.entry.id, hit.turn))
                    self.code = Exit.DONE if self.code == Exit.NO else self.code
                    yield hit
        except KeyboardInterrupt:
            self.code = Exit.INTERRUPTED

    def sum_up(self) -> None:
        """Say what was found, and how to open it."""
        if not self._hits:
            if self.code != Exit.HISTORY:
                self._screen.note(_("nothing was found"))
            return
        (session, turn), sessions = self._hits[0], len({session for session, _turn in self._hits})
        count = ngettext("{n} hit in {sessions}", "{n} hits in {sessions}", len(self._hits))
        several = ngettext("{n} session", "{n} sessions", sessions).format(n=sessions)
        self._screen.note(count.format(n=len(self._hits), sessions=several))
        if self._more:
            self._screen.note(_("there are more; see them with -n N or --all"))
        read = f"chatcmd history show {session}" + (f" --turn {turn}" if turn else "")
        self._screen.note(
            _("read the newest: {command}").format(command=read),
            _("or go on with it: {command}").format(command=f"chatcmd -r {session}"),
        )


class _Page:
    """The hits, those of a session together."""

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
            line = _(LINES[hit.role]) if hit.role in LINES else _("  turn {turn}: ")
            before = line.format(turn=hit.turn)
            text, spans = self._around(hit, max(self._width - cells(before), LEAST_EXCERPT))
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

    def _around(self, hit: Hit, width: int) -> tuple[str, tuple[Span, ...]]:
        """Cut a line out of what was said, around what was found first; the text is made safe, and then it is cut."""
        first = hit.spans[0][0] if hit.spans else 0
        begin = max(first - LOOKED, 0)
        before = clean(hit.text[begin:first])
        text = clean(hit.text[begin : first + LOOKED])
        spans = tuple(span for span in self._query.spans(text) if span[1] > len(before))
        if spans:
            return excerpt(text, spans, width)
        line, _places = excerpt(
            text, [(len(before), len(before))], width
        )  # what was found is not there when it is safe
        return line, ()


def _phrase(word: str) -> str:
    """Take for a phrase what quotation marks of the shell held together."""
    return f'"{word}"' if len(word.split()) > 1 and '"' not in word else word


def _told(hit: Hit) -> dict[str, object]:
    """Say all that is known of a hit."""
    facts: dict[str, object] = msgspec.to_builtins(hit)
    return {"session": facts.pop("entry"), **facts}
