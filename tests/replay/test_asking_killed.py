"""Acceptance: replays of three models, killed again and again and resumed, ask every question once of each model.

What is promised exactly: a question whose answer has been recorded is never asked again. The one question of each
replay that was on its way at a kill has no recorded answer, and is asked again; nothing else is.
"""

import random
import threading
from collections import Counter
from pathlib import Path

import pytest

from chatcmd.history.live import read_live
from tests.chat.stage import Stage
from tests.history.made import ID
from tests.history.pipe_chat import PipeChat
from tests.replay.asked import MODELS, Models, against, numbered, replay, replays
from tests.replies import Exchange, say
from tests.terminal_driver import CHATCMD

TURNS = 16
KILLS = 5


@pytest.fixture
def models() -> Models:
    return Models(delay=0.02)


def newest_asked(models: Models, before: int) -> set[tuple[str, str]]:
    """Find the question that each model was asked last since so many were asked of all."""
    return set(dict(models.order[before:]).items())


def recorded_answers(stage: Stage) -> set[tuple[str, str]]:
    """Read off the disk, as a kill has left it, which questions each model has answered whole."""
    folder = stage.root / "history" / "简说Python"
    paths = {path.with_suffix(".json") for path in folder.iterdir() if path.stem != ID and path.stat().st_size}
    return {
        (session.model, turn.question.content)
        for session in map(read_live, paths)
        for turn in session.turns
        if turn.answer.status == "complete"
    }


def killed_after(stage: Stage, requests: int, moment: float) -> bool:
    """Run the replay, and kill it once so many more requests have come; tell whether it was still running.

    By the end the server has taken in all that was sent.
    """
    server = stage.server
    assert server is not None
    enough = len(server.chats) + requests
    with PipeChat([*CHATCMD, "replay", ID, *against(*MODELS)], env=stage.environ) as program:
        server.wait_for(lambda: len(server.chats) >= enough)
        threading.Event().wait(moment)
        killed = program.kill() == -9
    for wire in server._wires:
        wire.thread.join()
    return killed


def test_killed_at_random_moments_only_what_was_on_its_way_is_asked_again(stage: Stage, models: Models) -> None:
    numbered(stage.root, TURNS)
    chance = random.Random(4)
    on_their_way: Counter[tuple[str, str]] = Counter()
    recorded: dict[tuple[str, str], int] = {}
    for _ in range(KILLS):
        before = len(models.order)
        assert killed_after(stage, 1 + chance.randrange(3), chance.random() * 0.05)
        there = recorded_answers(stage)
        recorded |= {question: recorded.get(question, models.asked[question]) for question in there}
        on_their_way.update(newest_asked(models, before) - there)
    done = replay(stage, ID, *against(*MODELS))
    assert done.code == 0, done.err
    assert {question: models.asked[question] for question in recorded} == recorded
    assert models.asked == {
        (model, f"question {turn}"): 1 + on_their_way[model, f"question {turn}"]
        for model in MODELS
        for turn in range(1, TURNS + 1)
    }
    answers_are_whole(stage, TURNS)


def test_killed_while_all_three_answers_are_awaited_just_these_are_asked_again(stage: Stage, models: Models) -> None:
    """The moment is exact here: each model has answered so many questions, and keeps silent on the next one."""
    numbered(stage.root, 3)
    silent = {("gpt-4o", "question 1"), ("gpt-4", "question 2"), ("gpt-4.1", "question 3")}
    reached = threading.Semaphore(0)

    def hold(exchange: Exchange) -> None:
        reached.release()
        exchange.close("hold")

    models.scripted = dict.fromkeys(silent, hold)
    words = ["replay", ID, *against(*MODELS)]
    with PipeChat([*CHATCMD, *words], env=stage.environ) as program:
        for _ in silent:
            assert reached.acquire(timeout=30)
        assert program.kill() == -9
    models.scripted = {}
    done = replay(stage, ID, *against(*MODELS))
    assert done.code == 0, done.err
    expected = {(model, f"question {turn}") for model in MODELS for turn in (1, 2, 3)}
    assert models.asked == {question: 1 + (question in silent) for question in expected}
    answers_are_whole(stage, 3)


def test_an_answer_that_was_half_there_is_kept_beside_the_whole_one(stage: Stage, models: Models) -> None:
    numbered(stage.root, 2)
    half = say("x" * 5000 + "the end", pieces=["x" * 5000, "the end"])

    def stall(exchange: Exchange) -> None:
        """Send all but the end of it; what has come is in the journal when the next request cannot come."""
        half(_Stalled(exchange))

    models.scripted["gpt-4o", "question 2"] = stall
    folder = stage.root / "history" / "简说Python"
    with PipeChat([*CHATCMD, "replay", ID, *against("gpt-4o")], env=stage.environ) as program:
        assert stage.server is not None
        stage.server.wait_for_request(2)
        wait_until_written(folder, b'"part"')
        assert program.kill() == -9
    models.scripted = {}
    done = replay(stage, ID, *against("gpt-4o"))
    assert done.code == 0, done.err
    assert models.asked == {("gpt-4o", "question 1"): 1, ("gpt-4o", "question 2"): 2}
    (made,) = replays(stage)
    statuses = [(each["role"], each.get("status")) for each in made["messages"][3:]]
    assert statuses == [("user", "unanswered"), ("assistant", "incomplete"), ("user", None), ("assistant", "complete")]


class _Stalled:
    """An exchange that holds the line once the long piece has been sent."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.request, self.use, self.elsewhere = exchange.request, exchange.use, exchange.elsewhere
        self.count, self.count_text, self.until = exchange.count, exchange.count_text, exchange.until
        self.close = exchange.close

    def send(self, data: bytes, *, last: bool = False) -> None:
        if b"the end" in data:
            self._exchange.close("hold")
        self._exchange.send(data, last=last)


def wait_until_written(folder: Path, text: bytes) -> None:
    """Wait until a journal holds a text."""
    for _ in range(3000):
        if any(text in path.read_bytes() for path in folder.glob("*.jsonl")):
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{text!r} was never written")


def answers_are_whole(stage: Stage, turns: int) -> None:
    """Each model's one session holds all questions in their order, with whole answers, and no journal is left."""
    made = replays(stage)
    assert [each["model"] for each in made] == list(MODELS)
    for each in made:
        whole = [message for message in each["messages"] if message.get("status") not in ("unanswered", "incomplete")]
        asked = [message["content"] for message in whole if message["role"] == "user"]
        assert asked == [f"question {turn}" for turn in range(1, turns + 1)]
        answers = [message["content"] for message in whole if message["role"] == "assistant"]
        assert answers == [f"{each['model']} on {question}" for question in asked]
    assert not list((stage.root / "history").rglob("*.jsonl"))
