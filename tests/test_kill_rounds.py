"""Chats end at random moments: nothing that they had shown is lost, and nothing of theirs is left behind."""

from pathlib import Path

import pytest

from tests.bench.kill_round import Death, Round
from tests.bench.kills import rounds

EACH_WAY = 25


@pytest.mark.faults(28, 37, 40, 41)
@pytest.mark.parametrize(("death", "seed"), [*rounds(EACH_WAY)])
def test_chat_that_ends_at_a_random_moment_loses_nothing(tmp_path: Path, death: Death, seed: int) -> None:
    played = Round(seed, death, tmp_path)
    played.play()
    assert played.endings[-1].left
