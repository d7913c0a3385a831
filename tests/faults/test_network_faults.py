"""Rows 1 to 15: the way to the server, what it refuses, and what breaks off, at a terminal."""

import re

import pytest

from tests.faults.invariants import KEY
from tests.faults.scene import NAME, Said, Scene, answer_to
from tests.loopback import FAULTS, Loopback, error, sse, too_long
from tests.replies import OPENING, event

INCOMPLETE = "what came is kept and marked incomplete"


def statuses(scene: Scene) -> dict[str, str]:
    return {each.question: each.status for each in scene.saved()}


@pytest.mark.faults(1)
def test_server_that_is_not_there_is_named_with_the_reason_and_the_question_is_kept(scene: Scene) -> None:
    nobody = f'base_url = "http://127.0.0.1:1/v1"\nkey = "{KEY}"'
    nowhere = f'base_url = "http://{"a" * 64}.invalid/v1"\nkey = "{KEY}"'  # refused before anyone is asked for it
    scene.settings(f"[providers.nobody]\n{nobody}", f"[providers.nowhere]\n{nowhere}")
    with scene.chat() as chat:
        chat.well()
        chat.command("/model nobody/m", "its window is not known")
        chat.gives_back("anyone?", "(try 3 of 3)", "cannot reach 127.0.0.1:1", "connection refused")
        chat.command("/model nowhere/m", "its window is not known")
        chat.gives_back("anyone there?", "cannot reach aaaa")
        chat.command("/model default", "gpt-3.5-turbo")
        chat.ask("anyone?")
        chat.command("/retry", answer_to("anyone?"))
        chat.leave()
    assert [request.body["model"] for request in scene.server.chats] == ["gpt-3.5-turbo"] * 4


@pytest.mark.faults(2)
def test_silent_server_is_waited_for_visibly_until_ctrl_c_or_the_time_out(scene: Scene, server: Loopback) -> None:
    (silent,) = (FAULTS[name] for name in scene.row.replies)
    with scene.chat() as chat:
        chat.well()
        server.answer(silent)
        chat.terminal.line("hello?")
        server.wait_for_request(2)
        chat.terminal.expect(re.compile(r"【ChatGPT】 \S 1 s"))
        chat.interrupt()
        chat.given_back("hello?", "stopped before the first word")
        server.wait_for(lambda: len(server.aborts) == 1)
        chat.command("/set first_timeout 1", "first_timeout = 1")
        server.answer(silent)
        chat.gives_back("hello?", "sent no word of an answer in 1 seconds", "set a longer first_timeout")
        assert len(server.chats) == 3
        chat.leave()


@pytest.mark.faults(3)
def test_silence_in_mid_answer_keeps_what_came(scene: Scene, server: Loopback) -> None:
    with scene.chat() as chat:
        chat.well()
        chat.command("/set timeout 1", "timeout = 1")
        server.answer(FAULTS["hang_mid"])
        chat.breaks_off("go on?", "was silent for 1 second", INCOMPLETE)
        chat.leave()
    assert statuses(scene)["go on?"] == "incomplete"


@pytest.mark.faults(4)
def test_connection_that_is_cut_keeps_what_came(scene: Scene, server: Loopback) -> None:
    with scene.chat() as chat:
        chat.well()
        for name in scene.row.replies:
            server.answer(FAULTS[name])
            chat.breaks_off(name, "broke off in the middle of the answer", INCOMPLETE)
            chat.well()
        chat.leave()


@pytest.mark.faults(5)
def test_answer_that_nobody_called_whole_is_never_complete(scene: Scene, server: Loopback) -> None:
    *ends, finished = scene.row.replies
    with scene.chat() as chat:
        chat.well()
        for name in ends:
            server.answer(FAULTS[name])
            chat.breaks_off(name, "stopped before it said that the answer was complete", INCOMPLETE)
        server.answer(FAULTS[finished])
        chat.ask(finished, answer="partial ", shows="partial")
        chat.leave()


@pytest.mark.faults(6)
def test_missing_done_is_no_matter(scene: Scene, server: Loopback) -> None:
    with scene.chat() as chat:
        chat.well()
        server.answer(FAULTS["no_done"])
        chat.ask("done?", answer="partial ", shows="partial")
        assert INCOMPLETE not in chat.terminal.output
        chat.leave()


@pytest.mark.faults(7)
def test_what_is_no_chunk_costs_no_word_that_came(scene: Scene, server: Loopback) -> None:
    with scene.chat() as chat:
        chat.well()
        for name in scene.row.replies:
            server.answer(FAULTS[name])
            chat.breaks_off(name, "sent a piece of the answer that cannot be read", INCOMPLETE)
            chat.well()
        chat.leave()


@pytest.mark.faults(8)
def test_error_inside_the_stream_is_shown_in_the_servers_words_and_cleaned(scene: Scene, server: Loopback) -> None:
    words = dict(
        zip(scene.row.replies, ("The server is overloaded", "upstream is busy", "upstream is busy"), strict=True)
    )
    with scene.chat() as chat:
        chat.well()
        for name, said in words.items():
            server.answer(FAULTS[name])
            chat.breaks_off(name, f"reports an error in the answer: {said}", INCOMPLETE)
        server.answer(sse(OPENING + event({"error": {"message": "\x1b[2J\x1b]52;c;aWQK\x07busy\x9b2J"}})))
        chat.breaks_off("hostile", "busy", INCOMPLETE)
        chat.leave()


