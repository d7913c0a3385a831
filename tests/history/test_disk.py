"""The writer of files: whole or not at all, its owner's alone from the first moment, and nobody else's file touched."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatcmd.errors import NotSaved
from chatcmd.history.disk import (
    failing_as_not_saved,
    is_there,
    make_folder,
    narrow,
    refusal,
    sync_folder,
    write_all,
    write_whole,
)
from tests.history.made import mode, open_files


def beside(path: Path) -> list[Path]:
    """List what stands beside a file while it is written."""
    return [each for each in path.parent.iterdir() if each != path]


def test_file_is_its_owner_s_alone_and_hidden_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(b"old")
    seen: list[Path] = []

    def pieces() -> Iterator[bytes]:
        yield b"ne"
        seen.extend(beside(path))
        (temporary,) = seen
        assert temporary.name.startswith(".s.json.")
        assert temporary.suffix == ".tmp"
        assert (mode(temporary), temporary.read_bytes(), path.read_bytes()) == (0o600, b"ne", b"old")
        yield b"w"

    write_whole(path, pieces())
    assert path.read_bytes() == b"new"
    assert beside(path) == []
    assert len(seen) == 1


def test_two_writes_at_once_do_not_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "s.json"

    def pieces() -> Iterator[bytes]:
        yield b"outer "
        write_whole(path, b"inner")
        assert path.read_bytes() == b"inner"
        yield b"one"

    write_whole(path, pieces())
    assert path.read_bytes() == b"outer one"
    assert beside(path) == []


def test_file_that_others_could_have_made_first_is_neither_followed_nor_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, path = tmp_path / "victim", tmp_path / "s.json"
    victim.write_bytes(b"precious")
    monkeypatch.setattr(os, "urandom", lambda size: b"\xab" * size)
    taken = tmp_path / ".s.json.abababab.tmp"
    for make in (taken.symlink_to, taken.hardlink_to):
        make(victim)
        with pytest.raises(NotSaved, match="file exists"):
            write_whole(path, b"x")
        assert victim.read_bytes() == b"precious"
        assert taken.exists()
        taken.unlink()


def test_what_breaks_off_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(b"old")

    def pieces() -> Iterator[bytes]:
        yield b"new"
        raise KeyboardInterrupt

    before = open_files()
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, pieces())
    assert path.read_bytes() == b"old"
    assert beside(path) == []
    assert open_files() == before


def test_all_bytes_are_written_however_few_are_taken_at_once() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    try:
        write_all(writing, b"abc")
        write_all(writing, b"")
        assert os.read(reading, 10) == b"abc"
    finally:
        os.close(reading)
        os.close(writing)


def test_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    folder.chmod(0o755)
    make_folder(folder)
    assert mode(folder) == 0o755


def test_file_in_the_place_of_a_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file" / "folder")
    assert (tmp_path / "file").read_bytes() == b"precious"


@pytest.mark.parametrize("bits", [0o700, 0o750, 0o707, 0o777, 0o710, 0o701, 0o740])
def test_only_what_others_may_is_taken_from_a_folder(bits: int, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        folder.chmod(bits)
    narrow(one, tmp_path / "missing", other)
    assert mode(one) == mode(other) == 0o700


def test_folder_that_is_its_owner_s_alone_keeps_even_fewer_rights(tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    folder.chmod(0o500)
    narrow(folder)
    assert mode(folder) == 0o500


def test_name_of_anything_is_taken_though_it_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    assert is_there(tmp_path / "link")
    assert is_there(tmp_path / "file")
    assert not is_there(tmp_path / "nowhere")
    assert not is_there(tmp_path / "file" / "below")
    with pytest.raises(OSError, match="File name too long"):
        is_there(tmp_path / ("x" * 300))


def test_only_a_folder_is_synced_as_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = open_files()
    sync_folder(tmp_path)
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "file")
    assert open_files() == before


def test_error_is_told_with_the_path_and_kept_as_the_cause() -> None:
    fault = OSError(errno.ENOSPC, "No space left on device")
    sentence = r"^here could not be written: no space left on device$"
    with pytest.raises(NotSaved, match=sentence) as told, failing_as_not_saved(Path("here")):
        raise fault
    assert told.value.__cause__ is fault
    sentence = r"^'\\u6211' could not be written: this machine's locale cannot name it$"
    with pytest.raises(NotSaved, match=sentence), failing_as_not_saved(Path("我")):
        "我".encode("ascii")


def test_folder_that_takes_files_or_could_be_made_is_not_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) is None
    assert refusal(tmp_path / "not" / "made" / "yet") is None


def test_file_where_a_folder_belongs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for place in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "link" / "below"):
        assert refusal(place) == "Not a directory"
