"""/save and /rename: the file is whole while the session goes on, and a kill loses nothing of either."""

import json
from pathlib import Path

import pytest

from chatcmd.history import file
from chatcmd.history.library import Library
from chatcmd.talk import Talk
from tests.chat.stage import Stage
from tests.history.made import ID, contents, full_disk, let_go, on_a_full_disk, session, tree, turn
from tests.history.pipe_chat import PipeChat
from tests.terminal_driver import CHATCMD, run


def listed(stage: Stage) -> str:
    return run([*CHATCMD, "history", "list"], env=stage.environ).out


def questions(stage: Stage) -> list[list[str]]:
    return [[each["content"] for each in found["messages"] if each["role"] == "user"] for found in stage.sessions()]


async def test_save_says_where_and_the_session_goes_on(offline: Stage) -> None:
    talked = await offline.talk("q1", "/save", "q2", "/save", user="u")
    [found] = offline.sessions()
    path = f"{offline.root}/history/u/{found['id']}.json"
    assert talked.notes.splitlines() == [f"saved: {path}"] * 3
    assert (questions(offline), found["ended_by"]) == ([["q1", "q2"]], "exit")


def test_what_was_saved_is_a_whole_file_while_the_session_lives(offline: Stage) -> None:
    with PipeChat([*CHATCMD, "-u", "u"], env=offline.environ) as chat:
        chat.lines("q1", "/save")
        chat.expect("saved: ")
        [found] = offline.sessions()
        assert [each["content"] for each in found["messages"]][1] == "q1"
        assert "ended" not in found
        assert sorted(path.suffix for path in offline.files()) == [".json", ".jsonl"]
        assert "  q1 (open now)\n" in listed(offline)
        chat.finish()


@pytest.mark.parametrize("more", [[], ["q2"], ["q2", "/save", "q3"]])
def test_a_kill_after_saving_loses_nothing_and_doubles_nothing(offline: Stage, more: list[str]) -> None:
    with PipeChat([*CHATCMD, "-u", "u"], env=offline.environ) as chat:
        chat.lines("q1", "/save", *more, "/status")
        chat.expect("root ")
        assert chat.kill() == -9
    offline.pipe("", "-u", "u")
    [found] = offline.sessions()
    assert questions(offline) == [["q1", *(line for line in more if line != "/save")]]
    assert found["ended_by"] == "recovered"
    assert [path.suffix for path in offline.files()] == [".json"]


def test_a_journal_whose_beginning_was_damaged_after_saving_doubles_nothing(tmp_path: Path) -> None:
    library = Library(tmp_path)
    talk = Talk(session(), library)
    for number in (1, 2):
        talk.asked(turn(number).question)
        talk.answered(turn(number))
    talk.save()
    talk.asked(turn(3).question)
    talk.answered(turn(3))
    assert talk._journal is not None
    path = let_go(talk._journal)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([b"damaged", *lines[1:]]))
    (found,) = library.recover()
    assert contents(found.session) == contents(session(3))


def test_a_disk_that_is_full_when_saving_is_told_and_the_journal_goes_on(library: Library) -> None:
    talk = Talk(session(), library)
    talk.asked(turn(1).question)
    talk.answered(turn(1))
    size = talk._journal._size if talk._journal else 0
    with full_disk(size + 200), pytest.raises(Exception, match="could not be written: file too large"):
        talk.save()
    talk.asked(turn(2).question)
    talk.answered(turn(2))
    assert talk.trouble is None
    assert talk.save() == library.path_of("简说Python", ID)
    assert talk.end("2026-11-20T22:00:00.000Z", "exit") is not None
    assert list(tree(library.folder)) == [f"简说Python/{ID}.json"]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def test_a_full_disk_in_the_chat_is_one_sentence(offline: Stage) -> None:
    done = run(on_a_full_disk(1100, [*CHATCMD, "-u", "u"]), b"q1\n/save\n0\n", env=offline.environ)
    assert "could not be written: file too large" in done.err
    assert "Traceback" not in done.err
    assert done.code == 3


async def test_a_session_gone_on_with_is_saved_only_when_something_was_said(offline: Stage) -> None:
    await offline.talk("q1", user="u")
    [path] = offline.files()
    before = path.read_bytes()
    done = offline.pipe("/save\n", "-c", "-u", "u")
    assert f"saved: {path}\n" in done.err
    assert path.read_bytes() == before


# Titles


async def test_a_title_is_shown_listed_and_found(offline: Stage) -> None:
    talked = await offline.talk("/rename", "q1", "/rename", "/rename  水仙花 numbers ", "/rename", "q2", user="u")
    assert [line for line in talked.out.splitlines() if "title" in line] == [
        "this session has no title yet",
        "the title is: q1",
        "the title is: 水仙花 numbers",
    ]
    assert "the title is: 水仙花 numbers\n" in talked.notes
    assert offline.sessions()[0]["title"] == "水仙花 numbers"
    assert "  水仙花 numbers\n" in listed(offline)
    assert "q2" in run([*CHATCMD, "history", "show", "水仙花 numbers"], env=offline.environ).out


async def test_a_title_given_before_the_first_question_stays(offline: Stage) -> None:
    await offline.talk("/rename mine", "q1", "q2", "/undo 2", "q3", user="u")
    assert [found["title"] for found in offline.sessions()] == ["mine", "mine"]
    await offline.talk("/rename nothing was said", user="u")
    assert len(offline.sessions()) == 2


async def test_a_title_is_kept_as_typed_and_shown_clean(offline: Stage) -> None:
    talked = await offline.talk("q", "/rename a\x1b]0;evil\x07b", user="u")
    assert "\x1b" not in talked.notes
    assert offline.sessions()[0]["title"] == "a\x1b]0;evil\x07b"
    assert "\x1b" not in listed(offline)


@pytest.mark.parametrize("before", [[], ["-c"]])
def test_a_title_survives_a_kill(offline: Stage, before: list[str]) -> None:
    if before:
        offline.pipe("q1\n", "-u", "u")
    with PipeChat([*CHATCMD, *before, "-u", "u"], env=offline.environ) as chat:
        chat.lines(*([] if before else ["q1"]), "/rename first", "/rename 第二")
        chat.expect("the title is: 第二")
        assert chat.kill() == -9
    assert "  第二\n" in listed(offline)
    [found] = offline.sessions()
    assert (found["title"], found["renamed"], found["ended_by"]) == ("第二", 2, "recovered")
    assert questions(offline) == [["q1"]]


def test_a_title_given_after_saving_survives_a_kill(offline: Stage) -> None:
    with PipeChat([*CHATCMD, "-u", "u"], env=offline.environ) as chat:
        chat.lines("q1", "/rename first", "/save", "/rename later")
        chat.expect("the title is: later")
        [path] = [path for path in offline.files() if path.suffix == ".json"]
        assert json.loads(path.read_bytes())["title"] == "first"
        assert chat.kill() == -9
    assert "  later\n" in listed(offline)


def test_a_file_that_is_later_than_its_journal_is_left_alone(library: Library) -> None:
    talk = Talk(session(), library)
    talk.asked(turn(1).question)
    talk.answered(turn(1))
    talk.renamed("later")
    assert talk._journal is not None
    journal = let_go(talk._journal)
    older = b"".join(journal.read_bytes().splitlines(keepends=True)[:3])
    file.write(journal.with_suffix(".json"), talk.session.ended_at("2026-11-20T22:00:00.000Z", "exit"))
    journal.write_bytes(older)
    before = journal.with_suffix(".json").read_bytes()
    assert list(library.recover()) == []
    assert tree(library.folder) == {f"简说Python/{ID}.json": before}
