import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st
from msgspec.structs import replace

from chatcmd import vocabulary
from chatcmd.conversation.message import Message, Persona, Turn, Usage
from chatcmd.conversation.session import Session
from chatcmd.conversation.tokens import UNMEASURED_RATIO, bound, estimate
from chatcmd.conversation.window import Window
from chatcmd.errors import ContextTooLong, QuestionTooLong, UsageError
from chatcmd.meter import Meter
from chatcmd.settings.origin import DEFAULT
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Named, Settings

ROOT = Root(Path("/nowhere"), DEFAULT)
SETTINGS = Settings(ROOT, {}, {})
KNOWN, UNKNOWN = "gpt-3.5-turbo", "llama3"
SESSION = Session(id="a", user="u", persona=Persona("default", "专家"), model=UNKNOWN, started="")
PROSE = "The quick brown fox jumps over the lazy dog. "


def asks(text: str, at: str | None = None) -> Message:
    return Message(role="user", content=text, at=at)


def answers(text: str, usage: Usage | None = None) -> Message:
    return Message(role="assistant", content=text, usage=usage, status="complete")


def talked(turns: int, text: str = "words ", session: Session = SESSION) -> Session:
    for number in range(turns):
        session = session.with_turn(Turn(asks(f"{number} {text}"), answers(text)))
    return session


class Notes(list[str]):
    """A meter, and what it told the user."""

    def __init__(self) -> None:
        super().__init__()
        self.meter = Meter(self.append)


def answered(meter: Meter, settings: Settings, session: Session, question: str, answer: Message) -> Session:
    """Go through one turn as the chat does."""
    asked = asks(question)
    window = meter.fit(settings, session, asked)
    meter.learn(settings, session.model, window, answer)
    return session.with_turn(Turn(asked, answer))


# Models whose rules are known

WHOLE_RUN = """
import sys
from pathlib import Path
from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.session import Session
from chatcmd.meter import Meter
from chatcmd.settings.origin import DEFAULT
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings

settings = Settings(Root(Path("/nowhere"), DEFAULT), {}, {})
session = Session(id="a", user="u", persona=Persona("default", "p"), model="MODEL", started="")
meter = Meter(print)
question = Message(role="user", content="words " * 200)
said = []
for _ in range(8):
    window = meter.fit(settings, session, question)
    said.append((window.kind, "tiktoken" in sys.modules))
    session = session.with_turn(Turn(question, Message(role="assistant", content="a")))
print(*said, sep="\\n")
window = meter.fit(settings, session, Message(role="user", content="small"))
print((window.kind, "tiktoken" in sys.modules))
"""


