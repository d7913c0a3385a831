"""/retry MODEL, /edit and /fork: a session goes another way, and nothing of it is lost."""

from collections.abc import Iterable

import pytest

from chatcmd.errors import Exit
from tests.chat.stage import Key, Keys, Stage, said, spoken
from tests.history.pipe_chat import PipeChat
from tests.loopback import FAULTS, Loopback, gated, say
from tests.terminal_driver import CHATCMD


class Writing(Keys):
    """Keys, and an editor that leaves these texts behind, one after the other."""

    def __init__(self, script: Iterable[Key], *edited: str) -> None:
        super().__init__(script)
        self._edited = list(edited)
        self.opened: list[str] = []

    async def edit(self, text: str) -> str:
        self.opened.append(text)
        return self._edited.pop(0)


# Another model, once


async def test_another_model_answers_once_and_the_session_keeps_its_own(stage: Stage, server: Loopback) -> None:
    server.answer(*(say(text) for text in ("a1", "b1", "a2")))
    talked = await stage.talk("q1", "/retry gpt-4o", "q2", "/model", user="u")
    assert [request.body["model"] for request in server.chats] == ["gpt-3.5-turbo", "gpt-4o", "gpt-3.5-turbo"]
    assert stage.requests[2] == said("q1", "b1", "q2")
    assert talked.out.endswith("gpt-3.5-turbo: a window of 4,096 tokens, counted exactly\n")
    old, new = stage.sessions()
    assert (old["model"], new["model"]) == ("gpt-3.5-turbo", "gpt-3.5-turbo")
    assert new["messages"][2]["model"] == "gpt-4o"
    assert new["parent"] == {"id": old["id"], "turn": 0}
    assert new["title"] == "q1"


async def test_a_model_of_another_service_can_be_asked_once(stage: Stage, server: Loopback) -> None:
    with Loopback() as other:
        stage.settings(f'[providers.near]\nbase_url = "{other.base_url}"\n')
        server.answer(say("a1"))
        other.answer(say("b1"))
        await stage.talk("q1", "/retry near/m", user="u")
        assert [request.body["model"] for request in other.chats] == ["m"]
    assert len(server.chats) == 1
    assert spoken(stage.sessions()[1]) == said("q1", "b1")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/retry far/m", "no key for far.example: add key"),
        ("/retry tiny", "keeps 1,000 tokens for the answer, and the window of tiny has only 512"),
    ],
)
async def test_a_model_that_cannot_be_asked_is_refused_and_nothing_changes(
    stage: Stage, server: Loopback, line: str, sentence: str
) -> None:
    stage.settings('max_tokens = 1000\n[windows]\ntiny = 512\n[providers.far]\nbase_url = "https://far.example/v1"\n')
    server.answer(say("a1"), say("a2"))
    talked = await stage.talk("q1", line, "q2", user="u")
    assert sentence in talked.notes
    assert [spoken(each) for each in stage.sessions()] == [said("q1", "a1", "q2", "a2")]


@pytest.mark.parametrize("fault", ["500for_good", "200html", "404"])
async def test_another_model_that_fails_leaves_everything_as_it_was(stage: Stage, server: Loopback, fault: str) -> None:
    server.answer(say("a1"), FAULTS[fault], say("a2"))
    talked = await stage.talk(keyboard=Keys(["q1", "/retry gpt-4o", "q2", "/model", "0"]), user="u")
    [session] = stage.sessions()
    assert spoken(session) == said("q1", "a1", "q2", "a2")
    assert session["model"] == "gpt-3.5-turbo"
    assert "gpt-3.5-turbo: a window" in talked.out
    assert len(stage.files()) == 1


async def test_a_question_that_was_given_back_is_asked_of_another_model(stage: Stage, server: Loopback) -> None:
    server.answer(say("a1"), FAULTS["500for_good"], say("b2"))
    await stage.talk(keyboard=Keys(["q1", "q2", "/retry gpt-4", "0"]), user="u")
    assert [request.body["model"] for request in server.chats][-1] == "gpt-4"
    [session] = stage.sessions()
    assert spoken(session) == said("q1", "a1", "q2", "b2")


# Edited


