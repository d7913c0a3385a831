"""`chatcmd replay --offline`: a saved session is a model, without a key and without a network."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatcmd.conversation.message import Turn
from chatcmd.history.library import Library
from tests.chat.stage import Stage
from tests.conversation.texts import WRITTEN
from tests.history.made import ID, answer, question, saved, session
from tests.replay.asked import against, document, numbered, recorded, replay, replays

KEYLESS = {"CHATCMD_OFFLINE": "", "OPENAI_API_KEY": ""}
_MOMENTS = rb'"(?:id|at|started|ended|first|total)": (?:"[^"]*"|[\d.]+)'


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path / "root")
    made.environ |= KEYLESS
    return made


def without_moments(stage: Stage) -> list[bytes]:
    """Read the files of all replays, but for ids and times."""
    made = [path for path in stage.files() if path.suffix == ".json" and path.stem != ID]
    return [re.sub(_MOMENTS, b"", path.read_bytes()) for path in made]


def test_the_answers_are_those_of_the_recording(stage: Stage) -> None:
    numbered(stage.root, 3)
    done = replay(stage, ID, "--offline", "--json", "--expect", "same")
    assert done.code == 0, done.err
    told = document(done)
    assert told["expected"] == {"what": "same", "met": True, "missed": []}
    assert [turn["new"]["answer"] for turn in told["replays"][0]["turns"]] == ["answer 1", "answer 2", "answer 3"]
    (made,) = replays(stage)
    assert made["model"] == "gpt-3.5-turbo"
    assert made["messages"][2]["usage"] == {"prompt_tokens": 44, "completion_tokens": 8}


def test_a_model_only_names_the_result(stage: Stage) -> None:
    numbered(stage.root, 1)
    done = replay(stage, ID, "--offline", *against("of/my-own"))
    assert done.code == 0, done.err
    (made,) = replays(stage)
    assert (made["model"], made["messages"][2]["model"]) == ("of/my-own", "of/my-own")
    assert made["messages"][2]["content"] == "answer 1"


@pytest.mark.parametrize("words", [[], ["--against", "gpt-4o"], ["--against", "unknown"], ["--recorded-context"]])
def test_two_replays_write_the_same_bytes_but_for_ids_and_times(stage: Stage, words: list[str]) -> None:
    made = session()
    for number, text in enumerate(WRITTEN * 2):
        told = answer(text[::-1] or "nothing", usage=None if number % 2 else answer("").usage, reasoning=text or None)
        made = made.with_turn(Turn(question(text + "?"), told))
    saved(Library(stage.root / "history"), made)
    for _ in range(2):
        done = replay(stage, ID, "--offline", "--again", *words)
        assert done.code == 0, done.err
    first, second = without_moments(stage)
    assert first == second
    assert len(first) > 10_000


def test_a_question_that_was_asked_twice_gets_both_answers_in_their_order(stage: Stage) -> None:
    recorded(stage.root, ("again", "one"), ("again", "two"), ("again", "three"))
    (each,) = document(replay(stage, ID, "--offline", "--json"))["replays"]
    assert [turn["new"]["answer"] for turn in each["turns"]] == ["one", "two", "three"]


def test_another_persona_is_said(stage: Stage) -> None:
    numbered(stage.root, 2)
    stage.persona("poet", "verse")
    done = replay(stage, ID, "--offline", "--persona", "poet")
    assert done.code == 0, done.err
    sentence = "the persona is not the recorded one; the answers are those that the recorded one gave"
    assert done.err.count(sentence) == 1


def test_what_was_left_in_the_middle_goes_on_with_the_answer_that_is_due(stage: Stage) -> None:
    recorded(stage.root, ("again", "one"), ("again", "two"))
    assert replay(stage, ID, "--offline").code == 0
    (path,) = [path for path in stage.files() if path.suffix == ".json" and path.stem != ID]
    whole: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode(whole | {"messages": whole["messages"][:3]}))
    done = replay(stage, ID, "--offline")
    assert done.code == 0, done.err
    assert [each["content"] for each in replays(stage)[0]["messages"]][2::2] == ["one", "two"]
