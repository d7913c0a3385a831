"""A talk: what is said is recorded as it is said, and a disk that fails does not stop it."""

from pathlib import Path

import pytest

from chatcmd.cells import cells
from chatcmd.clean import clean_line
from chatcmd.conversation.message import Turn
from chatcmd.errors import HistoryError, NotSaved, SessionInUse
from chatcmd.history import file
from chatcmd.history.library import Library
from chatcmd.history.recovery import Recovered
from chatcmd.talk import Talk
from tests.history.made import ID, answer, contents, full_disk, let_go, question, session, tree, turn

REST = (
    "left the window, 1 in all (see /context): 问题 1",
    "left the window, 3 in all (see /context): 问题 1; 问题 2; 问题 3",
    "left the window, 2 in all (see /context): 问题 2",
)
END = "2026-11-20T22:00:00.000Z"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def said(talk: Talk, number: int) -> None:
    talk.asked(turn(number).question)
    talk.answered(turn(number))


def trouble(talk: Talk) -> type[HistoryError] | None:
    return type(talk.trouble) if talk.trouble else None


def test_what_was_said_is_saved_at_the_end(library: Library) -> None:
    talk = Talk(session(), library)
    said(talk, 1)
    said(talk, 2)
    path = talk.end(END, "reset")
    assert path == library.path_of("简说Python", ID)
    found = file.read(path)
    assert (contents(found), found.ended, found.ended_by) == (contents(session(2)), END, "reset")
    assert list(tree(library.folder)) == [f"简说Python/{ID}.json"]
    assert talk.trouble is None


def test_talk_without_a_question_leaves_nothing(library: Library) -> None:
    assert Talk(session(), library).end(END, "exit") is None
    assert not library.folder.exists()


def test_question_that_was_given_back_leaves_nothing(library: Library) -> None:
    talk = Talk(session(), library)
    talk.asked(question("收回"))
    talk.withdrawn()
    assert talk.end(END, "exit") is None
    assert tree(library.folder) == {}


def test_nothing_is_kept_without_a_library(tmp_path: Path) -> None:
    talk = Talk(session(), None)
    said(talk, 1)
    talk.branched()
    assert talk.end(END, "exit") is None
    assert (contents(talk.session), talk.trouble) == (contents(session(1)), None)
    assert tree(tmp_path) == {}


def test_resumed_session_that_was_not_gone_on_with_stays_as_it_was(library: Library) -> None:
    first = Talk(session(), library)
    said(first, 1)
    path = first.end(END, "exit")
    assert path is not None
    before = tree(library.folder)
    resumed = Talk(file.read(path), library, library.open("简说Python", ID))
    assert resumed.end("2027-01-01T00:00:00.000Z", "exit") is None
    assert tree(library.folder) == before


def test_branch_is_on_the_disk_as_soon_as_it_is_made(library: Library) -> None:
    branch = Talk(session(2).branch(1, "branch", END), library)
    branch.branched()
    assert (library.folder / "简说Python" / "branch.jsonl").exists()
    path = branch.end(END, "exit")
    assert path is not None
    assert contents(file.read(path)) == contents(session(1))
    empty = Talk(session(2).branch(0, "empty", END), library)
    empty.branched()
    assert empty.end(END, "exit") is None


def test_discarded_branch_leaves_nothing(library: Library) -> None:
    branch = Talk(session(2).branch(1, "branch", END), library)
    branch.asked(question("再来"))
    branch.discard()
    assert tree(library.folder) == {}
    branch.discard()


def test_disk_that_fails_and_comes_back_has_everything(library: Library) -> None:
    talk = Talk(session(), library)
    said(talk, 1)
    with full_disk(100):
        said(talk, 2)
        assert trouble(talk) is NotSaved
        said(talk, 3)
        assert trouble(talk) is NotSaved
    talk.asked(turn(4).question)
    assert trouble(talk) is None
    (found,) = killed(talk, library)
    assert contents(found.session) == [*contents(session(3)), turn(4).question.content]