def run(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env={"PATH": ""}
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_vocabulary_is_not_loaded_while_bytes_prove_that_all_fits() -> None:
    unproven = ("exact", True)
    assert run(WHOLE_RUN.replace("MODEL", KNOWN)) == [*[str(("bound", False))] * 2, *[str(unproven)] * 7]


HALF_FULL = """
import threading
from chatcmd import vocabulary

for length in 1000, 2000:
    window = meter.fit(settings, session, Message(role="user", content="x" * length))
    meter.learn(settings, session.model, window, Message(role="assistant", content="a"))
    for thread in threading.enumerate()[1:]:
        thread.join()
    print((window.kind, vocabulary.is_loaded("cl100k_base")))
"""


def test_a_window_half_full_by_bytes_loads_the_vocabulary_early() -> None:
    begin, _, _ = WHOLE_RUN.partition("said = []")
    assert run(begin.replace("MODEL", KNOWN) + HALF_FULL) == [str(("bound", False)), str(("bound", True))]


@given(
    st.lists(st.sampled_from((1, 5, 40, 300)), max_size=12),
    st.sampled_from((PROSE, "汉字", "👩‍👩‍👧", "x = [1]\n")),
    st.none() | st.integers(0, 5),
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_known_model_gets_an_exact_window_that_keeps_the_reserve(
    lengths: list[int], text: str, max_turns: int | None
) -> None:
    vocabulary.counter("cl100k_base")
    notes = Notes()
    session = replace(SESSION, model=KNOWN)
    for length in lengths:
        session = session.with_turn(Turn(asks(text * length), answers(text * length)))
    settings = SETTINGS.changed("max_turns", max_turns, DEFAULT)
    window = notes.meter.fit(settings, session, asks("why"))
    cost = notes.meter.cost(settings, KNOWN)
    assert (window.kind, cost.kind, notes) == ("exact", "exact", [])
    assert window.tokens == cost.total(window.messages) <= 4096 - 1024
    if window.dropped and (max_turns is None or len(session.turns) - window.dropped < max_turns):
        left = session.turns[window.dropped - 1]
        assert window.tokens + cost.of(left.question) + cost.of(left.answer) > 4096 - 1024


def test_a_question_that_cannot_fit_is_refused_for_known_and_unknown_models() -> None:
    for model in (KNOWN, UNKNOWN):
        with pytest.raises(QuestionTooLong, match="3,072 are free"):
            Notes().meter.fit(SETTINGS, replace(SESSION, model=model), asks(PROSE * 400))


def test_text_is_counted_by_the_models_own_rules() -> None:
    meter = Notes().meter
    assert meter.count(SETTINGS, KNOWN, "お誕生日おめでとう") == 9
    assert meter.count(SETTINGS, "gpt-4o", "お誕生日おめでとう") == 8
    assert meter.count(SETTINGS, UNKNOWN, "お誕生日おめでとう") == int(8 * UNMEASURED_RATIO)


# Models that are not known


def test_nothing_is_loaded_for_an_unknown_model_while_all_fits() -> None:
    program = WHOLE_RUN.replace("MODEL", UNKNOWN).replace("words", "w")
    said = run(program)
    assert "the window of llama3 is not known" in said[0]
    assert said[1] == "('bound', False)"


def test_that_a_window_is_assumed_is_said_once_for_a_model() -> None:
    notes = Notes()
    for model in (UNKNOWN, UNKNOWN, "qwen", UNKNOWN):
        notes.meter.fit(SETTINGS, replace(SESSION, model=model), asks("q"))
    assert [note.split(" is")[0] for note in notes] == ["the window of llama3", "the window of qwen"]
    assert "4,096 tokens are assumed" in notes[0]


@pytest.mark.parametrize("set_for", [UNKNOWN, "local/llama3"])
def test_a_window_that_is_set_is_not_called_assumed(set_for: str) -> None:
    notes = Notes()
    settings = replace(SETTINGS, windows={set_for: 8192}, providers={"local": Named("http://127.0.0.1:1/v1", DEFAULT)})
    window = notes.meter.fit(settings, replace(SESSION, model="local/llama3"), asks("q"))
    assert window.budget.window == 8192
    assert notes == []


def test_a_window_that_is_set_for_another_services_model_is_not_this_ones() -> None:
    notes = Notes()
    settings = replace(SETTINGS, windows={"llama3": 8192})
    window = notes.meter.fit(settings, replace(SESSION, model="meta/llama3"), asks("q"))
    assert window.budget.window == 4096
    assert len(notes) == 1


def test_what_a_server_told_takes_the_place_of_bytes() -> None:
    meter = Notes().meter
    answer = answers("汉" * 600, Usage(500, 700))
    session = answered(meter, SETTINGS, SESSION, "汉" * 400, answer)
    window = meter.fit(SETTINGS, session, asks("more"))
    overhead = bound(None).of(asks("more")) + 8 + 8
    assert (window.kind, window.tokens, window.dropped) == ("bound", 500 + 700 + overhead, 0)
    assert bound(None).total(window.messages) > window.budget.room


def test_where_nothing_is_proven_an_estimate_decides() -> None:
    notes = Notes()
    session = talked(40, PROSE * 10)
    window = notes.meter.fit(SETTINGS, session, asks("why"))
    assert window.kind == "estimate"
    assert 0 < window.dropped < 40
    cost = estimate(vocabulary.counter("o200k_base"), None)
    left = session.turns[window.dropped - 1]
    assert window.tokens == cost.total(window.messages) <= window.budget.room
    assert window.tokens + cost.of(left.question) + cost.of(left.answer) > window.budget.room
    assert window.messages[0] == session.persona.message


@pytest.mark.parametrize("persona", ["专家", ""])
def test_the_ratio_is_learned_and_the_largest_stays(persona: str) -> None:
    meter = Notes().meter
    empty = replace(SESSION, persona=Persona("p", persona))
    crowd = talked(30, PROSE * 20, empty)
    before = meter.fit(SETTINGS, crowd, asks("why")).dropped
    answered(meter, SETTINGS, empty, PROSE * 4, answers("a", Usage(150, 1)))
    more = meter.fit(SETTINGS, crowd, asks("why")).dropped
    answered(meter, SETTINGS, empty, PROSE * 4, answers("a", Usage(60, 1)))
    assert before < more == meter.fit(SETTINGS, crowd, asks("why")).dropped
    assert meter.cost(SETTINGS, UNKNOWN).kind == "estimate"
    assert meter.count(SETTINGS, UNKNOWN, "hello world") > 2 * UNMEASURED_RATIO


def test_what_one_server_or_model_told_does_not_hold_for_another() -> None:
    meter = Notes().meter
    answer = answers("汉" * 600, Usage(500, 700))
    session = answered(meter, SETTINGS, SESSION, "汉" * 400, answer)
    elsewhere = SETTINGS.changed("base_url", "http://127.0.0.1:1/v1", DEFAULT)
    assert meter.fit(elsewhere, session, asks("more")).kind == "estimate"
    assert meter.fit(SETTINGS, replace(session, model="qwen"), asks("more")).kind == "estimate"
    assert meter.fit(SETTINGS, session, asks("more")).kind == "bound"


@pytest.mark.parametrize("usage", [None, Usage(0, 0), Usage(-1, -1), Usage(3, 1)])
def test_a_server_that_does_not_count_proves_nothing(usage: Usage | None) -> None:
    meter = Notes().meter
    session = SESSION
    for number in range(12):
        session = answered(meter, SETTINGS, session, f"{number} {PROSE * 8}", answers(PROSE * 8, usage))
    window = meter.fit(SETTINGS, session, asks("why"))
    assert window.kind == "estimate"
    assert window.tokens >= vocabulary.counter("o200k_base")("".join(each.content for each in window.messages))


def test_a_branch_is_not_bounded_by_what_was_told_of_another_way() -> None:
    meter = Notes().meter
    session = answered(meter, SETTINGS, SESSION, "q", answers("汉" * 100, Usage(20, 90)))
    other = session.branch(0, "b", "").with_turn(Turn(asks("q"), answers("字" * 5000)))
    window = meter.fit(SETTINGS, other, asks("more"))
    assert window.kind == "estimate"
    assert window.dropped == 1


# A request that the server found too long


def refused(limit: int | None = None, tokens: int | None = None) -> ContextTooLong:
    return ContextTooLong("the request is too long", limit, tokens)


def again(meter: Meter, session: Session, refusal: ContextTooLong) -> tuple[Window, Settings, Window | None]:
    window = meter.fit(SETTINGS, session, asks("why"))
    return window, *meter.fit_smaller(SETTINGS, session, asks("why"), window, refusal)


@pytest.mark.parametrize("model", [KNOWN, UNKNOWN])
def test_without_a_number_one_turn_more_is_left_out(model: str) -> None:
    session = replace(talked(10), model=model)
    first, settings, smaller = again(Notes().meter, session, refused())
    assert smaller is not None
    assert (first.dropped, smaller.dropped, settings) == (0, 1, SETTINGS)
    assert smaller.messages == (first.messages[0], *first.messages[3:])


@pytest.mark.parametrize("model", [KNOWN, UNKNOWN])
def test_the_window_that_the_server_names_is_learned(model: str) -> None:
    session = replace(talked(30, PROSE), model=model)
    meter = Notes().meter
    first, settings, smaller = again(meter, session, refused(1000))
    assert smaller is not None
    assert settings.windows == {model: 1000}
    assert smaller.budget.window == 1000
    assert smaller.tokens <= 1000 - 250
    assert smaller.dropped > first.dropped + 1
    assert meter.fit(settings, session, asks("why")).dropped >= smaller.dropped - 1


def test_a_window_is_learned_even_where_no_turn_can_be_left_out() -> None:
    settings, smaller = Notes().meter.fit_smaller(
        SETTINGS, SESSION, asks("why"), Notes().meter.fit(SETTINGS, SESSION, asks("why")), refused(2048)
    )
    assert smaller is None
    assert settings.windows == {UNKNOWN: 2048}


@pytest.mark.parametrize("limit", [4096, 8192, None, 0])
def test_a_window_is_only_learned_where_it_is_smaller(limit: int | None) -> None:
    _, settings, smaller = again(Notes().meter, talked(3), refused(limit))
    assert settings.windows == {}
    assert smaller is not None
    assert smaller.dropped == 1


@pytest.mark.parametrize("model", [KNOWN, UNKNOWN])
def test_a_question_too_long_for_what_was_learned_is_given_back(model: str) -> None:
    session = replace(talked(3), model=model)
    meter, question = Notes().meter, asks(PROSE * 60)
    window = meter.fit(SETTINGS, session, question)
    settings, smaller = meter.fit_smaller(SETTINGS, session, question, window, refused(500))
    assert smaller is None
    assert settings.windows == {model: 500}
    with pytest.raises(QuestionTooLong, match="a window of 500"):
        meter.fit(settings, session, question)


def test_a_window_smaller_than_max_tokens_is_given_back_too() -> None:
    settings = SETTINGS.changed("max_tokens", 600, DEFAULT)
    meter, session = Notes().meter, talked(3)
    window = meter.fit(settings, session, asks("why"))
    settings, smaller = meter.fit_smaller(settings, session, asks("why"), window, refused(500))
    assert smaller is None
    with pytest.raises(UsageError, match="max_tokens"):
        meter.fit(settings, session, asks("why"))


def test_the_count_that_the_server_names_is_learned() -> None:
    session = talked(40, PROSE * 10)
    meter = Notes().meter
    first, settings, smaller = again(meter, session, refused(4096, 2 * 3000))
    assert smaller is not None
    assert settings == SETTINGS
    kept = 40 - first.dropped
    assert 40 - smaller.dropped < 0.8 * kept
    assert meter.fit(settings, session, asks("why")).dropped == smaller.dropped


@pytest.mark.parametrize("tokens", [0, 3, 10_000_000])
def test_a_count_that_cannot_be_is_not_learned(tokens: int) -> None:
    meter, session = Notes().meter, talked(40, PROSE * 10)
    first, _, smaller = again(meter, session, refused(4096, tokens))
    assert smaller is not None
    assert smaller.dropped == first.dropped + 1


@given(
    st.integers(0, 12),
    st.none() | st.integers(0, 9000),
    st.none() | st.integers(0, 20_000),
    st.sampled_from((KNOWN, UNKNOWN)),
    st.none() | st.integers(0, 9),
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_after_a_refusal_there_is_less_or_nothing(
    turns: int, limit: int | None, tokens: int | None, model: str, max_turns: int | None
) -> None:
    meter, session = Notes().meter, replace(talked(turns, PROSE * 5), model=model)
    settings = SETTINGS.changed("max_turns", max_turns, DEFAULT)
    window, tries = meter.fit(settings, session, asks("why")), 0
    while True:
        learned, smaller = meter.fit_smaller(settings, session, asks("why"), window, refused(limit, tokens))
        assert learned.windows.get(model, 4096) <= 4096
        if smaller is None:
            break
        assert smaller.dropped > window.dropped
        assert len(smaller.messages) == 2 * (turns - smaller.dropped) + 2
        assert smaller.messages == (
            *window.messages[:1],
            *window.messages[len(window.messages) - len(smaller.messages) + 1 :],
        )
        assert smaller.tokens <= smaller.budget.room
        settings, window, tries = learned, smaller, tries + 1
    assert tries <= turns
