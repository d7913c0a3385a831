"""What is looked for on behalf of someone who may not wait: it gives up in the middle of a long history too."""

from pathlib import Path

from chatcmd.conversation.query import Query
from chatcmd.history.entry import Entry, Wanted
from chatcmd.history.library import Library
from chatcmd.language import _
from chatcmd.terminal.pick import Pulse


class HeedingQuery(Query, frozen=True, kw_only=True):
    """A query that raises Abandoned at the next message when nobody waits any more."""

    pulse: Pulse

    @staticmethod
    def of(query: Query, pulse: Pulse) -> "HeedingQuery":
        return HeedingQuery(query.text, query.needles, pulse=pulse)

    def found(self, text: str) -> tuple[int, ...]:
        self.pulse("")
        return super().found(text)


class HeedingWanted(Wanted, frozen=True, kw_only=True):
    """Wishes that raise Abandoned at the next session when nobody waits any more."""

    pulse: Pulse

    def holds(self, entry: Entry) -> bool:
        self.pulse("")
        return super().holds(entry)


def opened(history: Path, pulse: Pulse) -> Library:
    """Open a library for one thread, which says how far it is when it has to index much."""
    library = Library(history)
    library.catalogue.progress = lambda done, total: pulse(
        _("{done:,} of {total:,} sessions are indexed").format(done=done, total=total)
    )
    return library