async def test_the_edited_question_is_asked_in_place_of_the_last(stage: Stage, server: Loopback) -> None:
    server.answer(*(say(text) for text in ("a1", "a2", "b2", "a3")))
    keys = Writing(["q1", "q2", "/edit", "q3", "0"], "better\nq2")
    talked = await stage.talk(keyboard=keys, user="u")
    assert keys.opened == ["q2"]
    assert talked.out == "【ChatGPT】a1\n【ChatGPT】a2\n【u】better\nq2\n【ChatGPT】b2\n【ChatGPT】a3\n"
    assert [text for _, text in keys.asked] == [""] * 5
    assert stage.requests[2:] == [said("q1", "a1", "better\nq2"), said("q1", "a1", "better\nq2", "b2", "q3")]
    old, new = stage.sessions()
    assert spoken(old) == said("q1", "a1", "q2", "a2")
    assert spoken(new) == said("q1", "a1", "better\nq2", "b2", "q3", "a3")
    assert (old["ended_by"], new["parent"]) == ("switch", {"id": old["id"], "turn": 1})


@pytest.mark.parametrize(
    ("left", "told"), [("q1", "the question is as it was; nothing is asked"), (" \n", "nothing to ask")]
)
async def test_an_editor_left_without_a_change_or_a_word_does_nothing(
    stage: Stage, server: Loopback, left: str, told: str
) -> None:
    talked = await stage.talk(keyboard=Writing(["q1", "/edit", "0"], left), user="u")
    assert talked.notes.startswith(f"{told}\n")
    assert len(server.chats) == 1
    assert len(stage.files()) == 1


@pytest.mark.parametrize("fault", ["500for_good", "200html"])
async def test_an_edited_question_that_fails_stands_in_the_line(stage: Stage, server: Loopback, fault: str) -> None:
    server.answer(say("a1"), FAULTS[fault])
    keys = Writing(["q1", "/edit", "0"], "a long text")
    talked = await stage.talk(keyboard=keys, user="u")
    assert [text for _, text in keys.asked] == ["", "", "/edit 1 a long text"]
    assert [spoken(each) for each in stage.sessions()] == [said("q1", "a1")]
    assert len(stage.files()) == 1
    assert talked.app.exit_code == Exit.PROVIDER


async def test_a_question_that_was_given_back_is_edited_and_asked(stage: Stage, server: Loopback) -> None:
    server.answer(say("a1"), FAULTS["500for_good"], say("b2"))
    keys = Writing(["q1", "q2", "/edit", "0"], "shorter")
    await stage.talk(keyboard=keys, user="u")
    assert keys.opened == ["q2"]
    assert [spoken(each) for each in stage.sessions()] == [said("q1", "a1", "shorter", "b2")]


async def test_editor_gives_its_text_to_the_line(offline: Stage) -> None:
    keys = Writing(["/editor", "/editor a b", "0"], "from\nscratch", "")
    await offline.talk(keyboard=keys, user="u")
    assert keys.opened == ["", "a b"]
    assert [text for _, text in keys.asked] == ["", "from\nscratch", ""]


def test_an_edited_question_that_is_stopped_stands_in_the_line(stage: Stage, server: Loopback) -> None:
    editor = stage.root.parent / "editor"
    editor.write_text('#!/bin/sh\necho "better than before" > "$1"\n')
    editor.chmod(0o755)
    server.answer(say("a1"), gated(["never"]), say("b1"))
    with stage.terminal("-u", "u", env={"VISUAL": str(editor)}) as terminal:
        terminal.expect("【u】")
        terminal.line("q1")
        terminal.expect("a1")
        terminal.expect("【u】")
        terminal.line("/edit")
        server.wait_for_request(2)
        terminal.send("\x03")
        terminal.expect("the session is as it was")
        terminal.expect("【u】/edit 1 better than before")
        terminal.send("\r")
        terminal.expect("b1")
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
    assert [spoken(each) for each in stage.sessions()] == [said("q1", "a1"), said("better than before", "b1")]


