"""A history that takes nothing: said at the start, and the session is written to another folder on request."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat.stage import Stage
from tests.history.aftermath import ALL_THERE, TROUBLE
from tests.history.made import as_mere_owner
from tests.history.pipe_chat import PipeChat
from tests.terminal_driver import CHATCMD, Terminal, run

pytestmark = pytest.mark.faults(34)

OFFER = "Folder (nothing: leave without):"
IMPORT = "it comes back into the history with: chatcmd history import FILE"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """Give a root in which nothing can be made."""
    root = tmp_path / "root"
    root.mkdir(mode=0o500)
    yield root
    root.chmod(0o700)


@pytest.fixture
def offline(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "root")


def chat(root: Path, *words: str) -> list[str]:
    return as_mere_owner([*CHATCMD, "--offline", "--no-stream", "--root", str(root), "-u", "u", *words])


def questions(path: Path) -> list[str]:
    return [each["content"] for each in json.loads(path.read_bytes())["messages"] if each["role"] == "user"]


def test_history_that_cannot_be_written_is_told_before_the_first_question_and_not_again(root: Path) -> None:
    with PipeChat(chat(root)) as talk:
        talk.expect(f"{root}/history/u could not be written: permission denied; {TROUBLE}")
        assert "【u】" not in talk.text
        talk.lines("一", "二")
        talk.expect("Your question was: 二")
        assert talk.finish() == 3
        assert talk.text.count(TROUBLE) == 1
        assert "permission denied; it stays in memory until you leave" in talk.text


def test_history_that_can_be_written_again_is_told_and_has_everything(root: Path) -> None:
    with PipeChat(chat(root)) as talk:
        talk.lines("一")
        talk.expect("Your question was: 一")
        root.chmod(0o700)
        talk.lines("1", "v", "二")
        talk.expect("Your question was: 二")
        assert talk.finish() == 0
        assert talk.text.count(TROUBLE) == 1
        assert talk.text.count(ALL_THERE) == 1
    assert [questions(path) for path in sorted(root.rglob("*.json"))] == [["一"], ["二"]]


@pytest.mark.parametrize("where", ["file", "root"])
def test_folder_that_can_never_be_made_is_told_at_the_start(where: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "history").touch()
    done = run(chat(root), "一\n".encode()) if where == "file" else run(chat(tmp_path / "root" / "history" / "x"))
    assert "Traceback" not in done.err
    assert (done.code, "not a directory" in done.err.lower() or "no folder" in done.err) == (
        3 if where == "file" else 2,
        True,
    )


def test_session_is_saved_elsewhere_in_the_chat_and_comes_back_by_import(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    done = run(chat(root), f"一\n/save {elsewhere}\n二\n/save {elsewhere}\n".encode())
    assert done.code == 0, done.err
    assert done.err.count(IMPORT) == 2
    (path,) = elsewhere.iterdir()
    assert (path.stat().st_mode & 0o777, questions(path)) == (0o600, ["一", "二"])
    assert f"all of it is in {path}, and comes back with: chatcmd history import FILE" in done.err
    root.chmod(0o700)
    assert run([*CHATCMD, "history", "import", str(path), "--root", str(root)]).code == 0
    (back,) = (root / "history" / "u").glob("*.json")
    assert questions(back) == ["一", "二"]
    assert back.stem == path.stem


def test_what_was_said_after_it_was_saved_elsewhere_counts_as_unsaved(root: Path, tmp_path: Path) -> None:
    done = run(chat(root), f"一\n/save {tmp_path}/a.json\n二\n".encode())
    assert done.code == 3
    assert "it stays in memory until you leave" in done.err
    assert questions(tmp_path / "a.json") == ["一"]


def test_sessions_that_ended_unsaved_are_saved_elsewhere_too(root: Path, tmp_path: Path) -> None:
    done = run(chat(root), f"一\n1\nu\n二\n/save {tmp_path}/elsewhere\n".encode())
    assert done.code == 0, done.err
    assert sorted(map(questions, (tmp_path / "elsewhere").iterdir())) == [["一"], ["二"]]


def test_another_file_is_not_written_over_nor_is_the_history(offline: Stage, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("{}")
    lines = f"一\n/save {tmp_path}/mine.json\n/save {offline.root}/history/u\n/save {tmp_path}/new/\n"
    done = offline.pipe(lines, "-u", "u")
    assert done.code == 2, done.err
    assert "mine.json is there already; name another file" in done.err
    assert "is inside the history itself; name another place" in done.err
    assert (tmp_path / "mine.json").read_text() == "{}"
    assert [questions(path) for path in (tmp_path / "new").iterdir()] == [["一"]]


def test_nothing_to_save_elsewhere_is_told(offline: Stage, tmp_path: Path) -> None:
    done = offline.pipe(f"/save {tmp_path}/x\n", "-u", "u")
    assert "there is nothing to save yet" in done.err
    assert not (tmp_path / "x").exists()


def test_session_that_is_not_kept_can_be_saved_elsewhere(offline: Stage, tmp_path: Path) -> None:
    done = offline.pipe(f"一\n/save\n/save {tmp_path}/x\n", "-u", "u", "--no-save")
    assert "or name a folder: /save FOLDER" in done.err
    assert [questions(path) for path in (tmp_path / "x").iterdir()] == [["一"]]


def leave(terminal: Terminal) -> None:
    terminal.expect("【u】")
    terminal.send("一\r")
    terminal.expect("Your question was: 一")
    terminal.expect("【u】")
    terminal.send("0\r")
    terminal.expect(OFFER)


def test_whoever_leaves_unsaved_is_offered_another_folder(root: Path, tmp_path: Path) -> None:
    with Terminal(chat(root)) as terminal:
        leave(terminal)
        terminal.send(f"{root}/no\r")
        terminal.expect("could not be written: permission denied")
        terminal.expect(OFFER)
        terminal.send(f"{tmp_path}/elsewhere\r")
        terminal.expect("comes back into the history")
        assert terminal.wait() == 0
        assert terminal.modes() == terminal.first_modes
    assert [questions(path) for path in (tmp_path / "elsewhere").iterdir()] == [["一"]]


@pytest.mark.parametrize("key", ["\r", "\x03", "\x04"])
def test_whoever_does_not_want_another_folder_leaves_without(key: str, root: Path) -> None:
    with Terminal(chat(root)) as terminal:
        leave(terminal)
        terminal.send(key)
        assert terminal.wait() == 3
        assert terminal.modes() == terminal.first_modes
    assert list(root.iterdir()) == []


def test_folder_that_comes_back_by_the_end_is_not_asked_for(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with Terminal(chat(root)) as terminal:
        terminal.expect("【u】")
        terminal.send("一\r")
        terminal.expect("Your question was: 一")
        terminal.expect("【u】")
        shutil.rmtree(root)
        root.mkdir()
        terminal.send("0\r")
        assert terminal.wait() == 0
        assert OFFER not in terminal.text
    (path,) = (root / "history" / "u").iterdir()
    assert questions(path) == ["一"]


def test_what_stayed_of_a_session_that_was_saved_elsewhere_is_recovered_and_not_doubled(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    with PipeChat(chat(root)) as talk:
        talk.lines("一")
        talk.expect("Your question was: 一")
        (root / "history" / "u").chmod(0o500)  # its journal is open, and goes on
        talk.lines("二", f"/save {elsewhere}")
        talk.expect(IMPORT)
        assert talk.finish() == 0
    (root / "history" / "u").chmod(0o700)
    (kept,) = elsewhere.iterdir()
    again = run(chat(root))
    assert "recovered what was left unsaved of u's session '一' (2 turns); go on with it: " in again.err
    done = run([*CHATCMD, "history", "import", str(kept), "--root", str(root)])
    assert (done.code, done.out) == (0, "")
    assert "0 had grown, 1 known already" in done.err
    (back,) = (root / "history" / "u").iterdir()
    assert questions(back) == ["一", "二"]
