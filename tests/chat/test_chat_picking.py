"""A saved session, or a hit in one, is picked from a list in the chat and at the start: type, choose, Enter."""

import re
import signal
import threading
from pathlib import Path

import pytest

from chatcmd.conversation.message import Turn
from chatcmd.history.library import Library
from tests.bench.histories import RARE, fill
from tests.chat.stage import Keys, Stage
from tests.history.made import answer, question, saved, session
from tests.hostile import HOSTILE
from tests.terminal_driver import Terminal


def told(stage: Stage, number: int, title: str, *texts: str, user: str = "anna") -> Path:
    """Save a session of these questions and answers."""
    made = session(session_id=f"202601{number:02}T000000Z-{number:04x}", user=user, title=title)
    for asked, answered in zip(texts[::2], texts[1::2], strict=True):
        made = made.with_turn(Turn(question(asked), answer(answered)))
    return saved(Library(stage.root / "history"), made)


@pytest.fixture
def three(offline: Stage) -> Stage:
    told(offline, 1, "about pythons", "how long is a python", "Very long.")
    told(offline, 2, "机器学习", "什么是梯度下降", "梯度下降是一种优化算法。", user="bo")
    told(offline, 3, "dinner", "what shall I cook", "A soup of snakes and ladders.")
    return offline


def picking(terminal: Terminal, command: str = "/resume") -> Terminal:
    """Wait for the prompt, give a command, and wait until something was found."""
    terminal.expect("【anna】")
    terminal.line(command)
    terminal.expect_screen(lambda text: " found" in text)
    return terminal


def shown(terminal: Terminal, *parts: str, without: tuple[str, ...] = ()) -> str:
    return terminal.expect_screen(
        lambda text: all(part in text for part in parts) and not any(part in text for part in without)
    )


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_session_is_found_by_typing_and_gone_on_with(three: Stage, language: str, columns: int) -> None:
    with three.terminal("-u", "anna", "--lang", language, columns=columns) as terminal:
        terminal.expect("【anna】")
        terminal.line("/resume")
        shown(terminal, "dinner", "about pythons", "机器学习")
        terminal.send("梯度")
        shown(terminal, "机器学习", without=("dinner", "pythons"))
        terminal.send("\r")
        shown(terminal, "【bo】什么是梯度下降", "优化算法", without=("Esc",))
        terminal.expect("【bo】")
        terminal.line("0")
        assert terminal.wait() == 0
    assert b"\x1b[?1049l" in terminal.bytes
    assert terminal.modes() == terminal.first_modes


@pytest.mark.parametrize("leave", ["\x1b", "\x03", "\x07", "\x04"])
def test_leaving_leaves_no_trace_and_changes_nothing(three: Stage, leave: str) -> None:
    files = {path: path.read_bytes() for path in three.files()}
    with picking(three.terminal("-u", "anna")) as terminal:
        terminal.send(leave)
        shown(terminal, "【anna】", without=("dinner", "Esc leaves"))
        terminal.line("0")
        assert terminal.wait() == 0
    assert {path: path.read_bytes() for path in three.files()} == files


def test_arrows_choose_and_the_preview_follows(three: Stage) -> None:
    with picking(three.terminal("-u", "anna")) as terminal:
        shown(terminal, "A soup of snakes")
        terminal.send("\x1b[B")
        shown(terminal, "Very long.", without=("A soup",))
        terminal.send("\x1b[F")
        shown(terminal, "优化算法", without=("Very long.",))
        terminal.send("\x1b[H\x1b[6~\x1b[5~\x1b[A")
        shown(terminal, "A soup of snakes", without=("优化算法",))
        terminal.send("\x1b[B\r")
        terminal.expect("going on with 'about pythons' of anna, after turn 1")


def test_enter_takes_what_was_typed_last_however_fast(three: Stage) -> None:
    with picking(three.terminal("-u", "anna")) as terminal:
        terminal.send("pythons\r")
        terminal.expect("going on with 'about pythons' of anna, after turn 1")


def test_nothing_is_taken_where_nothing_was_found(three: Stage) -> None:
    with picking(three.terminal("-u", "anna")) as terminal:
        terminal.send("nowhere\r")
        shown(terminal, "nothing was found", without=("dinner",))
        terminal.send("\x15")
        shown(terminal, "dinner")


