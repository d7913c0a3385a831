from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given, settings, strategies as st
from msgspec.structs import replace

from chatcmd.conversation.attachment import File, Image
from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.tokens import LONGEST_TOKEN, Rules, bound, byte_length, exact
from chatcmd.conversation.window import Budget, Window, fit, reserve_for
from chatcmd.errors import QuestionTooLong
from tests.conversation.texts import WRITTEN, answers, asks, texts, turns

RULES = Rules("any")
Case = tuple[Message, list[Turn], Message, Budget, Callable[[str], int]]


def every(size: int) -> Callable[[str], int]:
    """Make a count like a vocabulary's: a token for every so many bytes, which 1 to 128 can be."""
    return lambda text: -(-byte_length(text) // size)


def straight(persona: Message, turns: list[Turn], question: Message) -> tuple[Message, ...]:
    head = (persona,) if persona.content else ()
    return (*head, *(message for turn in turns for message in (turn.question, turn.answer)), question)


def newest(turns: list[Turn], kept: int) -> list[Turn]:
    return turns[len(turns) - kept :]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a session with a budget that often is one token above, at or below what some number of turns needs."""
    persona, question = Message(role="system", content=draw(texts)), asks(draw(texts))
    said = draw(st.lists(turns, max_size=8))
    count = every(draw(st.sampled_from((1, 2, 3, 4, 16, LONGEST_TOKEN))))
    tried = newest(said, draw(st.integers(0, len(said))))
    tight = exact(RULES, count).total(straight(persona, tried, question)) + draw(st.integers(-1, 1))
    room = draw(st.one_of(st.just(tight), st.integers(-5, 5000)))
    reserve = draw(st.integers(0, 2000))
    return persona, said, question, Budget(room + reserve, reserve, draw(st.none() | st.integers(0, 9))), count


def expected(case: Case) -> tuple[Message, ...] | None:
    """Try every number of turns, the largest first: what fit must find, or None where nothing fits."""
    persona, said, question, budget, count = case
    allowed = len(said) if budget.max_turns is None else min(budget.max_turns, len(said))
    for kept in range(allowed, -1, -1):
        messages = straight(persona, newest(said, kept), question)
        if exact(RULES, count).total(messages) <= budget.window - budget.reserve:
            return messages
    return None


def fitted(case: Case) -> Window:
    persona, said, question, budget, count = case
    return fit(persona, said, question, budget, [exact(RULES, count)])


@given(cases())
def test_as_many_of_the_newest_turns_stay_as_there_is_room_for(case: Case) -> None:
    messages = expected(case)
    if messages is None:
        with pytest.raises(QuestionTooLong):
            fitted(case)
        return
    window = fitted(case)
    assert window.messages == messages
    assert window.tokens == exact(RULES, case[4]).total(messages)
    assert window.tokens + case[3].reserve <= case[3].window
    assert len(messages) == 2 * (len(case[1]) - window.dropped) + 1 + bool(case[0].content)


@given(cases())
def test_persona_and_newest_question_always_stay(case: Case) -> None:
    assume(expected(case) is not None)
    messages = fitted(case).messages
    assert messages[-1] is case[2]
    assert [message for message in messages if message.role == "system"] == ([case[0]] if case[0].content else [])


@given(cases())
def test_the_same_session_and_settings_give_the_same_window(case: Case) -> None:
    assume(expected(case) is not None)
    persona, said, question, budget, count = case
    again = (
        Message(role="system", content=str(persona.content)),
        [Turn(asks(turn.question.content), answers(turn.answer.content)) for turn in said],
        asks(question.content),
        Budget(budget.window, budget.reserve, budget.max_turns),
        count,
    )
    assert fitted(case) == fitted(again)


@given(cases())
def test_bound_and_count_choose_the_same_and_the_bound_never_says_less(case: Case) -> None:
    assume(expected(case) is not None)
    persona, said, question, budget, count = case
    window = fit(persona, said, question, budget, [bound(RULES), exact(RULES, count)])
    counted = fitted(case)
    assert (window.messages, window.dropped) == (counted.messages, counted.dropped)
    if window.kind == "bound":
        assert counted.tokens <= window.tokens <= budget.room
        assert window.dropped == (0 if budget.max_turns is None else max(len(said) - budget.max_turns, 0))
    else:
        assert window == counted


@given(cases(), st.integers(1, 3000))
@example((Message(role="system", content="p"), [], asks("x" * 1280), Budget(9, 0), every(LONGEST_TOKEN)), 9)
def test_a_refusal_tells_both_numbers(case: Case, missing: int) -> None:
    persona, said, question, budget, count = case
    alone = exact(RULES, count).total(straight(persona, [], question))
    room = alone - missing
    with pytest.raises(QuestionTooLong) as refused:
        fitted((persona, said, question, replace(budget, window=room + budget.reserve), count))
    error = refused.value
    assert room == error.room < error.tokens <= alone
    assert error.tokens == alone or f"at least {error.tokens:,} tokens" in str(error)
    assert f"{error.tokens:,} tokens, and {error.room:,} are free" in str(error)


def test_a_question_of_megabytes_is_refused_without_being_counted() -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return byte_length(text)

    persona, costs = Message(role="system", content="p"), [bound(RULES), exact(RULES, count)]
    with pytest.raises(QuestionTooLong, match=r"at least 23,437 tokens, and 3,072 are free"):
        fit(persona, [], asks("汉" * 1_000_000), Budget(4096, 1024), costs)
    assert counted == []


@pytest.mark.parametrize("huge", ["question", "answer"])
def test_a_turn_of_megabytes_is_left_out_without_being_counted(huge: str) -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return byte_length(text)

    long = "汉" * 1_000_000
    turn = Turn(asks(long if huge == "question" else "q"), answers(long if huge == "answer" else "a"))
    window = fit(Message(role="system", content="p"), [turn], asks("now"), Budget(4096, 1024), [exact(RULES, count)])
    assert window.dropped == 1
    assert long not in counted


@pytest.mark.parametrize("room", [100, 1000, 30_000])
def test_only_what_is_kept_and_one_turn_more_is_counted(room: int) -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return byte_length(text)

    said = [Turn(asks(f"question {number}"), answers(f"answer {number}")) for number in range(10_000)]
    window = fit(Message(role="system", content="p"), said, asks("now"), Budget(room, 0), [exact(RULES, count)])
    kept = len(said) - window.dropped
    assert kept > 0
    contents = [text for text in counted if text not in ("system", "user", "assistant")]
    oldest_tried = len(said) - kept - 1
    tried = {text for turn in said[oldest_tried:] for text in (turn.question.content, turn.answer.content)}
    assert sorted(contents) == sorted({"p", "now"} | tried)


@pytest.mark.parametrize(("max_turns", "kept"), [(None, 5), (9, 5), (5, 5), (2, 2), (0, 0)])
def test_max_turns_is_a_second_limit(max_turns: int | None, kept: int) -> None:
    said = [Turn(asks(str(number)), answers(str(number))) for number in range(5)]
    persona, question = Message(role="system", content="p"), asks("now")
    window = fit(persona, said, question, Budget(4096, 1024, max_turns), [bound(RULES)])
    assert window.messages == straight(persona, newest(said, kept), question)
    assert (window.kind, window.dropped) == ("bound", 5 - kept)


def test_a_persona_without_content_leaves_no_system_message() -> None:
    said = [Turn(asks("1+1=几"), answers("2"))]
    window = fit(Persona("imported", "").message, said, asks("why"), Budget(4096, 1024), [bound(RULES)])
    assert [message.role for message in window.messages] == ["user", "assistant", "user"]
    assert window.tokens == bound(RULES).total(window.messages)


def test_what_stands_aside_never_enters() -> None:
    unanswered = Message(role="user", content="lost", status="unanswered")
    said = [Turn(asks("q"), answers("a"), (unanswered,))]
    window = fit(Message(role="system", content="p"), said, asks("now"), Budget(4096, 1024), [bound(RULES)])
    assert [message.content for message in window.messages] == ["p", "q", "a", "now"]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(WRITTEN), max_size=6), st.integers(0, 600))
def test_the_first_cost_that_proves_it_spares_the_others(contents: list[str], room: int) -> None:
    called: list[str] = []

    def count(text: str) -> int:
        called.append(text)
        return every(4)(text)

    persona, question = Message(role="system", content="p"), asks("now")
    said = [Turn(asks(content), answers(content)) for content in contents]
    proven = bound(RULES).total(straight(persona, said, question)) <= room
    try:
        window = fit(persona, said, question, Budget(room, 0), [bound(RULES), exact(RULES, count)])
    except QuestionTooLong:
        assert not proven
    else:
        assert (window.kind == "bound") == proven
        assert (not called) == proven


@pytest.mark.parametrize(
    ("window", "max_tokens", "reserve", "kept"),
    [
        (4096, None, None, 1024),
        (8192, None, None, 2048),
        (128_000, None, None, 4096),
        (4095, None, None, 1023),
        (1000, None, None, 250),
        (4096, None, 500, 500),
        (4096, 700, None, 700),
        (4096, 700, 500, 700),
    ],
)
def test_the_reserve_is_max_tokens_else_the_setting_else_a_quarter(
    window: int, max_tokens: int | None, reserve: int | None, kept: int
) -> None:
    assert reserve_for(window, max_tokens, reserve) == kept


def test_what_was_decided_does_not_change_afterwards() -> None:
    budget = Budget(4096, 1024)
    window = fit(Message(role="system", content="p"), [], asks("now"), budget, [bound(RULES)])
    assert window.least == 0
    for value in (budget, window):
        with pytest.raises(AttributeError):
            setattr(value, value.__struct_fields__[0], 0)


def test_room_that_is_just_enough_is_enough() -> None:
    persona, question, best = Message(role="system", content="p"), asks("now"), exact(RULES, every(4))
    room = bound(RULES).total((persona, question))
    assert fit(persona, [], question, Budget(room, 0), [bound(RULES), best]).kind == "bound"
    assert fit(persona, [], question, Budget(room - 1, 0), [bound(RULES), best]).kind == "exact"


def test_a_question_that_only_its_frame_makes_too_long_is_counted() -> None:
    persona, question, count = Message(role="system", content=""), asks("x" * 10 * LONGEST_TOKEN), every(LONGEST_TOKEN)
    with pytest.raises(QuestionTooLong) as refused:
        fit(persona, [], question, Budget(10, 0), [exact(RULES, count)])
    assert refused.value.tokens == exact(RULES, count).total([question])
    assert "at least" not in str(refused.value)


@pytest.mark.parametrize(("size", "said"), [(5000, "need 5,"), (5_000_000, "need at least 39,")])
def test_a_refusal_names_what_was_attached(size: int, said: str) -> None:
    notes = File("notes.md", size, "x" * size)
    question = Message(role="user", content="why?", attachments=(notes,))
    with pytest.raises(QuestionTooLong, match=f"question and notes.md {said}"):
        fit(Message(role="system", content="p"), [], question, Budget(4096, 1024), [exact(RULES, byte_length)])


CAT = "data:image/png;base64,AA=="


@pytest.mark.parametrize("where", ["question", "turn"])
@pytest.mark.parametrize(
    "image",
    [
        {"attachments": (Image("cat.png", 9, 64, 64, CAT),)},
        {"parts": ({"type": "image_url", "image_url": {"url": CAT}},)},
    ],
    ids=["attached", "of another program"],
)
def test_with_an_image_the_count_that_is_said_to_be_best_decides(image: dict[str, Any], where: str) -> None:
    seen = Message(role="user", content="cat?", **image)
    said = [Turn(seen if where == "turn" else asks("q"), answers("a"))]
    question = seen if where == "question" else asks("now")
    persona, best = Message(role="system", content="p"), exact(RULES, every(4))
    window = fit(persona, said, question, Budget(4096, 1024), [bound(RULES), best])
    assert (window.kind, window.tokens) == ("estimate", best.total(window.messages))
    plain = fit(persona, said, asks("now"), Budget(4096, 1024, 0), [bound(RULES), best])
    assert plain.kind == "bound"
