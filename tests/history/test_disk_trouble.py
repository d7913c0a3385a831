"""A disk that is full, closed or gone: the chat goes on, says so once, and keeps what can be kept."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatcmd.errors import NotSaved
from chatcmd.history.entry import Entry
from chatcmd.history.library import Library
from tests.history.made import as_mere_owner, full_disk, on_a_full_disk, saved, session, words
from tests.history.pipe_chat import PipeChat
from tests.terminal_driver import CHATCMD, run

pytestmark = pytest.mark.faults(32, 34, 35)

TROUBLE = "the chat goes on in memory and tries again at every turn"
ALL_THERE = "the history is written again, nothing is missing"
QUESTIONS = ["第一问", "第二问", "第三问", "第四问"]


def offline(root: Path) -> list[str]:
    return [*CHATCMD, "--offline", "--root", str(root), "-u", "u"]


def asked(path: Path) -> list[str]:
    return [content for role, content, _ in words(path) if role == "user"]


def complete(path: Path) -> list[str]:
    return [content for _, content, status in words(path) if status == "complete"]


def typed(questions: Sequence[str]) -> bytes:
    return "".join(f"{question}\n" for question in questions).encode()


@pytest.mark.parametrize("room", [0, 500, 1500, 2500])
def test_full_disk_does_not_stop_the_chat_and_nothing_is_lost_that_reached_it(room: int, tmp_path: Path) -> None:
    done = run(on_a_full_disk(room, offline(tmp_path)), typed(QUESTIONS))
    assert done.code == 3, done.err
    assert done.out.count("【ChatGPT】") == 4
    assert done.err.count(TROUBLE) == 1
    assert "could not be written: file too large" in done.err
    assert ("is recovered at the next start" if room else "it stays in memory until you leave") in done.err
    assert "Traceback" not in done.err
    run([*offline(tmp_path)])
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert all(name.endswith(".json") for name in left)
    # The room for the journal is the room for what is recovered: some turns, and in order.
    kept = [question for path in tmp_path.rglob("*.json") for question in asked(path)]
    assert kept == QUESTIONS[: len(kept)]
    assert (len(kept) > 0) == (room > 0)


def test_disk_that_gets_room_again_has_everything(tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    mount = f"mount -t tmpfs -o size=64k none {mounted}"
    if shutil.which("unshare") is None or run(["unshare", "-m", "sh", "-c", mount]).code:
        pytest.skip("mounting is not allowed here")
    script = f'{mount} && head -c 60k /dev/zero >{mounted}/ballast; "$@"; code=$?; cp -r {mounted}/history {tmp_path}'
    argv = ["unshare", "-m", "sh", "-c", f"{script}; exit $code", "sh", *offline(mounted)]
    with PipeChat(argv) as chat:
        inside = Path(f"/proc/{chat.pid}/root{mounted}")
        chat.lines("第一问")
        chat.expect("Your question was: 第一问")
        long = "长" * 1000
        chat.lines(long, "第三问", "第四问")
        chat.expect("Your question was: 第四问")
        assert chat.text.count(TROUBLE) == 1
        assert ALL_THERE not in chat.text
        assert "no space left on device" in chat.text
        (inside / "ballast").unlink()
        chat.lines("第五问")
        chat.expect("Your question was: 第五问")
        assert chat.finish() == 0
        assert chat.text.count(ALL_THERE) == 1
        assert chat.text.count(TROUBLE) == 1
    (path,) = (tmp_path / "history" / "u").iterdir()
    assert asked(path) == ["第一问", long, "第三问", "第四问", "第五问"]
    assert len(complete(path)) == 5


def test_folder_that_may_not_be_written_is_told_once_and_costs_the_exit_code(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        done = run(as_mere_owner(offline(tmp_path)), typed(QUESTIONS))
    finally:
        tmp_path.chmod(0o700)
    assert done.code == 3
    assert done.out.count("【ChatGPT】") == 4
    assert done.err.count(TROUBLE) == 1
    assert "could not be written: permission denied" in done.err
    assert list(tmp_path.iterdir()) == []


def test_answer_to_a_single_question_is_shown_though_it_cannot_be_saved(tmp_path: Path) -> None:
    (tmp_path / "history").touch()
    done = run([*CHATCMD, "ask", "--offline", "--root", str(tmp_path), "-u", "u", "还好吗"])
    assert done.code == 3
    assert "Your question was: 还好吗" in done.out
    _unread, first, last = done.err.splitlines()
    assert first.endswith(
        "could not be written: not a directory; the question is asked all the same, and saved with its answer if the "
        "disk takes it then"
    )
    assert last.endswith("could not be written: not a directory; the answer is saved nowhere, copy what you need of it")


@pytest.mark.parametrize("removed", ["history", "history/u", "."])
def test_folder_that_is_removed_while_running_comes_back_with_all_that_was_said(removed: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    with PipeChat(offline(root)) as chat:
        chat.lines("第一问")
        chat.expect("Your question was: 第一问")
        shutil.rmtree(root / removed)
        chat.lines("第二问", "第三问")
        chat.expect("【u】第三问\n【ChatGPT】")  # by then the second answer is on the disk
        assert chat.kill() == -9
        assert TROUBLE not in chat.text
    run([*offline(root)])
    (path,) = root.rglob("*.json")
    assert asked(path) == ["第一问", "第二问", "第三问"]
    assert len(complete(path)) == 2


def test_folder_that_is_removed_for_good_leaves_the_chat_in_memory(tmp_path: Path) -> None:
    with PipeChat(offline(tmp_path)) as chat:
        chat.lines("第一问")
        chat.expect("Your question was: 第一问")
        shutil.rmtree(tmp_path / "history")
        (tmp_path / "history").touch()
        chat.lines("第二问", "第三问")
        chat.expect("Your question was: 第三问")
        assert chat.finish() == 3
        assert chat.text.count(TROUBLE) == 1
        assert "could not be written: not a directory" in chat.text
        assert "Traceback" not in chat.text


def test_one_session_that_cannot_be_saved_does_not_keep_the_others_from_it(tmp_path: Path) -> None:
    with PipeChat([*CHATCMD, "--offline", "--root", str(tmp_path), "-u", "a"]) as chat:
        chat.lines("一", "/user b", "二")
        chat.expect("Your question was: 二")
        (live,) = (tmp_path / "history" / "a").iterdir()
        live.with_suffix(".json").mkdir()
        assert chat.finish() == 3
    assert len(list((tmp_path / "history" / "b").glob("*.json"))) == 1
    live.with_suffix(".json").rmdir()
    (found,) = Library(tmp_path / "history").recover()
    assert asked(found.path) == ["一"]


@pytest.mark.parametrize("mask", ["000", "077"])
def test_running_program_keeps_everything_to_its_owner(mask: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    argv = ["sh", "-c", f'umask {mask}; exec "$@"', "sh", *offline(root)]
    with PipeChat(argv) as chat:
        chat.lines("一", "1", "v", "二")
        chat.expect("Your question was: 二")
        live = {str(path.relative_to(root)): path.stat().st_mode & 0o777 for path in root.rglob("*")}
        assert sorted(live.values()) == [0o600, 0o600, 0o700, 0o700, 0o700]
        assert root.stat().st_mode & 0o777 == 0o700
        assert chat.finish() == 0
    assert {path.stat().st_mode & 0o777 for path in root.rglob("*.json")} == {0o600}


def test_symlinked_session_is_not_written_through(tmp_path: Path) -> None:
    library = Library(tmp_path / "root" / "history")
    path = saved(library, session(1, user="u"))
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    path.with_suffix(".jsonl").symlink_to(victim)
    done = run([*offline(tmp_path / "root"), "-r", path.stem], typed(["一"]))
    assert done.code == 3
    assert "too many levels of symbolic links" in done.err
    assert victim.read_bytes() == b"precious"
    assert os.path.lexists(path.with_suffix(".jsonl"))


def test_index_that_finds_no_room_costs_nothing_but_time(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    for number in range(3):
        saved(library, session(1, user="u", session_id=f"2026112{number}T213005Z-3f2a"))
    library.reindex()
    library.catalogue.close()
    whole = (library.folder / "index.sqlite3").stat().st_size
    for room in range(0, whole, 4096):
        with full_disk(room):
            with pytest.raises(NotSaved, match=r"could not be made: .*; everything is read from the files"):
                library.reindex()
            listed = [each.id for each in library.entries() if isinstance(each, Entry)]
            library.catalogue.close()
        assert len(listed) == 3, room
    assert library.reindex() == 3
    library.catalogue.close()
