"""A disk that locks no files, as some network ones: the chat goes on, and says what is not to be done meanwhile."""

import os
import re
from pathlib import Path

import pytest

from chatcmd.history import file
from chatcmd.history.library import Library
from tests.history.aftermath import CHAT, asked
from tests.history.made import ID, abandoned, saved, session
from tests.history.pipe_chat import PipeChat
from tests.terminal_driver import CHATCMD, PYTHON, run

pytestmark = pytest.mark.faults(36)

RISK = "do not open a session in two chatcmds at once"
NOT_YET = f"session {ID} may be open in another chatcmd (its disk locks no files); try again in a minute"


def unlocked(root: Path, *words: str, error: str = "ENOLCK") -> list[str]:
    return [PYTHON, "-m", "tests.history.unlocked_disk", error, str(root), *words]


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP", "EIO", "ENOSYS"])
def test_chat_goes_on_and_says_once_what_not_to_do(error: str, tmp_path: Path) -> None:
    done = run(unlocked(tmp_path, *CHAT, error=error), "一\n二\n1\nv\n三\n".encode())
    assert done.code == 0, done.err
    assert done.err.count(RISK) == 1
    assert re.search(rf"the disk of {tmp_path}/history locks no files \([\w/ ]+\): ", done.err)
    assert sorted(asked(tmp_path)) == sorted(["一", "二", "三"])
    assert list(tmp_path.rglob("*.jsonl")) == []


def test_live_session_of_another_is_left_to_it_by_whoever_starts(tmp_path: Path) -> None:
    with PipeChat(unlocked(tmp_path, *CHAT)) as first:
        first.lines("一")
        first.expect("Your question was: 一")
        other = run(unlocked(tmp_path, "--offline", "--no-stream", "-u", "v"), "二\n".encode())
        assert (other.code, "recovered" in other.err) == (0, False)
        first.lines("三", "四")
        first.expect("【u】四\n")  # by then the second answer is on the disk
        (live,) = tmp_path.rglob("*.jsonl")
        assert first.kill() == -9
    resumed = run(unlocked(tmp_path, *CHAT, "--resume", live.stem))
    assert (resumed.code, "is called" in resumed.err) == (3, True)  # it has no file yet
    os.utime(live, (0, 0))  # nobody has talked for long
    done = run(unlocked(tmp_path, *CHAT))
    assert "recovered what was left unsaved" in done.err
    assert asked(tmp_path / "history" / "u")[:2] == ["一", "三"]


def test_session_that_may_be_open_is_not_gone_on_with_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    path = saved(library, session(1))
    live = abandoned(library, session(2), "没有回答")
    before = live.read_bytes()
    done = run(unlocked(tmp_path, *CHAT[:2], "--resume", ID), "又一问\n".encode())
    assert (done.code, live.read_bytes()) == (3, before)
    assert NOT_YET in done.err
    os.utime(live, (0, 0))
    done = run(unlocked(tmp_path, *CHAT[:2], "--resume", ID), "又一问\n".encode())
    assert done.code == 0, done.err
    assert [turn.question.content for turn in file.read(path).turns] == ["问题 1", "问题 2", "又一问"]


def test_two_in_one_session_leave_a_whole_file_and_the_last_one_is_right(tmp_path: Path) -> None:
    path = saved(Library(tmp_path / "history"), session(1))
    argv = unlocked(tmp_path, *CHAT[:2], "--resume", ID)
    with PipeChat(argv) as first, PipeChat(argv) as second:
        first.expect("going on with")
        second.expect("going on with")  # before the other has said anything: later it would be refused
        for number in range(4):
            for name, chat in (("甲", first), ("乙", second)):
                chat.lines(f"{name}{number}")
                chat.expect(f"Your question was: {name}{number}")
        assert first.finish() == 0, first.text
        second.lines("乙4")
        second.expect("Your question was: 乙4")
        assert second.finish() == 0, second.text
        assert RISK in first.text
        assert RISK in second.text
    assert [turn.question.content for turn in file.read(path).turns] == [
        "问题 1",
        *(f"乙{number}" for number in range(5)),
    ]
    assert run([*CHATCMD, "history", "verify", "--root", str(tmp_path)]).code == 0
