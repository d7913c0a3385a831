"""Rows 42 to 45: windows, pastes, pipes, and terminals and locales that can do little."""

import random
from itertools import chain

import pytest

from tests.faults.invariants import foreign_to_a_pipe
from tests.faults.scene import NAME, PROMPT, Said, Scene, answer_to
from tests.loopback import FAULTS, Loopback, gated
from tests.terminal_driver import CHATCMD

SIZES = 60


@pytest.mark.faults(42)
def test_window_that_changes_all_the_time_disturbs_neither_line_nor_answer(scene: Scene, server: Loopback) -> None:
    dice = random.Random(42)
    drawn = [(dice.randrange(1, 60), dice.randrange(1, 200)) for _ in range(SIZES)]
    pieces = [f"piece {number} of *it*, " for number in range(10)]
    with scene.chat() as chat:
        chat.well()
        gate = gated(pieces, usage=False)
        server.answer(gate)
        chat.terminal.send("what of ")
        for rows, columns in chain(drawn, [(1, 1), (0, 0), (1, 300), (60, 1), (24, 80)]):
            chat.terminal.resize(rows, columns)
        chat.terminal.line("it?")
        server.wait_for_request(2)
        for number in range(len(pieces)):
            gate.release()
            gate.wait_sent(number + 1)
            for rows, columns in dice.sample(drawn, 4):
                chat.terminal.resize(rows, columns)
            chat.terminal.resize(*((1, 1), (0, 0), (24, 80))[number % 3])
        chat.terminal.resize(24, 80)
        chat.prompt()
        scene.said.append(Said(NAME, "what of it?", "".join(pieces)))
        assert "something went wrong" not in chat.shown
        chat.leave()


MEGABYTE = ("line 几 of a megabyte\n" * 50_000)[:1_000_000]


@pytest.mark.faults(43)
@pytest.mark.parametrize("marked", [True, False], ids=["marked", "not marked"])
def test_megabyte_is_taken_whole_and_never_sent_by_itself(scene: Scene, server: Loopback, *, marked: bool) -> None:
    asked = "a\n\tb \n几 @c\n"

    def paste(text: str) -> None:
        if marked:
            chat.terminal.paste(text)
        else:
            chat.terminal.send(text.replace("\n", "\r"))

    with scene.chat() as chat:
        chat.well()
        paste(MEGABYTE)
        chat.terminal.expect("[pasted ", 30)
        chat.terminal.send("\r")  # far too long for the model: refused, and given back whole
        chat.terminal.expect("the question does not fit", 30)
        chat.terminal.expect("[pasted ", 30)
        chat.terminal.send("\x03")
        chat.terminal.expect_screen(lambda text: "[pasted" not in text.rpartition("the question does not fit")[2])
        paste(asked)
        chat.terminal.expect("@c")
        assert len(server.chats) == 1
        chat.terminal.send("\r")
        assert server.wait_for_request(2).messages[-1]["content"] == asked
        chat.prompt()
        chat.leave()


@pytest.mark.faults(44)
def test_every_line_of_a_pipe_is_used_and_the_output_is_plain(scene: Scene, server: Loopback) -> None:
    (refused,) = (FAULTS[name] for name in scene.row.replies)
    server.answer(refused)
    said = [Said(NAME, question, answer_to(question)) for question in ("two?", "three?")]
    done = scene.pipe("u\none?\ntwo?\nthree?", code=4, said=said)
    assert done.out == "".join(["【u】one?\n", *(f"【u】{each.question}\n【ChatGPT】{each.answer}\n" for each in said)])
    assert "\x1b" not in done.out + done.err
    assert scene.pipe("", code=0).out == ""
    assert scene.pipe("u", code=0).out == ""


@pytest.mark.faults(44)
def test_output_into_a_file_is_plain(scene: Scene) -> None:
    path = scene.folder / "out"
    program = ["sh", "-c", f'exec "$@" >{path}', "sh", *CHATCMD]
    scene.pipe("one?", "-u", NAME, program=program, said=[Said(NAME, "one?", answer_to("one?"))])
    assert path.read_text("utf-8") == f"【u】one?\n【ChatGPT】{answer_to('one?')}\n"
    assert foreign_to_a_pipe(path.read_bytes()) == []


POOR = {
    "dumb": {"TERM": "dumb"},
    "unknown": {"TERM": "no-such-terminal"},
    "no TERM": {"TERM": ""},
    "C": {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "no colours": {"NO_COLOR": "1"},
}


@pytest.mark.faults(45)
@pytest.mark.parametrize("name", POOR)
def test_poor_terminal_has_a_chat_all_the_same(scene: Scene, name: str) -> None:
    greeting = "?u?" if name == "C" else PROMPT  # what such a locale cannot show is a question mark
    with scene.chat(env=POOR[name], greeting=greeting, offline=True) as chat:
        chat.well()
        chat.ask("几?" if name != "C" else "how many?")
        if name == "dumb":
            assert b"\x1b" not in chat.terminal.bytes
        if name == "no colours":
            assert b"\x1b[31m" not in chat.terminal.bytes
        chat.leave()


@pytest.mark.faults(45)
def test_bytes_that_are_no_text_are_sent_as_replacement_characters(scene: Scene, server: Loopback) -> None:
    with scene.chat() as chat:
        chat.well()
        chat.terminal.send(b"a\xff\xe5b\r")
        asked = server.wait_for_request(2).messages[-1]["content"]
        assert asked.startswith("a\ufffd")
        assert asked.endswith("b")
        chat.prompt()
        chat.leave()
