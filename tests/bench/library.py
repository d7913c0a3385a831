"""The history with 100,000 sessions: listed, searched and shown as whole processes and inside a chat; indexed."""

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from sqlite3 import connect

from chatcmd.conversation.query import Query
from chatcmd.history.catalogue import INDEX
from chatcmd.history.index.refresh import SETTLED
from chatcmd.history.library import Library
from tests.bench.histories import RARE, RARE_CHINESE, fill
from tests.bench.measure import Bench, Bound, Pair, Row
from tests.bench.process import CHATCMD, PYTHON, environment, peak, whole

SESSIONS = 100_000
IMPORT = "import sqlite3"

_FLOOR = f'python -c "{IMPORT}"'
_COMMANDS = {
    "history.list": ("history", "list"),
    "history.search": ("history", "search", RARE),
    "history.search.chinese": ("history", "search", RARE_CHINESE),
    "history.show": ("history", "show", "-1"),
}
_PROMISED = Bound("ratio", 2.5, beside=50)
_IN_CHAT = Bound("in all", 15)
_BARE = "the newest 20 rows from SQLite"


@contextmanager
def commands(folder: Path) -> Iterator[Pair]:
    """Run each command; of the search also take the memory."""
    root = _indexed()
    environ = environment(folder)

    def ours() -> tuple[float, ...]:
        commands = [[CHATCMD, *words, "--root", str(root)] for words in _COMMANDS.values()]
        return (*(whole(each, environ, folder) for each in commands), peak(commands[1], environ, folder))

    def floor() -> tuple[float, ...]:
        bare = [PYTHON, "-c", IMPORT]
        return (*(whole(bare, environ, folder) for _ in _COMMANDS), peak(bare, environ, folder))

    yield Pair(ours, floor)


@contextmanager
def in_chat(folder: Path) -> Iterator[Pair]:  # noqa: ARG001 - all benches are prepared alike
    """Ask a library that is open, as a chat has it, against as many rows read bare."""
    root = _indexed()
    library = Library(root / "history")
    looked_for = (RARE, RARE_CHINESE, "the", "的")
    with closing(connect(root / "history" / INDEX)) as bare:
        list(islice(library.entries(), 1))
        some = library.find("-1").stem

        def find(word: str) -> float:
            return _seconds(lambda: list(islice(library.search(Query.parse(word)), 20)))

        def ours() -> tuple[float, ...]:
            return (
                _seconds(lambda: list(islice(library.entries(), 20))),
                *map(find, looked_for),
                _seconds(lambda: library.read(library.find(some))),
            )

        def rows() -> float:
            return _seconds(lambda: bare.execute("SELECT * FROM sessions ORDER BY name DESC LIMIT 20").fetchall())

        yield Pair(ours, lambda: tuple(rows() for _ in range(6)))
    library.catalogue.close()


@contextmanager
def indexing(folder: Path) -> Iterator[Pair]:
    """Make the index in a process of its own, against reading all files."""
    root = _filled()
    history = root / "history"
    environ = environment(folder)

    def ours() -> tuple[float, float]:
        words = [CHATCMD, "history", "reindex", "--root", str(root)]
        return whole(words, environ, folder) / SESSIONS, peak(words, environ, folder)

    def read() -> None:
        for user in os.scandir(history):
            if user.is_dir():
                for file in os.scandir(user):
                    Path(file).read_bytes()

    yield Pair(ours, lambda: (_seconds(read) / SESSIONS, peak([PYTHON, "-c", IMPORT], environ, folder)))


@cache
def _filled() -> Path:
    """Make the history, once for all benches that need one."""
    root = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, root)
    (root / "envs").mkdir()
    fill(root / "history", SESSIONS)
    return root


@cache
def _indexed() -> Path:
    """Make its index, as long ago as makes the folders' times reliable."""
    root = _filled()
    library = Library(root / "history")
    library.reindex()
    for folder in (root / "history").iterdir():
        if folder.is_dir():
            old = folder.stat().st_mtime_ns - 2 * SETTLED
            os.utime(folder, ns=(old, old))
    library.refresh()
    library.catalogue.close()
    return root


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


BENCHES = (
    Bench(
        (
            *(Row(name, "ms", _FLOOR, _PROMISED) for name in _COMMANDS),
            Row("history.memory", "MB", _FLOOR, Bound("in all", 100)),
        ),
        15,
        commands,
    ),
    Bench(
        (
            Row("library.list", "ms", _BARE, _IN_CHAT),
            Row("library.search", "ms", _BARE, _IN_CHAT),
            Row("library.search.chinese", "ms", _BARE, _IN_CHAT),
            Row("library.search.common", "ms", _BARE),
            Row("library.search.common.chinese", "ms", _BARE),
            Row("library.show", "ms", _BARE, _IN_CHAT),
        ),
        51,
        in_chat,
    ),
    Bench(
        (
            Row("history.index", "µs", "reading the files", Bound("in all", 200)),
            Row("history.index.memory", "MB", _FLOOR, Bound("in all", 100)),
        ),
        3,
        indexing,
    ),
)
