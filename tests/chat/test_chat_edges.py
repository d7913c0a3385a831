"""The edges of a chat: files, lines and refusals that come at the wrong moment."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from chatcmd.errors import Exit
from chatcmd.terminal import Interrupted
from tests.chat.stage import Key, Keys, Stage, said, spoken
from tests.hostile import HOSTILE, raw_controls
from tests.loopback import FAULTS, Exchange, Loopback, error, say, status
from tests.replies import FOR_GOOD
from tests.test_repl import Turned


def late_failure(exchange: Exchange) -> None:
    """Fail a second later: by then what was typed meanwhile has been read."""
    exchange.until(lambda: False, 1)
    error(500, "boom", headers=FOR_GOOD)(exchange)


async def test_new_session_whose_persona_was_emptied_is_refused_and_the_talk_is_still_there(offline: Stage) -> None:
    offline.persona("pirate", "arr")
    keys = Keys(["q", lambda: offline.persona("pirate", ""), "/new", "r", "0"])
    talked = await offline.talk(keyboard=keys, user="u", persona="pirate")
    assert talked.notes.count("envs/personas/pirate.md: is empty; write there who answers\n") == 1
    [session] = offline.sessions()
    assert [each["content"] for each in session["messages"][:2]] == ["arr", "q"]
    assert session["messages"][3]["content"] == "r"


def test_line_typed_ahead_of_a_failure_is_sent_alone_and_up_brings_the_failed_one(
    stage: Stage, server: Loopback
) -> None:
    server.answer(late_failure, say("fine"))
    with stage.terminal("-u", "u", env={"NO_COLOR": "1", "CHATCMD_BAR": "false"}) as terminal:
        terminal.expect("【u】")
        terminal.line("question one")
        server.wait_for_request(1)
        terminal.send("question two\r")
        terminal.expect("boom")
        terminal.expect("【ChatGPT】fine\n")
        terminal.expect("【u】")
        terminal.send("\x1b[A")
        terminal.expect_screen(lambda text: text.endswith("【u】question two"))
        terminal.send("\x1b[A")
        terminal.expect_screen(lambda text: text.endswith("【u】question one"))
    assert [request[-1]["content"] for request in stage.requests] == ["question one", "question two"]


@pytest.mark.parametrize("words", [("ask", "--json", "-u", "u", "q"), ("history", "show", "--json", "-1")])
def test_hostile_answer_as_json_is_harmless_and_whole(stage: Stage, server: Loopback, words: tuple[str, ...]) -> None:
    hostile = "".join(HOSTILE.values()).encode("utf-8", "replace").decode()
    server.answer(say(hostile, pieces=1))
    if words[0] == "history":
        stage.pipe("q\n", "-u", "u")
    done = stage.pipe("", *words)
    assert done.code == 0
    assert raw_controls(done.out_bytes) == []
    found = json.loads(done.out_bytes)
    assert hostile == (found["answer"] if words[0] == "ask" else found["messages"][2]["content"])


async def test_draft_that_ctrl_c_cleared_does_not_come_back(stage: Stage, server: Loopback) -> None:
    clock = Turned()
    server.answer(FAULTS["500for_good"])
    script: list[Key] = ["q", Interrupted(), lambda: clock.after(10), Interrupted(), lambda: clock.after(10), "0"]
    keys = Keys(script)
    await stage.talk(keyboard=keys, clock=clock, user="u")
    assert [text for _, text in keys.asked] == ["", "q", "", ""]


async def test_timeout_that_was_set_in_the_chat_holds_from_then_on(stage: Stage, server: Loopback) -> None:
    server.answer(say("a"), FAULTS["hang_headers"], FAULTS["hang_mid"])
    talked = await stage.talk("q", "/set first_timeout 1", "/set timeout 1", "r", "s", user="u", timeout="5")
    assert talked.notes.count("sent no word of an answer in 1 seconds") == 1
    assert talked.notes.count("was silent for 1 seconds") == 1
    assert spoken(stage.sessions()[0]) == said("q", "a", "s", "partial ")


async def test_history_that_was_not_saved_outweighs_a_later_mistake(offline: Stage) -> None:
    history = offline.root / "history"

    def block() -> None:
        shutil.rmtree(history)
        history.touch()

    keys = Keys(["q", block, "/new", "/nonsense", "0"])
    talked = await offline.talk(keyboard=keys, user="u")
    assert "there is no command /nonsense" in talked.notes
    assert "left without saving 1 session" in talked.notes
    assert talked.code == Exit.HISTORY


async def test_history_that_was_saved_in_the_end_is_no_failure(offline: Stage) -> None:
    history = offline.root / "history"

    def block() -> None:
        shutil.rmtree(history)
        history.touch()

    keys = Keys(["q", block, "/new", history.unlink, "0"])
    talked = await offline.talk(keyboard=keys, user="u")
    assert talked.notes.count("saved: ") == 1
    assert talked.code == Exit.DONE
    assert len(offline.sessions()) == 1


def test_failure_of_the_provider_outweighs_a_later_mistake_in_a_pipe(stage: Stage, server: Loopback) -> None:
    server.answer(FAULTS["500for_good"])
    assert stage.pipe("q\n/nonsense\n", "-u", "u").code == Exit.PROVIDER
    assert stage.pipe("/nonsense\n", "-u", "u").code == Exit.USAGE


async def test_refusal_that_names_an_impossibly_small_window_is_not_believed(stage: Stage, server: Loopback) -> None:
    refusal = {"error": {"message": "n_ctx 16 exceeded: the request was too long", "n_ctx": 16}}
    server.answer(status(400, refusal), say("b"), say("c"))
    talked = await stage.talk("q", "r", "s", user="u")
    assert talked.notes.count("finds the request too long") == 1
    assert "the question does not fit" not in talked.notes
    assert spoken(stage.sessions()[0]) == said("r", "b", "s", "c")


def test_up_at_the_first_question_does_not_bring_the_name(offline: Stage) -> None:
    with offline.terminal(env={"NO_COLOR": "1"}) as terminal:
        terminal.expect("Your name:")
        terminal.line("anna")
        terminal.expect("【anna】")
        terminal.send("\x1b[A")
        terminal.line("hello")
        terminal.expect("Your question was: ")
        terminal.expect("【anna】")
        terminal.line("0")
        assert terminal.wait() == 0
    assert offline.sessions()[0]["messages"][1]["content"] == "hello"


async def test_answer_that_was_thought_away_says_what_to_do(stage: Stage, server: Loopback) -> None:
    server.answer(say(pieces=[], reasoning="long thoughts", finish="length"))
    talked = await stage.talk("q", user="u")
    assert talked.notes.count("set a larger max_tokens, or none\n") == 1
    assert talked.code == Exit.PROVIDER
    assert stage.files() == []


async def test_users_of_a_crowd_are_counted_right_and_once(offline: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    history, looks, scandir = offline.root / "history", 0, os.scandir
    for number in range(300):
        folder = history / f"user{number}"
        folder.mkdir(parents=True)
        for each in range(1 + number % 3):
            (folder / f"{each}.json").write_text("{}")

    def look(path: str | Path) -> Any:
        nonlocal looks
        looks += Path(path) == history
        return scandir(path)

    monkeypatch.setattr(os, "scandir", look)
    talked = await offline.talk("/users", user="someone")
    rows = [line.split() for line in talked.out.splitlines() if line.split()[0].startswith("user")]
    assert {row[0]: int(row[-1]) for row in rows if row[0] != "user"} == {
        f"user{number}": 1 + number % 3 for number in range(300)
    }
    assert looks < 10
