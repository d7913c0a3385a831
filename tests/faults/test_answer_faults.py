"""Rows 19 to 21, 24, 26 and 27: what an answer can hold that is no plain, well-meant text."""

import json
import random
from collections.abc import Iterator

import pytest

from tests.faults.scene import NAME, Said, Scene, answer_to, memory_of
from tests.history.damage import put, written
from tests.hostile import HOSTILE, raw_controls
from tests.loopback import FAULTS, Loopback, error, gated, say, status

MOST_MEGABYTES = 250
"""More than a chat with the largest answer that is taken has ever needed, less than the 64 MB that are sent thrice."""

BOMBS = {
    "no blank": "x" * 100_000,
    "brackets": "[" * 20_000 + "](" * 5_000,
    "quotes": ">" * 5_000 + " deep",
    "nested lists": "\n".join("  " * depth + "- x" for depth in range(300)),
    "wide table": "|".join("a" * 200) + "\n" + "|".join("-" * 200) + "\n" + "|".join("b" * 200) + "\n",
    "emphasis": "*a_" * 10_000,
    "backticks": "".join("`" * length + "x" for length in range(1, 300)),
    "images": "![" * 3_000,
    "code": "```python\n" + "x = (" * 20_000 + "\n```\n",
    "markup of rich": "arr[/] [bold]x[/bold] [link=https://evil.example]y[/link] [/nothing] :bomb: " * 300,
    "entities": "&amp;" * 20_000,
    "html": "<div><b>" * 5_000,
}


@pytest.mark.faults(19)
def test_chunks_without_a_choice_or_delta_are_passed_over(scene: Scene, server: Loopback) -> None:
    with scene.chat() as chat:
        chat.well()
        for name in scene.row.replies:
            server.answer(FAULTS[name])
            chat.ask(name, answer="partial answer")
        assert "kept and marked" not in chat.terminal.output
        chat.leave()


@pytest.mark.faults(20)
def test_answer_that_was_cut_is_said_to_be_and_stored_so(scene: Scene, server: Loopback) -> None:
    longest, filtered = (FAULTS[name] for name in scene.row.replies)
    with scene.chat() as chat:
        chat.well()
        server.answer(longest)
        chat.ask("long?", answer="partial ", shows="cut at its longest length")
        server.answer(filtered)
        chat.ask("bad?", answer="partial ", shows="content filter cut the answer")
        chat.leave()
    (session,) = scene.sessions()
    assert [each["finish_reason"] for each in session["messages"][2::2]] == ["stop", "length", "content_filter", "stop"]


@pytest.mark.faults(21)
def test_endless_answer_is_stopped_by_ctrl_c(scene: Scene, server: Loopback) -> None:
    drip = FAULTS["slow1"]
    much = gated([*["0123456789abcde\n" * 4096] * 8, "more"])  # short of what is cut, however busy this machine is
    much.release(8)
    with scene.chat() as chat:
        chat.well()
        for question, reply, shown in (("for ever?", drip, "partial x x"), ("much?", much, "0123456789abcde")):
            server.answer(reply)
            chat.terminal.line(question)
            chat.terminal.expect(shown)
            chat.interrupt()
            chat.terminal.expect("what came is kept and marked interrupted")
            chat.prompt()
            scene.said.append(Said(NAME, question, None, "interrupted"))
        chat.leave()


@pytest.mark.faults(21)
def test_huge_answer_is_cut_and_the_memory_stays_bounded(scene: Scene, server: Loopback) -> None:
    server.answer(*(FAULTS[name] for name in scene.row.replies[1:]))
    with (scene.folder / "out").open("wb") as out, scene.between_pipes("-u", NAME, out=out) as pipe:
        for question in ("much?", "at once?"):
            pipe.type(f"{question}\n")
            while b"cut at 4,194,304 characters" not in (note := pipe.note()):
                assert note, "it ended"
            server.wait_for(lambda: server.open_connections == 0)  # the rest is not even received
            scene.said.append(Said(NAME, question, None, "incomplete"))
        assert memory_of(pipe.pid) < MOST_MEGABYTES
        pipe.type("and now?\n")
        scene.said.append(Said(NAME, "and now?", answer_to("and now?")))
        assert pipe.ends() == 4
    assert [len(each.answer or "") for each in scene.saved()][:2] == [4_194_304] * 2


