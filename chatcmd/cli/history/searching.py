"""`chatcmd history search`: what was said, found by its words."""

import argparse
from collections.abc import Iterator

import msgspec

from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.progress import Progress
from chatcmd.cli.screens import beside, view
from chatcmd.cli.wanted import add_most, add_wanted, most_of, wanted_of
from chatcmd.conversation.query import Query
from chatcmd.errors import Exit, HistoryError
from chatcmd.finding.page import LINES, Page
from chatcmd.history.hit import Hit
from chatcmd.history.library import Library
from chatcmd.language import _, ngettext
from chatcmd.settings.root import Root


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
        page = Page(view(), query)
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


def _phrase(word: str) -> str:
    """Take for a phrase what quotation marks of the shell held together."""
    return f'"{word}"' if len(word.split()) > 1 and not any(mark in word for mark in '"“”「」') else word


def _told(hit: Hit) -> dict[str, object]:
    """Say all that is known of a hit."""
    facts: dict[str, object] = msgspec.to_builtins(hit)
    return {"session": facts.pop("entry"), **facts}
