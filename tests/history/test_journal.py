"""The journal: on the disk before the question is sent, in step with the answer, and read back line by line."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import msgspec
import pytest

from chatcmd.conversation.message import Turn
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece
from chatcmd.errors import NotSaved, SessionInUse
from chatcmd.history.file import to_content
from chatcmd.history.journal import PART_BYTES, PART_SECONDS, Journal, Part
from chatcmd.history.recovery import replay
from tests.history.made import answer, contents, full_disk, let_go, mode, question, session, tree, turn
from tests.loopback import Exchange, Loopback, say
from tests.terminal_driver import CHATCMD, run

# The program's own Python, told to keep a record of what it syncs: inode, size, and when by order.
_RECORDER = """
import os, stat
real = os.fsync
def fsync(descriptor):
    real(descriptor)
    found = os.fstat(descriptor)
    kind = "folder" if stat.S_ISDIR(found.st_mode) else "file"
    with open(os.environ["SYNCED"], "a") as record:
        record.write(f"{kind} {found.st_ino} {found.st_size}\\n")
os.fsync = fsync
"""


class Witness:
    """Answers, having looked at the disk first: what stands in the journal, and how much of it is synced."""

    def __init__(self, root: Path, synced: Path, wrapped: Callable[[Exchange], None]) -> None:
        self._root, self._synced, self._wrapped = root, synced, wrapped
        self.journals: list[bytes] = []
        self.sizes: list[list[int]] = []
        self.folders: list[bool] = []

    def __call__(self, exchange: Exchange) -> None:
        (path,) = self._root.glob("history/*/*.jsonl")
        self.journals.append(path.read_bytes())
        synced = [line.split() for line in self._synced.read_text().splitlines()]
        self.sizes.append([int(size) for _, inode, size in synced if int(inode) == path.stat().st_ino])
        inodes = {int(inode) for kind, inode, _ in synced if kind == "folder"}
        # The names on the way to the file, too: its folder's, the history's, and the root's own.
        self.folders.append(all(folder.stat().st_ino in inodes for folder in list(path.parents)[:4]))
        self._wrapped(exchange)


def events(data: bytes) -> list[str]:
    return [msgspec.json.decode(line)["event"] for line in data.splitlines()]


def test_question_is_synced_before_it_is_sent_and_the_answer_before_the_next(tmp_path: Path) -> None:
    root, synced = tmp_path / "root", tmp_path / "synced"
    (tmp_path / "sitecustomize.py").write_text(_RECORDER)
    with Loopback() as server:
        witness = Witness(root, synced, say("一二三"))
        server.default = witness
        project = Path(__file__).parents[2]
        env = {"PYTHONPATH": f"{tmp_path}:{project}", "SYNCED": str(synced), "OPENAI_API_KEY": "sk-test"}
        argv = [*CHATCMD, "--root", str(root), "--base-url", server.base_url, "-u", "u"]
        done = run(argv, "第一问\n第二问\n".encode(), env=env)
    assert done.code == 0
    first, second = witness.journals
    assert events(first) == ["session", "question"]
    assert events(second) == ["session", "question", "answer", "question"]
    assert msgspec.json.decode(first.splitlines()[-1])["message"]["content"] == "第一问"
    assert msgspec.json.decode(second.splitlines()[-1])["message"]["content"] == "第二问"
    answered = second[: second.rindex(b'{"event":"question"')]
    assert witness.sizes == [[len(first)], [len(first), len(answered), len(second)]]
    assert witness.folders == [True, True]


# Parts of an answer on its way


class StillLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands until a test moves it."""

    now = 0.0

    def time(self) -> float:
        return self.now


async def flowing(*pieces: str | Piece, then: asyncio.Event | None = None) -> AsyncGenerator[Piece, None]:
    for piece in pieces:
        yield Piece(piece) if isinstance(piece, str) else piece
    if then is not None:
        await then.wait()


def parts(journal: Journal) -> list[str]:
    found = map(msgspec.json.decode, journal.path.read_bytes().splitlines())
    return [event["text"] for event in found if event["event"] == "part"]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    opened = Journal(tmp_path / "s.jsonl")
    opened.asked(session(), question("问"))
    return opened


