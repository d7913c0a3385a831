"""What is read of the history: sessions, journals, the index, and damage that is mended."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import cache
from pathlib import Path
from zlib import crc32

import msgspec
from msgspec.structs import replace

from chatcmd.conversation.pace import MOST_ANSWER
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece
from chatcmd.errors import HistoryError, NotSaved
from chatcmd.history import file, recovery
from chatcmd.history.entry import entry_of
from chatcmd.history.export.format import FORMATS, Wish
from chatcmd.history.journal import Journal
from chatcmd.history.library import Library
from chatcmd.history.live import read_live
from chatcmd.history.row import rows
from chatcmd.replay.frames import frames
from chatcmd.terminal.recall import RecallFile
from tests.history.damage import talked, written
from tests.history.exported import rich
from tests.history.made import ID, let_go, question, session, turn

GOLDEN = Path(__file__).parents[1] / "history" / "golden" / "session.json"
USER = "简说Python"


def sessions() -> list[bytes]:
    """Give saved sessions of all kinds, one of them in the oldest format."""
    tutorial = msgspec.json.encode(
        {USER: [{"role": "user", "content": "1+1=几"}, {"role": "assistant", "content": "2"}]}
    )
    return [GOLDEN.read_bytes(), written(), written(rich()), written(talked(3, tags=("a",))), tutorial]


@cache
def journals() -> list[bytes]:
    """Give journals as killed processes leave them."""
    with tempfile.TemporaryDirectory() as folder:
        return [_journal(Path(folder), number) for number in range(3)]


def _journal(folder: Path, number: int) -> bytes:
    journal = Library(folder).open(USER, f"{ID}{number}")
    told = session(number)
    if number:
        journal.opened(told)
    for each in range(1, 4):
        journal.asked(told, turn(each).question)
        asyncio.run(_follow(journal))
        if each == 2 and number:
            journal.withdrawn(told)
            journal.renew()
            continue
        journal.answered(told, turn(each))
        told = told.with_turn(turn(each))
    journal.asked(told, question("the last one"))
    asyncio.run(_follow(journal))
    return let_go(journal).read_bytes()


async def _follow(journal: Journal) -> None:
    async def pieces() -> AsyncGenerator[Piece, None]:
        yield Piece(reasoning="thought ")
        yield Piece("x" * 5000)

    async for _piece in journal.follow(pieces()):
        pass


def session_file(data: bytes, folder: Path) -> None:
    """What parses is written, and read again equal; what a newer program wrote is left alone."""
    path = folder / USER / f"{ID}.json"
    path.parent.mkdir()
    path.write_bytes(data)
    try:
        told = file.read(path)
    except HistoryError:
        return
    if file.is_newer(told):
        _check_left_alone(path, told, data)
        return
    file.write(path, told)
    again = file.read(path)
    assert same(again, told)
    content = file.to_content(told)
    assert file.to_content(again) == content
    strange = told.raw.keys() - file.Saved.__struct_fields__
    assert {name: told.raw[name] for name in strange} == {name: content[name] for name in strange}
    left = list(path.parent.iterdir())
    assert left == [path] or data in [each.read_bytes() for each in left]


def _check_left_alone(path: Path, told: Session, data: bytes) -> None:
    try:
        file.write(path, told)
    except NotSaved:
        assert path.read_bytes() == data
    else:
        raise AssertionError("it was written over")


def export(data: bytes, _folder: Path) -> None:
    """Any session that parses can be listed, and exported in every format."""
    try:
        told = file.parse(data, f"{ID}.json")
    except HistoryError:
        return
    rows([entry_of(Path(USER, f"{ID}.json"), told)], 80)
    wish = Wish(frames=lambda *_screen: ())
    for form in FORMATS.values():
        "".join(form.pieces([told], wish, Counter())).encode()


def played(data: bytes, _folder: Path) -> None:
    """Any session that parses can be played again, frame by frame, in a time that has an end."""
    try:
        told = file.parse(data, f"{ID}.json")
    except HistoryError:
        return
    if sum(len(each.content) for each in told.messages) < 3000:
        drawn = list(frames(told, 40, 10))
        assert all(0 <= each.delay <= MOST_ANSWER for each in drawn)
        "".join(each.output for each in drawn).encode()


def recall(data: bytes, folder: Path) -> None:
    """A damaged line of earlier inputs costs no other; what is added is read again."""
    path = folder / "recall.jsonl"
    path.write_bytes(data)
    kept = RecallFile(path)
    before = kept.read()
    kept.append(["typed", "pasted \ud800"])
    added = ["typed", "pasted ?"]
    assert kept.read() in ([*before, added], [*before[1:], added])  # the oldest line may have to go


def journal(data: bytes, folder: Path) -> None:
    """Every turn before the damage is read; what is recovered is in the session's file; nothing read is lost."""
    path = folder / USER / f"{ID}.jsonl"
    path.parent.mkdir()
    told, damaged = recovery.replay(data, recovery.nameless(path))
    before = _intact(data)
    if before is not None and before.turns:
        assert told is not None
        assert _said(told)[: len(before.turns)] == _said(before)
    path.write_bytes(data)
    saved = path.with_suffix(".json")
    kind = crc32(data) % 3
    if kind:
        saved.write_bytes(written(session(1)) if kind == 1 else data[:100] + b"{")
    with suppress(HistoryError):
        read_live(saved)
    held = {each.read_bytes() for each in path.parent.iterdir()}
    try:
        recovered = recovery.recover(path)
    except HistoryError:
        assert data in {each.read_bytes() for each in path.parent.iterdir()}
        return
    left = {each.read_bytes() for each in path.parent.iterdir()}
    if damaged:
        assert data in left
    if recovered is None:
        assert held - left <= {data}
        return
    assert list(file.read(saved).messages) == list(recovered.session.messages)
    if told is not None and told.sequence > (session(1).sequence if kind == 1 else 0):
        said = _said(recovered.session)  # of a journal without its beginning, behind what was known
        assert said[len(said) - len(told.turns) :] == _said(told)


def _intact(data: bytes) -> Session | None:
    """Read the lines before the damage; None where a later line begins the session anew."""
    sample = max(journals(), key=lambda each: _common(each, data))
    common = _common(sample, data)
    whole = sample if common == len(sample) and data[common:][:1] in (b"", b"\n") else sample[:common]
    begin = whole[: whole.rfind(b"\n") + 1]
    if b'"session"' in data[len(begin) :] or b"\\u" in data[len(begin) :]:
        return None
    lines = begin.splitlines(keepends=True)
    while lines and b'"event":"answer"' not in lines[-1] and b'"event":"session"' not in lines[-1]:
        lines.pop()
    return recovery.replay(b"".join(lines))[0]


def _common(one: bytes, other: bytes) -> int:
    size = min(len(one), len(other))
    if one[:size] == other[:size]:
        return size
    low, high = 0, size
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def same(one: Session, other: Session) -> bool:
    """Tell whether two sessions are one but for the object that they were read from."""
    return replace(one, raw={}) == replace(other, raw={})


def _said(told: Session) -> list[tuple[str, str]]:
    return [(each.question.content, each.answer.content) for each in told.turns]
