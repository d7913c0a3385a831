"""llm's logs.db, of all its ages."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from chatcmd.errors import Damaged
from chatcmd.history.foreign.found import Found, LeftOut
from chatcmd.history.foreign.llm import responses, threads
from chatcmd.history.foreign.llm.rows import FAULTS, Rows, opened
from chatcmd.history.foreign.source import Source
from chatcmd.language import _


def is_logs(path: Path) -> bool:
    """Tell whether a database is one of llm's."""
    try:
        with closing(opened(path)) as connection:
            tables = Rows(connection).tables
    except FAULTS:
        return True  # what is wrong with it is told when it is read
    return bool(tables & {"responses", "log", "logs", "turns"})


def read(source: Source) -> Iterator[Found]:
    """Read every conversation, those of newer tables first; raises Damaged when the file is no database."""
    try:
        connection = opened(source.path)
    except FAULTS as error:
        sentence = _("{path} cannot be read as a database: {reason}")
        raise Damaged(sentence.format(path=source.path, reason=error)) from None
    with closing(connection):
        rows = Rows(connection)
        known: set[str] = set()
        for found in threads.read(rows, source):
            known.add(found.key)
            yield found
        yield from responses.read(rows, source, known)
        for table in rows.damaged:
            yield LeftOut(
                source.name, _("its table {table} is damaged; not all of it could be read").format(table=table)
            )
