"""`@path` in the chat: what the server receives, what the screen and the disk hold, and what is asked again."""

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chatcmd import vocabulary
from chatcmd.history.library import Library
from chatcmd.terminal import Line
from tests.chat.stage import KEY, PERSONA, Key, Keys, Stage, Talked, said
from tests.images import jpeg, png
from tests.loopback import FAULTS, Loopback, gated, prompt_tokens, say, window_model
from tests.terminal_driver import CHATCMD, Terminal

TEXT = "# Notes\n```py\nprint('汉')\n```\nthe end"
NOTES = f"\n\nnotes.md:\n````markdown\n{TEXT}\n````"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "notes.md").write_text(TEXT)
    (folder / "cat.png").write_bytes(png(640, 480))
    monkeypatch.chdir(folder)
    return folder


def typed(text: str) -> Line:
    """Type a line, with every `@` in it."""
    return Line(text, tuple(place for place, each in enumerate(text) if each == "@"))


async def talk(stage: Stage, *keys: Key, **flags: Any) -> tuple[Talked, Keys]:
    keyboard = Keys([typed(key) if isinstance(key, str) else key for key in keys])
    return await stage.talk(keyboard=keyboard, user="u", **flags), keyboard


def asked(stage: Stage) -> list[Any]:
    """Read the newest question of every request."""
    return [request[-1]["content"] for request in stage.requests]


async def test_text_is_sent_behind_the_question_counted_and_kept(stage: Stage, here: Path) -> None:
    talked, _ = await talk(stage, "sum up @notes.md, please")
    assert here == Path.cwd()
    assert asked(stage) == [f"sum up @notes.md, please{NOTES}"]
    tokens = vocabulary.counter("cl100k_base")(NOTES)
    assert talked.notes.startswith(f"attached notes.md: 5 lines, {tokens} tokens\n")
    [session] = stage.sessions()
    _, question, answer = session["messages"]
    assert {"role": question["role"], "content": question["content"]} == stage.requests[0][1]
    assert session["title"] == "sum up @notes.md, please"
    assert answer["window"] == {"tokens": answer["usage"]["prompt_tokens"], "dropped": 0}
    assert TEXT not in talked.out


@pytest.mark.usefixtures("here")
async def test_images_are_sent_as_parts_and_counted_by_estimate(stage: Stage, server: Loopback) -> None:
    talked, _ = await talk(stage, "what is @cat.png", "and now?", model="gpt-4o")
    [text, image] = asked(stage)[0]
    assert text == {"type": "text", "text": "what is @cat.png"}
    url = image["image_url"]["url"]
    assert image == {"type": "image_url", "image_url": {"url": url}}
    assert b64decode(url.removeprefix("data:image/png;base64,")) == png(640, 480)
    assert server.chats[1].messages[1] == {"role": "user", "content": [text, image]}
    assert "attached cat.png: 640x480, 65 bytes\n" in talked.notes
    assert "the server counted" not in talked.notes
    [session] = stage.sessions()
    count = vocabulary.counter("o200k_base")
    expected = prompt_tokens(stage.requests[0], count) + 425
    assert session["messages"][2]["window"] == {"tokens": expected, "dropped": 0, "estimate": True}


def at_terminal(stage: Stage, here: Path, *words: str, **env: str) -> Terminal:
    return Terminal([*CHATCMD, "-u", "u", *words], env=stage.environ | env, cwd=here)


def ask(terminal: Terminal, line: str, answer: str = "Hello.") -> None:
    terminal.expect("【u】")
    terminal.line(line)
    terminal.expect(answer)


def leave(terminal: Terminal) -> None:
    terminal.expect("【u】")
    terminal.line("0")
    assert terminal.wait() == 0


def test_it_is_told_before_the_answer_comes_and_shown_by_name_afterwards(
    stage: Stage, server: Loopback, here: Path
) -> None:
    gate = gated(["it ends"])
    server.answer(gate)
    with at_terminal(stage, here) as terminal:
        ask(terminal, "read @notes.md", "attached notes.md: 5 lines, ")
        server.wait_for_request()
        gate.release()
        terminal.expect("it ends")
        ask(terminal, "/context", "+ notes.md, 5 lines")
        terminal.expect("turns left out: 0")
        leave(terminal)
    assert asked(stage) == [f"read @notes.md{NOTES}"]
    [session] = stage.sessions()
    shown = stage.pipe("", "history", "show", session["id"])
    assert "【u】read @notes.md\n[notes.md, 5 lines]\n" in shown.out
    assert "the end" not in shown.out


def test_pasted_text_attaches_nothing(stage: Stage, here: Path) -> None:
    with at_terminal(stage, here) as terminal:
        terminal.expect("【u】")
        terminal.paste("see @notes.md")
        terminal.send("\r")
        terminal.expect("Hello.")
        leave(terminal)
    assert asked(stage) == ["see @notes.md"]


