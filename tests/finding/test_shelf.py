"""Saved sessions found by what is typed: by title, by what was said, one's own first, and what is told of each."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from chatcmd.conversation.message import Turn
from chatcmd.errors import HistoryError
from chatcmd.finding.shelf import MOST, Hits, Sessions
from chatcmd.history.library import Library
from chatcmd.terminal.pick import Abandoned, Choice, Found, Pulse, Shelf
from tests.bench.histories import RARE_CHINESE, fill
from tests.history.made import answer, question, saved, session
from tests.hostile import HOSTILE, raw_controls

THREE = {
    "20260101T000000Z-0001": ("anna", "About pythons", "how long is a python", "Very long.\nSome snakes are longer."),
    "20260102T000000Z-0002": ("bo", "机器学习", "什么是梯度下降", "梯度下降是一种优化算法。"),
    "20260103T000000Z-0003": ("anna", "dinner", "what shall I cook", "A soup of snakes and ladders."),
}


def heedless(_sentence: str) -> None:
    """Stand in for someone who waits for all of it."""


def is_text(text: str) -> bool:
    """Tell whether a file can hold it: halves of a surrogate pair cannot be written."""
    return text.encode(errors="replace").decode() == text


@pytest.fixture
def three(tmp_path: Path) -> Path:
    library = Library(tmp_path / "history")
    for session_id, (user, title, asked, answered) in THREE.items():
        made = session(session_id=session_id, user=user, title=title).with_turn(Turn(question(asked), answer(answered)))
        saved(library, made)
    return library.folder


def found(shelf: Shelf, typed: str, pulse: Pulse = heedless) -> Found:
    return list(shelf.find(typed, pulse))[-1]


def titles(choices: Sequence[Choice]) -> list[str]:
    return [each.label.text for each in choices]


def marked(choice: Choice) -> list[str]:
    return [choice.label.text[begin:end] for begin, end in choice.label.spans]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ["dinner", "About pythons", "机器学习"]),
        ("bout", ["About pythons"]),  # the middle of a word
        ("pyth", ["About pythons"]),
        ("PYTHON long", ["About pythons"]),
        ("snakes", ["dinner", "About pythons"]),
        ('"snakes and"', ["dinner"]),
        ("梯度", ["机器学习"]),
        ("器学", ["机器学习"]),
        ("度", ["机器学习"]),
        ("nothing of this", []),
        ('"', []),
    ],
)
def test_sessions_are_found_by_title_and_by_what_was_said(three: Path, typed: str, expected: list[str]) -> None:
    with closing(Sessions(three, ("anna", None))) as shelf:
        assert titles(found(shelf, typed).choices) == expected


def test_own_sessions_stand_first_and_others_have_their_users_name(three: Path) -> None:
    for user, names in (("bo", ["", "anna", "anna"]), ("anna", ["", "", "bo"])):
        with closing(Sessions(three, (user, None))) as shelf:
            assert [each.facts[1] for each in found(shelf, "").choices] == names
    with closing(Sessions(three, ("anna",))) as shelf:
        assert titles(found(shelf, "").choices) == ["dinner", "About pythons"]


def test_what_was_typed_is_marked_in_titles(three: Path) -> None:
    with closing(Sessions(three, (None,))) as shelf:
        assert marked(found(shelf, "pyth").choices[0]) == ["pyth"]
        assert marked(found(shelf, "bout").choices[0]) == ["bout"]


def test_titles_that_are_known_are_found_at_once_and_nothing_moves_afterwards(three: Path) -> None:
    with closing(Sessions(three, ("anna", None))) as shelf:
        found(shelf, "")
        steps = [titles(each.choices) for each in shelf.find("snakes", heedless)]
        assert steps[0] == ["dinner", "About pythons"]
        steps = [titles(each.choices) for each in shelf.find("about", heedless)]
        assert steps[0] == ["About pythons"]
        assert all(step[: len(steps[0])] == steps[0] for step in steps)


def test_preview_tells_what_was_said_last_or_what_was_found(three: Path) -> None:
    with closing(Sessions(three, ("anna", None))) as shelf:
        told = "\n".join(each.text for each in shelf.preview(found(shelf, "").choices[0]))
        assert told.startswith("dinner\n2026-")
        assert "anna  default  gpt-3.5-turbo  1 turn  20260103T000000Z-0003" in told
        assert "【anna】what shall I cook\n【ChatGPT】A soup of snakes and ladders." in told
        passages = shelf.preview(found(shelf, "snakes").choices[1])
        assert [each.text for each in passages[-2:]] == ["turn 1, answer:", "…Some snakes are longer."]
        [(begin, end)] = passages[-1].spans
        assert passages[-1].text[begin:end] == "snakes"


def test_preview_of_a_session_that_was_just_removed_says_so(three: Path) -> None:
    with closing(Sessions(three, (None,))) as shelf:
        choice = found(shelf, "").choices[0]
        next(three.glob("anna/*0003.json")).unlink()
        assert "cannot be read" in shelf.preview(choice)[0].text


def test_each_hit_is_a_choice_with_the_line_that_was_found(three: Path) -> None:
    with closing(Hits(three, ("anna", None))) as shelf:
        assert not found(shelf, " ").choices
        hits = found(shelf, "snakes").choices
        assert titles(hits) == ["A soup of snakes and ladders.", "Very long. Some snakes are longer."]
        assert marked(hits[0]) == ["snakes"]
        assert "turn 1, answer:" in [each.text for each in shelf.preview(hits[0])]


def test_damaged_files_are_told_of_and_cost_nothing_else(three: Path) -> None:
    damaged = three / "anna" / "20260104T000000Z-0004.json"
    damaged.write_text("{")
    with closing(Sessions(three, ("anna", None))) as shelf:
        answered = found(shelf, "")
        assert len(answered.choices) == 3
        assert damaged.name in answered.trouble
        assert len(found(shelf, "snakes").choices) == 2


def test_hostile_titles_and_texts_are_inert(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    for number, text in enumerate(filter(is_text, HOSTILE.values())):
        made = session(session_id=f"20260101T000000Z-{number:04x}", title=f"x {text}")
        saved(library, made.with_turn(Turn(question(f"needle {text}"), answer(f"{text} needle {text}"))))
    for shelf in (Sessions(library.folder, ("anna", None)), Hits(library.folder, ("anna", None))):
        with closing(shelf):
            choices = found(shelf, "needle").choices
            assert choices
            for each in choices:
                shown = [*each.facts, each.label.text, *(passage.text for passage in shelf.preview(each))]
                assert not [raw_controls(text.encode()) for text in shown if raw_controls(text.encode())]
                assert "\n" not in each.label.text


def test_many_sessions_are_indexed_and_few_of_them_fetched(tmp_path: Path) -> None:
    fill(tmp_path / "history", 1200)
    told: list[str] = []
    with closing(Sessions(tmp_path / "history", (None,))) as shelf:
        first = found(shelf, "", told.append)
        assert (len(first.choices), first.more) == (MOST, True)
        rare = found(shelf, RARE_CHINESE, lambda sentence: told.append(sentence) if sentence else None)
        assert 0 < len(rare.choices) < MOST
    assert "500 of 1,200 sessions are indexed" in told


def test_what_nobody_waits_for_ends_in_the_middle_of_the_history(three: Path) -> None:
    calls = 0

    def impatient(_sentence: str) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise Abandoned

    with closing(Sessions(three, (None,))) as shelf, pytest.raises(Abandoned):
        found(shelf, "snakes", impatient)


def test_history_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("no folder")
    with closing(Sessions(tmp_path / "history", (None,))) as shelf, pytest.raises(HistoryError):
        found(shelf, "")