@pytest.mark.parametrize(("rows", "columns"), [(1, 10), (2, 20), (3, 40), (6, 200), (40, 41)])
def test_list_stands_at_any_size(three: Stage, rows: int, columns: int) -> None:
    with picking(three.terminal("-u", "anna")) as terminal:
        terminal.resize(rows, columns)
        terminal.send("pythons")
        if rows > 1:
            shown(terminal, "about pyt", without=("dinner",))
        terminal.resize(24, 100)
        shown(terminal, "about pythons", "Very long.", "1 found")
        terminal.send("\r")
        terminal.expect("going on with 'about pythons'")


def test_long_list_scrolls_and_says_that_there_is_more(offline: Stage) -> None:
    fill(offline.root / "history", 60)
    with picking(offline.terminal("-u", "anna")) as terminal:
        shown(terminal, "50 found, and there are more")
        before = terminal.screen[1]
        terminal.send("\x1b[F")
        terminal.expect_screen(lambda text: before not in text)


def test_start_lets_a_session_be_picked(three: Stage) -> None:
    with three.terminal("-r", "--plain", "--lang", "en", env={"TERM": "dumb"}) as terminal:
        terminal.expect("number, or words to look for, or nothing to leave:")
        assert re.search(r" 1 +\S+ \S+ +anna +dinner", terminal.text)
        terminal.line("梯度")
        terminal.expect("机器学习")
        terminal.expect("nothing to leave:")
        terminal.line("1")
        terminal.expect("going on with '机器学习' of bo, after turn 1")
    with three.terminal("-r", "-u", "bo") as terminal:
        shown(terminal, "机器学习", "1 found", without=("dinner",))
        terminal.send("\r")
        terminal.expect("going on with '机器学习' of bo, after turn 1")
    with three.terminal("-r") as terminal:
        shown(terminal, "机器学习", "anna", "3 found")
        terminal.send("\x1b")
        assert terminal.wait() == 0


def test_picked_session_is_copied_where_that_is_wanted(three: Stage) -> None:
    with three.terminal("-r", "--fork", "-u", "bo") as terminal:
        shown(terminal, "机器学习")
        terminal.send("\r")
        terminal.expect("going on in a branch of '机器学习' of bo")


@pytest.mark.parametrize(("words", "lines"), [(("-r",), "hi\n"), (("-u", "anna"), "/resume\n")])
def test_pipe_is_told_to_name_a_session(three: Stage, words: tuple[str, ...], lines: str) -> None:
    done = three.pipe(lines, *words)
    assert done.code == 2
    assert "chatcmd history list" in done.err


def test_nothing_to_pick_is_said(offline: Stage) -> None:
    with offline.terminal("-u", "anna") as terminal:
        terminal.expect("【anna】")
        terminal.line("/resume")
        terminal.expect("nothing is saved yet, so there is nothing to go on with")


@pytest.mark.parametrize("name", ["20260103", "dinner", "-1"])
async def test_named_session_is_gone_on_with(three: Stage, name: str) -> None:
    talked = await three.talk("hello", f"/resume {name}", "0", user="anna")
    assert "going on with 'dinner' of anna, after turn 1" in talked.notes
    assert len(three.sessions("anna")) == 3, "what was said before is saved"


async def test_sessions_of_others_are_found_by_name_too(three: Stage) -> None:
    talked = await three.talk("/resume 20260102", "0", user="anna")
    assert "going on with '机器学习' of bo, after turn 1" in talked.notes


async def test_names_are_completed(three: Stage) -> None:
    talked = await three.talk(user="anna")
    from chatcmd.slash.registry import complete  # noqa: PLC0415

    talked.app.switch_to("anna")
    offered = {offer.text: offer.help for offer in complete(talked.app, "/resume 2026")}
    assert offered == {"20260103T000000Z-0003": "dinner", "20260101T000000Z-0001": "about pythons"}
    assert [offer.text for offer in complete(talked.app, "/resume 20260102")] == ["20260102T000000Z-0002"]


