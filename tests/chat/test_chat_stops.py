"""Ctrl-C, Ctrl-D, signals and a terminal that vanishes: what was said is saved, and the terminal is as it was."""

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chat.stage import Stage, said, spoken
from tests.loopback import FAULTS, Loopback, gated, say
from tests.terminal_driver import CHATCMD, PYTHON, Terminal

pytestmark = pytest.mark.faults(22, 23, 40, 41)

ROOT = Path(__file__).parents[2]
ALONE = {"NO_COLOR": "1", "CHATCMD_BAR": "false"}
"""What makes the line the last thing on the screen."""


def begin(terminal: Terminal, *questions: str) -> None:
    """Give a name, and ask questions that the server answers at once."""
    terminal.expect("Your name:")
    terminal.line("u")
    for question in questions:
        terminal.expect("【u】")
        terminal.line(question)
        terminal.expect("【ChatGPT】")
    terminal.expect("【u】")


def test_ctrl_c_stops_gives_back_clears_and_leaves_at_the_second_time(stage: Stage, server: Loopback) -> None:
    gate = gated(["one ", "two ", "three"])
    server.answer(gate, FAULTS["hang_headers"], say("better"), say("again"), say("last"))
    with stage.terminal(env=ALONE) as terminal:
        begin(terminal)
        # In mid-answer: what came is kept.
        terminal.line("count")
        gate.release()
        terminal.expect("【ChatGPT】one")
        terminal.send("\x03")
        terminal.expect("stopped; what came is kept and marked interrupted\n")
        assert server.closed_by_peer.wait(5)
        terminal.expect("【u】")
        # Before the first word: the question is there to be edited.
        terminal.line("hello")
        server.wait_for_request(2)
        terminal.send("\x03")
        terminal.expect("stopped before the first word\n【u】hello")
        server.wait_for(lambda: len(server.aborts) == 2)
        terminal.send("!\r")
        terminal.expect("better\n")
        terminal.expect("【u】")
        # With text on the line: it goes, and Up brings it back.
        terminal.send("a draft")
        terminal.expect("a draft")
        terminal.send("\x03")
        terminal.expect_screen(lambda text: text.endswith("【u】"))
        terminal.send("\x1b[A")
        terminal.expect_screen(lambda text: text.endswith("【u】a draft"))
        terminal.line("")
        terminal.expect("again\n")
        terminal.expect("【u】")
        # Once on an empty line does not leave, twice does.
        terminal.send("\x03")
        terminal.expect("Ctrl-C again leaves")
        terminal.expect("【u】")
        terminal.line("a line between")
        terminal.expect("last\n")
        terminal.expect("【u】")
        terminal.send("\x03")
        terminal.expect("Ctrl-C again leaves")
        terminal.expect("【u】")
        terminal.send("\x03")
        terminal.expect("saved: ")
        assert terminal.wait() == 0
        assert terminal.modes() == terminal.first_modes
    [session] = stage.sessions()
    told = ["count", "one ", "hello!", "better", "a draft", "again", "a line between", "last"]
    assert spoken(session) == said(*told)
    assert stage.requests[1] == said("count", "one ", "hello")
    assert [each["status"] for each in session["messages"][2::2]] == ["interrupted", *["complete"] * 3]
    assert session["ended_by"] == "exit"


def test_ctrl_c_at_the_first_question_leaves_no_file(stage: Stage, server: Loopback) -> None:
    server.answer(FAULTS["hang_headers"])
    with stage.terminal(env=ALONE) as terminal:
        begin(terminal)
        terminal.line("hello")
        server.wait_for_request()
        terminal.send("\x03")
        terminal.expect("stopped before the first word\n【u】hello")
        terminal.send("\x03")
        terminal.expect_screen(lambda text: text.endswith("【u】"))
        terminal.send("\x04")
        assert terminal.wait() == 0
        assert "Traceback" not in terminal.output
    assert stage.files() == []


def test_ctrl_c_without_the_line_editor_loses_no_line(stage: Stage, server: Loopback) -> None:
    gate = gated(["one ", "two"])
    server.answer(gate, say("fine"))
    with stage.terminal("--plain") as terminal:
        begin(terminal)
        terminal.line("count")
        gate.release()
        terminal.expect("【ChatGPT】one")
        terminal.send("\x03")
        terminal.expect("stopped")
        terminal.expect("【u】")
        terminal.send("\x03")
        terminal.expect("Ctrl-C again leaves")
        terminal.expect("【u】")
        terminal.line("next")
        terminal.expect("fine\n")
        terminal.expect("【u】")
        terminal.send("\x04")
        assert terminal.wait() == 0
    [session] = stage.sessions()
    assert spoken(session) == said("count", "one ", "next", "fine")


