"""What the index tells: sessions listed, found by their words, named, counted."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.session import Parent
from chatcmd.conversation.words import folded
from chatcmd.history.asked import Asked, merged
from chatcmd.history.entry import Entry, Wanted
from chatcmd.history.index import IndexTrouble, damage_as_trouble
from chatcmd.history.index.store import Row, Store

PAGE = 100
"""Sessions that are read at once: between two pages nothing is locked."""

_LAST = "\U0010ffff"
"""Sorts behind every name."""

_LISTED = (
    "key, folder, sessions.name, id, user, started, model, title, turns, persona, ended, tags, parent, parent_turn, "
    "source"
)
_IN_FOLDER = "folder = (SELECT number FROM folders WHERE name = ?)"
_FILES = "SELECT folders.name, sessions.name FROM sessions JOIN folders ON number = folder"
_KIN = "SELECT 1 FROM sessions AS kin WHERE kin.name = sessions.parent || '.json'"

# No statement below holds a word of anyone else: values are bound, and names of columns are written here.
# ruff: noqa: S608


class Lookup:
    """Looks up in a store what lies below a history folder.

    `folder` always names the one that holds the wanted user's sessions, None stands for all. Every call raises
    IndexTrouble.
    """

    def __init__(self, store: Store, history: Path) -> None:
        self._store = store
        self._history = history

    def entries(self, wanted: Wanted, folder: str | None) -> Iterator[Entry | Path]:
        """Walk the wanted sessions by name, last first; of those that cannot be read the paths are given."""
        conditions, values = self._conditions(wanted)
        source, place = "sessions", [_LAST, 0]
        if folder is not None:
            source, conditions = f"sessions INDEXED BY in_folder WHERE {_IN_FOLDER} AND", f"{conditions}"
            values.insert(0, folder)
        else:
            source += " WHERE"
        select = (
            f"SELECT {_LISTED} FROM {source} (id IS NULL OR ({conditions})) AND (sessions.name, folder) < (?, ?) "
            f"ORDER BY sessions.name DESC, folder DESC LIMIT {PAGE}"
        )
        while rows := self._store.rows(select, *values, *place):
            yield from self._entries(rows, wanted)
            place = [rows[-1][2], rows[-1][1]]

    def holding(self, terms: Iterable[tuple[str, bool]], wanted: Wanted, folder: str | None) -> Iterator[Entry]:
        """Walk the wanted sessions that may hold all terms (True: and words that begin so), newest first."""
        match = " AND ".join(f'"{term}"{"*" if longer else ""}' for term, longer in terms)
        conditions, values = self._conditions(wanted)
        if folder is not None:
            conditions = f"{conditions} AND {_IN_FOLDER}"
            values.append(folder)
        select = (
            f"SELECT {_LISTED} FROM words JOIN sessions ON key = words.rowid "
            f"WHERE words MATCH ? AND words.rowid < ? AND {conditions} ORDER BY words.rowid DESC LIMIT {PAGE}"
        )
        last = 2**63 - 1
        while rows := self._store.rows(select, match, last, *values):
            yield from (each for each in self._entries(rows, wanted) if isinstance(each, Entry))
            last = rows[-1][0]

    def unreadable(self, folder: str | None) -> list[Path]:
        """Name the files that hold no session that can be read."""
        rows = self._store.rows("SELECT folder, name FROM sessions INDEXED BY unreadable WHERE id IS NULL")
        with damage_as_trouble():
            names = {known.number: name for name, known in self._store.folders().items()} if rows else {}
            return [self._history / names[number] / name for number, name in rows if folder in (None, names[number])]

    def named(self, beginning: str, folder: str | None) -> list[Path]:
        """Find the sessions' files whose names begin so."""
        return self._paths(folder, "sessions.name >= ? AND sessions.name < ?", beginning, beginning + _LAST)

    def titled(self, title: str, folder: str | None) -> list[Path]:
        """Find the sessions that have a title."""
        return self._paths(folder, "title = ?", title)

    def newest(self, place: int, folder: str | None) -> Path | None:
        """Find the newest session (1), or the one so many places before it."""
        return next(iter(self._paths(folder, "1", end=f"ORDER BY sessions.name DESC LIMIT 1 OFFSET {place - 1}")), None)

    def saved_last(self, folder: str | None) -> Path | None:
        """Find the session that was saved last."""
        return next(iter(self._paths(folder, "1", end="ORDER BY sessions.changed DESC LIMIT 1")), None)

    def journals(self) -> list[Path]:
        """List the journals that there are."""
        with damage_as_trouble():
            found = self._store.folders().items()
            return [self._history / name / each for name, folder in found for each in folder.live]

    def asked(self, wanted: Wanted, folder: str | None) -> list[Asked]:
        """Give what was asked in the wanted sessions; what a branch shares with its parent counts once."""
        conditions, values = self._conditions(wanted)
        if folder is not None:
            conditions = f"{conditions} AND {_IN_FOLDER}"
            values.append(folder)
        shared = f"CASE WHEN shared != '' AND NOT EXISTS ({_KIN}) THEN shared ELSE '' END"
        rows = self._store.rows(f"SELECT asked, {shared} FROM sessions WHERE {conditions}", *values)
        with damage_as_trouble():
            return merged(row for both in rows for each in both if each for row in _decode(each))

    def _conditions(self, wanted: Wanted) -> tuple[str, list[Any]]:
        """Say which sessions can be wanted; each is looked at again."""
        conditions: list[str] = ["id IS NOT NULL"]
        values: list[Any] = []
        for condition, value in (
            ("user = ?", wanted.user),
            ("started >= ?", wanted.since),
            ("started < ?", wanted.until),
            ("instr(folded, ?)", wanted.title and folded(wanted.title)),
            ("instr(char(10) || tags || char(10), char(10) || ? || char(10))", wanted.tag),
        ):
            if value is not None:
                conditions.append(condition)
                values.append(value)
        for column, part in (("model", wanted.model), ("persona", wanted.persona)):
            if part is not None:
                known = self._store.rows(f"SELECT DISTINCT {column} FROM sessions WHERE id IS NOT NULL")
                with damage_as_trouble():
                    held = [name for (name,) in known if folded(part) in folded(name)]
                conditions.append(f"{column} IN ({', '.join('?' * len(held))})")
                values += held
        return " AND ".join(conditions), values

    def _entries(self, rows: Sequence[Row], wanted: Wanted) -> Iterator[Entry | Path]:
        with damage_as_trouble():
            names = {folder.number: name for name, folder in self._store.folders().items()}
        for _key, folder, name, *facts, tags, parent, parent_turn, source in rows:
            with damage_as_trouble():
                path = self._history / names[folder] / name
            if facts[0] is None:
                yield path
                continue
            session_id, user, started, model, title, turns, persona, ended = facts
            told = (session_id, user, started, model, title, persona, tags)
            if set(map(type, told)) != {str} or type(turns) is not int:
                raise IndexTrouble
            entry = Entry(
                id=session_id,
                user=user,
                started=started,
                model=model,
                title=title,
                turns=turns,
                path=str(path),
                persona=persona,
                ended=ended,
                tags=tuple(tags.split("\n")) if tags else (),
                parent=Parent(parent, parent_turn) if parent is not None else None,
                source=source,
            )
            if wanted.holds(entry):
                yield entry

    def _paths(self, folder: str | None, condition: str, *values: Any, end: str = "") -> list[Path]:
        if folder is not None:
            condition = f"folders.name = ? AND {condition}"
            values = (folder, *values)
        rows = self._store.rows(f"{_FILES} WHERE {condition} {end or 'ORDER BY sessions.name DESC'}", *values)
        with damage_as_trouble():
            return [self._history / name / file for name, file in rows]


_decode = msgspec.json.Decoder(list[Asked]).decode
