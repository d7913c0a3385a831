"""What a server that is not known tells, and what may be believed of it."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, strategies as st
from msgspec import Struct
from msgspec.structs import replace

from chatcmd.conversation.message import Message, Persona, Status, Turn, Usage
from chatcmd.conversation.session import Session
from chatcmd.conversation.tokens import Ledger, bound, byte_length, estimate
from tests.conversation.texts import answers, asks, texts

LIST = (Message(role="system", content="p"), asks("1+1=几"))
ANSWER = answers("2")


class Server(Struct, frozen=True):
    """A server with a vocabulary and a template of its own; `habit` is how it tells what it counted."""

    bytes_a_token: int
    frame: int
    priming: int
    habit: str

    def count(self, messages: Iterable[Message]) -> int:
        return self.priming + sum(self.frame + self.tokens(message.content) for message in messages)

    def tokens(self, text: str) -> int:
        return -(-byte_length(text) // self.bytes_a_token)

    def usage(self, messages: tuple[Message, ...], answer: str) -> Usage | None:
        """Tell the usage: rightly, not at all, as zeros, or without the answer."""
        prompt, completion = self.count(messages), self.tokens(answer)
        return {
            "honest": Usage(prompt, completion),
            "thinks aloud": Usage(prompt, completion + 100),
            "silent": None,
            "zeros": Usage(0, 0),
            "negative": Usage(-1, -1),
            "forgets the answer": Usage(prompt, 0),
        }[self.habit]


HABITS = ("honest", "thinks aloud", "silent", "zeros", "negative", "forgets the answer")
servers = st.builds(
    Server, st.sampled_from((1, 2, 4, 8)), st.integers(1, 8), st.integers(0, 8), st.sampled_from(HABITS)
)
moves = st.lists(
    st.tuples(st.sampled_from(("ask", "ask", "ask", "undo", "drop", "new", "stop")), texts, texts), max_size=10
)


@given(servers, moves, st.sampled_from(("", "专家")))
def test_the_bound_is_never_below_what_the_server_counts(
    server: Server, said: list[tuple[str, str, str]], persona: str
) -> None:
    ledger, empty = Ledger(), Session(id="a", user="u", persona=Persona("p", persona), model="m", started="")
    session = empty
    for number, (move, question, text) in enumerate(said):
        asked = asks(question, at=str(number))
        if move == "new":
            session = empty
        if move == "undo" and session.turns:
            session = session.branch(len(session.turns) - 1, "b", "")
        turns = session.turns[1:] if move == "drop" else session.turns
        sent = (*replace(session, turns=turns).messages, asked)
        assert ledger.at_most(sent) >= server.count(sent)
        status: Status = "interrupted" if move == "stop" else "complete"
        answer = replace(answers(text), usage=server.usage(sent, text), status=status)
        ledger = ledger.with_answer(sent, answer)
        session = session.with_turn(Turn(asked, answer))


def test_what_the_server_counted_replaces_the_bytes_of_all_but_the_newest() -> None:
    answer = replace(ANSWER, usage=Usage(20, 5), status="complete")
    ledger = Ledger().with_answer(LIST, answer)
    newest = asks("为什么")
    priming = bound(None).priming
    assert ledger.at_most((*LIST, answer, newest)) == 20 + 5 + 8 + priming + bound(None).of(newest)
    assert ledger.at_most((*LIST, answer, newest)) < bound(None).total((*LIST, answer, newest)) + 10


@pytest.mark.parametrize(
    "usage", [None, Usage(0, 5), Usage(-7, 5), Usage(0, 0)], ids=["none", "no prompt", "less than none", "zeros"]
)
def test_nothing_is_learned_from_no_count(usage: Usage | None) -> None:
    known = Ledger().with_answer(LIST, replace(ANSWER, usage=Usage(20, 5), status="complete"))
    assert Ledger().with_answer(LIST, replace(ANSWER, usage=usage)) == Ledger()
    assert known.with_answer((*LIST, ANSWER, asks("more")), replace(ANSWER, usage=usage)) == known


def test_a_longer_list_that_counts_less_is_not_believed() -> None:
    first = replace(ANSWER, usage=Usage(200, 5), status="complete")
    ledger = Ledger().with_answer(LIST, first)
    longer = (*LIST, first, asks("more"))
    assert ledger.with_answer(longer, replace(ANSWER, usage=Usage(11, 5), status="complete")) == ledger
    learned = ledger.with_answer(longer, replace(ANSWER, usage=Usage(230, 5), status="complete"))
    assert learned.prompt == 230


def test_another_list_may_count_less() -> None:
    ledger = Ledger().with_answer(LIST, replace(ANSWER, usage=Usage(200, 5), status="complete"))
    other = (asks("other"),)
    assert ledger.with_answer(other, replace(ANSWER, usage=Usage(11, 5), status="complete")).prompt == 11


@pytest.mark.parametrize(
    ("status", "completion", "cost"),
    [
        ("complete", 5, 5),
        ("complete", 0, 1000),
        ("complete", -3, 1000),
        ("complete", 1, 1000),
        ("interrupted", 9, 1000),
    ],
)
def test_an_answer_costs_its_bytes_where_its_count_cannot_be_all_of_it(
    status: Status, completion: int, cost: int
) -> None:
    content = "xy" if cost == 5 else "x" * 1000
    answer = replace(answers(content), usage=Usage(20, completion), status=status)
    ledger = Ledger().with_answer(LIST, answer)
    assert ledger.at_most((*LIST, answer)) == 20 + cost + 8 + bound(None).priming


def measure(prompt: int, count: Callable[[str], int], messages: tuple[Message, ...] = LIST) -> Ledger:
    answer = replace(ANSWER, usage=Usage(prompt, 5), status="complete")
    return Ledger().with_answer(messages, answer).measured(count)


def test_the_ratio_is_the_servers_count_by_ours() -> None:
    ours = 3 + sum(4 + byte_length(message.content) for message in LIST)
    assert measure(3 * ours, byte_length).ratio == 3
    assert Ledger().measured(byte_length) == Ledger()


def test_the_largest_ratio_stays() -> None:
    ledger = measure(300, byte_length)
    answer = replace(ANSWER, usage=Usage(40, 5), status="complete")
    later = ledger.with_answer((asks("other list"),), answer).measured(byte_length)
    assert later.ratio == ledger.ratio


def test_a_count_far_below_every_vocabulary_does_not_make_everything_fit() -> None:
    ledger = measure(8, lambda text: 100 * len(text))
    assert ledger.ratio is not None
    assert ledger.ratio >= 0.5


@given(servers, st.lists(texts, min_size=1, max_size=6))
def test_an_estimate_of_what_was_measured_is_not_below_it(server: Server, contents: list[str]) -> None:
    messages = tuple(map(asks, contents))
    prompt = server.count(messages)
    cost = estimate(byte_length, measure(prompt, byte_length, messages).ratio)
    assert cost.total(messages) >= prompt