def test_sigint_from_outside_is_a_ctrl_c(offline: Stage) -> None:
    with offline.terminal() as terminal:
        begin(terminal, "q")
        terminal.signal(signal.SIGINT)
        terminal.expect("Ctrl-C again leaves")
        terminal.expect("【u】")
        terminal.signal(signal.SIGINT)
        assert terminal.wait() == 0
        assert "Traceback" not in terminal.output
    assert [each["ended_by"] for each in offline.sessions()] == ["exit"]


def test_ctrl_d_leaves_as_0_does(offline: Stage) -> None:
    with offline.terminal() as terminal:
        begin(terminal, "q")
        terminal.send("\x04")
        terminal.expect("saved: ")
        assert terminal.wait() == 0
        assert terminal.modes() == terminal.first_modes
    assert [each["ended_by"] for each in offline.sessions()] == ["exit"]


def at_the_name(terminal: Terminal) -> bool:
    terminal.expect("Your name:")
    return False


def at_the_prompt(terminal: Terminal) -> bool:
    begin(terminal, "q")
    return True


def with_a_draft(terminal: Terminal) -> bool:
    begin(terminal, "q")
    terminal.send("a draft")
    terminal.expect("a draft")
    return True


IDLE = [
    (at_the_name, signal.SIGTERM, ()),
    (at_the_prompt, signal.SIGHUP, ()),
    (with_a_draft, signal.SIGTERM, ()),
    (at_the_prompt, signal.SIGTERM, ("--plain",)),
]


@pytest.mark.parametrize(("moment", "number", "words"), IDLE)
def test_signal_while_idle_saves_and_restores_the_terminal(
    offline: Stage, moment: Callable[[Terminal], bool], number: int, words: tuple[str, ...]
) -> None:
    with offline.terminal(*words) as terminal:
        asked = moment(terminal)
        terminal.signal(number)
        check_ended(terminal, 128 + number)
    assert [each["ended_by"] for each in offline.sessions()] == ["signal"] * asked
    assert {path.suffix for path in offline.files()} <= {".json"}


def in_mid_answer(terminal: Terminal, server: Loopback) -> list[str]:
    server.answer(say("a"), FAULTS["hang_mid"])
    begin(terminal, "q")
    terminal.line("r")
    terminal.expect("partial")
    return ["q", "a", "r", "partial "]


def before_headers(terminal: Terminal, server: Loopback) -> list[str]:
    server.answer(say("a"), FAULTS["hang_headers"])
    begin(terminal, "q")
    terminal.line("r")
    server.wait_for_request(2)
    return ["q", "a"]


ASKING = [(in_mid_answer, signal.SIGTERM, ()), (before_headers, signal.SIGHUP, ("--plain",))]


@pytest.mark.parametrize(("moment", "number", "words"), ASKING)
def test_signal_while_asking_saves_what_came_and_restores_the_terminal(
    stage: Stage, server: Loopback, moment: Callable[[Terminal, Loopback], list[str]], number: int, words: tuple[str]
) -> None:
    with stage.terminal(*words) as terminal:
        told = moment(terminal, server)
        terminal.signal(number)
        check_ended(terminal, 128 + number)
    check_saved(stage, told)


def test_terminal_that_vanishes_in_mid_answer_ends_it_with_what_came(stage: Stage, server: Loopback) -> None:
    with stage.terminal() as terminal:
        told = in_mid_answer(terminal, server)
        terminal.close_master()
        assert terminal.wait() == 129
    check_saved(stage, told)


@pytest.mark.parametrize("words", [(), ("--plain",)])
def test_terminal_that_vanishes_while_idle_ends_it_even_when_nobody_says_so(
    offline: Stage, words: tuple[str, ...]
) -> None:
    unheard = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *CHATCMD, *words]
    with Terminal(unheard, env=offline.environ) as terminal:
        begin(terminal, "q")
        terminal.close_master()
        assert terminal.wait() == 129
    assert [each["messages"][1]["content"] for each in offline.sessions()] == ["q"]


