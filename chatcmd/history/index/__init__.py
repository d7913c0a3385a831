"""The index of the saved sessions: a cache in SQLite that may be missing, behind, locked or damaged at any time."""


class IndexTrouble(Exception):
    """The index cannot be used: everything is read from the files."""


class Backlog(IndexTrouble):
    """There are more new and changed files to read than were allowed; the index itself is well."""
