"""The power goes at any moment: whatever the disk may hold then, the next start finds all that was acknowledged."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from chatcmd.cli import main
from chatcmd.history import file
from tests.history.aftermath import (
    CHAT,
    REPOSITORY,
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
from tests.history.damage import SMALL, said, written
from tests.history.made import ID, tree
from tests.history.power_cut import Disk, Done, Inode, State, laid_out
from tests.terminal_driver import PYTHON, run


class Cut(NamedTuple):
    """What lies below a root after the power went, and what the program had said by then."""

    root: Path
    told: str

    @property
    def history(self) -> Path:
        return self.root / "history"


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # the power goes once in each of these


def cuts(place: Path, words: list[str], *lines: str, setup: Setup | None = None, syncs: str = "sound") -> Iterator[Cut]:
    """Run the program, and lay out every state that a cut of the power may leave, with the most that was told by it."""
    before = place / "before"
    if setup is not None:
        before.mkdir(mode=0o700)
        setup(before)
    typed = "".join(f"{line}\n" for line in lines)
    argv = [PYTHON, "-m", "tests.history.recorded_disk", str(place / "runs"), syncs, str(before), typed, *words]
    ended = run(argv, cwd=REPOSITORY, timeout=100)
    assert ended.code == 0, ended.err
    states: dict[frozenset[tuple[str, bytes | None]], tuple[State, str]] = {}
    for there in (place / "runs").iterdir():
        disk, told = Disk(there / "root", before if setup else None), ""
        for done in pickle.loads((there / "calls").read_bytes()).done:
            if done.name == "said":
                told += done.arguments[0].decode()
                continue
            disk.take(done)
            for state in disk.states():
                states[frozenset(state.items())] = state, told
        for state in disk.states():
            states[frozenset(state.items())] = state, told
        for number, (state, told) in enumerate(states.values()):
            cut = Cut(there / f"cut-{number}", told)
            laid_out(state, cut.root)
            yield cut
        states.clear()


def check_chat(cut: Cut) -> None:
    """Check that the next start finds what was acknowledged, and leaves sessions alone behind."""
    start_again(cut.history)
    there = asked(cut.history)
    assert set(acknowledged(cut.told)) <= set(there), cut
    left = [path.name for path in cut.history.rglob("*") if path.is_file() and ".damaged" not in path.name]
    assert all(name.endswith(".json") for name in left), cut


@pytest.mark.faults(29)
@pytest.mark.parametrize("syncs", ["sound", "failing"])
def test_cut_in_a_chat_loses_nothing_acknowledged(syncs: str, tmp_path: Path) -> None:
    found = list(cuts(tmp_path, CHAT, "第一问", "第二问", "第三问", syncs=syncs))
    assert len(found) > 30
    for cut in found:
        check_chat(cut)


@pytest.mark.faults(28, 29)
def test_cut_in_a_recovery_and_what_follows_loses_nothing(tmp_path: Path) -> None:
    lines = ["一", "/save", "/rename 题", "二", "1", "v", "三", "/undo", "四"]
    for cut in cuts(tmp_path, CHAT, *lines, setup=lived_in):
        check_chat(cut)
        assert asked(cut.history / "u")[:2] == ["问题 1", "问题 2"], cut
        assert "问题 1" in asked(cut.history / "v"), cut


CHANGES: dict[str, tuple[Setup, list[str], str]] = {
    "rename": (one_saved, ["history", "rename", ID, "新题"], "新题"),
    "tag": (one_saved, ["history", "tag", ID, "红"], "红"),
    "delete": (one_saved, ["history", "delete", ID, "--yes"], ".trash"),
    "restore": (one_deleted, ["history", "trash", "restore", ID], "history/u"),
}


@pytest.mark.faults(29)
@pytest.mark.parametrize("change", CHANGES)
def test_cut_in_a_change_leaves_the_session_whole_in_one_place(change: str, tmp_path: Path) -> None:
    setup, words, sign = CHANGES[change]
    for cut in cuts(tmp_path, words, setup=setup):
        start_again(cut.history)
        assert sessions(cut.history) == [["问题 1", "问题 2"]], cut
        (path,) = cut.history.rglob("*.json")
        assert not cut.told or sign in f"{path} {path.read_text('utf-8')}", cut


@pytest.mark.faults(29, 31)
def test_cut_in_a_repair_leaves_the_damaged_file_or_the_mended_one_beside_it(tmp_path: Path) -> None:
    for cut in cuts(tmp_path, ["history", "verify", "--repair"], setup=one_damaged):
        assert written()[:-40] in tree(cut.history).values(), cut
        assert main(["history", "verify", "--repair", "--root", str(cut.root)]) == 0, cut
        assert said(file.read(cut.history / "u" / f"{ID}.json")) == said(SMALL), cut


@pytest.mark.faults(29)
def test_cut_in_an_import_is_made_up_for_by_doing_it_again(tmp_path: Path) -> None:
    words = ["history", "import", str(tmp_path / "before" / "elsewhere"), "-u", "u"]
    for cut in cuts(tmp_path, words, setup=one_to_import):
        assert main([*words, "--root", str(cut.root)]) == 0
        assert sessions(cut.history) == [["问题 1", "问题 2"]], cut


def careless(path: Path, *, syncs: bool, names: bool) -> Disk:
    """Replace a file's content by way of another, leaving out what takes time."""
    path.parent.mkdir()
    path.write_bytes(b"old")
    disk, new = Disk(path.parent, path.parent), str(path.with_suffix(".new"))
    calls = [Done("open", new, (3, os.O_WRONLY | os.O_CREAT, True)), Done("write", new, (3, b"newer"))]
    calls += [Done("fsync", new, (3,))] * syncs
    calls += [Done("close", new, (3,)), Done("replace", new, (new, str(path)))]
    folder = str(path.parent)
    calls += [Done("open", folder, (3, os.O_DIRECTORY, False)), Done("fsync", folder, (3,))] * names
    for call in calls:
        disk.take(call)
    return disk


@pytest.mark.parametrize(
    ("syncs", "names", "left"),
    [
        (True, True, {b"newer"}),
        (True, False, {b"newer", b"old"}),
        (False, True, {b"newer", b"newe", b"ne", b"n", b"", bytes(5)}),
    ],
)
def test_careless_write_is_found_out(syncs: bool, names: bool, left: set[bytes], tmp_path: Path) -> None:  # noqa: FBT001
    disk = careless(tmp_path / "folder" / "a", syncs=syncs, names=names)
    assert {state["a"] for state in disk.states()} == left


def test_sync_that_failed_makes_nothing_sure_ever_after() -> None:
    inode = Inode(b"one ")
    inode.write((4, b"two "))
    inode.fail()
    inode.write((8, b"three"))
    inode.sync()
    assert inode.now == b"one two three"
    assert bytes(4).join([b"one ", b"three"]) in inode.contents