@pytest.mark.parametrize("words", [[], ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]])
def test_terminal_that_vanishes_while_it_is_drawn_on_ends_it(offline: Stage, words: list[str]) -> None:
    with Terminal([*words, *CHATCMD], env=offline.environ) as terminal:
        begin(terminal, "q")
        # What it is told while it stands still comes all at once: it draws anew where nothing is any more.
        terminal.signal(signal.SIGSTOP)
        terminal.signal(signal.SIGWINCH)
        terminal.close_master()
        terminal.signal(signal.SIGCONT)
        assert terminal.wait() == 129
    assert [each["ended_by"] for each in offline.sessions()] == ["signal"]


VANISHING = """
import os, sys
from contextlib import suppress
from chatcmd.cli import main
from chatcmd.terminal.prompt import line_editor
Held = line_editor.Held
def held():
    print("now", flush=True)
    with suppress(OSError):
        while os.read(0, 1): pass
    return Held()
line_editor.Held = held
sys.exit(main())
"""


def test_terminal_that_vanishes_before_the_first_prompt_ends_it(offline: Stage) -> None:
    with Terminal(
        ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", PYTHON, "-c", VANISHING], env=offline.environ
    ) as terminal:
        terminal.expect("now")
        terminal.close_master()
        assert terminal.wait() == 129
    assert offline.sessions() == []


def check_ended(terminal: Terminal, code: int) -> None:
    assert terminal.wait() == code
    assert terminal.modes() == terminal.first_modes
    assert "Traceback" not in terminal.output
    assert "Fatal" not in terminal.output


def check_saved(stage: Stage, told: list[str]) -> None:
    assert [spoken(each) for each in stage.sessions()] == [said(*told)]
    assert [each["ended_by"] for each in stage.sessions()] == ["signal"]
    assert {path.suffix for path in stage.files()} == {".json"}


def test_interrupt_at_a_pipe_ends_it_with_what_came(stage: Stage, server: Loopback) -> None:
    server.answer(FAULTS["hang_mid"])
    with stage.open_pipe() as pipe:
        pipe.type("u\nq\n")
        assert pipe.shows("【u】q\n【ChatGPT】partial ")
        pipe.program.send_signal(signal.SIGINT)
        assert pipe.program.wait(10) == 130
        notes = pipe.stderr.read().decode()
    assert re.fullmatch(r"stopped; what came is kept and marked interrupted\nsaved: \S*/history/u/\S+\n", notes)
    check_saved(stage, ["q", "partial "])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_at_a_pipe_that_waits_for_a_line_saves(offline: Stage, number: int) -> None:
    with offline.open_pipe() as pipe:
        pipe.type("u\nq\n")
        assert pipe.shows("【u】q\n【ChatGPT】")
        while not pipe.stdout.readline().startswith(b"Your question was"):
            pass
        pipe.program.send_signal(number)
        assert pipe.program.wait(10) == 128 + number
        notes = pipe.stderr.read().decode()
    assert re.fullmatch(r"saved: \S*/history/u/\S+\n", notes)
    assert [each["ended_by"] for each in offline.sessions()] == ["signal"]


def headed(stage: Stage, lines: str, *words: str) -> tuple[int, str, str]:
    """Run the program with a reader that takes one line and goes; return its exit code, that line, and its notes."""
    script = '"$@" | head -n 1; exit ${PIPESTATUS[0]}'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *CHATCMD, *words],
        input=lines,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=dict(os.environ) | stage.environ | {"PYTHONPATH": str(ROOT)},
    )
    return done.returncode, done.stdout, done.stderr


def test_reader_that_goes_away_ends_it_quietly_with_all_saved(offline: Stage) -> None:
    code, out, notes = headed(offline, "".join(f"q{number}\n" for number in range(200)), "-u", "u")
    assert (code, out) == (141, "【u】q0\n")
    assert "Traceback" not in notes
    assert "BrokenPipe" not in notes
    [session] = offline.sessions()
    assert session["messages"][1]["content"] == "q0"
    assert session["ended_by"] == "signal"
    # More than a pipe holds, before the first line is read.
    path = next(path for path in offline.files() if path.suffix == ".json")
    path.write_text(path.read_text().replace('"content": "q0"', f'"content": "q0{" long" * 100_000}"'))
    before = path.read_bytes()
    code, out, notes = headed(offline, "", "-c")
    assert (code, out.partition("】")[0]) == (141, "【system")
    assert "Traceback" not in notes
    assert [path.read_bytes() for path in offline.files()] == [before]
