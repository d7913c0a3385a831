"""What is looked up in the whole history: the index, what damages it, and damage that is mended."""

import sqlite3
import tempfile
from pathlib import Path

from chatcmd.conversation.query import Query
from chatcmd.history import walked
from chatcmd.history.catalogue import INDEX, Catalogue
from chatcmd.history.entry import ALL
from tests.fuzz.stored import USER
from tests.history.damage import SMALL, talked, verified, written
from tests.history.exported import rich
from tests.history.made import ID


def index(data: bytes, folder: Path) -> None:
    """A damaged file among sound ones is listed, found and counted as it is without an index."""
    history = folder / "history"
    _fill(history, data)
    catalogue = Catalogue(history)
    try:
        assert catalogue.reindex() >= 0
        catalogue.refresh()
        with_it, without = list(catalogue.entries()), list(walked.entries(history, ALL))
        assert list(map(str, with_it)) == list(map(str, without))
        for text in ("回答", "1+1 几", '"问题 1"', "z"):
            query = Query.parse(text)
            hits = [str(hit) for hit in catalogue.search(query)]
            found = [str(hit) for each in reversed(_paths(history)) for hit in walked.hits_at(each, query, ALL, None)]
            assert sorted(hits) == sorted(found)  # an error comes first where the index tells it
        assert catalogue.asked() == walked.asked(history, ALL)
    finally:
        catalogue.close()


def index_file(data: bytes, folder: Path) -> None:
    """A damaged index keeps nobody from the history."""
    history = folder / "history"
    _fill(history, written(rich()))
    (history / INDEX).write_bytes(data)
    verified(history)
    catalogue = Catalogue(history)
    try:
        list(catalogue.entries())
        list(catalogue.search(Query.parse("回答")))
        catalogue.asked()
        catalogue.newest(1)
        catalogue.journals()
        catalogue.refresh()
        assert catalogue.reindex() == len(_paths(history))
        assert list(map(str, catalogue.entries())) == list(map(str, walked.entries(history, ALL)))
    finally:
        catalogue.close()


def indexes() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        history = Path(folder) / "history"
        _fill(history, written(rich()))
        catalogue = Catalogue(history)
        catalogue.reindex()
        catalogue.close()
        with sqlite3.connect(history / INDEX) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return [(history / INDEX).read_bytes()]


def verify(data: bytes, folder: Path) -> None:
    """What is damaged is mended or kept aside, byte for byte; a second look finds nothing more to mend."""
    history = folder / "history"
    path = history / USER / f"{ID}.json"
    path.parent.mkdir(parents=True, mode=0o700)
    history.chmod(0o700)
    path.write_bytes(data)
    path.chmod(0o600)
    verified(history)
    assert path.read_bytes() == data
    mended = verified(history, repair=True)
    assert data in [each.read_bytes() for each in path.parent.iterdir()]
    left = verified(history)
    assert not [
        each for each in left if each.is_repairable and any(one.kind == each.kind and one.repaired for one in mended)
    ]


def _fill(history: Path, data: bytes) -> None:
    folder = history / USER
    folder.mkdir(parents=True)
    for number, content in enumerate((written(SMALL), data, written(talked(2)))):
        (folder / f"{ID}{number}.json").write_bytes(content)


def _paths(history: Path) -> list[Path]:
    return sorted((history / USER).glob("*.json"))
