"""A folder is tried without a trace: whether it takes something, and how long that takes."""

from pathlib import Path

import pytest

from chatcmd.history.trial import SIZE, tried
from tests.history.made import as_mere_owner, full_disk
from tests.terminal_driver import PYTHON, run


@pytest.mark.parametrize("name", [".", "history", "not/made/yet"])
def test_folder_that_takes_files_says_how_long_one_takes_and_keeps_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    before = sorted(tmp_path.rglob("*"))
    trial = tried(tmp_path / name)
    assert (trial.writable, trial.reason) == (True, "")
    assert trial.seconds > 0
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("room", [0, SIZE // 2, SIZE - 1])
def test_full_disk_is_told_and_what_was_begun_is_taken_away(room: int, tmp_path: Path) -> None:
    with full_disk(room):
        trial = tried(tmp_path)
    assert (trial.writable, trial.seconds, trial.reason) == (False, 0.0, "file too large")
    assert list(tmp_path.iterdir()) == []


def test_folder_that_nobody_may_write_to_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    program = (
        "import sys; from pathlib import Path; from chatcmd.history.trial import tried; print(tried(Path(sys.argv[1])))"
    )
    try:
        done = run(as_mere_owner([PYTHON, "-c", program, str(tmp_path)]))
    finally:
        tmp_path.chmod(0o700)
    assert done.out == "Trial(writable=False, seconds=0.0, reason='permission denied')\n", done.err


def test_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "history").touch()
    assert tried(tmp_path / "history").reason == "not a directory"
