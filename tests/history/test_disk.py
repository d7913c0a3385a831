"""The writer of files: whole or not at all, its owner's alone from the first moment, and nobody else's file touched."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from chatcmd.errors import NotSaved
from chatcmd.history.disk import (
    failing_as_not_saved,
    is_there,
    let_go,
    make_folder,
    narrow,
    refusal,
    sync,
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
    assert is_there(tmp_path / "nowhere") is False
    assert is_there(tmp_path / "file" / "below") is False
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


def failing(number: int) -> Callable[..., None]:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_content_is_on_the_disk_before_its_name_is_and_that_before_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    synced, replaced = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        told.append("folder" if stat.S_ISDIR(found.st_mode) else f"file of {found.st_size}")
        synced(descriptor)

    def replace(source: str, target: str) -> None:
        told.append("name")
        replaced(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_whole(tmp_path / "new" / "s.json", [b"ab", b"c"])
    assert told == ["folder", "file of 3", "name", "folder"]
    assert (tmp_path / "new" / "s.json").read_bytes() == b"abc"


def test_drive_with_a_cache_of_its_own_is_told_to_empty_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda *given: told.append(given))
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    sync(7)
    assert told == [(7, 51)]


def test_first_thing_that_goes_wrong_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", failing(errno.EROFS))
        patched.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(NotSaved, match="input/output error"):
            write_whole(tmp_path / "s.json", b"x")
    assert not (tmp_path / "s.json").exists()


def test_file_that_cannot_be_closed_is_let_go() -> None:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    let_go(descriptor)


def test_folder_is_never_anyone_else_s_not_even_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[int] = []
    before = os.umask(0)
    try:
        monkeypatch.setattr(os, "chmod", lambda path, *_how, **_named: found.append(mode(path)))
        make_folder(tmp_path / "one" / "two")
    finally:
        os.umask(before)
    assert found == [0o700, 0o700]


def test_folder_whose_name_may_not_have_reached_the_disk_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(OSError, match="Input/output error"):
            make_folder(tmp_path / "one" / "two")
    assert list(tmp_path.iterdir()) == []
    make_folder(tmp_path / "one" / "two")
    assert (tmp_path / "one" / "two").is_dir()


def test_folder_that_another_process_made_or_filled_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, really = tmp_path / "theirs", os.mkdir

    def mkdir(path: Path, *how: int, **named: int) -> None:
        really(path, *how, **named)
        if path.name == "theirs":
            raise FileExistsError(errno.EEXIST, "")

    def fsync(_descriptor: int) -> None:
        (tmp_path / "ours" / "file").touch()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(os, "mkdir", mkdir)
        make_folder(folder)
        folder.rmdir()
        patched.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(OSError, match="Input/output error"):
            make_folder(folder)
        patched.setattr(os, "fsync", fsync)
        with pytest.raises(OSError, match="Input/output error"):
            make_folder(tmp_path / "ours")
    assert folder.is_dir()
    assert (tmp_path / "ours" / "file").exists()


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ((0, 10, 1), None),
        ((0, 10, 0), "No space left on device"),
        ((0, 0, 0), None),
        ((os.ST_RDONLY, 10, 1), "Read-only file system"),
        ((os.ST_RDONLY | os.ST_NOSUID, 10, 1), "Read-only file system"),
        ((os.ST_NOSUID, 10, 1), None),
    ],
    ids=["room", "full", "no blocks are told", "read-only", "read-only among others", "something else"],
)
def test_disk_that_takes_nothing_is_refused(
    told: tuple[int, int, int], refused: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags, blocks, left = told
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=flags, f_blocks=blocks, f_bavail=left))
    assert refusal(tmp_path) == refused


def test_folder_that_may_not_be_entered_and_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, int]] = []

    def access(path: Path, how: int) -> bool:
        asked.append((path, how))
        return False

    monkeypatch.setattr(os, "access", access)
    assert refusal(tmp_path / "not" / "yet") == "Permission denied"
    assert asked == [(tmp_path, os.W_OK | os.X_OK)]


def test_disk_that_says_nothing_of_itself_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", failing(errno.EIO))
    assert refusal(tmp_path) == "Input/output error"


def test_search_for_a_folder_ends_at_the_root_though_not_even_that_can_be_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def lexists(path: Path) -> bool:
        assert path not in asked
        asked.append(path)
        return False

    monkeypatch.setattr(os.path, "lexists", lexists)
    refusal(tmp_path)
    assert asked == [tmp_path, *tmp_path.parents]