async def test_session_that_is_picked_goes_on(three: Stage) -> None:
    await three.talk(keyboard=Keys(["/resume", "and then?", "0"]), user="anna")
    [dinner] = [each for each in three.sessions("anna") if each["title"] == "dinner"]
    assert [each["content"] for each in dinner["messages"] if each["role"] == "user"] == [
        "what shall I cook",
        "and then?",
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_get_through_and_the_screen_is_given_back(three: Stage, number: signal.Signals) -> None:
    with picking(three.terminal("-u", "anna")) as terminal:
        terminal.signal(number)
        if number is signal.SIGINT:
            shown(terminal, "stopped", "【anna】", without=("dinner",))
            terminal.line("0")
        assert terminal.wait() == (0 if number is signal.SIGINT else 128 + number)
        assert terminal.modes() == terminal.first_modes
    assert terminal.bytes.count(b"\x1b[?1049h") == terminal.bytes.count(b"\x1b[?1049l") == 1


def test_terminal_that_vanishes_ends_it(three: Stage) -> None:
    with picking(three.terminal("-u", "anna")) as terminal:
        terminal.close_master()
        assert terminal.wait() == 129


# /search


def test_hit_is_opened_where_it_was_said(offline: Stage) -> None:
    texts = [text for number in range(1, 41) for text in (f"question {number}", f"answer {number}.")]
    told(offline, 4, "a long one", *texts[:8], "where is the needle", "in the haystack", *texts[10:])
    with picking(offline.terminal("-u", "anna", rows=40), "/search needle") as terminal:
        shown(terminal, "where is the needle", "turn 5, question:")
        terminal.send("\r")
        shown(terminal, "【anna】question 4", "【anna】where is the needle", "answer 6.", without=("question 7",))
        terminal.expect("these were turns 4 to 6 of 40; go on from here in a copy with: /fork 5")
        terminal.expect("going on with 'a long one' of anna, after turn 40")


def test_search_is_refined_while_it_is_typed(three: Stage) -> None:
    with picking(three.terminal("-u", "anna"), "/search snakes") as terminal:
        shown(terminal, "A soup of snakes and ladders")
        terminal.send("\x15")
        shown(terminal, "type what to look for")
        terminal.send("优化")
        shown(terminal, "梯度下降是一种优化算法", "bo")
        terminal.send("\r")
        terminal.expect("going on with '机器学习' of bo, after turn 1")


def test_pipe_lists_hits_with_their_sessions(three: Stage) -> None:
    done = three.pipe("/search snakes\n/search nowhere\n", "-u", "anna")
    assert done.code == 0
    assert re.search(r"20260103T000000Z-0003  .*  anna  dinner\n  turn 1, answer: A soup of snakes", done.out)
    assert "nothing was found" in done.err
    assert "there is nothing to look for" in three.pipe("/search\n", "-u", "anna").err


def test_no_history_is_kept_and_none_is_searched(three: Stage) -> None:
    for command in ("/resume", "/search snakes"):
        assert "nothing is kept with --no-save" in three.pipe(f"{command}\n", "-u", "anna", "--no-save").err


def test_hostile_sessions_are_inert_in_the_list(offline: Stage) -> None:
    for number, text in enumerate(list(HOSTILE.values())[:28], 1):
        told(offline, number, f"x {text}", f"needle {text}", text)
    with picking(offline.terminal("-u", "anna", columns=60), "/resume") as terminal:
        for _each in range(28):
            terminal.send("\x1b[B")
        terminal.send("\x1b")
        shown(terminal, "【anna】", without=("Esc leaves",))
        terminal.line("/search needle")
        shown(terminal, "found")
        terminal.send("\x1b[F")
        shown(terminal, "needle")
        terminal.send("\x1b")
        terminal.expect("【anna】")
    assert not re.search(
        "\x1b\\](?![02];)|\x1b[P_^Xc]|[\x80-\x9f\u202e\u2066]|\x1b\\[[?]?(?:3J|1000|47)", terminal.bytes.decode()
    )


def test_big_history_is_indexed_while_the_list_is_there(offline: Stage) -> None:
    fill(offline.root / "history", 3000)
    with picking(offline.terminal("-u", "anna")) as terminal:
        shown(terminal, "50 found, and there are more")
        terminal.send(RARE)
        text = shown(terminal, RARE, " found", without=("looking",))
        assert "nothing was found" not in text
        terminal.send("\x1b")
        terminal.expect("【anna】")


# The index in the background


def test_index_is_made_while_the_prompt_waits(offline: Stage) -> None:
    fill(offline.root / "history", 250)
    index = offline.root / "history" / "index.sqlite3"
    with offline.terminal("-u", "anna") as terminal:
        terminal.expect("【anna】")
        for _each in range(1000):
            if index.exists():
                break
            threading.Event().wait(0.01)
        assert index.exists()
        before = terminal.text
        terminal.line("0")
        assert terminal.wait() == 0
    assert terminal.text.startswith(before.rstrip()[:40]), "nothing was said of it"


def test_pipe_makes_no_index_on_its_way(offline: Stage) -> None:
    fill(offline.root / "history", 250)
    assert offline.pipe("hi\n0\n", "-u", "anna").code == 0
    assert not (offline.root / "history" / "index.sqlite3").exists()