def test_pipes_and_single_questions_attach_nothing(stage: Stage, here: Path) -> None:
    question = f"see @{here}/notes.md"
    assert stage.pipe(f"{question}\n", "-u", "u").code == 0
    assert stage.pipe(question, "ask").code == 0
    assert stage.pipe("", "ask", question).code == 0
    assert asked(stage) == [question] * 3


@pytest.mark.usefixtures("here")
async def test_what_names_no_file_is_sent_as_typed(stage: Stage) -> None:
    await talk(stage, "what is @property?", "write to me@notes.md", "//etc @nothing", Line("see @notes.md"))
    assert asked(stage) == ["what is @property?", "write to me@notes.md", "/etc @nothing", "see @notes.md"]


@pytest.mark.usefixtures("here")
async def test_a_question_that_begins_with_a_slash_attaches_too(stage: Stage) -> None:
    await talk(stage, "//etc/hosts and @notes.md")
    assert asked(stage) == [f"/etc/hosts and @notes.md{NOTES}"]


# What is refused


@pytest.mark.gives_key_away("secret.txt")
async def test_what_cannot_be_sent_is_refused_and_the_question_given_back(stage: Stage, here: Path) -> None:
    (here / "secret.txt").write_text(f"key = {KEY}")
    (here / "long.txt").write_text("word " * 5000)
    (here / "sub").mkdir()
    (stage.root / "envs").mkdir(parents=True)
    (stage.root / "envs" / "notes.md").write_text("nothing much")
    refused = {
        "see @secret.txt": "secret.txt is not sent: it holds a key that chatcmd uses; leave it out",
        "see @sub": "sub cannot be attached: it is a folder; name the files in it, one by one",
        f"see @{stage.root}/envs/notes.md": "notes.md is not sent: it lies in envs/, where keys are; leave it out",
        "see @cat.png": "gpt-3.5-turbo takes no images, and cat.png is one; choose a model that does",
        "see @long.txt": "persona, question and long.txt need 5,0",
    }
    talked, keyboard = await talk(stage, *refused)
    assert stage.requests == []
    assert [draft.text for draft in keyboard.drafts[1:]] == list(refused)
    assert all(draft == typed(draft.text) for draft in keyboard.drafts[1:])
    for sentence in refused.values():
        assert sentence in talked.notes
    assert "\nattached" not in talked.notes
    assert stage.files() == []
    assert KEY not in talked.notes + talked.out


@pytest.mark.gives_key_away("secret.txt")
async def test_a_key_that_a_command_gives_is_not_asked_for_to_look_for_it(stage: Stage, here: Path) -> None:
    assert stage.server is not None
    ran, given = here / "ran", "sk-given-0123456789"
    far = f'[providers.far]\nbase_url = "{stage.server.base_url}"\n'
    stage.settings(f"{far}key_command = \"sh -c 'touch {ran}; echo {given}'\"")
    (here / "secret.txt").write_text(f"key = {given}")
    await talk(stage, "see @notes.md")
    assert not ran.exists()
    talked, _ = await talk(stage, "/model far/x", "q", "see @secret.txt")
    assert "secret.txt is not sent: it holds a key that chatcmd uses; leave it out" in talked.notes


async def test_an_image_of_an_earlier_turn_needs_a_model_that_sees_too(stage: Stage, here: Path) -> None:
    (here / "b.jpg").write_bytes(jpeg(9, 9))
    lines = ("see @cat.png", "/model gpt-3.5-turbo", "so?", "/retry gpt-4", "/model unknown", "see @b.jpg", "/undo 2")
    talked, _ = await talk(stage, *lines, "so?", model="gpt-4o")
    assert "gpt-3.5-turbo takes no images, and cat.png is one" in talked.notes
    assert "gpt-4 takes no images, and cat.png is one" in talked.notes
    assert len(stage.requests) == 3
    assert stage.requests[1][-1]["content"][1]["image_url"]["url"].startswith("data:image/jpeg;base64,")


# What is asked again


async def test_retry_sends_the_same_bytes_whatever_became_of_the_file(
    stage: Stage, server: Loopback, here: Path
) -> None:
    server.answer(say("a"), say("b"), FAULTS["500for_good"], say("c"))
    lines: list[Key] = ["read @notes.md", lambda: (here / "notes.md").write_text("changed"), "/retry"]
    lines += ["again @notes.md", (here / "notes.md").unlink, "/retry"]
    talked, _ = await talk(stage, *lines)
    first, second, third, fourth = asked(stage)
    assert first == second == f"read @notes.md{NOTES}"
    assert third == fourth == "again @notes.md\n\nnotes.md:\n```markdown\nchanged\n```"
    assert talked.notes.count("attached notes.md: 5 lines, ") == 2
    assert talked.notes.count("attached notes.md: 1 line, ") == 2
    assert [len(each["messages"]) for each in stage.sessions()] == [3, 5]


