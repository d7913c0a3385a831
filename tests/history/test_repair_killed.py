"""Acceptance: a repair that is killed at any moment loses no file that was there, and the next one ends the work.

Thirty kills, in three histories at once, each while sessions with all kinds of damage are being mended.
"""

import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec.structs import replace

from chatcmd.errors import Damaged
from chatcmd.history import file
from chatcmd.history.library import Library
from tests.history.damage import (
    SMALL,
    changed,
    copies,
    kinds,
    put,
    said,
    spans,
    verified,
    with_message,
    written,
)
from tests.history.made import abandoned
from tests.history.pipe_chat import PipeChat
from tests.terminal_driver import CHATCMD

HISTORIES, KILLS, SESSIONS = 3, 10, 60

KILLED = -9

DAMAGE = [
    written()[:-20],
    written()[: len(written()) // 2],
    with_message(2, latency="fast"),
    changed(id="another"),
    changed(user="bob"),
    b"",
    bytes(300),
]


def damaged(history: Path) -> dict[Path, bytes]:
    """Fill a history with damaged sessions, one in three with a journal; give what each file holds."""
    library = Library(history)
    originals = {}
    for number in range(SESSIONS):
        session_id = f"s{number:03}"
        path = put(history, DAMAGE[number % len(DAMAGE)], session_id=session_id)
        originals[path] = path.read_bytes()
        if number % 3 == 0:
            live = abandoned(library, replace(SMALL, id=session_id), "然后呢")
            originals[live] = live.read_bytes()
    return originals


def killed_while_repairing(root: Path, chance: random.Random) -> bool:
    """Start a repair, and kill it after so many sessions; tell whether it was still at work."""
    with PipeChat([*CHATCMD, "history", "verify", "--repair", "--root", str(root)]) as repair:
        for _ in range(chance.randrange(1, 4)):
            repair.expect_any("repaired: ", "is wrong", "nothing is damaged")
            repair.expect_size(len(repair.shown) + chance.randrange(400))
        threading.Event().wait(chance.random() * 0.02)
        return repair.kill() == KILLED


def nothing_is_lost(originals: dict[Path, bytes]) -> None:
    """See that each file is there as it was, or kept beside as it was; but for journals whose session has it all."""
    for path, data in originals.items():
        if data in copies(path):
            continue
        saved = path.with_suffix(".json")
        assert path.suffix == ".jsonl", path
        assert said(file.read(saved))[-1] == ("user", "然后呢"), path


def whole_or_as_it_was(originals: dict[Path, bytes]) -> None:
    for path, data in originals.items():
        if path.suffix == ".json" and path.exists() and path.read_bytes() != data:
            try:
                file.read(path)
            except Damaged as error:
                raise AssertionError(f"{path} is torn") from error


def killed_again_and_again(root: Path, seed: int) -> int:
    chance = random.Random(seed)
    originals = damaged(root / "history")
    kills = 0
    for _ in range(KILLS):
        kills += killed_while_repairing(root, chance)
        nothing_is_lost(originals)
        whole_or_as_it_was(originals)
    for live in (root / "history").rglob("*.jsonl"):
        if not live.stat().st_size:  # a repair was killed with it; for a minute it could be someone about to talk
            os.utime(live, (0, 0))
    verified(root / "history", repair=True)
    assert kinds(verified(root / "history", repair=True)) == []
    nothing_is_lost(originals)
    for path, data in originals.items():
        if path.suffix == ".json" and path.exists():
            kept = said(file.read(path))
            whole = [number for number, (begin, end) in enumerate(spans(written())) if written()[begin:end] in data]
            assert [number for number in whole if said(SMALL)[number] not in kept] == []
    assert list((root / "history").rglob("*.tmp")) == []
    return kills


def test_kills_while_a_history_is_repaired(tmp_path: Path) -> None:
    roots = [tmp_path / str(number) for number in range(HISTORIES)]
    for root in roots:
        root.mkdir()
    with ThreadPoolExecutor(HISTORIES) as pool:
        kills = sum(pool.map(killed_again_and_again, roots, range(HISTORIES)))
    assert kills > HISTORIES * KILLS // 3, "most of them hit a repair at work"
