"""The trash: whatever is deleted, restored, killed in between or there twice: no session is lost or overwritten."""

import os
import shutil
from pathlib import Path

import pytest

from chatcmd.errors import HistoryError, SessionInUse, SessionNotFound
from chatcmd.history.entry import Entry
from chatcmd.history.library import LIVE, Library
from chatcmd.history.trash import Trash
from tests.history.made import ID, abandoned, mode, saved, session, tree
from tests.terminal_driver import PYTHON, run

USER = "简说Python"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


@pytest.fixture
def trash(library: Library) -> Trash:
    return Trash(library.folder)


def test_what_is_deleted_is_as_it_was_and_gone_from_the_library(library: Library, trash: Trash) -> None:
    path = saved(library, session(2))
    before = path.read_bytes()
    thrown = trash.throw(path)
    assert thrown == library.folder / ".trash" / USER / f"{ID}.json"
    assert thrown.read_bytes() == before
    assert list(library.entries()) == []
    assert library.users() == []
    assert (mode(thrown), mode(thrown.parent), mode(trash.folder)) == (0o600, 0o700, 0o700)
    assert trash.restore(thrown) == path
    assert tree(library.folder) == {f"{USER}/{ID}.json": before}
    assert [entry.id for entry in library.entries() if isinstance(entry, Entry)] == [ID]


def test_what_could_not_be_read_goes_along_and_comes_back(library: Library, trash: Trash) -> None:
    path = saved(library, session(1))
    saved(library, session(1, session_id=f"{ID}x"))
    (path.parent / f"{ID}.json.damaged").write_bytes(b"{")
    (path.parent / f"{ID}.jsonl.damaged1").write_bytes(b"[")
    before = tree(library.folder)
    thrown = trash.throw(path)
    assert sorted(each.name for each in thrown.parent.iterdir()) == [
        f"{ID}.json",
        f"{ID}.json.damaged",
        f"{ID}.jsonl.damaged1",
    ]
    assert [each.name for each in path.parent.iterdir()] == [f"{ID}x.json"]
    trash.restore(thrown)
    assert tree(library.folder) == before


def test_folder_is_no_session_to_delete_for_no_trash_with_it_could_be_emptied(library: Library, trash: Trash) -> None:
    folder = saved(library, session(1)).with_name("notes.json")
    folder.mkdir()
    with pytest.raises(HistoryError, match=r"notes.json is a folder and no session; move it elsewhere"):
        trash.throw(folder)
    assert folder.is_dir()
    assert list(trash.paths()) == []


def test_link_that_leads_nowhere_is_deleted_and_never_overwritten(library: Library, trash: Trash) -> None:
    path = saved(library, session(1))
    thrown = trash.throw(path)
    path.symlink_to("nowhere")
    with pytest.raises(HistoryError, match="is there again"):
        trash.restore(thrown)
    assert path.is_symlink()
    assert trash.throw(path).is_symlink()
    assert trash.restore(thrown) == path
    assert not path.is_symlink()


def test_damaged_session_can_be_deleted_and_restored(library: Library, trash: Trash) -> None:
    path = saved(library, session(1))
    path.write_bytes(b"[" * 100_000)
    thrown = trash.throw(path)
    assert trash.find(ID) == trash.find(ID[:9]) == thrown
    (told,) = trash.entries()
    assert isinstance(told, HistoryError)
    assert "is not readable JSON" in str(told)
    assert trash.restore(thrown).read_bytes() == b"[" * 100_000


def test_open_session_stays(library: Library, trash: Trash) -> None:
    path = saved(library, session(1))
    journal = library.open(USER, ID)
    with pytest.raises(SessionInUse):
        trash.throw(path)
    assert path.exists()
    assert trash.paths() == []
    journal.close(remove=True)
    trash.throw(path)


def test_session_whose_journal_is_not_recovered_stays(library: Library, trash: Trash) -> None:
    path = saved(library, session(1))
    abandoned(library, session(2))
    before = tree(library.folder)
    with pytest.raises(HistoryError, match="holds what could not be recovered yet"):
        trash.throw(path)
    assert tree(library.folder) == before


def test_one_that_was_deleted_before_is_not_overwritten(library: Library, trash: Trash) -> None:
    texts = []
    for turns in (1, 2, 3):
        path = saved(library, session(turns))
        (path.parent / f"{ID}.json.damaged").write_text(str(turns))
        texts.append(path.read_bytes())
        trash.throw(path)
    assert [each.stem for each in trash.paths()] == [f"{ID}~3", f"{ID}~2", ID]
    assert [each.id for each in trash.entries() if isinstance(each, Entry)] == [f"{ID}~3", f"{ID}~2", ID]
    assert trash.find(ID).stem == ID
    with pytest.raises(SessionNotFound, match="3 sessions in the trash are called '2026'"):
        trash.find("2026")
    path = trash.restore(trash.find(f"{ID}~2"))
    assert (path.stem, path.read_bytes()) == (ID, texts[1])
    assert (path.parent / f"{ID}.json.damaged").read_text() == "2"
    before = tree(library.folder)
    with pytest.raises(HistoryError, match="is there again; it is left as it is, and so is the one in the trash"):
        trash.restore(trash.find(ID))
    assert tree(library.folder) == before


