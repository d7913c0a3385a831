"""A fault of ours at every step: told in one sentence and reported, the prompt back, nothing lost.

What is sampled here, by a fixed rule, is done at every line by `python -m tests.own_faults`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatcmd import app
from chatcmd.cli import parser, watching
from chatcmd.cli.history import listing
from chatcmd.conversation.reply import Reply
from chatcmd.desk import Desk
from chatcmd.errors import Exit
from chatcmd.history import library
from chatcmd.slash.registry import commands, complete
from chatcmd.terminal.live import Live
from chatcmd.terminal.prompt import keys
from tests.chat.stage import Stage
from tests.injected import (
    LINE,
    SAVING,
    SENTENCE,
    START,
    TURN,
    Orders,
    answered,
    echoing,
    first_line,
    functions,
    piped,
    shown,
    spread,
    told,
)
from tests.terminal_driver import Terminal

pytestmark = pytest.mark.faults(47)

TWO_USERS = ("anna", "q1", "/user bo", "q2", "0")


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Stage]:
    with echoing() as server:
        yield Stage(tmp_path / "root", server)


@pytest.fixture
def orders(tmp_path: Path) -> Orders:
    return Orders(tmp_path / "orders")


def test_fault_in_any_function_of_a_turn_costs_no_other_turn(echo: Stage, orders: Orders) -> None:
    piped(echo, orders.argv(TURN), ["q1", "q2", "q3", "0"], "-u", "anna")
    places = spread(functions(each for each in orders.reached() if each.stage == 2), 24)
    assert len({each.where.split("/")[0] for each in places}) >= 6  # of all layers
    at = {2 * number: place.where for number, place in enumerate(places, 1)}
    questions = [f"question {number}" for number in range(1, 2 * len(places) + 2)]
    done = piped(echo, orders.argv(TURN, places=at), [*questions, *["more"] * 9, "0"], "-u", "anna")
    assert orders.raised() == list(at.values())
    assert told(done, echo) == []
    assert done.err.count(SENTENCE) == len(places)
    assert len(shown(done.out)) > len(places)


def test_fault_in_any_slash_command_gives_the_prompt_back(echo: Stage, orders: Orders) -> None:
    at = {number: first_line(command.run) for number, command in enumerate(commands().values(), 2)}
    words = [{"exit": "0", "reset": "1"}.get(name, f"/{name}") for name in commands()]
    done = piped(echo, orders.argv(LINE, places=at), ["first", *words, "last", "0"], "-u", "anna")
    assert orders.raised() == list(at.values())
    assert told(done, echo) == []
    assert done.err.count(SENTENCE) == len(words)
    assert answered(echo) == [("first", "to first"), ("last", "to last")]
    reports = [path.read_text() for path in (echo.root / "logs").iterdir()]
    assert {f"while: /{name}\n" in report for name in commands() for report in reports} == {True, False}
    assert all(any(f"while: /{name}\n" in report for report in reports) for name in commands())


def test_fault_while_all_is_saved_loses_nothing(echo: Stage, orders: Orders) -> None:
    piped(echo, orders.argv(SAVING), TWO_USERS)
    for number, place in enumerate(spread(functions(orders.reached()), 3)):
        again = Stage(echo.root.with_name(f"again {number}"), echo.server)
        done = piped(again, orders.argv(SAVING, places={1: place.where}), TWO_USERS)
        assert orders.raised() == [place.where]
        assert told(done, again) == []
        assert done.err.count(SENTENCE) == 1
        assert sorted(answered(again)) == [("q1", "to q1"), ("q2", "to q2")]


def test_fault_before_the_first_prompt_is_one_sentence_and_exit_code_1(echo: Stage, orders: Orders) -> None:
    piped(echo, orders.argv(START, TURN), ["q1", "0"], "-u", "anna")
    places = spread(functions(each for each in orders.reached() if each.stage == 1), 5)[:4]
    for number, place in enumerate(places):
        again = Stage(echo.root.with_name(f"again {number}"), echo.server)
        done = piped(again, orders.argv(START, TURN, places={1: place.where}), ["q1", "0"], "-u", "anna")
        assert orders.raised() == [place.where]
        assert done.code == Exit.NO
        assert (done.out, done.err.count("\n"), done.err.count(SENTENCE)) == ("", 1, 1)
        assert len(list((again.root / "logs").iterdir())) == 1


@pytest.mark.parametrize(
    ("words", "function"),
    [
        (["history", "list"], listing.run),
        (["history", "show", "-1"], library.Library.read),
        (["ask", "what?"], app.App.ask_in),
        (["replay", "-1", "--instant"], watching.show),
        (["replay", "-1", "--against", "gpt-4o"], app.App.ask_in),
        (["--version", "--root"], parser.Parser.error),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_fault_in_any_command_is_one_sentence_a_report_and_exit_code_1(
    echo: Stage, orders: Orders, words: list[str], function: Callable[..., Any]
) -> None:
    assert echo.pipe("said before\n0\n", "-u", "anna").code == Exit.DONE
    done = piped(echo, orders.argv(START, places={1: first_line(function)}), [], *words)
    assert len(orders.raised()) == 1
    assert (done.code, done.err.count(SENTENCE)) == (Exit.NO, 1)
    assert told(done, echo) == []
    [report] = (echo.root / "logs").iterdir()
    assert str(report) in done.err
    assert "said before" not in report.read_text()


def test_run_that_leaves_no_trace_leaves_no_report(echo: Stage, orders: Orders) -> None:
    at = {1: first_line(app.App.ask_in)}
    done = piped(echo, orders.argv(TURN, places=at), ["q1", "q2", "0"], "-u", "anna", "--no-save")
    assert (done.code, done.err.count(SENTENCE), done.err.count("logs")) == (Exit.NO, 1, 0)
    assert shown(done.out) == [("q2", "to q2")]
    assert not echo.root.exists()


@pytest.mark.faults(47, 49)
@pytest.mark.parametrize("fault", ["MemoryError", "KeyError", "TimeoutError", "StopAsyncIteration"])
def test_fault_of_any_class_in_mid_answer_keeps_what_came(echo: Stage, orders: Orders, fault: str) -> None:
    at = {2: first_line(Reply.turn)}
    done = piped(echo, orders.argv(TURN, places=at, fault=fault), ["q1", "q2", "q3", "0"], "-u", "anna")
    assert orders.raised() == [at[2]]
    assert told(done, echo) == []
    assert answered(echo) == [(each, f"to {each}") for each in ("q1", "q2", "q3")]
    scarce = "the system has no more to give (no memory is left); close what is not needed, and try again\n"
    assert done.err.count(scarce if fault == "MemoryError" else SENTENCE) == 1


def test_fault_of_keys_bar_menu_and_drawing_gives_the_prompt_back_with_what_was_typed(
    echo: Stage, orders: Orders
) -> None:
    at = {
        1: first_line(Desk.bar),
        2: first_line(complete),
        3: first_line(keys._send_when_whole),
        4: first_line(Live.follow),
    }
    with Terminal([*orders.argv(LINE, places=at), "-u", "anna"], env=echo.environ) as terminal:
        terminal.expect(SENTENCE, timeout=30)
        terminal.send("/he\t")
        terminal.expect(SENTENCE)
        terminal.expect_screen(lambda text: "【anna】/he\n" in text.rpartition(SENTENCE)[2])
        terminal.send("\x03first\r")
        terminal.expect(SENTENCE)
        terminal.expect_screen(lambda text: "【anna】first\n" in text.rpartition(SENTENCE)[2])
        terminal.send("\r")
        terminal.expect(SENTENCE, timeout=30)
        terminal.expect_screen(lambda text: "【anna】first\n" in text.rpartition(SENTENCE)[2])
        terminal.send("\x15second\r")
        terminal.expect("to second")
        terminal.line("0")
        assert terminal.wait() == 0
        assert orders.raised() == list(at.values())
        assert "Traceback" not in terminal.output
        assert "Press ENTER" not in terminal.output
        assert terminal.modes() == terminal.first_modes
    assert answered(echo) == [("second", "to second")]
