"""The index of the saved sessions: a cache in SQLite that may be missing, behind, locked or damaged at any time."""

from collections.abc import Iterator
from contextlib import contextmanager


class IndexTrouble(Exception):
    """The index cannot be used: everything is read from the files."""


class Backlog(IndexTrouble):
    """There are more new and changed files to read than were allowed; the index itself is well."""


@contextmanager
def damage_as_trouble() -> Iterator[None]:
    """Take what a damaged index tells for what it is: SQLite does not see every bit that was flipped."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        raise IndexTrouble(str(error)) from error