def test_disk_that_is_full_at_the_end_keeps_what_the_journal_has(library: Library) -> None:
    talk = Talk(session(), library)
    said(talk, 1)
    talk.answered(Turn(question("长"), answer("x" * 9000)))
    journal = library.path_of("简说Python", ID).with_suffix(".jsonl")
    before = journal.read_bytes()
    with full_disk(5000), pytest.raises(NotSaved, match=f"{ID}.json could not be written: file too large"):
        talk.end(END, "exit")
    assert tree(library.folder) == {f"简说Python/{ID}.jsonl": before}
    # And it is not kept from anyone who can do better: not even from this process.
    (found,) = library.recover()
    assert contents(found.session)[-1] == "x" * 9000


def test_history_that_cannot_be_made_leaves_the_talk_in_memory(tmp_path: Path) -> None:
    (tmp_path / "history").touch()
    talk = Talk(session(), Library(tmp_path / "history"))
    said(talk, 1)
    assert "could not be written: not a directory" in str(talk.trouble)
    assert contents(talk.session) == contents(session(1))
    with pytest.raises(NotSaved, match="could not be written: not a directory"):
        talk.end(END, "exit")
    (tmp_path / "history").unlink()


def test_journal_that_another_process_holds_is_trouble_and_no_more(library: Library) -> None:
    held = library.open("简说Python", ID)
    talk = Talk(session(), library)
    said(talk, 1)
    assert trouble(talk) is SessionInUse
    with pytest.raises(NotSaved, match="open in another chatcmd"):
        talk.end(END, "exit")
    held.close(remove=False)
    said(talk, 2)
    assert trouble(talk) is None
    assert talk.end(END, "exit") is not None


def test_folder_that_was_removed_is_made_again(library: Library) -> None:
    talk = Talk(session(), library)
    said(talk, 1)
    library.folder.rename(library.folder.with_name("moved"))
    said(talk, 2)
    assert talk.trouble is None
    (found,) = killed(talk, library)
    assert contents(found.session) == contents(session(2))


@pytest.mark.parametrize(
    ("turns", "width", "sentences"),
    [
        ([0, 1], 80, ["turn 1 left the window, 1 in all (see /context): 问题 1"]),
        ([2, 2], 80, ["turns 1 to 2 left the window, 2 in all (see /context): 问题 1; 问题 2"]),
        ([1, 3], 80, [f"turn 1 {REST[0]}", "turns 2 to 3 left the window, 3 in all (see /context): 问题 2; 问题 3"]),
        ([3, 1, 2], 80, [f"turns 1 to 3 {REST[1]}", f"turn 2 {REST[2]}"]),
        ([2], 20, ["turns 1 to 2 left t…"]),
        ([1, 12], 40, ["turn 1 left the window, 1 in all", "turns 2 to 12 left the window, 12 in all"]),
        ([2], 60, ["turns 1 to 2 left the window, 2 in all (see /context): 问题…"]),
        ([12], 60, ["turns 1 to 12 left the window, 12 in all (see /context): 问…"]),
    ],
)
def test_which_turns_left_the_window_is_one_line_at_any_width(
    turns: list[int], width: int, sentences: list[str]
) -> None:
    talk = Talk(session(12), None)
    said = [sentence for left in turns for sentence in talk.left_out(left, width)]
    assert said == sentences
    assert all(cells(sentence) <= width for sentence in said)


def test_questions_that_left_are_quoted_clean_and_short() -> None:
    talk = Talk(session().with_turn(Turn(question("\x1b[2J\n\u202e" + "长" * 9000), answer("a"))), None)
    (sentence,) = talk.left_out(1, 200)
    assert clean_line(sentence) == sentence
    assert sentence.endswith("(see /context): ␛[2J <U+202E>" + "长" * 13 + "…")


def killed(talk: Talk, library: Library) -> list[Recovered]:
    """Let the process of a talk be killed, and recover what it left."""
    assert talk._journal is not None
    let_go(talk._journal)
    return list(library.recover())
