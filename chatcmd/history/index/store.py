"""The index's file and tables: opened, made anew where it is damaged, and filled. The only file that knows sqlite3.

A word leads to sessions that may hold it, and each is looked through then: the index may know too much, never too
little.
"""

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.words import folded
from chatcmd.history.disk import FILE_MODE
from chatcmd.history.index import IndexTrouble
from chatcmd.history.index.brief import Brief, Stamp

VERSION = 1

PATIENCE = 2.0
"""Seconds for which it is waited while another process writes."""

_SCHEMA = """
CREATE TABLE folders (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, changed INTEGER NOT NULL, live TEXT NOT NULL
);
CREATE TABLE sessions (
    key INTEGER PRIMARY KEY, folder INTEGER NOT NULL, name TEXT NOT NULL,
    changed INTEGER NOT NULL, size INTEGER NOT NULL,
    id TEXT, user TEXT, started TEXT, model TEXT, title TEXT, turns INTEGER, persona TEXT, ended TEXT, tags TEXT,
    parent TEXT, parent_turn INTEGER, source TEXT, folded TEXT, asked TEXT, shared TEXT
);
CREATE UNIQUE INDEX in_folder ON sessions (folder, name);
CREATE INDEX by_name ON sessions (name, folder);
CREATE INDEX by_title ON sessions (title);
CREATE INDEX unreadable ON sessions (key) WHERE id IS NULL;
CREATE VIRTUAL TABLE words USING fts5 (text, content='', columnsize=0, detail=none, tokenize="ascii tokenchars '_'");
INSERT INTO words (words, rank) VALUES ('hashsize', 16777216), ('automerge', 0);
"""

_COLUMNS = 20
_OF_SESSIONS = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(_COLUMNS))
_PUT = "INSERT INTO sessions SELECT " + _OF_SESSIONS + " FROM json_each(?)"  # noqa: S608 - there are no words of others
_PUT_WORDS = "INSERT INTO words (rowid, text) SELECT CAST(key AS INTEGER), value FROM json_each(?)"
_TAKEN = "SELECT key FROM sessions WHERE key IN (SELECT value FROM json_each(?))"
_DROP = (
    "DELETE FROM sessions WHERE (folder, name) IN "
    "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
)
_TIMED = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([0-9a-f]{4})", re.ASCII)

Row = tuple[Any, ...]


class Folder(msgspec.Struct):
    """A user's folder: its number here, its last change when it was looked through, and the journals in it.

    The change is in nanoseconds; 0 is not to be relied upon.
    """

    number: int
    changed: int
    live: list[str]


