"""A disk whose N-th call fails, for every N: the chat goes on, what was acknowledged is there, nothing is torn."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from chatcmd.cli import main
from chatcmd.terminal.recall import RecallFile
from tests.history.aftermath import (
    ALL_THERE,
    CHAT,
    REPOSITORY,
    TROUBLE,
    Setup,
    acknowledged,
    asked,
    lived_in,
    one_damaged,
    one_deleted,
    one_saved,
    one_to_import,
    sessions,
    start_again,
)
from tests.history.damage import written
from tests.history.made import ID, tree
from tests.terminal_driver import PYTHON, run

NOTHING, JOURNAL = "it stays in memory until you leave", "what reached the journal beside it is recovered"
QUESTIONS = ["第一问", "第二问", "第三问"]


class Run(NamedTuple):
    """One run of the program: its root, its exit code, what it wrote, and the calls that failed."""

    root: Path
    code: int
    shown: str
    failed: list[str]

    @property
    def history(self) -> Path:
        return self.root / "history"

    @property
    def refused(self) -> bool:
        """Tell whether it did not begin, since its root or settings could not be read."""
        return self.code in (2, 3) and self.shown.startswith("chatcmd: ")


def runs(place: Path, how: tuple[str, str], words: list[str], *lines: str, setup: Setup | None = None) -> list[Run]:
    """Run the program with every call failing in turn, the last run untouched."""
    before = place / "before"
    if setup is not None:
        before.mkdir(mode=0o700)
        setup(before)
    typed = "".join(f"{line}\n" for line in lines)
    argv = [PYTHON, "-m", "tests.history.broken_disk", str(place / "runs"), *how, str(before), typed, *words]
    done = run(argv, cwd=REPOSITORY, timeout=100)
    assert done.code == 0, done.err
    return sorted(_read(place / "runs"), key=lambda each: int(each.root.parent.name))


def _read(places: Path) -> Iterator[Run]:
    for place in places.iterdir():
        end = json.loads((place / "end").read_text("utf-8"))
        yield Run(place / "root", end["code"], (place / "out").read_text("utf-8"), end["failed"])


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # no power is cut here


def check_program(each: Run) -> None:
    """Check what holds of every run: no traceback, a code that is documented, and no other file than sessions."""
    assert "Traceback" not in each.shown, each
    assert "inside chatcmd" not in each.shown, each
    assert each.code in (0, 3) or each.refused, each
    assert start_again(each.history) == [] or "write " in "".join(each.failed), each  # torn, and could not be cut
    left = [path.name for path in each.root.rglob("*") if path.is_file() and ".damaged" not in path.name]
    assert all(name.endswith(".json") for name in left), each


@pytest.mark.faults(32, 33, 49)
@pytest.mark.parametrize("often", ["once", "always"])
@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EMFILE", "EIO"])
def test_whichever_call_fails_the_chat_goes_on_and_what_was_acknowledged_is_kept(
    error: str, often: str, tmp_path: Path
) -> None:
    played = runs(tmp_path, (error, often), CHAT, *QUESTIONS)
    assert len(played) > 5
    assert not played[-1].failed
    for each in played:
        journal = any(path.stat().st_size for path in each.history.rglob("*.jsonl"))
        there = asked(each.history)
        check_program(each)
        if each.refused:
            continue
        assert each.shown.count("Your question was: ") == 3, each
        assert each.shown.count(TROUBLE) <= 1, each
        assert each.shown.count(ALL_THERE) <= 1, each
        assert each.code == 0 or (JOURNAL in each.shown) != (NOTHING in each.shown), each
        assert journal or JOURNAL not in each.shown or each.code == 0, each
        assert there == QUESTIONS if each.code == 0 else there in ([], QUESTIONS), each  # whole, or not there
        kept = asked(each.history)
        assert kept == QUESTIONS[: len(kept)], each
        assert set(acknowledged(each.shown)) <= set(kept), each
        assert each.code == 3 or kept == QUESTIONS, each
    if often == "once":
        assert all(each.code == 0 or each.refused for each in played)  # leaving tries again


@pytest.mark.faults(28, 32, 33)
@pytest.mark.parametrize(("error", "often"), [("ENOSPC", "always"), ("EIO", "once")])
def test_whichever_call_fails_all_sessions_of_a_run_are_kept_and_older_ones_untouched(
    error: str, often: str, tmp_path: Path
) -> None:
    lines = ["一", "/rename 题", "1", "v", "二"]
    played = runs(tmp_path, (error, often), CHAT, *lines, setup=lived_in)
    older = Path("u") / f"{ID}.json"
    before = (tmp_path / "before" / "history" / older).read_bytes()
    for each in played:
        check_program(each)
        assert (each.history / older).read_bytes() == before
        assert "问题 1" in asked(each.history / "v"), each
        if each.refused:
            continue
        assert each.shown.count("Your question was: ") == 2, each
        assert set(acknowledged(each.shown)) <= set(asked(each.history)), each
        assert each.code == 3 or {"一", "二"} <= set(asked(each.history)), each
        if often == "once":
            assert each.code == 0, each


COMMANDS: dict[str, tuple[Setup, list[str]]] = {
    "rename": (one_saved, ["history", "rename", ID, "新题"]),
    "tag": (one_saved, ["history", "tag", ID, "红"]),
    "delete": (one_saved, ["history", "delete", ID, "--yes"]),
    "restore": (one_deleted, ["history", "trash", "restore", ID]),
    "resume": (one_saved, [*CHAT, "--resume", ID]),
}


@pytest.mark.faults(32, 33)
@pytest.mark.parametrize(("error", "often"), [("ENOSPC", "always"), ("EIO", "once")])
@pytest.mark.parametrize("command", COMMANDS)
def test_whichever_call_fails_a_session_that_is_changed_stays_whole_in_one_place(
    command: str, error: str, often: str, tmp_path: Path
) -> None:
    setup, words = COMMANDS[command]
    for each in runs(tmp_path, (error, often), words, *(["又一问"] if command == "resume" else []), setup=setup):
        assert "Traceback" not in each.shown, each
        assert each.code in (0, 3) or each.refused, each
        start_again(each.history)
        (questions,) = sessions(each.history)
        assert questions[:2] == ["问题 1", "问题 2"], each
        assert each.code or command != "resume" or questions[2:] == ["又一问"], each


@pytest.mark.faults(31, 33)
@pytest.mark.parametrize(("error", "often"), [("ENOSPC", "always"), ("EIO", "once")])
def test_whichever_call_fails_a_repair_keeps_what_was_damaged(error: str, often: str, tmp_path: Path) -> None:
    for each in runs(tmp_path, (error, often), ["history", "verify", "--repair"], setup=one_damaged):
        assert "Traceback" not in each.shown, each
        assert each.code in (0, 1, 3) or each.refused, each
        assert written()[:-40] in tree(each.history).values(), each
        assert not [path for path in each.history.rglob("*.tmp") if often == "once"], each


@pytest.mark.faults(32, 33)
@pytest.mark.parametrize(("error", "often"), [("ENOSPC", "always"), ("EIO", "once")])
def test_whichever_call_fails_an_import_that_is_done_again_brings_everything_once(
    error: str, often: str, tmp_path: Path
) -> None:
    path = tmp_path / "before" / "elsewhere" / "u" / f"{ID}.json"
    words = ["history", "import", str(path), "-u", "u"]
    for each in runs(tmp_path, (error, often), words, setup=one_to_import):
        assert "Traceback" not in each.shown, each
        assert each.code in (0, 3) or each.refused, each
        assert main([*words, "--root", str(each.root)]) == 0
        assert asked(each.history) == ["问题 1", "问题 2"], each


@pytest.mark.faults(32)
@pytest.mark.parametrize(("error", "often"), [("ENOSPC", "once"), ("ENOSPC", "always"), ("EIO", "once")])
def test_whichever_call_fails_an_earlier_export_is_the_old_one_or_the_new_one(
    error: str, often: str, tmp_path: Path
) -> None:
    def exported_before(root: Path) -> None:
        one_saved(root)
        (root / "out.md").write_text("old")

    # The export goes below the root of each run: its folder is the one that the program is in.
    words = ["history", "export", ID, "-o", "root/out.md", "--force"]
    for each in runs(tmp_path, (error, often), words, setup=exported_before):
        assert "Traceback" not in each.shown, each
        data = (each.root / "out.md").read_text()
        assert data == "old" or "回答 2。" in data, each
        assert each.code or data != "old", each
        assert not list(each.root.glob(".*.tmp")) or often == "always", each


@pytest.mark.faults(32, 33)
@pytest.mark.parametrize("often", ["once", "always"])
@pytest.mark.parametrize("error", ["ENOSPC", "EROFS", "EMFILE", "EIO"])
def test_whichever_call_fails_earlier_inputs_stay(error: str, often: str, tmp_path: Path) -> None:
    older = [[f"input {number}"] for number in range(5)]

    def grown(root: Path) -> None:
        file = RecallFile(root / "recall", cut_at=9)
        for each in older:
            file.append(each)

    played = runs(tmp_path, (error, often), ["recall"], setup=grown)
    assert len(played) > 2
    for each in played:
        assert each.shown in (json.dumps(older), "[]"), each
        assert RecallFile(each.root / "recall", cut_at=9).read() in (older, [*older, ["new"]]), each
        assert not list(each.root.glob(".*.tmp")) or often == "always", each
    assert RecallFile(played[-1].root / "recall", cut_at=9).read() == [*older, ["new"]]
