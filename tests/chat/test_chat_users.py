"""Several users in one chat: everyone's session stays alive, with its own persona and window."""

import pytest

from chatcmd.errors import Exit
from chatcmd.terminal import Interrupted
from tests.chat.stage import PERSONA, Keys, Stage, said, spoken
from tests.loopback import Loopback, say

NOVICE = {"role": "system", "content": "一个小白"}


async def test_user_command_keeps_everyone_where_they_were(stage: Stage, server: Loopback) -> None:
    stage.persona("novice", "一个小白\n")
    server.answer(*(say(text) for text in ("a1", "b1", "a2", "b2")))
    lines = ["anna", "q1", "/user bo", "/persona novice", "q1", "/user anna", "q2", "/user bo", "q2", "0"]
    talked = await stage.talk(*lines)
    assert stage.requests == [
        said("q1"),
        [NOVICE, *said("q1")[1:]],
        said("q1", "a1", "q2"),
        [NOVICE, *said("q1", "b1", "q2")[1:]],
    ]
    anna, bo = stage.sessions("anna"), stage.sessions("bo")
    assert [spoken(each) for each in anna] == [said("q1", "a1", "q2", "a2")]
    assert [spoken(each) for each in bo] == [[NOVICE, *said("q1", "b1", "q2", "b2")[1:]]]
    assert [each["ended_by"] for each in anna + bo] == ["exit", "exit"]
    assert [each["persona"]["name"] for each in anna + bo] == ["default", "novice"]
    assert "bo begins\n" in talked.notes
    assert "anna goes on after turn 1\n" in talked.notes
    assert talked.notes.count("saved: ") == 2


async def test_reset_and_new_end_only_the_session_of_who_talks(stage: Stage) -> None:
    lines = ["anna", "q1", "/user bo", "q1", "/new", "q2", "1", "anna", "q2", "0"]
    await stage.talk(*lines)
    assert stage.requests == [said("q1"), said("q1"), said("q2"), said("q1", "Hello.", "q2")]
    assert [(each["ended_by"], len(each["messages"])) for each in stage.sessions("bo")] == [("reset", 3), ("reset", 3)]
    assert [(each["ended_by"], len(each["messages"])) for each in stage.sessions("anna")] == [("exit", 5)]


async def test_after_1_the_next_line_is_the_user_even_with_a_named_one(stage: Stage) -> None:
    talked = await stage.talk("q", "1", "bo", "q", "1", "1", "anna", "0", user="anna")
    assert talked.out == "【anna】q\n【ChatGPT】Hello.\n【bo】q\n【ChatGPT】Hello.\n"
    assert [(each["user"], each["ended_by"]) for each in stage.sessions()] == [("anna", "reset"), ("bo", "reset")]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "cannot be empty"),
        ("  ", "cannot be empty"),
        ("/help", "a name cannot begin with a slash here"),
        ("n" * 65, "too long"),
        ("a\x1b[2J", "control or invisible"),
        ("\u202eanna", "control or invisible"),
    ],
)
async def test_bad_name_is_told_and_asked_again_or_ends_a_pipe(offline: Stage, name: str, reason: str) -> None:
    keys = Keys([name, "anna", "0"])
    talked = await offline.talk(keyboard=keys)
    assert reason in talked.notes
    assert [prompt for prompt, _ in keys.asked] == ["Your name: ", "Your name: ", "【anna】"]
    assert talked.code == Exit.DONE
    piped = await offline.talk("anna", "q", "1", name, "never asked")
    assert reason in piped.notes
    assert piped.code == Exit.USAGE
    assert [each["user"] for each in offline.sessions()] == ["anna"]


@pytest.mark.parametrize("word", ["0", " 0 ", "quit", "exit"])
async def test_word_at_the_name_prompt_leaves(offline: Stage, word: str) -> None:
    talked = await offline.talk("anna", "q", "1", word, "bo")
    assert talked.code == Exit.DONE
    assert talked.app.user is None


async def test_name_prompt_offers_who_talks_and_who_has_talked(offline: Stage) -> None:
    await offline.talk("老表", "q")
    await offline.talk("zoe", "q")
    hidden = offline.root / "history" / "\x1b]0;x\x07"
    hidden.mkdir()
    (hidden / "20990101T000000Z-0000.json").write_text("{}")
    keys = Keys(["anna", "q", "/user bo", "q", "1", Interrupted(), "0"])
    talked = await offline.talk(keyboard=keys)
    assert set(keys.offers[0]) == {"老表", "zoe"}
    assert list(keys.offers[5])[:2] == ["anna", "bo"]
    assert set(keys.offers[5]) == {"anna", "bo", "老表", "zoe"}
    assert "Ctrl-C again leaves" in talked.notes
    assert "known users: anna, bo, " in talked.notes


def test_tab_completes_a_known_user_and_a_command(offline: Stage) -> None:
    assert offline.pipe("简说Python\nq\n").code == 0
    with offline.terminal(env={"NO_COLOR": "1"}) as terminal:
        terminal.expect("known users: 简说Python")
        terminal.expect("Your name:")
        terminal.send("简\t")
        terminal.expect_screen(lambda text: "简说Python" in text.splitlines()[-1])
        terminal.line("")
        terminal.expect("【简说Python】")
        terminal.send("/statu\t")
        terminal.expect_screen(lambda text: "【简说Python】/status" in text)
        terminal.line("")
        terminal.expect("gpt-3.5-turbo")
        terminal.expect("【简说Python】")
        terminal.line("0")
        assert terminal.wait() == 0


async def test_same_persona_text_greets_every_new_user(stage: Stage) -> None:
    await stage.talk("anna", "q", "/user bo", "q")
    assert [request[0] for request in stage.requests] == [PERSONA, PERSONA]
