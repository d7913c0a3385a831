"""The file of earlier inputs: private, whole with many writers, bounded, and never in the way."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatcmd.terminal.recall import MOST_BYTES, MOST_ENTRIES, RecallFile
from tests.terminal_driver import PYTHON

WRITER = """
import sys
from pathlib import Path
from chatcmd.terminal.recall import RecallFile
file = RecallFile(Path(sys.argv[1]), cut_at=0)
for number in range(int(sys.argv[3])):
    file.append([f"{sys.argv[2]} {number}"])
    file.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history" / "u" / "recall"


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_inputs_come_back_in_order_from_a_file_for_the_owner_only(path: Path, mask: int) -> None:
    entries = [["a"], ["look at @x ", "pasted\n@y\u2028", ""], ["几\U00100000\x00\x1b"], [""], ["\n"]]
    with umask(mask):
        for entry in entries:
            RecallFile(path).append(entry)
    assert RecallFile(path).read() == entries
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o600, 0o700, 0o700)


def test_file_that_others_could_read_is_narrowed(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('["a"]')
    path.chmod(0o644)
    assert RecallFile(path).read() == [["a"]]
    assert mode(path) == 0o600


def test_lone_surrogate_is_kept_as_a_question_mark(path: Path) -> None:
    RecallFile(path).append(["a\udcffb"])
    assert RecallFile(path).read() == [["a?b"]]


@pytest.mark.parametrize(
    "damage", [b"", b"\n\n", b'\n["torn', b"\n\xff\xfe", b'\n{"a": 1}', b"\n[1]", b"\n" + b"[" * 100_000, b"\n\x00"]
)
def test_damaged_lines_are_passed_over_and_the_next_is_whole(path: Path, damage: bytes) -> None:
    file = RecallFile(path)
    file.append(["before"])
    with path.open("ab") as raw:
        raw.write(damage)
    file.append(["after"])
    assert file.read() == [["before"], ["after"]]


def test_file_is_cut_to_the_newest_when_it_has_grown_half_as_big_again(path: Path) -> None:
    file = RecallFile(path)
    path.parent.mkdir(parents=True)
    path.write_text("".join(f'\n["{number}"]' for number in range(MOST_ENTRIES * 3 // 2)))
    newest = [[str(number)] for number in range(MOST_ENTRIES // 2, MOST_ENTRIES * 3 // 2)]
    size = path.stat().st_size
    assert file.read() == newest
    assert path.stat().st_size < size
    size = path.stat().st_size
    file.append(["one more"])
    assert file.read() == [*newest[1:], ["one more"]]
    assert path.stat().st_size > size, "it is not cut at every start"
    assert [each.name for each in path.parent.iterdir()] == ["recall"]
    assert mode(path) == 0o600


def test_huge_file_is_read_from_its_end_and_cut(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"\n{json.dumps([str(number) + 'x' * 100_000])}" for number in range(100)))
    entries = RecallFile(path).read()
    assert [entry[0].partition("x")[0] for entry in entries] == [str(number) for number in range(61, 100)]
    assert path.stat().st_size <= MOST_BYTES


def test_two_processes_that_cut_the_file_all_the_time_lose_nothing(path: Path) -> None:
    counts = MOST_ENTRIES // 2
    writers = [
        subprocess.Popen([PYTHON, "-c", WRITER, str(path), name, str(counts)], env={"PYTHONPATH": ":".join(sys.path)})
        for name in ("anna", "bo")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    entries = [entry[0].split() for entry in RecallFile(path).read()]
    for name in ("anna", "bo"):
        assert [int(number) for who, number in entries if who == name] == list(range(counts))


@pytest.mark.parametrize("there", ["folder", "link", "pipe"])
def test_what_is_no_plain_file_is_left_alone(path: Path, tmp_path: Path, there: str) -> None:
    path.parent.mkdir(parents=True)
    if there == "folder":
        path.mkdir()
    elif there == "link":
        (tmp_path / "elsewhere").write_text("mine")
        path.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(path)
    file = RecallFile(path)
    file.append(["a"])
    assert file.read() == []
    if there == "link":
        assert (tmp_path / "elsewhere").read_text() == "mine"


def test_nothing_is_made_by_reading(path: Path) -> None:
    assert RecallFile(path).read() == []
    assert not path.parent.exists()


def test_folder_that_cannot_be_made_costs_the_recall_only(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file where the folder should be")
    file = RecallFile(tmp_path / "history" / "u" / "recall")
    file.append(["a"])
    assert file.read() == []