async def test_parts_are_written_as_soon_as_four_kilobytes_wait(journal: Journal) -> None:
    pieces = ["几" * 500] * 6  # 1,500 bytes each
    seen = [(piece.text, len(parts(journal))) async for piece in journal.follow(flowing(*pieces))]
    assert [piece for piece, _ in seen] == pieces
    assert [written for _, written in seen] == [0, 0, 1, 1, 1, 2]
    assert parts(journal) == ["几" * 1500] * 2
    assert 2 * 1500 < PART_BYTES <= 3 * 1500
    journal.close(remove=True)


def test_parts_are_written_after_two_seconds_and_not_before(journal: Journal) -> None:
    loop = StillLoop()

    async def written_after(seconds: float) -> list[str]:
        loop.now += seconds
        for _ in range(3):  # the timer, and whatever it wakes
            await asyncio.sleep(0)
        return parts(journal)

    async def watch() -> list[list[str]]:
        end = asyncio.Event()
        followed = journal.follow(flowing("one ", "two ", "three", then=end))
        assert [await anext(followed) for _ in range(2)] == [Piece("one "), Piece("two ")]
        seen = [await written_after(0), await written_after(PART_SECONDS - 0.01), await written_after(0.02)]
        assert await anext(followed) == Piece("three")
        seen += [await written_after(PART_SECONDS - 0.01), await written_after(0.02)]
        end.set()
        assert [piece async for piece in followed] == []
        return [*seen, await written_after(10 * PART_SECONDS)]

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        seen = runner.run(watch())
    assert seen == [[], [], ["one two "], ["one two "], ["one two ", "three"], ["one two ", "three"]]
    assert PART_SECONDS == 2
    journal.close(remove=True)


async def test_reasoning_is_written_with_its_answer_and_read_back_apart_from_it(journal: Journal) -> None:
    thought, text = Piece(reasoning="想" * 1000), Piece("答" * 500)
    assert [piece async for piece in journal.follow(flowing(thought, thought, text))] == [thought, thought, text]
    written = [event for event in map(msgspec.json.decode, journal.path.read_bytes().splitlines()) if "text" in event]
    assert written == [{"event": "part", "text": "", "reasoning": "想" * 2000}]
    both = journal.follow(flowing(text, Piece("答" * 1000)))
    assert len([piece async for piece in both]) == 2
    made, damaged = replay(journal.path.read_bytes())
    assert made is not None
    last = list(made.messages)[-1]
    assert (last.content, last.reasoning, last.status) == ("答" * 1500, "想" * 2000, "incomplete")
    assert damaged == []
    journal.close(remove=True)


async def test_reasoning_without_a_word_of_an_answer_leaves_the_question_unanswered(journal: Journal) -> None:
    thoughts = [Piece(reasoning="想" * 2000)] * 2
    assert [piece async for piece in journal.follow(flowing(*thoughts))] == thoughts
    assert parts(journal) == ["", ""]
    made, _ = replay(journal.path.read_bytes())
    assert made is not None
    assert [(message.content, message.status) for message in made.messages][1:] == [("问", "unanswered")]
    journal.close(remove=True)


async def test_answer_that_is_dropped_leaves_no_timer_and_closes_its_source(journal: Journal) -> None:
    source = flowing("one", "two")
    followed = journal.follow(source)
    assert await anext(followed) == Piece("one")
    await followed.aclose()
    assert [piece async for piece in source] == []
    loop = asyncio.get_running_loop()
    assert [handle for handle in loop._scheduled if not handle.cancelled()] == []  # type: ignore[attr-defined]
    journal.close(remove=True)


async def test_failing_disk_does_not_disturb_an_answer(journal: Journal) -> None:
    before = journal.path.read_bytes()
    with full_disk(len(before) + 100):
        pieces = [piece async for piece in journal.follow(flowing("x" * 5000, "y" * 5000))]
    assert [len(piece.text) for piece in pieces] == [5000, 5000]
    assert journal.path.read_bytes() == before
    journal.answered(session(), Turn(question("问"), answer("答")))
    assert replay(journal.path.read_bytes())[0] == read_back(session().with_turn(Turn(question("问"), answer("答"))))
    journal.close(remove=True)


