"""A turn that fails leaves the session as it was; an answer that breaks off is kept and marked."""

import re
import socket

import pytest

from chatcmd.errors import Exit
from tests.chat.stage import Keys, Stage, said, spoken
from tests.loopback import FAULTS, Loopback, error, say

# The fault, and a word of what is said about it.
NOTHING_CAME = {
    "401": "refused the key",
    "403": "forbids this",
    "404": "does not have the model",
    "429quota": "quota",
    "500for_good": "failed (500)",
    "200html": "web page",
    "200errjson": "upstream is busy",
    "307out": "redirects",
}
RETRY = " (/retry asks the question again)"
BROKEN_OFF = ["rst_mid", "cut_chunked", "cut_clean", "eof_nolen", "bad_json", "err_obj", "err_str", "err_event"]


@pytest.mark.parametrize("fault", NOTHING_CAME)
async def test_failed_turn_leaves_the_session_and_gives_the_question_back(
    stage: Stage, server: Loopback, fault: str
) -> None:
    server.answer(say("a"), FAULTS[fault], say("b"))
    keys = Keys(["first", "second", "second, edited", "0"])
    talked = await stage.talk(user="u", keyboard=keys)
    assert keys.asked == [("【u】", ""), ("【u】", ""), ("【u】", "second"), ("【u】", "")]
    assert NOTHING_CAME[fault] in talked.notes
    assert talked.code == Exit.DONE  # whoever sat there saw it
    assert stage.requests == [
        said("first"),
        said("first", "a", "second"),
        said("first", "a", "second, edited"),
    ]
    [session] = stage.sessions()
    assert spoken(session) == said("first", "a", "second, edited", "b")


async def test_refused_connection_and_too_long_a_question_leave_no_file(stage: Stage, server: Loopback) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    long = "多" * 4096
    keys = Keys([long, "short", "0"])
    talked = await stage.talk(user="u", keyboard=keys, base_url=nowhere)
    assert [text for _, text in keys.asked] == ["", long, "short"]
    assert "the question does not fit: persona and question alone need" in talked.notes
    assert "3,072 are free (a window of 4,096 less 1,024 kept for the answer)" in talked.notes
    assert "cannot reach 127.0.0.1" in talked.notes
    assert server.requests == []
    assert stage.files() == []


@pytest.mark.parametrize("fault", BROKEN_OFF)
async def test_broken_off_answer_is_kept_and_the_next_question_goes_on(
    stage: Stage, server: Loopback, fault: str
) -> None:
    server.answer(FAULTS[fault], say("whole"))
    talked = await stage.talk("q", "r", user="u")
    assert talked.out == "【u】q\n【ChatGPT】partial \n【u】r\n【ChatGPT】whole\n"
    assert talked.notes.count(f"; what came is kept and marked incomplete{RETRY}\n") == 1
    assert talked.code == Exit.PROVIDER
    assert stage.requests[1] == said("q", "partial ", "r")
    [session] = stage.sessions()
    assert [each["status"] for each in session["messages"][2::2]] == ["incomplete", "complete"]
    assert spoken(session) == said("q", "partial ", "r", "whole")


async def test_broken_off_answer_is_asked_for_again_as_is_said_also_where_nothing_is_kept(
    stage: Stage, server: Loopback
) -> None:
    server.answer(FAULTS["cut_clean"], say("whole"))
    talked = await stage.talk("q", "/retry", user="u", save=False)
    assert talked.notes.count(f"; try again{RETRY}\n") == 1
    assert stage.requests == [said("q")] * 2


async def test_answer_without_a_word_is_told_and_not_kept(stage: Stage, server: Loopback) -> None:
    server.answer(say("", pieces=[]))
    talked = await stage.talk("q", user="u")
    assert "gave an empty answer (stop)" in talked.notes
    assert talked.code == Exit.PROVIDER
    assert stage.files() == []