def cut(text: str, dice: random.Random) -> list[str]:
    """Cut a text at random places, so that sequences are split."""
    places = sorted(dice.sample(range(1, len(text)), min(len(text) - 1, 9)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def grouped(size: int) -> Iterator[str]:
    texts = list(HOSTILE.values())
    return ("\n\n".join(texts[start : start + size]) for start in range(0, len(texts), size))


@pytest.mark.faults(24)
@pytest.mark.parametrize("words", [(), ("--plain",)], ids=["drawn", "plain"])
def test_no_sequence_of_an_answer_reaches_the_terminal(scene: Scene, server: Loopback, words: tuple[str, ...]) -> None:
    scene.settings("max_turns = 0")  # what was said before need not be sent each time
    dice = random.Random(24)
    answers = [f"{text}\n\nEND {number}." for number, text in enumerate(grouped(16))]
    with scene.chat(*words) as chat:
        chat.well()
        for number, text in enumerate(answers):
            server.answer(say(pieces=cut(text, dice), usage=False))
            chat.terminal.line(f"q{number}")
            chat.terminal.expect(f"END {number}.")
            chat.prompt()
            scene.said.append(Said(NAME, f"q{number}", None))
        if words:
            assert raw_controls(chat.terminal.bytes) == []
        chat.leave()


@pytest.mark.faults(25)
def test_nothing_hostile_beside_an_answer_reaches_the_terminal(scene: Scene, server: Loopback) -> None:
    scene.settings("max_turns = 0")
    whole = "".join(HOSTILE.values()).encode("utf-8", "replace").decode()
    hostile = json.loads(written()) | {"user": NAME, "title": whole, "model": f"m{whole}"}
    hostile["persona"]["content"] = hostile["messages"][1]["content"] = hostile["messages"][2]["content"] = whole
    path = put(scene.root / "history", json.dumps(hostile).encode(), NAME)
    path.with_name(f"{whole[:60].replace('/', '').replace(chr(0), '')}.json").write_bytes(path.read_bytes())
    with scene.chat("-r", path.stem) as chat:
        chat.well()
        for number, text in enumerate(grouped(16)):
            server.answer(error(400, text, error_code=text[:9]))
            chat.gives_back(f"question {number}", "refused the request (400)")
        server.answer(status(418, whole), say("an answer", model=whole, usage=False))
        chat.gives_back("a teapot?", "refused the request (418)")
        chat.ask("which model?", answer="an answer")
        chat.command("/history", path.stem)
        chat.command("/tokens", "counted")
        chat.command("/context", "turns left out")
        chat.leave()
    for words in (["list", "--all"], ["show", path.stem], ["search", "x"], ["verify"]):
        scene.pipe("", "history", *words, code=None)
    typed = [f"/user {each}" for each in HOSTILE.values()] + [f"/model {each}" for each in HOSTILE.values()]
    lines = "\n".join(each.replace("\n", " ") for each in [*typed, "/users", "/status"])
    scene.pipe(lines.encode("utf-8", "replace"), "-u", NAME, code=None)


@pytest.mark.faults(26)
@pytest.mark.timeout(60)
def test_text_that_is_slow_to_lay_out_is_shown(scene: Scene, server: Loopback) -> None:
    scene.settings("max_turns = 0")
    with scene.chat() as chat:
        chat.well()
        for number, (name, text) in enumerate(BOMBS.items()):
            answer = f"{text}\n\nEND {number}."
            server.answer(say(answer, pieces=7, usage=False))
            chat.ask(name, answer=answer, shows=f"END {number}.")
        assert "something went wrong" not in chat.terminal.output
        chat.leave()


ODD = {
    "NUL": "a\0b",
    "separators": "one\u2028two\u2029three\u0085four",
    "last of all": "\U0010ffff\ufffe",
    "joined": "👩‍👩‍👧 e\u0301",
    "line ends": "a\r\nb\rc",
    "escape": "\x1b[31m",
}


@pytest.mark.faults(27)
def test_odd_characters_are_stored_and_sent_as_they_came_and_halves_replaced(scene: Scene, server: Loopback) -> None:
    server.answer(FAULTS["lone_surrogate"], *(say(text, pieces=[*text], usage=False) for text in ODD.values()))
    lines = [
        b"half \xed\xa0\xbd and \xff",
        *(f"{name}: {text}".encode() for name, text in ODD.items() if "\n" not in text),
    ]
    halves = "half \ufffd\ufffd\ufffd and \ufffd"
    asked = [halves, *(line.decode() for line in lines[1:])]
    answers = ["partial \ufffd", *ODD.values()][: len(asked)]
    done = scene.pipe(
        b"u\n" + b"\n".join(lines) + b"\n",
        said=[Said(NAME, question, answer) for question, answer in zip(asked, answers, strict=True)],
    )
    assert done.out.count("【ChatGPT】") == len(asked)
    said = [text for pair in zip(asked, answers, strict=True) for text in pair]
    assert [message["content"] for message in server.chats[-1].messages[1:]] == said[:-1]
    scene.pipe("once more\n", "-c")
    assert [message["content"] for message in server.chats[-1].messages[1:]] == [*said, "once more"]
    assert json.loads(server.chats[-1].raw.decode()) == server.chats[-1].body  # half a character is no UTF-8
