"""The loop by a clock of its own: when Ctrl-C leaves, and what an end means."""

from pathlib import Path

import pytest

from chatcmd.clock import Clock
from chatcmd.errors import Exit, OurFault
from chatcmd.repl import MOST_FAULTS, TWICE_SECONDS
from chatcmd.terminal import EndOfInput, Interrupted, ReaderGone
from tests.chat.stage import Key, Keys, Stage, exact_server

unsaid = OurFault.unsaid


class Turned(Clock):
    """A clock whose seconds pass as a test turns them."""

    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds

    def after(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def offline(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "root")


@pytest.mark.parametrize(
    ("between", "leaves"),
    [(0.0, True), (TWICE_SECONDS, True), (TWICE_SECONDS + 0.001, False), (3600.0, False)],
)
async def test_second_ctrl_c_leaves_only_when_it_comes_soon(offline: Stage, between: float, *, leaves: bool) -> None:
    clock = Turned()
    script: list[Key] = ["q", Interrupted(), lambda: clock.after(between), Interrupted(), "r", "0"]
    talked = await offline.talk(keyboard=Keys(script), clock=clock, user="u")
    assert talked.code == Exit.DONE
    assert talked.notes.count("Ctrl-C again leaves, and saves; so does 0") == (1 if leaves else 2)
    [session] = offline.sessions()
    assert [each["content"] for each in session["messages"][1::2]] == (["q"] if leaves else ["q", "r"])
    assert session["ended_by"] == "exit"


async def test_line_between_two_ctrl_c_starts_the_count_again(offline: Stage) -> None:
    keys = Keys(["q", Interrupted(), "", Interrupted(), "r", Interrupted(), Interrupted(), "never asked"])
    talked = await offline.talk(keyboard=keys, clock=Turned(), user="u")
    assert talked.code == Exit.DONE
    assert [each["content"] for each in offline.sessions()[0]["messages"][1::2]] == ["q", "r"]


async def test_ctrl_c_at_the_name_prompt_counts_too(offline: Stage) -> None:
    keys = Keys([Interrupted(), "anna", Interrupted(), Interrupted(), "never asked"])
    talked = await offline.talk(keyboard=keys, clock=Turned())
    assert [prompt for prompt, _ in keys.asked] == ["Your name: ", "Your name: ", "【anna】", "【anna】"]
    assert talked.code == Exit.DONE


@pytest.mark.parametrize(
    ("end", "code", "ended_by"),
    [(EndOfInput(), Exit.DONE, "exit"), (ReaderGone(Exit.HANGUP), Exit.HANGUP, "signal")],
)
async def test_end_saves_everyone_who_is_live(offline: Stage, end: Exception, code: Exit, ended_by: str) -> None:
    talked = await offline.talk(keyboard=Keys(["anna", "q", "/user bo", "q", end]))
    assert talked.code == code
    assert [(each["user"], each["ended_by"]) for each in offline.sessions()] == [("anna", ended_by), ("bo", ended_by)]


async def test_fault_at_the_prompt_is_told_and_the_prompt_comes_back(offline: Stage) -> None:
    talked = await offline.talk(keyboard=Keys(["anna", "q", *[ZeroDivisionError()] * MOST_FAULTS, "r", "0"]))
    assert talked.notes.count("something went wrong inside chatcmd (ZeroDivisionError); the chat goes on") == 3
    assert [each["content"] for each in offline.sessions()[0]["messages"][1::2]] == ["q", "r"]


async def test_prompt_that_fails_again_and_again_ends_the_chat_with_everyone_saved(offline: Stage) -> None:
    with pytest.raises(ZeroDivisionError):
        await offline.talk(keyboard=Keys(["anna", "q", "/user bo", "q", *[ZeroDivisionError()] * (MOST_FAULTS + 1)]))
    assert [each["ended_by"] for each in offline.sessions()] == ["signal", "signal"]


async def test_fault_where_nothing_can_be_said_is_told_before_the_next_prompt(offline: Stage) -> None:
    talked = await offline.talk(keyboard=Keys(["anna", lambda: unsaid.append(OurFault(KeyError("q"))), "q", "r", "0"]))
    assert talked.notes.count("something went wrong inside chatcmd (KeyError); the chat goes on") == 1
    assert unsaid == []


async def test_history_that_cannot_be_written_is_told_and_ends_with_3(offline: Stage) -> None:
    (offline.root / "history").mkdir(parents=True)
    (offline.root / "history" / "u").write_text("a file where the folder should be")
    talked = await offline.talk("q", "r", user="u")
    assert talked.out.count("Your question was: ") == 2
    assert talked.notes.count("the chat goes on in memory and tries again at every turn") == 1
    assert talked.code == Exit.HISTORY


async def test_no_save_makes_no_file(tmp_path: Path) -> None:
    commands = ["/undo", "/retry", "/new", "/user bo", "/persona default", "/users", "1", "v"]
    lines = [line for command in commands for line in (command, "q")]
    with exact_server() as server:
        talked = await Stage(tmp_path / "root", server).talk("q", *lines, user="u", save=False)
        assert len(server.chats) == 10
    assert talked.code == Exit.DONE
    assert "saved" not in talked.notes
    assert not (tmp_path / "root").exists()
