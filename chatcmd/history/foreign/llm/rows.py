"""A database of which any part may be damaged, opened for reading only."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

LARGEST = 2**27
"""Bytes of one value; a larger one is not read."""

_WAL = 2
"""Stands in two bytes of a database's head when changes go through a log beside it."""

FAULTS = (sqlite3.Error, OverflowError, UnicodeDecodeError)
"""What a damaged database raises; SQLite's own words may hold bytes of it that are no text."""


class Row(dict[str, Any]):
    """A row by its columns; one that a damaged, or older, table does not have is None."""

    def __missing__(self, _column: str) -> None:
        return None


class Rows:
    """The rows of a database; `damaged` are the tables that could not be read whole."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.damaged: dict[str, None] = {}
        made = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        tables = self.all("sqlite_master", made)
        self.tables = {str(row["name"]) for row in tables if not str(row["sql"]).upper().startswith("CREATE VIRTUAL")}

    def all(self, table: str, query: str, values: Iterable[object] = ()) -> Iterator[Row]:
        """Give what a query finds, up to where the table is damaged."""
        try:
            yield from self._connection.execute(query, tuple(values))
        except FAULTS:
            self.damaged[table] = None

    def numbers(self, table: str, columns: str) -> list[Row]:
        """List the rowid and a few columns of all rows; over what is damaged it is read from both ends."""
        query = f"SELECT rowid AS number, {columns} FROM {table} ORDER BY rowid"  # noqa: S608 - our own words
        before = table in self.damaged
        found = list(self.all(table, query))
        if table in self.damaged and not before:
            last = found[-1]["number"] if found else -1
            rest = list(self.all(table, f"{query} DESC"))
            found += [row for row in reversed(rest) if row["number"] > last]
        return found

    def columns(self, table: str) -> set[str]:
        return {str(row["name"]) for row in self.all(table, f"PRAGMA table_info({table})")}


def opened(path: Path) -> sqlite3.Connection:
    """Open a database that nothing is written to, not even beside it where that can be avoided."""
    address = path.absolute().as_uri()
    try:
        return _tried(f"{address}?{'immutable=1' if _is_at_rest(path) else 'mode=ro'}")
    except sqlite3.OperationalError:  # one that was left in WAL mode in a folder that nobody may write to
        return _tried(f"{address}?immutable=1")


def _is_at_rest(path: Path) -> bool:
    """Tell whether a database in WAL mode is open nowhere: SQLite would leave two files beside it, even to read it."""
    try:
        with path.open("rb") as file:
            head = file.read(20)
    except OSError:  # told when it is opened
        return False
    return _WAL in head[18:] and not path.with_name(path.name + "-wal").exists()


def _tried(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True)
    try:
        connection.row_factory = _row
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return Row(zip((column[0].lower() for column in cursor.description), values, strict=True))
