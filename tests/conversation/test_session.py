from itertools import pairwise

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.session import TITLE_LENGTH, Parent, Session, paired, title_of
from tests.conversation.texts import answers, asks, texts

SESSION = Session(id="a", user="张三", persona=Persona("default", "专家"), model="gpt-3.5-turbo", started="2026-11-20")
UNANSWERED = Message(role="user", content="lost", status="unanswered")

messages = st.builds(
    Message,
    role=st.sampled_from(("user", "user", "assistant", "system", "tool")),
    content=texts,
    status=st.sampled_from((None, "complete", "interrupted", "unanswered")),
)


def flat(turns: tuple[Turn, ...], aside: tuple[Message, ...]) -> list[Message]:
    return [message for turn in turns for message in (*turn.aside, turn.question, turn.answer)] + list(aside)


@given(st.lists(messages, max_size=20))
def test_pairing_loses_and_moves_nothing(line: list[Message]) -> None:
    turns, aside = paired(line)
    assert flat(turns, aside) == line


@given(st.lists(messages, max_size=20))
def test_a_turn_is_a_question_and_the_answer_right_behind_it(line: list[Message]) -> None:
    turns, _ = paired(line)
    assert [(turn.question, turn.answer) for turn in turns] == [
        (question, answer)
        for question, answer in pairwise(line)
        if (question.role, answer.role) == ("user", "assistant") and question.status != "unanswered"
    ]


@given(st.lists(st.tuples(texts, texts, st.booleans()), max_size=8), st.booleans())
def test_a_session_read_back_from_its_straight_line_is_the_same(said: list[tuple[str, str, bool]], lost: bool) -> None:  # noqa: FBT001
    session = SESSION
    for question, answer, lost_before in said:
        session = session.with_unanswered(asks(question)) if lost_before else session
        session = session.with_turn(Turn(asks(question), answers(answer)))
    session = session.with_unanswered(asks("last")) if lost else session
    persona, *line = session.messages
    assert persona == session.persona.message
    assert paired(line) == (session.turns, session.aside)


@pytest.mark.parametrize(
    ("line", "turns", "aside"),
    [
        ([], 0, 0),
        ([asks("q")], 0, 1),
        ([asks("q"), answers("a")], 1, 0),
        ([answers("a"), asks("q")], 0, 2),
        ([asks("q"), asks("q"), answers("a")], 1, 0),
        ([asks("q"), answers("a"), answers("b")], 1, 1),
        ([UNANSWERED, answers("a")], 0, 2),
        ([UNANSWERED, asks("q"), answers("a"), UNANSWERED], 1, 1),
        ([asks("q"), Message(role="system", content="s"), answers("a")], 0, 3),
    ],
)
def test_what_makes_a_turn(line: list[Message], turns: int, aside: int) -> None:
    found, left = paired(line)
    assert (len(found), len(left)) == (turns, aside)


def test_a_session_only_grows_and_the_old_value_stays() -> None:
    turn = Turn(asks("1+1=几"), answers("2"))
    grown = SESSION.with_turn(turn)
    assert (SESSION.turns, SESSION.title) == ((), "")
    assert (grown.turns, grown.title) == ((turn,), "1+1=几")
    assert [message.content for message in grown.messages] == ["专家", "1+1=几", "2"]


def test_what_stood_aside_moves_before_the_next_question() -> None:
    session = SESSION.with_unanswered(asks("lost")).with_turn(Turn(asks("q"), answers("a")))
    assert session.turns == (Turn(asks("q"), answers("a"), (UNANSWERED,)),)
    assert session.aside == ()
    assert session.title == "lost"


def test_a_session_without_a_question_is_not_worth_saving() -> None:
    assert not SESSION.worth_saving
    assert SESSION.with_unanswered(asks("q")).worth_saving
    assert SESSION.with_turn(Turn(asks("q"), answers("a"))).worth_saving


def test_a_persona_without_content_has_no_message() -> None:
    imported = Session(id="a", user="u", persona=Persona("imported", ""), model="m", started="")
    assert list(imported.with_turn(Turn(asks("q"), answers("a"))).messages) == [asks("q"), answers("a")]


def test_a_branch_shares_the_first_turns_and_knows_its_parent() -> None:
    session = SESSION
    for number in range(3):
        session = session.with_turn(Turn(asks(f"q{number}"), answers(f"a{number}")))
    session = session.with_unanswered(asks("lost")).ended_at("2026-11-21", "exit")
    branch = session.branch(2, "b", "2026-11-22")
    assert branch.turns == session.turns[:2]
    assert branch.aside == ()
    assert (branch.id, branch.started, branch.ended, branch.ended_by) == ("b", "2026-11-22", None, None)
    assert branch.parent == Parent("a", 2)
    assert branch.title == "q0"
    assert replace(session, source={"format": "x"}).branch(1, "b", "2026-11-22").source is None
    assert (session.ended_by, len(session.turns)) == ("exit", 3)


def test_a_branch_without_turns_is_named_after_its_own_first_question() -> None:
    branch = SESSION.with_turn(Turn(asks("old"), answers("a"))).branch(0, "b", "2026-11-22")
    assert not branch.worth_saving
    assert branch.with_turn(Turn(asks("new"), answers("a"))).title == "new"


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("", ""),
        (" \n\t\n", ""),
        ("1+1=几", "1+1=几"),
        ("\n  second line \nthird", "second line"),
        ("x" * TITLE_LENGTH, "x" * TITLE_LENGTH),
        ("x" * (TITLE_LENGTH + 1), "x" * (TITLE_LENGTH - 1) + "…"),
        ("汉" * 61, "汉" * 59 + "…"),
        ("x" * 50 + " " * 20 + "y", "x" * 50 + "…"),
    ],
)
def test_a_title_is_the_first_line_that_says_something(question: str, title: str) -> None:
    assert title_of(question) == title


@given(st.text())
def test_a_title_is_one_line_of_sixty_characters_at_most(question: str) -> None:
    title = title_of(question)
    assert len(title) <= TITLE_LENGTH
    assert len(title.splitlines()) <= 1
    assert title == title.strip()
