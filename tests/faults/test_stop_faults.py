"""Rows 22, 23, 40 and 41: Ctrl-C, signals, a terminal that vanishes, a reader that goes away."""

import random
import signal
import threading
from collections.abc import Callable

import pytest

from tests.faults.scene import NAME, PROMPT, Said, Scene
from tests.loopback import FAULTS, Loopback
from tests.terminal_driver import CHATCMD, Terminal

STOPPED = "what came is kept and marked interrupted"
MOMENTS = 8
"""How many Ctrl-C come behind a command that saves, each somewhat later than the one before."""


@pytest.mark.faults(22)
def test_ctrl_c_gives_the_prompt_back_while_the_server_still_holds_on(scene: Scene, server: Loopback) -> None:
    silent, half, limited = (FAULTS[name] for name in scene.row.replies)
    with scene.chat() as chat:
        chat.well()
        server.answer(silent)
        chat.terminal.line("anyone?")
        server.wait_for_request(2)
        chat.interrupt()
        chat.given_back("anyone?", "stopped before the first word")
        server.wait_for(lambda: len(server.aborts) == 1)
        server.answer(half)
        chat.terminal.line("and now?")
        chat.terminal.expect("partial")
        chat.interrupt()
        chat.terminal.expect(STOPPED)
        chat.prompt()
        scene.said.append(Said(NAME, "and now?", "partial ", "interrupted"))
        server.wait_for(lambda: len(server.aborts) == 2)
        server.answer(limited)
        chat.terminal.line("too often?")
        chat.terminal.expect("asked again in 89 s")
        chat.interrupt()
        chat.given_back("too often?", "stopped before the first word")
        assert len(server.chats) == 4
        chat.leave()


@pytest.mark.faults(23)
def test_ctrl_c_while_something_is_saved_harms_nothing_and_twice_leaves(scene: Scene) -> None:
    dice = random.Random(23)
    with scene.chat() as chat:
        chat.well()
        for number in range(MOMENTS):
            chat.ask(f"what of moment {number}?")
            chat.terminal.line(dice.choice(["/save", "/rename moment", "/new"]))
            # The moment is what is tried out: nothing else could be waited for.
            threading.Event().wait(0.002 * number)
            chat.interrupt()
            chat.terminal.expect(PROMPT)
            chat.terminal.line(f"still there, {number}?")
            chat.terminal.expect(f"An answer to 'still there, {number}?'.")
            chat.prompt()
            scene.said.append(Said(NAME, f"still there, {number}?", None))
        chat.well()
        chat.interrupt()
        chat.terminal.expect("Ctrl-C again leaves")
        chat.prompt()
        chat.interrupt()
        chat.terminal.expect("saved: ")
        chat.ends(0)
    assert scene.journals() == []


def idle(_scene: Scene, terminal: Terminal) -> None:
    terminal.send("a draft")
    terminal.expect("a draft")


def in_mid_answer(scene: Scene, terminal: Terminal) -> None:
    scene.server.answer(FAULTS["hang_mid"])
    terminal.line("go on?")
    terminal.expect("partial")
    scene.said.append(Said(NAME, "go on?", "partial ", "interrupted"))


def while_saving(_scene: Scene, terminal: Terminal) -> None:
    terminal.line("/save")
    terminal.expect("saved: ")
    terminal.line("1")


@pytest.mark.faults(40)
@pytest.mark.parametrize(
    ("number", "moment", "words"),
    [
        (signal.SIGTERM, idle, ()),
        (signal.SIGTERM, in_mid_answer, ()),
        (signal.SIGTERM, while_saving, ("--plain",)),
        (signal.SIGHUP, idle, ("--plain",)),
        (signal.SIGHUP, in_mid_answer, ("--plain",)),
        (signal.SIGHUP, while_saving, ()),
    ],
)
def test_signal_ends_it_with_all_saved_and_the_terminal_as_it_was(
    scene: Scene, number: int, moment: Callable[[Scene, Terminal], None], words: tuple[str, ...]
) -> None:
    with scene.chat(*words, offline=moment is not in_mid_answer) as chat:
        chat.well()
        moment(scene, chat.terminal)
        chat.terminal.signal(number)
        chat.ends(128 + number)
    assert scene.journals() == []
    scene.next_start()


@pytest.mark.faults(41)
@pytest.mark.parametrize("moment", [idle, in_mid_answer])
def test_terminal_that_vanishes_ends_it_with_all_saved(scene: Scene, moment: Callable[[Scene, Terminal], None]) -> None:
    with scene.chat(offline=moment is not in_mid_answer) as chat:
        chat.well()
        moment(scene, chat.terminal)
        chat.vanish()
        chat.ends(129)
    assert scene.journals() == []
    scene.next_start()


@pytest.mark.faults(41)
def test_reader_of_a_pipe_that_goes_away_ends_it_quietly_with_all_saved(scene: Scene) -> None:
    lines = "".join(f"q{number}\n" for number in range(200)).encode()
    done = scene.pipe(
        lines,
        "-u",
        NAME,
        "--offline",
        program=["bash", "-c", '"$@" | head -n 1; exit ${PIPESTATUS[0]}', "bash", *CHATCMD],
        code=141,
        said=[Said(NAME, "q0", None, "interrupted")],
    )
    assert (done.out, done.err) == ("【u】q0\n", "")
