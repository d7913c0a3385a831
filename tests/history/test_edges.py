"""The edges of the history: disks that fail once, names that are no text, others who were quicker."""

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from chatcmd.history.library import Library
from chatcmd.talk import Talk
from tests.history.made import abandoned, saved, session, turn
from tests.terminal_driver import CHATCMD, Finished, run

END = "2026-11-20T22:00:00.000Z"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def chatcmd(root: Path, *words: str | bytes) -> Finished:
    text = [os.fsdecode(word) for word in words]
    return run([*CHATCMD, *text], env={"CHATCMD_ROOT": str(root), "CHATCMD_OFFLINE": "true"})


def test_folder_that_fails_to_sync_once_does_not_lock_its_own_session_out(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    (library.folder / "简说Python").mkdir(parents=True)
    failures, fsync = [OSError(errno.EIO, "Input/output error")], os.fsync

    def failing_once(descriptor: int) -> None:
        if failures and stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise failures.pop()
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing_once)
    talk = Talk(session(), library)
    talk.asked(turn(1).question)
    assert "could not be written: input/output error" in str(talk.trouble)
    talk.answered(turn(1))
    assert talk.trouble is None
    path = talk.end(END, "exit")
    assert path is not None
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("words", [("-r", "-1"), ("history", "show", "-1"), ("history", "show", "--json", "-1")])
def test_session_with_a_folder_in_its_place_is_one_sentence(library: Library, words: tuple[str, ...]) -> None:
    path = saved(library, session(1, user="u"))
    path.unlink()
    path.mkdir()
    done = chatcmd(library.folder.parent, *words)
    assert (done.code, done.out) == (3, "")
    assert done.err == f"chatcmd: {path} cannot be read: Is a directory\n"
    assert list(path.parent.iterdir()) == [path]


def test_session_saved_last_is_gone_on_with_though_another_folder_changed_later(library: Library) -> None:
    first = saved(library, session(1, session_id="a", user="anna"))
    last = saved(library, session(1, session_id="b", user="bo"))
    os.utime(first, (1_000, 1_000))
    os.utime(last, (2_000, 2_000))
    os.utime(last.parent, (2_000, 2_000))
    library.open("anna", "live").close(remove=True)  # a chat that was opened and given back
    assert library.latest() == last


def test_journals_that_another_start_recovered_meanwhile_are_passed_over_in_silence(library: Library) -> None:
    for number in range(3):
        abandoned(library, session(number, session_id=f"s{number}", user="u"), "q")
    told: list[str] = []
    slow = library.recover(told.append)
    quick = [next(slow), *Library(library.folder).recover(told.append)]
    assert len(quick) == 3
    assert list(slow) == []
    assert told == []


def test_folder_and_file_whose_names_are_no_text_are_no_trouble(library: Library, tmp_path: Path) -> None:
    journal = abandoned(library, session(user="u"), "问")
    folder, source = (Path(os.fsdecode(os.fsencode(tmp_path) + name)) for name in (b"/history/\xff", b"/\xfe.json"))
    try:
        folder.mkdir()
        (folder / journal.name).write_bytes(journal.read_bytes().partition(b"\n")[2])
        source.write_text(json.dumps({"bo": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}))
    except OSError:
        pytest.skip("names must be text here")
    journal.unlink()
    listed, imported = (chatcmd(tmp_path, "history", *words) for words in (["list"], ["import", str(source)]))
    again = chatcmd(tmp_path, "history", "list")
    for done in (listed, imported, again):
        assert "Traceback" not in done.err
        assert done.code == 0, done.err
    assert "recovered what was left unsaved of ?'s session '问'" in listed.err
    assert sorted(line.split()[-1] for line in again.out.splitlines()[1:]) == ["q", "问"]