def read_back(made: Session) -> Session:
    """Say what a session looks like that was read from a record of itself or of its beginning."""
    found, _ = replay(b"")
    assert found is None
    begun = msgspec.structs.replace(made, turns=(), aside=(), title="")
    return msgspec.structs.replace(made, raw=to_content(begun))


# What can be read back


def long_journal(path: Path) -> list[tuple[int, list[str]]]:
    """Write a journal of every kind of event; return how long it was, and what a reader should find, after each."""
    journal, made, found = Journal(path), session(1), [(0, list[str]())]
    begun = contents(made)

    def note(*more: str) -> None:
        found.append((journal._size, [*begun, *more]))

    journal.opened(made)
    note()
    journal.asked(made, question("问\n2"))
    note("问\n2")
    journal._append_unsynced(Part("一"))
    note("问\n2", "一")
    journal._append_unsynced(Part("二\u2028"))
    note("问\n2", "一二\u2028")
    journal.answered(made, Turn(question("问\n2"), answer("一二\u2028三")))
    note("问\n2", "一二\u2028三")
    journal.asked(made, question("收回"))
    note("问\n2", "一二\u2028三", "收回")
    journal.withdrawn(made)
    note("问\n2", "一二\u2028三")
    journal.asked(made, question("最后"))
    note("问\n2", "一二\u2028三", "最后")
    let_go(journal)
    return found


@pytest.mark.faults(30)
def test_torn_journal_loads_all_earlier_records_wherever_it_is_torn(tmp_path: Path) -> None:
    steps = long_journal(tmp_path / "s.jsonl")
    data = (tmp_path / "s.jsonl").read_bytes()
    assert steps[-1][0] == len(data)
    for cut in range(len(data) + 1):
        # A record that only lacks its line's end is whole.
        whole = [expected for size, expected in steps if size <= cut + 1][-1]
        made, damaged = replay(data[:cut])
        assert (contents(made) if made else []) == whole, cut
        at_end = any(cut in (size, size - 1) for size, _ in steps)
        assert damaged == ([] if at_end else [data[:cut].count(b"\n") + 1]), cut


@pytest.mark.faults(31)
def test_flipped_bit_costs_no_intact_line(tmp_path: Path) -> None:
    long_journal(tmp_path / "s.jsonl")
    data = (tmp_path / "s.jsonl").read_bytes()
    lines = data.split(b"\n")
    other = session(session_id="otherwise")
    chance = random.Random(1)
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << chance.randrange(8)
        intact = set(lines) & set(bytes(flipped).split(b"\n"))
        made, damaged = replay(bytes(flipped), other)
        assert made is not None
        for line in filter(None, intact):
            event = msgspec.json.decode(line)
            if event["event"] in ("question", "answer") and event["message"]["content"] != "收回":
                assert event["message"]["content"] in contents(made), (place, damaged)
            if event["event"] == "session":
                assert contents(made)[:3] == contents(session(1))


def test_questions_and_answers_whose_other_half_is_lost_are_both_kept() -> None:
    opened = msgspec.json.encode({"event": "session", "session": to_content(session())})
    q1, q2 = (msgspec.json.encode({"event": "question", "message": question(text)}) for text in ("q1", "q2"))
    a1, a2 = (msgspec.json.encode({"event": "answer", "message": answer(text)}) for text in ("a1", "a2"))
    part = b'{"event":"part","text":"some of it"}'
    persona = contents(session())
    table = [
        ([opened, q1, b"?", q2, a2], ["q1", "q2", "a2"], ["unanswered", None, "complete"]),
        ([opened, q1, part, b"?", q2, a2], ["q1", "some of it", "q2", "a2"], [None, "incomplete", None, "complete"]),
        ([opened, b"?", a1, q2, a2], ["a1", "q2", "a2"], ["complete", None, "complete"]),
        ([opened, b"?", part], ["some of it"], ["incomplete"]),
        ([opened, q1, a1, b"?"], ["q1", "a1"], [None, "complete"]),
        ([opened, q1, b"?", b'{"event":"withdrawn"}'], ["q1"], ["unanswered"]),
        ([opened, b"?", q1, b'{"event":"withdrawn"}'], [], []),
    ]
    for lines, said, statuses in table:
        made, damaged = replay(b"\n".join(lines))
        assert made is not None
        assert contents(made) == persona + said
        assert [message.status for message in made.messages][1:] == statuses
        assert damaged == [lines.index(b"?") + 1]