def test_pipe_goes_on_after_a_failure_and_ends_with_4(stage: Stage, server: Loopback) -> None:
    server.answer(FAULTS["500for_good"], say("b"))
    done = stage.pipe("u\nfirst\nsecond\n")
    assert (done.code, done.out) == (4, "【u】first\n【u】second\n【ChatGPT】b\n")
    assert "failed (500)" in done.err
    assert "Traceback" not in done.err
    [session] = stage.sessions()
    assert spoken(session) == said("second", "b")
    assert session["title"] == "second"


def test_failed_question_stands_in_the_line_again(stage: Stage, server: Loopback) -> None:
    server.answer(FAULTS["401"], say("b"))
    with stage.terminal("-u", "u", env={"NO_COLOR": "1"}) as terminal:
        terminal.expect("【u】")
        terminal.line("为什么")
        terminal.expect("127.0.0.1")
        terminal.expect("refused the key (it comes from OPENAI_API_KEY)")
        terminal.expect("【u】为什么")
        terminal.send("呢\r")
        terminal.expect("【ChatGPT】b\n")
        terminal.expect("【u】")
        terminal.line("quit")
        assert terminal.wait() == 0
    assert [spoken(each) for each in stage.sessions()] == [said("为什么呢", "b")]


@pytest.mark.parametrize(
    ("finish", "word"), [("length", "cut at its longest length"), ("content_filter", "content filter cut the answer")]
)
async def test_cut_answer_is_told_and_kept(stage: Stage, server: Loopback, finish: str, word: str) -> None:
    server.answer(say("half", finish=finish))
    talked = await stage.talk("q", user="u")
    assert talked.notes.count(word) == 1
    assert stage.sessions()[0]["messages"][2]["finish_reason"] == finish
    assert talked.code == Exit.DONE


async def test_count_that_differs_is_shown(stage: Stage, server: Loopback) -> None:
    server.answer(say("a"), say("b", count=lambda _: 900))
    talked = await stage.talk("q", "r", user="u")
    told = re.findall(r"^the server counted 900 prompt tokens, we counted (at most )?\d+$", talked.notes, re.MULTILINE)
    assert len(told) == 1


async def test_left_out_parameter_is_told_once(stage: Stage, server: Loopback) -> None:
    refusal = error(400, "Unsupported parameter: 'seed'", error_code="unsupported_parameter", param="seed")
    server.answer(refusal, say("a"), say("b"))
    talked = await stage.talk("q", "r", user="u", seed="1")
    assert talked.notes.count("gpt-3.5-turbo does not take seed; it is left out from now on\n") == 1
    assert ["seed" in request.body for request in server.chats] == [True, False, False]
    assert [each["content"] for each in stage.sessions()[0]["messages"][2::2]] == ["a", "b"]


async def test_turns_that_leave_the_window_are_told_once_a_change(stage: Stage, server: Loopback) -> None:
    server.default = say("一" * 300)
    questions = ["二" * 300] * 7
    talked = await stage.talk(*questions, user="u")
    dropped = [each["window"]["dropped"] for each in stage.sessions()[0]["messages"][2::2]]
    told = [line for line in talked.notes.splitlines() if "left the window" in line]
    assert len(told) == len(set(dropped) - {0}) > 1
    assert told[0].startswith("turn 1 left the window, 1 in all (see /context): 二二二")
    assert told[1].startswith("turn 2 left the window, 2 in all (see /context): 二二二")
    assert [len(request) for request in stage.requests] == [
        2 + 2 * (place - gone) for place, gone in enumerate(dropped)
    ]
    assert len(stage.sessions()[0]["messages"]) == 1 + 2 * 7


async def test_smaller_window_of_the_server_is_learned_and_told(stage: Stage, server: Loopback) -> None:
    server.answer(say("a"), FAULTS["400ctx"], say("b"))
    talked = await stage.talk("q", "r", user="u")
    assert "asking once more with less" in talked.notes
    assert stage.requests[1:] == [said("q", "a", "r"), said("r")]
    assert spoken(stage.sessions()[0]) == said("q", "a", "r", "b")
    assert talked.code == Exit.DONE