class Store:
    """An open index; every call raises IndexTrouble when it is damaged, locked or cannot be written."""

    def __init__(self, path: Path) -> None:
        """Open it, making it where there is none, or a new one of a damaged or older one; raises IndexTrouble."""
        self._path = path
        try:
            self._connection = _opened(path)
            self._opened = path.stat()
        except (sqlite3.Error, OSError) as error:
            raise IndexTrouble(str(error)) from error

    @property
    def has_moved(self) -> bool:
        """Tell whether the file was deleted or made anew since it was opened: SQLite writes nothing into it then."""
        try:
            return not os.path.samestat(self._opened, self._path.stat())
        except OSError:
            return True

    def close(self) -> None:
        """Let it go."""
        with suppress(sqlite3.Error):
            self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Take all changes together, or none of them."""
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
            self.rows("COMMIT")
        except BaseException:
            with suppress(IndexTrouble):
                self.rows("ROLLBACK")
            raise

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """Have SQLite do something, and give what it found; nothing is locked afterwards."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except (sqlite3.Error, UnicodeError, OverflowError) as error:  # a name that is no text, a number without end
            raise IndexTrouble(str(error)) from error

    def folders(self) -> dict[str, Folder]:
        """Give the folders by name."""
        rows = self.rows("SELECT name, number, changed, live FROM folders")
        return {name: Folder(number, changed, live.split("\n") if live else []) for name, number, changed, live in rows}

    def stamps(self, folder: int) -> dict[str, Stamp]:
        """Give what each file of a folder had when it was read."""
        rows = self.rows("SELECT name, changed, size FROM sessions WHERE folder = ?", folder)
        return {name: Stamp(changed, size) for name, changed, size in rows}

    def stamp(self, folder: int, name: str) -> Stamp | None:
        """Give what one file had when it was read."""
        rows = self.rows("SELECT changed, size FROM sessions WHERE folder = ? AND name = ?", folder, name)
        return Stamp(*rows[0]) if rows else None

    def add_folder(self, name: str) -> int:
        """Take up a folder that has not been looked through yet; give its number."""
        self.rows("INSERT OR IGNORE INTO folders (name, changed, live) VALUES (?, 0, '')", name)
        return int(self.rows("SELECT number FROM folders WHERE name = ?", name)[0][0])

    def looked_through(self, folder: Folder) -> None:
        """Keep how a folder was when all of it was taken up."""
        live = "\n".join(folder.live)
        self.rows("UPDATE folders SET changed = ?, live = ? WHERE number = ?", folder.changed, live, folder.number)

    def drop_folder(self, folder: int) -> None:
        """Forget a folder with its sessions."""
        self.rows("DELETE FROM sessions WHERE folder = ?", folder)
        self.rows("DELETE FROM folders WHERE number = ?", folder)

    def drop(self, folder: int, names: Iterable[str]) -> None:
        """Forget sessions; what their words lead to is not there any more."""
        self.rows(_DROP, _encode([(folder, name) for name in names]))

    def put(self, briefs: Sequence[tuple[int, str, Brief]]) -> None:
        """Take up sessions by folder and name, or what has become of them.

        They are handed over in a few calls, so that SQLite works beside the interpreter.
        """
        self.rows(_DROP, _encode([(folder, name) for folder, name, _brief in briefs]))
        keys = [_key_of(name) for _folder, name, _brief in briefs]
        taken = {key for (key,) in self.rows(_TAKEN, _encode(keys))}
        rows: list[Row] = []
        words: dict[str, str] = {}
        for first, (folder, name, brief) in zip(keys, briefs, strict=True):
            key = first
            while key in taken or (key != first and self.rows("SELECT 1 FROM sessions WHERE key = ?", key)):
                key += 1
            taken.add(key)
            rows.append((key, folder, name, brief.stamp.changed, brief.stamp.size, *_facts(brief)))
            words[str(key)] = brief.words
        self.rows(_PUT, _encode(rows))
        self.rows(_PUT_WORDS, _encode(words))

    def count(self) -> int:
        """Count the sessions."""
        return int(self.rows("SELECT COUNT(*) FROM sessions")[0][0])


def is_sound(path: Path) -> bool:
    """Tell whether a file holds a whole index, as far as SQLite can tell."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.OperationalError as error:  # locked, or left by a killed process: opening it for writing mends that
        return error.sqlite_errorname in ("SQLITE_BUSY", "SQLITE_READONLY_ROLLBACK")
    except (sqlite3.Error, UnicodeDecodeError):  # SQLite's own words may hold bytes of it that are no text
        return False


def discard(path: Path) -> None:
    """Remove an index with what SQLite left beside it; raises OSError."""
    for each in (path, path.with_name(f"{path.name}-journal")):
        each.unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    """Open the index; one that is damaged or of another version is made anew."""
    if path.is_symlink() or (path.exists() and not path.is_file()):  # to open a pipe would wait for ever
        raise OSError(path)
    try:
        return _connected(path)
    except sqlite3.OperationalError:
        raise  # locked, or on a disk that cannot be written
    except (sqlite3.DatabaseError, UnicodeDecodeError):  # SQLite's own words may hold bytes of it that are no text
        discard(path)
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    with suppress(OSError):  # a disk that cannot be written may hold an index that can be read
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE))
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            if version or connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
                raise sqlite3.DatabaseError
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    except BaseException:
        connection.close()
        raise
    return connection


def _facts(brief: Brief) -> Row:
    """Give what is listed of a session, in the order of the columns; nothing of one that cannot be read."""
    entry = brief.entry
    if entry is None:
        return (None,) * (_COLUMNS - 5)
    parent = entry.parent
    asked, shared = (_encode(each) if each else "" for each in (brief.asked, brief.shared))
    return (
        *(entry.id, entry.user, entry.started, entry.model, entry.title, entry.turns, entry.persona, entry.ended),
        *("\n".join(entry.tags), parent and parent.id, parent and parent.turn, entry.source),
        *(folded(entry.title), asked, shared),
    )


def _encode(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeError as error:  # the name of a file that is no text
        raise IndexTrouble(str(error)) from error


def _key_of(name: str) -> int:
    """Make of a session's file name a key that grows with its time; names without one come before all others."""
    found = _TIMED.match(name)
    if found is None:
        return -int.from_bytes(name.encode("utf-8", "replace")[:5], "big")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    seconds = (((year * 12 + month) * 31 + day) * 24 + hour) * 3600 + minute * 60 + second
    return (seconds << 20) + (int(found[7], 16) << 4)