def test_hostile_lines_are_counted_and_passed_over() -> None:
    opened = msgspec.json.encode({"event": "session", "session": to_content(session())})
    asked = msgspec.json.encode({"event": "question", "message": question("q")})
    lines = [opened, b"[" * 100_000, b"null", b'{"event":"meta"}', b"\xff", bytes(100), b'"\\ud800"', asked, b"{}"]
    made, damaged = replay(b"\r\n".join(lines))
    assert made is not None
    assert contents(made)[1:] == ["q"]
    assert damaged == [2, 3, 4, 5, 6, 7, 9]


# A disk that fails, and comes back


@pytest.mark.parametrize("room", [0, 1, 20, 150])
def test_write_that_failed_takes_itself_back_and_the_next_one_makes_up_for_it(room: int, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "s.jsonl")
    journal.asked(session(), question("问题 1"))
    before = journal.path.read_bytes()
    with full_disk(len(before) + room), pytest.raises(NotSaved, match=r"s\.jsonl could not be written"):
        journal.answered(session(), turn(1))
    assert journal.path.read_bytes() == before
    journal.asked(session(1), question("问题 2"))
    made, damaged = replay(journal.path.read_bytes())
    assert made is not None
    assert (contents(made), damaged) == ([*contents(session(1)), "问题 2"], [])
    journal.close(remove=True)


def test_question_that_failed_is_recorded_with_its_answer(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "s.jsonl")
    with full_disk(10), pytest.raises(NotSaved):
        journal.asked(session(1), question("问题 2"))
    journal.answered(session(1), turn(2))
    made, damaged = replay(journal.path.read_bytes())
    assert made is not None
    assert (contents(made), damaged) == (contents(session(2)), [])
    journal.close(remove=True)


def test_record_behind_a_torn_one_is_not_lost_with_it(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    journal = Journal(path)
    journal.asked(session(), question("问题 1"))
    let_go(journal)
    with path.open("ab") as torn:
        torn.write(b'{"event":"answer","mess')
    journal = Journal(path)
    journal.asked(session(1), question("问题 2"))
    made, damaged = replay(path.read_bytes())
    assert made is not None
    assert (contents(made), damaged) == ([*contents(session(1)), "问题 2"], [3])
    journal.close(remove=True)


@pytest.mark.parametrize("taken", ["file", "folder", "history"])
def test_journal_that_was_taken_away_is_made_anew_with_all_that_was_said(taken: str, tmp_path: Path) -> None:
    path = tmp_path / "history" / "u" / "s.jsonl"
    journal = Journal(path)
    journal.asked(session(), question("问题 1"))
    if taken == "file":
        path.unlink()
    elif taken == "folder":
        path.parent.rename(tmp_path / "history" / "moved")
    else:
        path.parent.parent.rename(tmp_path / "elsewhere")
    journal.answered(session(), turn(1))
    made, damaged = replay(path.read_bytes())
    assert made is not None
    assert (contents(made), damaged) == (contents(session(1)), [])
    assert [mode(path), mode(path.parent)] == [0o600, 0o700]
    with pytest.raises(SessionInUse):
        Journal(path)
    journal.close(remove=True)
    assert not path.exists()


# Who may open it


def test_symlink_in_place_of_a_journal_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "s.jsonl").symlink_to(victim)
    with pytest.raises(NotSaved, match=r"s\.jsonl could not be written: too many levels of symbolic links"):
        Journal(tmp_path / "s.jsonl")
    assert victim.read_bytes() == b"precious"


def test_second_opening_is_refused_with_a_sentence_and_changes_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "s.jsonl")
    journal.asked(session(), question("问"))
    before = tree(tmp_path)
    with pytest.raises(SessionInUse, match=r"session s is open in another chatcmd; leave it there first"):
        Journal(tmp_path / "s.jsonl")
    assert tree(tmp_path) == before
    journal.close(remove=False)
    Journal(tmp_path / "s.jsonl").close(remove=True)
    assert tree(tmp_path) == {}


def test_journal_without_a_word_leaves_no_file(tmp_path: Path) -> None:
    Journal(tmp_path / "u" / "s.jsonl").close(remove=False)
    assert tree(tmp_path) == {}