def test_name_that_only_looks_like_a_second_one_is_kept(library: Library, trash: Trash) -> None:
    path = saved(library, session(1, session_id="a~2"))
    assert trash.restore(trash.throw(path)) == path


def test_restore_leaves_an_open_session_of_the_same_id_alone(library: Library, trash: Trash) -> None:
    thrown = trash.throw(saved(library, session(1)))
    journal = library.open(USER, ID)
    journal.opened(session(2))
    with pytest.raises(SessionInUse):
        trash.restore(thrown)
    assert thrown.exists()
    journal.close(remove=True)


def test_session_is_found_in_the_trash_as_in_the_library(library: Library, trash: Trash) -> None:
    for number, user in enumerate(("a", "b", "b")):
        trash.throw(saved(library, session(1, session_id=f"s{number}", user=user, title=f"title {number}")))
    assert [trash.find(word).stem for word in ("-1", "-3", "s1", "title 1")] == ["s2", "s0", "s1", "s1"]
    assert trash.find("-1", "a").stem == "s0"
    for word in ("-4", "x", "", "title"):
        with pytest.raises(SessionNotFound, match="nothing in the trash is called"):
            trash.find(word)
    assert [path.stem for path in trash.paths("b")] == ["s2", "s1"]
    assert trash.empty("b") == 2
    assert [path.stem for path in trash.paths()] == ["s0"]


def test_empty_trash_is_empty_and_nothing_else_is_touched(library: Library, trash: Trash) -> None:
    path = saved(library, session(1))
    (path.parent / f"{ID}.json.damaged").write_bytes(b"{")
    kept = saved(library, session(1, session_id="kept"))
    before = kept.read_bytes()
    trash.throw(path)
    assert trash.empty() == 1
    assert trash.empty() == 0
    assert tree(library.folder) == {f"{USER}/kept.json": before}
    assert list(trash.folder.iterdir()) == []


def test_session_that_is_gone_is_told_so(library: Library, trash: Trash) -> None:
    path = saved(library, session(1))
    thrown = trash.throw(path)
    with pytest.raises(SessionNotFound, match=f"session {ID} is gone already"):
        trash.throw(path)
    trash.restore(thrown)
    path.unlink()
    with pytest.raises(SessionNotFound, match=f"session {ID} is gone already"):
        trash.restore(thrown)


# Killed at every step: the audit hook is called before the system is.
_KILLED = """
import os, signal, sys
from pathlib import Path
from chatcmd.history.trash import Trash
steps, history, deed, path = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
def count(event, arguments):
    global steps
    opens = event == "open" and ".trash" in str(arguments[0])
    if opens or event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir"):
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        steps -= 1
trash = Trash(history)
sys.addaudithook(count)
getattr(trash, deed)(path)
"""


@pytest.mark.parametrize("deed", ["throw", "restore"])
def test_kill_between_two_steps_leaves_the_session_whole_in_one_place(deed: str, tmp_path: Path) -> None:
    outcomes = set()
    for steps in range(30):
        root = tmp_path / str(steps)
        library = Library(root / "history")
        trash = Trash(library.folder)
        home = path = saved(library, session(2))
        (path.parent / f"{ID}.json.damaged").write_bytes(b"{")
        content = path.read_bytes()
        if deed == "restore":
            path = trash.throw(path)
        done = run([PYTHON, "-c", _KILLED, str(steps), str(library.folder), deed, str(path)])
        there = [each for each in root.rglob("*.json") if each.is_file()]
        assert [each.read_bytes() for each in there] == [content]
        assert [each.read_bytes() for each in root.rglob("*.damaged")] == [b"{"]
        outcomes.add(there[0] == home)
        if done.code == 0:
            break
        assert done.code == -9, done.err
        journal = home.with_suffix(LIVE)
        assert not journal.exists() or journal.read_bytes() == b""
        again = trash.throw(there[0]) if there[0] == home else trash.restore(there[0])
        assert again.read_bytes() == content
    else:
        pytest.fail("it never came to its end")
    assert steps >= 3
    assert outcomes == {True, False}


def test_trash_on_another_disk_is_refused_before_anything_is_moved(library: Library, tmp_path: Path) -> None:
    path = saved(library, session(1))
    (path.parent / f"{ID}.json.damaged").write_bytes(b"{")
    before = tree(library.folder)
    other = library.folder / ".trash"
    other.mkdir()
    mount = f"mount -t tmpfs -o size=64k none {other}"
    if shutil.which("unshare") is None or run(["unshare", "-m", "sh", "-c", mount]).code:
        pytest.skip("mounting is not allowed here")
    argv = [PYTHON, "-m", "chatcmd", "history", "delete", ID, "--yes", "--root", str(tmp_path)]
    done = run(["unshare", "-m", "sh", "-c", f'{mount} && "$@"', "sh", *argv])
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"{other}/{USER} is on another disk than the history, and nothing was moved there; ")
    assert tree(library.folder) == before


def test_link_in_place_of_a_user_s_folder_is_not_emptied(library: Library, trash: Trash, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious.json").write_bytes(b"{}")
    trash.throw(saved(library, session(1)))
    (trash.folder / "linked").symlink_to(other)
    assert trash.empty() == 1
    assert os.listdir(other) == ["precious.json"]  # noqa: PTH208