def test_a_killed_process_leaves_the_question_with_what_it_brought(stage: Stage, server: Loopback, here: Path) -> None:
    server.answer(say("one"), FAULTS["hang_headers"], say("two"))
    with at_terminal(stage, here) as terminal:
        ask(terminal, "read @notes.md", "one")
        ask(terminal, "and @notes.md", "attached notes.md")
        server.wait_for_request(2)
        terminal.kill()
        terminal.wait()
    (here / "notes.md").unlink()
    [recovered] = Library(stage.root / "history").recover()
    [turn], [question] = recovered.session.turns, recovered.session.aside
    assert [turn.question.api, question.api] == [each[-1] for each in stage.requests]
    assert [each.label for each in question.attachments] == ["notes.md, 5 lines"]
    with at_terminal(stage, here, "-c") as terminal:
        ask(terminal, "/retry", "two")
        leave(terminal)
    assert stage.requests[2] == stage.requests[1]


@pytest.mark.usefixtures("here")
async def test_undo_gives_back_what_was_typed_and_it_attaches_again(stage: Stage) -> None:
    _, keyboard = await talk(stage, "mail me@b.c what @notes.md says", "/undo", typed("what @notes.md says"))
    [first, _, given] = keyboard.drafts[:3]
    assert (first, given) == (Line(""), Line("mail me@b.c what @notes.md says", (17,)))
    assert asked(stage)[1] == f"what @notes.md says{NOTES}"


def test_a_changed_question_keeps_what_it_still_names(stage: Stage, here: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/ and.*//; s/look/look again/" "$1"\n')
    editor.chmod(0o700)
    (here / "b.txt").write_text("b")
    with at_terminal(stage, here, EDITOR=str(editor)) as terminal:
        ask(terminal, "look at @notes.md and @b.txt")
        ask(terminal, "/edit")
        leave(terminal)
    both = "\n\nb.txt:\n```text\nb\n```"
    assert asked(stage) == [f"look at @notes.md and @b.txt{NOTES}{both}", f"look again at @notes.md{NOTES}"]


def test_what_is_given_back_attaches_again_when_it_is_sent(stage: Stage, server: Loopback, here: Path) -> None:
    editor = here / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/^/now /; s/$/ and @b.txt/" "$1"\n')
    editor.chmod(0o700)
    (here / "b.txt").write_text("b")
    server.answer(FAULTS["500for_good"], say("one"), say("two"))
    with at_terminal(stage, here, EDITOR=str(editor)) as terminal:
        ask(terminal, "read @notes.md", "500")
        terminal.expect("read @notes.md")
        terminal.send(", please\r")
        terminal.expect("one")
        ask(terminal, "/undo", "took back 1 of 1 turns")
        terminal.expect("read @notes.md, please")
        terminal.send("\x18\x05")
        terminal.expect("now read @notes.md, please and @b.txt")
        terminal.send("\r")
        terminal.expect("two")
        leave(terminal)
    assert asked(stage) == [
        f"read @notes.md{NOTES}",
        f"read @notes.md, please{NOTES}",
        f"now read @notes.md, please and @b.txt{NOTES}",  # what an editor added may have been pasted there
    ]


# The promise


def counted(messages: Sequence[Mapping[str, Any]]) -> int:
    """Count as gpt-4o's server does: every image here is of 640 by 480 pixels, and takes two tiles."""
    images = sum(len(each["content"]) - 1 for each in messages if isinstance(each["content"], list))
    return prompt_tokens(messages, vocabulary.counter("o200k_base")) + 425 * images


async def test_no_request_is_too_long_in_many_turns_with_files_and_images(
    stage: Stage, server: Loopback, here: Path
) -> None:
    random = Random(20261121)
    server.default = window_model(3072, counted, lambda received: "answer " * (len(received.raw) % 200))
    for number, words in enumerate((1, 40, 400, 900)):
        (here / f"{number}.txt").write_text("汉字 word\n" * words)
    stage.settings('[windows]\n"gpt-4o" = 4096\n')
    names = ("0.txt", "1.txt", "2.txt", "3.txt", "cat.png", "cat.png", "nothing")
    questions = [f"{number} " + " ".join(f"@{name}" for name in random.sample(names, 2)) for number in range(40)]
    talked, _ = await talk(stage, *questions, model="gpt-4o")
    assert "too long" not in talked.notes
    assert max(map(counted, stage.requests)) <= 3072
    assert len(stage.requests) + talked.notes.count("does not fit") == 40
    assert len(stage.requests) > 20
    assert any(isinstance(each, list) for each in asked(stage))


def test_the_file_can_be_sent_once_its_extra_keys_are_gone(stage: Stage, here: Path) -> None:
    with at_terminal(stage, here, "-m", "gpt-4o") as terminal:
        for line in ("read @notes.md", "see @cat.png", "so?"):
            ask(terminal, line)
        leave(terminal)
    [session] = stage.sessions()
    bare = [{"role": each["role"], "content": each["content"]} for each in session["messages"]]
    assert bare[:-1] == stage.requests[2]
    assert bare[0] == PERSONA
    assert said("so?")[1] == bare[-2]
    assert json.dumps(bare)