@pytest.mark.faults(9)
def test_page_or_error_with_status_200_is_no_answer(scene: Scene, server: Loopback) -> None:
    page, failure = (FAULTS[name] for name in scene.row.replies)
    with scene.chat() as chat:
        chat.well()
        server.answer(page)
        chat.gives_back("a page?", "sent no chat answer but a web page", "(text/html)")
        server.answer(failure)
        chat.gives_back("an error?", "sent no chat answer (application/json): upstream is busy")
        chat.leave()
    assert not {"a page?", "an error?"} & statuses(scene).keys()


@pytest.mark.faults(10)
def test_refused_key_is_named_by_its_place_and_never_shown(scene: Scene, server: Loopback) -> None:
    refused, forbidden = (FAULTS[name] for name in scene.row.replies)
    with scene.chat() as chat:
        chat.well()
        server.answer(refused)
        chat.gives_back("first", "refused the key (it comes from envs/openai_key line 1)")
        server.answer(forbidden)
        chat.gives_back("second", "forbids this", "envs/openai_key line 1")
        server.answer(error(401, f"Incorrect API key provided: {KEY}.", error_code="invalid_api_key"))
        chat.gives_back("third", "refused the key")
        server.answer(error(403, f"{KEY} may not do this"))
        chat.gives_back("fourth", "forbids this", "may not do this")
        assert len(server.chats) == 5
        chat.leave()


@pytest.mark.faults(11)
def test_model_that_there_is_not_is_named_and_another_answers(scene: Scene, server: Loopback) -> None:
    with scene.chat() as chat:
        chat.well()
        chat.command("/model gpt-17", "gpt-17")
        server.answer(FAULTS["404"])
        chat.gives_back("who are you?", "does not have the model gpt-17", "check /model and base_url")
        chat.command("/model gpt-4o", "gpt-4o")
        chat.leave()
    assert [request.body["model"] for request in server.chats] == ["gpt-3.5-turbo", "gpt-17", "gpt-4o"]


@pytest.mark.faults(12)
def test_smaller_window_is_learned_once_and_a_question_that_never_fits_comes_back(
    scene: Scene, server: Loopback
) -> None:
    refusal = FAULTS["400ctx"]
    with scene.chat() as chat:
        chat.well()
        server.answer(refusal)
        chat.terminal.line("does it fit?")
        chat.terminal.expect("asking once more with less")
        chat.terminal.expect("turn 1 left the window")
        chat.terminal.expect(answer_to("does it fit?"))
        chat.prompt()
        assert [len(request.messages) for request in server.chats] == [2, 4, 2]
        server.answer(too_long(20, 5000), too_long(20, 5000))
        chat.gives_back("and now?", "too long for gpt-3.5-turbo")
        asked = len(server.chats)
        assert asked <= 5
        server._script.clear()
        chat.command("/model gpt-4o", "gpt-4o")  # what was learned of one model is not held against another
        chat.leave()
    assert statuses(scene)["does it fit?"] == "complete"


@pytest.mark.faults(13)
def test_quota_is_told_and_not_asked_for_again(scene: Scene, server: Loopback) -> None:
    with scene.chat() as chat:
        chat.well()
        server.answer(FAULTS["429quota"])
        chat.gives_back("more?", "the quota of the key (from envs/openai_key line 1) is used up")
        assert len(server.chats) == 2
        chat.leave()


@pytest.mark.faults(14)
def test_rate_limit_is_waited_for_visibly_as_long_as_promised(scene: Scene, server: Loopback) -> None:
    soon, later, too_late = (FAULTS[name] for name in scene.row.replies)
    with scene.chat() as chat:
        chat.well()
        server.answer(soon)
        chat.terminal.line("now?")
        chat.terminal.expect("gets too many requests")
        chat.terminal.expect("asked again in 1 s (try 2 of 3)")
        chat.terminal.expect(answer_to("now?"))
        chat.prompt()
        scene.said.append(Said(NAME, "now?", answer_to("now?")))
        server.answer(later)
        chat.terminal.line("soon?")
        chat.terminal.expect("asked again in 90 s; Ctrl-C stops")
        chat.terminal.expect("asked again in 89 s; Ctrl-C stops")
        chat.interrupt()
        chat.given_back("soon?", "stopped before the first word")
        server.answer(too_late)
        chat.gives_back("later?", "gets too many requests", "try again in 600 s")
        assert len(server.chats) == 5
        chat.leave()


@pytest.mark.faults(14)
def test_pipe_does_not_wait_longer_than_promised_and_asks_three_times(scene: Scene, server: Loopback) -> None:
    soon, later, _too_late = (FAULTS[name] for name in scene.row.replies)
    server.answer(soon, soon, soon, later)
    done = scene.pipe("one?\ntwo?\nthree?\n", "-u", NAME, code=4, said=[Said(NAME, "three?", answer_to("three?"))])
    assert [request.messages[-1]["content"] for request in server.chats] == ["one?"] * 3 + ["two?", "three?"]
    assert done.err.count("asked again in 1 s") == 2
    assert "try again in 90 s" in done.err


@pytest.mark.faults(15)
def test_failing_server_is_asked_three_times_and_only_before_the_first_word(scene: Scene, server: Loopback) -> None:
    failure, page, once, late, for_good = (FAULTS[name] for name in scene.row.replies)
    with scene.chat() as chat:
        chat.well()
        server.answer(failure, page, failure)
        chat.gives_back("one?", "(try 2 of 3)", "failed (502)", "(try 3 of 3)", "failed (500)")
        assert len(server.chats) == 4
        server.answer(once, once)
        chat.ask("two?", "partial answer", answer="partial answer")
        assert len(server.chats) == 6
        server.answer(late)
        chat.breaks_off("three?", "The server is overloaded", INCOMPLETE)
        server.answer(for_good)
        chat.gives_back("four?", "failed (500)")
        assert len(server.chats) == 8
        chat.leave()
