"""Whatever is read may be damaged: nothing breaks, and what broke once stays mended."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.fuzz.target import SEEDS, Target
from tests.fuzz.targets import TARGETS

SLOW = {"index", "index_file", "markdown", "verify", "llm", "chatgpt", "zip"}
"""Targets whose cases take many milliseconds each."""

SEEDED = [(target, seed) for target in TARGETS.values() for seed in target.seeds]


@pytest.mark.parametrize(("target", "seed"), SEEDED, ids=[f"{target.name}-{seed.name}" for target, seed in SEEDED])
def test_what_broke_it_once_does_not_any_more(target: Target, seed: object) -> None:
    target.run(seed.read_bytes())  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", TARGETS)
def test_samples_are_read_as_they_are(name: str) -> None:
    assert TARGETS[name].samples
    for sample in TARGETS[name].samples:
        TARGETS[name].run(sample)


def test_every_seed_belongs_to_a_target() -> None:
    assert {folder.name for folder in SEEDS.iterdir()} <= TARGETS.keys()


@pytest.mark.parametrize("name", sorted(TARGETS.keys() - SLOW))
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_damage_breaks_what_reads(name: str, data: st.DataObject) -> None:
    TARGETS[name].run(data.draw(TARGETS[name].cases))


@pytest.mark.parametrize("name", sorted(SLOW))
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_damage_breaks_what_takes_longer_to_read(name: str, data: st.DataObject) -> None:
    TARGETS[name].run(data.draw(TARGETS[name].cases))
