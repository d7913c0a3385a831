"""`chatcmd replay SESSION` and /replay as their user has them: at terminals of all kinds, and through pipes."""

import re
import signal
from pathlib import Path

import pytest

from chatcmd.conversation.message import Latency, Turn
from chatcmd.conversation.session import Session
from chatcmd.history.library import Library
from tests.chat.stage import Stage
from tests.history.made import answer, question, saved, session
from tests.hostile import raw_controls
from tests.terminal_driver import CHATCMD, Terminal

STILL = ("replay", "-1", "--speed", "0.01")
"""So slow that nothing comes but by a key."""

FAST = ("replay", "-1", "--speed", "1000")
SHOWN = """\
【system】一个有10年Python开发经验的资深算法工程师
【me】ask 1
【ChatGPT】answer 1
【me】ask 2
【ChatGPT】answer 2
【me】ask 3
【ChatGPT】answer 3
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path / "root")
    saved(Library(stage.root / "history"), three())
    return stage


def three() -> Session:
    made = session(user="me")
    for number in (1, 2, 3):
        said = answer(f"answer {number}", latency=Latency(first=0.5, total=2.0))
        made = made.with_turn(Turn(question(f"ask {number}"), said))
    return made


def rows(shown: str, turns: int) -> str:
    return "\n".join(shown.splitlines()[: 1 + 2 * turns])


def test_session_plays_to_its_end_and_leaves_the_terminal_as_it_was(stage: Stage) -> None:
    with stage.terminal(*FAST) as terminal:
        assert terminal.wait() == 0
        assert terminal.text == SHOWN.rstrip()
        assert terminal.modes() == terminal.first_modes


def test_keys_step_pause_change_the_speed_and_leave(stage: Stage) -> None:
    with stage.terminal(*STILL) as terminal:
        terminal.expect("turn 1 of 3, 0.01x space pauses, arrows step, q leaves")
        terminal.send(" ")
        terminal.expect("turn 1 of 3, 0.01x, paused space goes on, arrows step, q leaves")
        right, left, forward, back = "\x1b[C", "\x1b[D", "\x1bOC", "\x1bOD"  # as terminals send them in both modes
        for key, shown, turn in (
            (right, rows(SHOWN, 1), 1),
            (forward, rows(SHOWN, 2), 2),
            (right, rows(SHOWN, 3), 3),
            (left, rows(SHOWN, 2) + "\n【me】", 3),
            (back, rows(SHOWN, 1) + "\n【me】", 2),
            (right, rows(SHOWN, 2), 2),
        ):
            terminal.send(key)
            whole = f"{shown}\nturn {turn} of 3, 0.01x, paused  space goes on, arrows step, q leaves"
            terminal.expect_screen(whole.__eq__)
        terminal.send("+\x1b[A")
        terminal.expect("0.04x")
        terminal.send("\x1b[B")
        terminal.expect("0.02x")
        terminal.send("q")
        assert terminal.wait() == 0
        assert terminal.text == rows(SHOWN, 2)
        assert terminal.modes() == terminal.first_modes


@pytest.mark.parametrize("key", ["q", "\x1b", "\x03", "\x04"])
def test_leaving_early_is_no_failure_and_leaves_no_status(stage: Stage, key: str) -> None:
    with stage.terminal(*STILL) as terminal:
        terminal.expect("turn 1 of 3")
        terminal.send("\x1b[C")
        terminal.expect("answer 1")
        terminal.send(key)
        assert terminal.wait() == 0
        assert "turn" not in terminal.text
        assert terminal.modes() == terminal.first_modes


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_end_it_with_the_terminal_as_it_was(stage: Stage, number: int, code: int) -> None:
    with stage.terminal(*STILL) as terminal:
        terminal.expect("turn 1 of 3")
        terminal.signal(number)
        assert terminal.wait() == code
        assert "turn" not in terminal.text
        assert terminal.modes() == terminal.first_modes


def test_terminal_that_vanishes_ends_it(stage: Stage) -> None:
    with stage.terminal(*STILL) as terminal:
        terminal.expect("turn 1 of 3")
        terminal.close_master()
        assert terminal.wait() == 129


def test_keys_and_pastes_that_mean_nothing_do_nothing(stage: Stage) -> None:
    with stage.terminal(*STILL) as terminal:
        terminal.expect("turn 1 of 3")
        terminal.send("x\r\t\x01\x1b[5~0")
        terminal.paste("q and\nmore")
        terminal.send(" ")
        terminal.expect("paused")
        terminal.send("q")
        assert terminal.wait() == 0


@pytest.mark.parametrize("plain", [("--plain",), ()])
def test_plain_terminal_gets_no_escape_sequence_and_ctrl_c_leaves(stage: Stage, plain: tuple[str, ...]) -> None:
    environ = {} if plain else {"TERM": "dumb"}
    with stage.terminal(*FAST, *plain, env=environ) as terminal:
        assert terminal.wait() == 0
        assert terminal.text == SHOWN.rstrip()
        assert b"\x1b" not in terminal.bytes
    with stage.terminal(*STILL, *plain, env=environ) as terminal:
        terminal.expect("【system】")
        terminal.send("\x03")
        assert terminal.wait() == 0
        assert terminal.modes() == terminal.first_modes


def test_colours_stay_away_where_they_are_not_wanted(stage: Stage) -> None:
    with stage.terminal(*FAST, env={"NO_COLOR": "1"}) as terminal:
        assert terminal.wait() == 0
        assert re.search(rb"\x1b\[[0-9;]*m", terminal.bytes) is None
        assert terminal.text == SHOWN.rstrip()


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 5), (3, 20)])
def test_tiny_terminals_hold_what_they_can(stage: Stage, rows: int, columns: int) -> None:
    with stage.terminal(*FAST, rows=rows, columns=columns) as terminal:
        assert terminal.wait() == 0
        said = re.sub(r"\s", "", terminal.output)
        assert re.search("answer1.*answer2.*answer3", said)


def test_screen_that_changes_its_size_meanwhile_loses_nothing(stage: Stage) -> None:
    with stage.terminal(*STILL) as terminal:
        terminal.expect("turn 1 of 3")
        terminal.send(" ")
        for turn, speed, size in (1, "0.02", (12, 40)), (2, "0.04", (30, 100)), (3, "0.08", (24, 80)):
            terminal.send("\x1b[C")
            terminal.expect(f"answer {turn}\n")
            terminal.send("+")  # whose drawing is the last one, and seen to be
            terminal.expect(f"turn {turn} of 3, {speed}x, paused")
            terminal.resize(*size)
        terminal.send("q")
        assert terminal.wait() == 0
        assert [line for line in terminal.screen if "ask" in line or "answer" in line] == SHOWN.splitlines()[1:]
        assert "turn" not in terminal.text


def test_terminal_whose_input_is_elsewhere_is_played_to_without_keys(stage: Stage) -> None:
    words = ["sh", "-c", f"exec {' '.join(CHATCMD)} {' '.join(FAST)} </dev/null"]
    with Terminal(words, env=stage.environ) as terminal:
        assert terminal.wait() == 0
        assert terminal.text == SHOWN.rstrip()


@pytest.mark.parametrize("words", [("replay", "-1"), ("replay", "-1", "--instant"), ("history", "show", "-1"), FAST])
def test_pipe_is_given_the_transcript_alone(stage: Stage, words: tuple[str, ...]) -> None:
    done = stage.pipe("", *words)
    assert (done.code, done.out, done.err) == (0, SHOWN, "")


def test_all_of_it_is_there_at_once_when_that_is_wanted(stage: Stage) -> None:
    with stage.terminal("replay", "-1", "--instant") as terminal:
        assert terminal.wait() == 0
        assert terminal.text == SHOWN.rstrip()
        assert "turn 1" not in terminal.output


def test_pipe_with_a_speed_is_paced_and_ctrl_c_says_that_it_was_cut(stage: Stage) -> None:
    with stage.open_pipe(*STILL) as pipe:
        assert pipe.shows(SHOWN.splitlines()[0])
        pipe.program.send_signal(signal.SIGINT)
        assert pipe.program.wait(10) == 130


def test_reader_that_goes_away_ends_it(stage: Stage) -> None:
    with stage.open_pipe("replay", "-1", "--speed", "1") as pipe:
        pipe.stdout.close()
        assert pipe.program.wait(10) == 141


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("replay", "nowhere"), 3, "no session is called 'nowhere'; see: chatcmd history list"),
        (("replay", "-1", "-u", "you"), 3, "no session of you is called '-1'; see: chatcmd history list"),
        (("replay", "-1", "--speed", "0"), 2, "--speed '0': must be a number from 0.01 to 1000, such as 4"),
        (("replay", "-1", "--speed", "nan"), 2, "--speed 'nan': must be a number from 0.01 to 1000, such as 4"),
        (("replay", "-1", "--speed=fast"), 2, "--speed 'fast': must be a number from 0.01 to 1000, such as 4"),
    ],
)
def test_what_cannot_be_played_is_said_in_one_sentence(
    stage: Stage, words: tuple[str, ...], code: int, sentence: str
) -> None:
    done = stage.pipe("", *words)
    assert (done.code, done.out, done.err) == (code, "", f"chatcmd: {sentence}\n")


def test_answers_are_laid_out_as_the_chat_lays_them_out_and_obey_nothing(stage: Stage) -> None:
    said = answer("# Head\n\n- *one*\n\n\x1b[2J\x9b31m\u202eevil", latency=Latency(first=0.1, total=0.2))
    saved(
        Library(stage.root / "history"),
        session(session_id="29991231T000000Z-0000").with_turn(Turn(question("q"), said)),
    )
    with stage.terminal(*FAST) as watched, stage.terminal("replay", "-1", "--instant") as shown:
        assert watched.wait() == shown.wait() == 0
        assert watched.text == shown.text
        assert " • one" in watched.text
        assert "<U+202E>evil" in watched.text
        own = re.sub(rb"\x1b\[\??[0-9;]*[AJKMhlm]", b"", watched.bytes)
        assert raw_controls(own) == []


# In the chat


def test_chat_is_watched_from_within_and_goes_on_where_it_was(stage: Stage) -> None:
    with stage.terminal("-u", "you", env={"CHATCMD_BAR": "false"}) as terminal:
        terminal.expect("【you】")
        terminal.line("/replay")
        terminal.expect("nothing was said in this session yet; name a saved one: /replay -1")
        terminal.expect("【you】")
        terminal.line("hello")
        terminal.expect("Your question was: hello")
        terminal.expect("【you】")
        terminal.line("/replay --speed 0.01")
        terminal.expect("turn 1 of 1, 0.01x")
        terminal.send("\x1b[C")
        terminal.expect("Your question was: hello")
        terminal.expect("this was a replay; your session goes on")
        terminal.expect("【you】")
        terminal.line("/replay --speed=0.01")
        terminal.expect("turn 1 of 1, 0.01x")
        terminal.send("q")
        terminal.expect("this was a replay; your session goes on")
        terminal.expect("【you】")
        terminal.line("/replay --speed 0.01")
        terminal.expect("turn 1 of 1, 0.01x")
        terminal.send("\x03")
        terminal.expect("stopped")
        terminal.expect("【you】")
        terminal.line("more")
        terminal.expect("Your question was: more")
        terminal.expect("【you】")
        assert "turn 1 of 1" not in terminal.text
        terminal.line("0")
        assert terminal.wait() == 0
        assert terminal.modes() == terminal.first_modes
    assert [len(each["messages"]) for each in stage.sessions("you")] == [5]


def test_pipe_watches_a_saved_session_by_name_at_once(stage: Stage) -> None:
    done = stage.pipe("me\n/replay -1\n/replay ask 1 --instant\n/replay ask 9\n/replay --speed 0 -1\n0\n")
    assert done.out.count(SHOWN) == 2
    assert "no session is called 'ask 9'" in done.err
    assert "--speed '0': must be a number" in done.err


def test_chat_that_keeps_nothing_watches_nothing_saved(stage: Stage) -> None:
    done = stage.pipe("me\n/replay -1\n0\n", "--no-save")
    assert "nothing is kept with --no-save, so no saved session can be watched" in done.err
