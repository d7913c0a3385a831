"""Rows 47 and 49: an exception in our own code, and a system that has no more to give."""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatcmd.conversation.reply import SPARE
from tests.faults.meddled import CALLS, QUOTED
from tests.faults.scene import NAME, Chat, Said, Scene
from tests.loopback import FAULTS, Loopback
from tests.terminal_driver import PYTHON

BROKEN = "something went wrong inside chatcmd"
MEGABYTE = 1 << 20

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what a program holds is not told here")


def meddled(how: str) -> list[str]:
    return [PYTHON, "-m", "tests.faults.meddled", how]


# Where it is raised, and what is typed to get there.
STEPS = {
    "before the question is recorded": ("meter.py:fit", "one?"),
    "before the answer": ("provider/offline.py:stream", "two?"),
    "in mid-answer": ("conversation/thinking.py:feed", "three?"),
    "behind the answer": ("meter.py:learn", "four?"),
    "in a command": ("slash/status.py:status", "/status"),
    "in another": ("slash/context.py:context", "/context"),
}


@pytest.mark.faults(47)
def test_fault_of_ours_costs_neither_session_nor_prompt_and_is_reported(scene: Scene) -> None:
    env = {CALLS: " ".join(place for place, _ in STEPS.values())}
    with scene.chat(program=meddled("calls_raising"), env=env, offline=True) as chat:
        for _, typed in STEPS.values():
            chat.terminal.line(typed)
            chat.terminal.expect(BROKEN)
            chat.prompt()
            chat.terminal.send("\x15")
        chat.leave()
    reports = [path for path in (scene.root / "logs").iterdir() if path.suffix == ".txt"]
    assert len(reports) == len(STEPS)
    assert {path.stat().st_mode & 0o777 for path in reports} == {0o600}
    assert (scene.root / "logs").stat().st_mode & 0o777 == 0o700
    told = [path.read_text("utf-8") for path in reports]
    assert all("RuntimeError" in each and "chatcmd/" in each for each in told)
    assert not [each for each in told if QUOTED in each or "three?" in each or str(scene.root) in each]


@contextmanager
def limited(chat: Chat, kind: int, most: int) -> Iterator[None]:
    """Let the running program have no more of something, for a while."""
    before = resource.prlimit(chat.terminal.pid, kind)
    resource.prlimit(chat.terminal.pid, kind, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(chat.terminal.pid, kind, before)


def descriptors(chat: Chat) -> int:
    """Tell the highest descriptor that the program has open."""
    return max(int(each.name) for each in Path(f"/proc/{chat.terminal.pid}/fd").iterdir())


def memory(chat: Chat) -> int:
    """Tell how many bytes the program has taken of its addresses."""
    found = re.search(r"^VmSize:\s+(\d+) kB", Path(f"/proc/{chat.terminal.pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


@pytest.mark.faults(49)
def test_chat_without_a_descriptor_left_goes_on_and_saves_when_there_is_one(scene: Scene) -> None:
    with scene.chat() as chat:
        chat.well()
        with limited(chat, resource.RLIMIT_NOFILE, descriptors(chat) + 1):
            chat.terminal.line("/export -")
            chat.terminal.expect("the system has no more to give (too many open files)")
            chat.prompt()
            chat.terminal.send("\x15")
            chat.ask("no room?")
            chat.terminal.line("/user w")
            chat.terminal.expect("too many open files")
        chat.terminal.expect("【")
        chat.terminal.send("\x15/user u\r")
        chat.prompt()
        chat.leave()


@pytest.mark.faults(49)
def test_chat_without_memory_left_goes_on_and_saves(scene: Scene, server: Loopback) -> None:
    # Its allocator would else have set aside more for its threads than a whole answer takes.
    with scene.chat("--plain", env={"MALLOC_ARENA_MAX": "1"}) as chat:
        chat.well()
        with limited(chat, resource.RLIMIT_AS, memory(chat) + SPARE + MEGABYTE // 4):
            server.answer(FAULTS["flood"])
            chat.terminal.line("too much?")
            chat.terminal.expect("no memory is left", 30)
            chat.prompt()
        scene.said.append(Said(NAME, "too much?", None, "incomplete"))
        chat.leave()


@pytest.mark.faults(49)
def test_chat_without_threads_goes_on_at_a_terminal_and_says_so_in_a_pipe(scene: Scene) -> None:
    with scene.chat(program=meddled("threads_refused"), offline=True) as chat:
        chat.ask("one?")
        chat.command("/status", "offline demo")
        chat.leave()
    done = scene.pipe("two?\n", "-u", NAME, "--offline", program=meddled("threads_refused"), code=1)
    assert "no thread can be started" in done.err  # lines of a pipe are read beside the loop


@pytest.mark.faults(49)
def test_question_that_no_thread_can_carry_is_given_back(scene: Scene) -> None:
    with scene.chat(program=meddled("threads_refused")) as chat:
        chat.gives_back("one?", "no thread can be started")
        chat.command("/model", "counted exactly")
        chat.terminal.line("0")
        chat.ends(1)  # the loop cannot even end its threads; there was nothing to save
    scene.next_start()