async def test_an_older_question_is_changed_and_asked_in_its_place(stage: Stage, server: Loopback) -> None:
    server.answer(*(say(text) for text in ("a1", "a2", "a3", "b2", "b3")))
    keys = Writing(["q1", "q2", "q3", "/edit 2", "q4", "0"], "better")
    talked = await stage.talk(keyboard=keys, user="u")
    assert keys.opened == ["q2"]
    assert stage.requests[3:] == [said("q1", "a1", "better"), said("q1", "a1", "better", "b2", "q4")]
    old, new = stage.sessions()
    assert spoken(old) == said("q1", "a1", "q2", "a2", "q3", "a3")
    assert spoken(new) == said("q1", "a1", "better", "b2", "q4", "b3")
    assert (old["ended_by"], new["parent"]) == ("switch", {"id": old["id"], "turn": 1})
    assert f"the session as it was is kept: /resume {old['id']}\n" in talked.notes


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("/edit 1 better", "better"),
        ("/edit 1  2 apples  and 3 ", "2 apples  and 3"),
        ("/edit 1 two\nlines", "two\nlines"),
        ("/edit 1\n/undo", "/undo"),
    ],
)
async def test_a_changed_question_can_stand_behind_the_turn(stage: Stage, line: str, asked: str) -> None:
    keys = Writing(["q1", line, "0"])
    await stage.talk(keyboard=keys, user="u")
    assert (keys.opened, stage.requests[1:]) == ([], [said(asked)])


async def test_a_changed_question_is_shown_in_a_pipe(offline: Stage) -> None:
    talked = await offline.talk("q1", "/edit 1 better", user="u", stream=False)
    assert "\n【u】better\n【ChatGPT】" in talked.out


async def test_the_line_that_a_failed_edit_leaves_asks_in_the_same_place(stage: Stage, server: Loopback) -> None:
    server.answer(say("a1"), say("a2"), FAULTS["404"], say("b1"))
    keys = Writing(["q1", "q2", "/edit 1", "/edit 1 new", "0"], "new")
    await stage.talk(keyboard=keys, user="u")
    assert keys.asked[3][1] == "/edit 1 new"
    assert stage.requests[2] == stage.requests[3] == said("new")
    assert [spoken(each) for each in stage.sessions()] == [said("q1", "a1", "q2", "a2"), said("new", "b1")]


# A copy


async def test_a_copy_of_the_first_turns_leaves_out_the_rest(stage: Stage, server: Loopback) -> None:
    server.answer(*(say(text) for text in ("a1", "a2", "a3", "b2")))
    talked = await stage.talk("q1", "q2", "q3", "/fork 1", "q4", user="u")
    old, new = stage.sessions()
    assert f"this is a copy now, {new['id']}, after turn 1; the session that it comes from is kept: " in talked.notes
    assert spoken(old) == said("q1", "a1", "q2", "a2", "q3", "a3")
    assert spoken(new) == said("q1", "a1", "q4", "b2")
    assert new["parent"] == {"id": old["id"], "turn": 1}


async def test_a_copy_goes_its_own_way_and_both_are_kept(stage: Stage, server: Loopback) -> None:
    server.answer(*(say(text) for text in ("a1", "a2", "a3")))
    talked = await stage.talk("q1", "q2", "/fork", "q3", user="u")
    old, new = stage.sessions()
    kept = f"this is a copy now, {new['id']}, after turn 2; the session that it comes from is kept: /resume {old['id']}"
    assert f"{kept}\n" in talked.notes
    assert spoken(old) == said("q1", "a1", "q2", "a2")
    assert spoken(new) == said("q1", "a1", "q2", "a2", "q3", "a3")
    assert stage.requests[2] == said("q1", "a1", "q2", "a2", "q3")
    assert (old["ended_by"], new["ended_by"], new["title"]) == ("switch", "exit", "q1")
    assert new["parent"] == {"id": old["id"], "turn": 2}


def test_a_copy_is_on_the_disk_before_anything_is_said_in_it(offline: Stage) -> None:
    with PipeChat([*CHATCMD, "-u", "u"], env=offline.environ) as chat:
        chat.lines("q1", "/fork")
        chat.expect("this is a copy now")
        assert chat.kill() == -9
    offline.pipe("", "-u", "u")
    old, new = offline.sessions()
    assert new["messages"] == old["messages"]
    assert new["parent"] == {"id": old["id"], "turn": 1}
    assert (old["ended_by"], new["ended_by"]) == ("switch", "recovered")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/fork", "; nothing is kept (--no-save)\n"),
        ("/undo", "took back 1 of 1 turns; they are not kept (--no-save)\n"),
    ],
)
async def test_nothing_is_called_kept_that_is_not(offline: Stage, line: str, sentence: str) -> None:
    talked = await offline.talk("q1", line, user="u", save=False)
    assert talked.notes.endswith(sentence)
    assert offline.files() == []
