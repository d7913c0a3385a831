"""What a model thinks before it answers: shown dimmed, hidden on request, saved, never sent back."""

import re
from collections.abc import Sequence

import pytest

from tests.chat.stage import Stage, said, spoken
from tests.chat.test_chat_screen import BARE, HEAD, begin, seen
from tests.loopback import Exchange, Loopback, Reply, chunk, event, gated, say, sse

THOUGHT = "First *this*,\nthen <that>."
ANSWER = "So **it** is."


def deltas(*found: dict[str, str]) -> Reply:
    """Answer with these deltas, one chunk each."""
    chunks = [chunk(delta) for delta in ({"role": "assistant", "content": ""}, *found)]
    return sse(b"".join(map(event, [*chunks, chunk({}, "stop")])) + b"data: [DONE]\n\n")


def by_field(name: str) -> Reply:
    return deltas(*({name: char} for char in THOUGHT), {"content": ANSWER})


def by_tag(size: int) -> Reply:
    content = f"<think>\n{THOUGHT}</think>\n\n{ANSWER}"
    return deltas(*({"content": content[place : place + size]} for place in range(0, len(content), size)))


WAYS = {
    "reasoning_content": by_field("reasoning_content"),
    "reasoning": by_field("reasoning"),
    "both, as some servers send it": deltas({"reasoning": THOUGHT, "reasoning_content": THOUGHT}, {"content": ANSWER}),
    "a tag in one piece": by_tag(1000),
    "a tag split at every character": by_tag(1),
    "a tag split anywhere": by_tag(5),
}


@pytest.mark.parametrize("way", WAYS)
def test_reasoning_is_shown_dimmed_saved_apart_and_never_sent_back(way: str, stage: Stage, server: Loopback) -> None:
    server.answer(WAYS[way], say("Yes."))
    with stage.terminal("-u", "u", env=BARE) as terminal:
        begin(terminal, "one")
        terminal.expect("is.")
        begin(terminal, "two")
        terminal.expect("Yes.")
        begin(terminal, "0")
        assert terminal.wait() == 0
        shown = seen(terminal.bytes.decode(), 24, 80)
        assert b"\x1b[2;3mFirst *this*," in terminal.bytes
    place = shown.texts.index(f"{HEAD}So it is.")
    assert shown.texts[place - 2 : place] == THOUGHT.split("\n")
    italic = [{cell[3] for cell in shown.cells[row] if cell[0] != " "} for row in range(place - 2, place + 1)]
    assert italic == [{True}, {True}, {False}]
    assert stage.requests[1] == said("one", ANSWER, "two")
    assert "First" not in server.chats[1].raw.decode()
    [session] = stage.sessions()
    assert [message.get("reasoning") for message in session["messages"]] == [None, None, THOUGHT, None, None]
    assert spoken(session) == said("one", ANSWER, "two", "Yes.")


def test_reasoning_is_hidden_on_request_from_the_next_answer_on_and_saved_all_the_same(
    stage: Stage, server: Loopback
) -> None:
    server.answer(by_tag(1), by_field("reasoning_content"))
    with stage.terminal("-u", "u", env=BARE) as terminal:
        begin(terminal, "/set reasoning false")
        begin(terminal, "one")
        terminal.expect("is.")
        begin(terminal, "/set reasoning true")
        begin(terminal, "two")
        terminal.expect("then <that>.")
        begin(terminal, "0")
        assert terminal.wait() == 0
        before, _, after = terminal.output.partition("】two")
    assert "First" not in before
    assert "First *this*" in after
    [session] = stage.sessions()
    assert [message["reasoning"] for message in session["messages"][2::2]] == [THOUGHT, THOUGHT]


@pytest.mark.parametrize("way", ["reasoning", "a tag split at every character"])
def test_reasoning_is_not_printed_into_a_pipe_and_saved(way: str, stage: Stage, server: Loopback) -> None:
    server.default = WAYS[way]
    done = stage.pipe("u\none\n")
    assert (done.code, done.out) == (0, f"【u】one\n{HEAD}{ANSWER}\n")
    [session] = stage.sessions()
    assert (session["messages"][2]["reasoning"], session["messages"][2]["content"]) == (THOUGHT, ANSWER)
    asked = stage.pipe("", "ask", "one")
    assert asked.out == f"{ANSWER}\n"


def test_reasoning_is_shown_between_tags_where_nothing_can_be_drawn(stage: Stage, server: Loopback) -> None:
    server.default = by_field("reasoning_content")
    with stage.terminal("-u", "u", "--plain") as terminal:
        begin(terminal, "one")
        terminal.expect(f"{HEAD}<think>\n{THOUGHT}\n</think>\n{ANSWER}\n")
        begin(terminal, "0")
        assert terminal.wait() == 0
        assert b"\x1b" not in terminal.bytes


class Thinks:
    """Answers with so much thought that a part of it is written, then words, then nothing until it is released."""

    def __init__(self, words: Sequence[str]) -> None:
        self.gate = gated([*words, "never"], reasoning="thought " * 1000)

    def __call__(self, exchange: Exchange) -> None:
        self.gate(exchange)


def test_kill_in_mid_answer_keeps_the_reasoning_with_what_came(stage: Stage, server: Loopback) -> None:
    words = ["word " * 1000, "more"]
    answer = Thinks(words)
    server.answer(answer)
    with stage.terminal("-u", "u", env=BARE) as terminal:
        begin(terminal, "one")
        answer.gate.release(2)
        terminal.expect("more")
        terminal.kill()
        terminal.wait()
    assert stage.sessions() == []
    assert stage.pipe("", "history", "list").code == 0
    with stage.terminal("-u", "u", env=BARE) as terminal:
        begin(terminal, "0")
        assert terminal.wait() == 0
    [session] = stage.sessions()
    message = session["messages"][2]
    assert message["status"] == "incomplete"
    assert message["reasoning"] == "thought " * 1000
    assert re.fullmatch(r"(word )+", message["content"][:5000])


def test_thought_that_is_stopped_before_the_first_word_gives_the_question_back(stage: Stage, server: Loopback) -> None:
    answer = Thinks([])
    server.answer(answer)
    with stage.terminal("-u", "u", env=BARE) as terminal:
        begin(terminal, "one")
        terminal.expect("thought")
        terminal.send("\x03")
        terminal.expect("stopped before the first word")
        terminal.expect("【u】one")
        terminal.send("\x03")
        terminal.expect_screen(lambda screen: screen.endswith("【u】"))
        terminal.line("0")
        assert terminal.wait() == 0
    assert stage.sessions() == []
