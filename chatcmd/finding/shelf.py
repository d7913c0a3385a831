"""Saved sessions, and hits in them, as choices to pick from; opened and asked in one thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from chatcmd.clean import clean_line
from chatcmd.conversation.query import Query, Span
from chatcmd.conversation.words import folded
from chatcmd.errors import HistoryError, UsageError
from chatcmd.finding.excerpt import LOOKED, around
from chatcmd.finding.heeding import HeedingQuery, HeedingWanted, opened
from chatcmd.finding.preview import of_hit, of_session
from chatcmd.history.entry import Entry
from chatcmd.history.hit import TITLE, Hit
from chatcmd.history.library import LIVE, Library
from chatcmd.history.live import read_live
from chatcmd.history.row import BRANCH, when
from chatcmd.language import _
from chatcmd.terminal.pick import Choice, Found, Passage, Pulse

T = TypeVar("T")

MOST = 50
"""Choices that are found at once: who looks for another types more."""

MOST_SEEN = 1000
"""Sessions that are remembered, so that those of them whose titles hold what is typed are found at once."""

EVERY = 0.2
"""Seconds after which what was found so far is given."""

PAUSE, STEP = 0.25, 0.02
"""Seconds without a key after which what takes longer is begun, and between two looks whether one came."""

WIDEST = 400
"""Cells of an excerpt; it is cut again where it is shown."""


class _Gathered:
    """Choices as they are found, each once, and what went wrong first."""

    def __init__(self) -> None:
        self.choices: dict[Any, Choice] = {}
        self.more = False
        self.trouble = ""
        self._told = monotonic()

    def fill(
        self, items: Iterable[T | HistoryError], key: Callable[[T], Any], make: Callable[[T], Choice]
    ) -> Iterator[Found]:
        """Take choices, each key once, until there are enough; tell of them whenever it is time."""
        for each in items:
            if isinstance(each, HistoryError):
                self.trouble = self.trouble or clean_line(str(each))
            elif len(self.choices) < MOST:
                if (its := key(each)) not in self.choices:
                    self.choices[its] = make(each)
            elif key(each) not in self.choices:
                self.more = True
                break
            if self.choices and monotonic() - self._told >= EVERY:
                yield self.found()

    def found(self) -> Found:
        """Give all that was found so far."""
        self._told = monotonic()
        return Found(list(self.choices.values()), self.more, self.trouble)


class _Shelf:
    """The library behind a shelf, opened when it is first asked."""

    asks: str
    empty: str
    keys: str

    def __init__(self, history: Path, users: Sequence[str | None]) -> None:
        self._history, self._users = history, users
        self._library: Library | None = None

    def preview(self, choice: Choice) -> Sequence[Passage]:
        """Say what was found in a session, else what was said last."""
        what, query = choice.what
        if isinstance(what, Hit) and what.role != TITLE:
            return of_hit(what, query)
        entry = what.entry if isinstance(what, Hit) else what
        try:
            return of_session(entry, read_live(Path(entry.path)), query)
        except HistoryError as error:
            return [Passage(clean_line(str(error)))]

    def close(self) -> None:
        if self._library is not None:
            self._library.catalogue.close()
            self._library = None

    def _open(self, pulse: Pulse) -> Library:
        if self._library is None:
            self._library = opened(self._history, pulse)
        return self._library

    def _hits(self, query: Query, pulse: Pulse) -> Iterator[Hit | HistoryError]:
        library = self._open(pulse)
        for user in self._users:
            yield from library.search(HeedingQuery.of(query, pulse), HeedingWanted(user=user, pulse=pulse))


class Sessions(_Shelf):
    """Saved sessions, by their titles and by what was said in them; those of the first of `users` first.

    None among the users is everyone.
    """

    def __init__(self, history: Path, users: Sequence[str | None]) -> None:
        super().__init__(history, users)
        self._seen: dict[str, Entry] = {}
        self.asks = _("go on with: ")
        self.empty = _("nothing is saved yet")
        self.keys = _("Enter goes on with it, Esc leaves")

    def find(self, typed: str, pulse: Pulse) -> Iterator[Found]:
        """Give the newest sessions, of those whose titles hold what was typed, or in which it was said.

        What is found later stands behind what was found before: nothing moves under the hands of who chooses.
        """
        text = typed.strip()
        query, found = _query(text), _Gathered()
        if query is not None:
            known = (entry for entry in self._seen.values() if query.spans(entry.title[:LOOKED]))
            yield from self._fill(found, known, query, text)
            if found.choices:
                yield found.found()
        if query is not None and query.terms:
            hits = self._hits(query, pulse)
            yield from found.fill(
                hits, lambda hit: hit.entry.path, lambda hit: self._choice(hit.entry, hit, query, text)
            )
            yield found.found()
            _wait(pulse)  # all titles are looked through when nobody types any more
        if not found.more:
            yield from self._fill(found, self._entries(text, pulse), query, text)
        yield found.found()

    def _fill(
        self, found: _Gathered, entries: Iterable[Entry | HistoryError], query: Query | None, text: str
    ) -> Iterator[Found]:
        return found.fill(entries, lambda entry: entry.path, lambda entry: self._choice(entry, entry, query, text))

    def _entries(self, text: str, pulse: Pulse) -> Iterator[Entry | HistoryError]:
        library = self._open(pulse)
        for user in self._users:
            for each in library.entries(HeedingWanted(user=user, title=text or None, pulse=pulse)):
                if isinstance(each, Entry) and len(self._seen) < MOST_SEEN:
                    self._seen[each.path] = each
                yield each

    def _choice(self, entry: Entry, what: Entry | Hit, query: Query | None, text: str) -> Choice:
        title = clean_line(entry.title[:LOOKED])
        title = BRANCH + title if entry.parent is not None else title
        if Path(entry.path).with_suffix(LIVE).exists():
            title = _("{title} (open now)").format(title=title)
        return Choice((what, query), _facts(entry, self._users[0]), Passage(title, _places(title, query, text)))


class Hits(_Shelf):
    """What was said, by its words; what was found in the sessions of the first of `users` first."""

    def __init__(self, history: Path, users: Sequence[str | None]) -> None:
        super().__init__(history, users)
        self.asks = _("search: ")
        self.empty = _("type what to look for: words, or a phrase in quotation marks")
        self.keys = _("Enter opens its session, Esc leaves")

    def find(self, typed: str, pulse: Pulse) -> Iterator[Found]:
        """Give the newest messages that hold what was typed."""
        query = _query(typed.strip())
        found = _Gathered()
        if query is not None:
            yield from found.fill(self._hits(query, pulse), _key_of, lambda hit: self._choice(hit, query))
        yield found.found()

    def _choice(self, hit: Hit, query: Query) -> Choice:
        return Choice((hit, query), _facts(hit.entry, self._users[0]), Passage(*around(hit, query, WIDEST)))


def _key_of(hit: Hit) -> tuple[object, ...]:
    return hit.entry.path, hit.turn, hit.role, hit.at, hit.text


def _facts(entry: Entry, own: str | None) -> tuple[str, ...]:
    """Say when a session was, and whose it is: one's own needs no name."""
    return (clean_line(when(entry.started)[:LOOKED]), clean_line(entry.user[:LOOKED]) if entry.user != own else "")


def _wait(pulse: Pulse) -> None:
    until = monotonic() + PAUSE
    while monotonic() < until:
        pulse("")
        sleep(STEP)


def _query(text: str) -> Query | None:
    try:
        return Query.parse(text)
    except UsageError:  # nothing to look for yet
        return None


def _places(title: str, query: Query | None, text: str) -> tuple[Span, ...]:
    """Find what was typed in a title: its words, or where all of it stands in the middle of one."""
    if query is None:
        return ()
    if not (spans := query.spans(title)) and (place := folded(title).find(folded(text))) >= 0 and text:
        return ((place, place + len(text)),)
    return spans
