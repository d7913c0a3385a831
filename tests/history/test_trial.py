"""Trying a folder: what its disk takes and keeps, whether it keeps locks, and that nothing stays behind."""

import fcntl
from pathlib import Path

import pytest

from chatcmd.history.locking import lock_trouble
from chatcmd.history.trial import tried
from tests.history.made import full_disk


def test_a_folder_that_takes_what_is_written_says_how_long_it_took(tmp_path: Path) -> None:
    trial = tried(tmp_path)
    assert (trial.writable, trial.reason) == (True, "")
    assert trial.seconds > 0
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_the_system_s_own_reason(tmp_path: Path) -> None:
    with full_disk(100):
        trial = tried(tmp_path)
    assert (trial.writable, trial.reason) == (False, "file too large")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_folder_that_there_is_not_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    trial = tried(tmp_path / name)
    assert not trial.writable
    assert trial.reason in ("no such file or directory", "not a directory")


def test_locks_that_hold_are_no_trouble(tmp_path: Path) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    assert lock_trouble(tmp_path) is None
    assert set(Path("/proc/self/fd").iterdir()) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.faults(36)
@pytest.mark.parametrize(
    ("answer", "words"), [(OSError(37, "No locks available"), "no locks available"), (None, "both told that it is")]
)
def test_a_disk_that_keeps_no_locks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: OSError | None, words: str
) -> None:
    def flock(_descriptor: int, _how: int) -> None:
        if answer is not None:
            raise answer

    monkeypatch.setattr(fcntl, "flock", flock)  # the system's call, as such a disk answers it
    assert words in str(lock_trouble(tmp_path))
    assert list(tmp_path.iterdir()) == []
