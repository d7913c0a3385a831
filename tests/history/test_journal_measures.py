"""The journal to the byte and to the moment: when parts are written, what a record holds, and what opening leaves."""

import asyncio
import errno
import fcntl
import os
import resource
import shutil
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from chatcmd.conversation.message import Turn
from chatcmd.conversation.thinking import Piece
from chatcmd.errors import NotSaved, SessionInUse
from chatcmd.history.journal import PART_BYTES, PART_SECONDS, Journal
from chatcmd.history.recovery import replay
from tests.history.made import answer, full_disk, mode, open_files, question, session


class StillLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands until a test moves it."""

    now = 0.0

    def time(self) -> float:
        return self.now


async def flowing(*pieces: Piece) -> AsyncGenerator[Piece, None]:
    for piece in pieces:
        yield piece


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    opened = Journal(tmp_path / "s.jsonl")
    opened.asked(session(), question("问"))
    return opened


@contextmanager
def room_for_files(more: int) -> Iterator[None]:
    """Let this process open so many files more, and then none."""
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def lines(journal: Journal) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in journal.path.read_bytes().splitlines() if line]


def parts(journal: Journal) -> list[int]:
    """Tell how long each part is."""
    return [len(str(line["text"])) for line in lines(journal) if line["event"] == "part"]


async def test_part_is_written_with_the_byte_that_makes_it_four_kilobytes(journal: Journal) -> None:
    assert (PART_SECONDS, PART_BYTES) == (2.0, 4096)
    pieces = flowing(Piece("x" * 4095), Piece("y"), Piece("z" * 4095), Piece("z"))
    seen = [parts(journal) async for _piece in journal.follow(pieces)]
    assert seen == [[], [4096], [4096], [4096, 4096]]
    journal.close(remove=True)


async def test_part_without_thoughts_says_nothing_of_them(journal: Journal) -> None:
    async for _piece in journal.follow(flowing(Piece("x" * 4096))):
        pass
    assert lines(journal)[-1] == {"event": "part", "text": "x" * 4096}
    journal.close(remove=True)


def test_notice_that_it_is_asked_again_is_passed_on_and_not_recorded(journal: Journal) -> None:
    loop, before = StillLoop(), journal.path.read_bytes()
    again = Piece(notice="busy", again_in=2.0)

    async def watch() -> None:
        followed = journal.follow(flowing(again, again))
        assert [await anext(followed), await anext(followed)] == [again, again]
        loop.now += 2 * PART_SECONDS
        for _ in range(3):  # a timer, and whatever it wakes
            await asyncio.sleep(0)
        assert journal.path.read_bytes() == before
        await followed.aclose()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(watch())
    journal.close(remove=True)


def test_part_that_was_full_begins_the_two_seconds_anew(journal: Journal) -> None:
    loop = StillLoop()

    async def written_after(seconds: float) -> list[int]:
        loop.now += seconds
        for _ in range(3):  # the timer, and whatever it wakes
            await asyncio.sleep(0)
        return parts(journal)

    async def watch() -> list[list[int]]:
        followed = journal.follow(flowing(Piece("x"), Piece("x" * 4095), Piece("y"), Piece("z")))
        await anext(followed)
        seen = [await written_after(1.5)]
        await anext(followed)  # full: written at once
        seen.append(await written_after(0.4))
        await anext(followed)
        seen += [await written_after(0.2), await written_after(1.7), await written_after(0.2)]
        await followed.aclose()
        return seen

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        seen = runner.run(watch())
    assert seen == [[], [4096], [4096], [4096], [4096, 1]]
    journal.close(remove=True)


def test_opening_takes_from_others_the_folders_that_they_could_look_into(tmp_path: Path) -> None:
    above, history = tmp_path / "above", tmp_path / "above" / "history"
    folder = history / "user"
    folder.mkdir(parents=True)
    for each in (above, history, folder):
        each.chmod(0o755)
    Journal(folder / "s.jsonl").close(remove=True)
    assert [mode(each) for each in (above, history, folder)] == [0o755, 0o700, 0o700]


def test_record_after_a_renewal_begins_with_the_whole_session(journal: Journal) -> None:
    made = session().with_turn(Turn(question("问"), answer("答")))
    journal.answered(session(), Turn(question("问"), answer("答")))
    assert [line["event"] for line in lines(journal)] == ["session", "question", "answer"]
    journal.renew()
    renamed = msgspec.structs.replace(made, title="another", renamed=1)
    journal.asked(renamed, question("next"))
    assert [line["event"] for line in lines(journal)][3:] == ["session", "question"]
    journal.withdrawn(renamed)
    assert [line["event"] for line in lines(journal)][5:] == ["withdrawn"]
    told, damaged = replay(journal.path.read_bytes())
    assert told is not None
    assert (told.title, damaged) == ("another", [])
    journal.close(remove=True)


def test_empty_journal_is_known_as_such_until_the_first_record(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "s.jsonl")
    found = [journal.is_empty]
    journal.opened(session())
    found.append(journal.is_empty)
    journal.close(remove=False)
    again = Journal(tmp_path / "s.jsonl")
    assert [*found, again.is_empty] == [True, False, False]
    again.close(remove=True)
    assert list(tmp_path.iterdir()) == []


async def test_half_a_character_that_slipped_through_does_not_disturb_an_answer(journal: Journal) -> None:
    half = Piece("\ud83d")
    assert [piece async for piece in journal.follow(flowing(half))] == [half]
    journal.close(remove=True)


def test_file_that_took_a_journal_s_name_is_not_removed_with_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "s.jsonl")
    journal.opened(session())
    journal.path.rename(tmp_path / "moved")
    journal.path.write_bytes(b"another's")
    journal.close(remove=True)
    assert journal.path.read_bytes() == b"another's"
    assert (tmp_path / "moved").exists()


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_journal_is_its_owner_s_alone_whatever_it_was_or_is_made_with(mask: int, tmp_path: Path) -> None:
    (tmp_path / "wide.jsonl").touch()
    (tmp_path / "wide.jsonl").chmod(0o666)
    before = os.umask(mask)
    try:
        opened = [Journal(tmp_path / name) for name in ("new.jsonl", "wide.jsonl")]
    finally:
        os.umask(before)
    assert [mode(journal.path) for journal in opened] == [0o600, 0o600]
    for journal in opened:
        journal.close(remove=True)


def test_opening_that_is_refused_leaves_nothing_open(journal: Journal) -> None:
    before = open_files()
    for _time in range(3):
        with pytest.raises(SessionInUse):
            Journal(journal.path)
    assert open_files() == before
    journal.close(remove=True)
    assert open_files() == before - 1


def test_opening_that_fails_half_way_leaves_nothing_open_nor_locked(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    before = open_files()
    with room_for_files(1), pytest.raises(NotSaved, match="too many open files"):  # none is left to sync the folder by
        Journal(path)
    assert open_files() == before
    Journal(path).close(remove=True)


def test_journal_that_is_made_anew_lets_go_of_the_one_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "u" / "s.jsonl")
    journal.opened(session())
    before = open_files()
    shutil.rmtree(tmp_path / "u")
    journal.asked(session(), question("问"))
    assert open_files() == before
    assert [line["event"] for line in lines(journal)] == ["session", "question"]
    journal.close(remove=True)


def failing(number: int) -> Callable[..., None]:
    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_journal_that_is_removed_while_it_is_being_locked_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, really, before = tmp_path / "s.jsonl", fcntl.flock, open_files()
    removed: list[Path] = []

    def flock(descriptor: int, how: int) -> None:
        if not removed:  # as by the one who has just saved the session
            path.unlink()
            removed.append(path)
        really(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    journal = Journal(path)
    journal.opened(session())
    assert (removed, open_files()) == ([path], before + 1)
    assert [line["event"] for line in lines(journal)] == ["session"]
    journal.close(remove=True)


def test_journal_that_may_not_be_made_its_owner_s_is_told_and_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_files()
    with monkeypatch.context() as patched:
        patched.setattr(os, "fchmod", failing(errno.EPERM))
        with pytest.raises(NotSaved, match="operation not permitted"):
            Journal(tmp_path / "s.jsonl")
    assert open_files() == before
    Journal(tmp_path / "s.jsonl").close(remove=True)


def test_disk_that_knows_no_locks_is_told_and_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", failing(errno.ENOLCK))
    journal = Journal(tmp_path / "s.jsonl")
    assert journal.unlocked == os.strerror(errno.ENOLCK)
    journal.opened(session())
    journal.close(remove=True)


async def test_record_that_can_be_neither_written_nor_taken_back_disturbs_no_answer(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "ftruncate", failing(errno.EIO))
    with full_disk(journal.path.stat().st_size + 100):
        pieces = [piece async for piece in journal.follow(flowing(Piece("x" * 5000), Piece("y" * 5000)))]
        with pytest.raises(NotSaved, match="file too large"):
            journal.answered(session(), Turn(question("问"), answer("答")))
    assert len(pieces) == 2
    journal.answered(session(), Turn(question("问"), answer("答")))
    told, damaged = replay(journal.path.read_bytes())
    assert told is not None
    assert ([each.answer.content for each in told.turns], len(damaged)) == (["答"], 1)
    journal.close(remove=True)


def test_journal_that_cannot_be_removed_is_let_go_all_the_same(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_files()
    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", failing(errno.EACCES))
        journal.close(remove=True)
    assert (journal.path.exists(), open_files()) == (True, before - 1)
    Journal(journal.path).close(remove=True)
