"""A chat with a server that has every fault: at its end each question is accounted for, and nothing is left open."""

from pathlib import Path

import pytest

from tests.bench.soak import MOST_DESCRIPTORS, Soak

TURNS = 120


@pytest.mark.faults(3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 19, 20, 22, 24)
def test_every_question_to_a_bad_server_is_accounted_for(tmp_path: Path) -> None:
    soak = Soak(TURNS, seed=5, root=tmp_path, every=25)
    soak.run()
    assert soak.came.total() == TURNS
    assert set(soak.came) == {"complete", "incomplete", "interrupted", "given back"}
    descriptors = [each.descriptors for each in soak.samples]
    assert max(descriptors) - min(descriptors) <= MOST_DESCRIPTORS
    assert len({each.threads for each in soak.samples[1:]}) == 1
