"""The index is brought in step while nobody waits for it."""

import sqlite3
from pathlib import Path

from chatcmd.history.library import Library
from chatcmd.history.upkeep import keep_in_step
from tests.bench.histories import fill
from tests.history.made import saved, session, tree


def kept(history: Path) -> None:
    thread = keep_in_step(history, after=0)
    thread.join(60)
    assert not thread.is_alive()


def test_file_that_was_edited_in_its_place_is_found_afterwards(tmp_path: Path) -> None:
    history = tmp_path / "history"
    fill(history, 300)
    library = Library(history)
    library.reindex()
    library.catalogue.close()
    path = next(history.rglob("*.json"))
    path.write_text(
        path.read_text().replace('"title":"', '"title":"edited ', 1).replace('"title": "', '"title": "edited ', 1)
    )
    kept(history)
    with sqlite3.connect(history / "index.sqlite3") as index:
        [(title,)] = index.execute("SELECT title FROM sessions WHERE name = ?", (path.name,)).fetchall()
    index.close()
    assert title.startswith("edited ")


def test_small_history_is_left_as_it_is(tmp_path: Path) -> None:
    saved(Library(tmp_path), session(2))
    before = tree(tmp_path)
    kept(tmp_path)
    assert tree(tmp_path) == before


def test_no_history_is_none_afterwards(tmp_path: Path) -> None:
    kept(tmp_path / "history")
    assert not (tmp_path / "history").exists()
