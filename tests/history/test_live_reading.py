"""A session that another process has open is read as far as it has come, and nobody is disturbed."""

from pathlib import Path

import pytest

from chatcmd.errors import Damaged, HistoryError
from chatcmd.history import file
from chatcmd.history.library import Library
from chatcmd.history.live import read_live
from tests.history.made import ID, answer, contents, question, saved, session, tree, turn


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def test_what_the_journal_holds_beyond_the_file_is_read_and_nothing_is_touched(library: Library) -> None:
    path = saved(library, session(1))
    _, journal = library.resume(path)
    journal.asked(session(1), turn(2).question)
    journal.answered(session(1), turn(2))
    journal.asked(session(2), question("还在等"))
    before = tree(library.folder)
    assert contents(read_live(path)) == [*contents(session(2)), "还在等"]
    assert read_live(path).aside[-1].status == "unanswered"
    assert tree(library.folder) == before
    journal.withdrawn(session(2))
    assert contents(read_live(path)) == contents(session(2))
    journal.close(remove=False)


def test_a_session_that_has_no_file_yet_is_read_from_its_journal(library: Library) -> None:
    journal = library.open("简说Python", ID)
    journal.opened(session(1))
    assert contents(read_live(journal.path.with_suffix(".json"))) == contents(session(1))
    journal.close(remove=True)


def test_a_session_that_nobody_has_open_is_what_its_file_says(library: Library) -> None:
    path = saved(library, session(2))
    assert read_live(path) == file.read(path)
    library.open("简说Python", ID).close(remove=False)  # gone on with and left, nothing said
    path.with_suffix(".jsonl").touch()
    assert read_live(path) == file.read(path)


def test_a_journal_that_was_left_behind_a_newer_file_does_not_count(library: Library) -> None:
    journal = library.open("简说Python", ID)
    journal.opened(session(1))
    path = library.write(session(3), journal)
    journal.close(remove=False)
    assert contents(read_live(path)) == contents(session(3))


def test_a_record_that_is_half_written_hides_nothing_that_stands_before_it(library: Library) -> None:
    path = saved(library, session(1))
    _, journal = library.resume(path)
    journal.asked(session(1), turn(2).question)
    whole = journal.path.stat().st_size
    journal.answered(session(1), turn(2))
    journal.close(remove=False)
    data = journal.path.read_bytes()
    for end in range(whole + 1, len(data) - 1, 7):
        journal.path.write_bytes(data[:end])
        assert contents(read_live(path)) == [*contents(session(1)), turn(2).question.content]
    journal.path.write_bytes(data[:-1])
    assert contents(read_live(path)) == contents(session(2))


def test_a_damaged_file_is_read_from_the_journal_and_without_one_told(library: Library) -> None:
    path = saved(library, session(1))
    path.write_bytes(b"{")
    with pytest.raises(Damaged, match="is not readable JSON"):
        read_live(path)
    path.with_suffix(".jsonl").write_bytes(b"\xff\n")
    with pytest.raises(Damaged, match="its journal does not tell"):
        read_live(path)
    path.with_suffix(".jsonl").unlink()
    journal = library.open("简说Python", ID)
    journal.opened(session(1))
    journal.answered(session(1), turn(2))
    journal.close(remove=False)
    assert answer("回答 2。").content in contents(read_live(path))


def test_a_session_that_there_is_not_is_told_in_a_sentence(library: Library) -> None:
    with pytest.raises(HistoryError, match=r"nothing\.json cannot be read: No such file"):
        read_live(library.folder / "u" / "nothing.json")
