"""The disk: what a turn's journal costs, and what a long history costs the start."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from chatcmd.conversation.message import Latency, Message, Persona, Turn, Usage
from chatcmd.conversation.session import Session
from chatcmd.history.file import to_content
from chatcmd.history.library import Library
from chatcmd.talk import Talk
from tests.bench.measure import Bench, Pair, Row

SCAN = "scandir of 1,000 users, 10,000 files"
TEXT = ("一个有10年经验的算法工程师 explains a for loop.\n" * 40).encode()[:2048].decode(errors="ignore")


@contextmanager
def journal(folder: Path) -> Iterator[Pair]:
    """Record turns of 2 KB texts as a chat does, against two bare appends of as many bytes."""
    talk = Talk(_session("one"), Library(folder / "history"))
    question = Message(role="user", content=TEXT, at="2026-11-20T21:30:11.902Z")
    turn = Turn(question, _answer(TEXT))
    talk.asked(question)
    talk.answered(turn)
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    halves = [msgspec.json.encode(message) + b"\n" for message in (turn.question, turn.answer)]

    def ours() -> None:
        talk.asked(question)
        talk.answered(turn)

    def bare() -> None:
        for half in halves:
            os.write(descriptor, half)
            os.fsync(descriptor)

    try:
        yield Pair(timed(ours), timed(bare))
    finally:
        os.close(descriptor)
        talk.discard()
        assert talk.trouble is None


@contextmanager
def history(folder: Path) -> Iterator[Pair]:
    """Look for what killed processes left, and for known users, against reading the names alone."""
    fill_history(folder, users=1_000, sessions=10_000)
    library = Library(folder)

    def names() -> None:
        for user in os.scandir(folder):
            with os.scandir(user) as files:
                assert all(file.name for file in files)

    recover, users, bare = timed(lambda: list(library.recover())), timed(library.users), timed(names)
    yield Pair(lambda: (*recover(), *users()), lambda: bare() * 2)


def fill_history(folder: Path, *, users: int, sessions: int) -> None:
    """Write so many small saved sessions, shared out among so many users."""
    for number in range(users):
        (folder / f"user{number}").mkdir(parents=True)
    for number in range(sessions):
        session = _session(f"20261120T{number:06}Z-3f2a", user=f"user{number % users}")
        saved = session.with_turn(Turn(Message(role="user", content="1+1=几"), _answer("1+1=2。")))
        path = folder / saved.user / f"{saved.id}.json"
        path.write_bytes(msgspec.json.encode(to_content(saved)))


def fill_session(folder: Path, user: str, turns: int) -> Path:
    """Write one saved session of so many turns."""
    asked, answered = Message(role="user", content="为什么是这样？"), _answer(TEXT[:300])
    saved = msgspec.structs.replace(_session("20261120T213005Z-3f2a", user), turns=(Turn(asked, answered),) * turns)
    path = folder / user / f"{saved.id}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(msgspec.json.encode(to_content(saved)))
    return path


def timed(work: Callable[[], object]) -> Callable[[], tuple[float]]:
    """Make of a function one that says how many seconds it takes."""

    def take() -> tuple[float]:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began,)

    return take


def _session(name: str, user: str = "bench") -> Session:
    persona = Persona("default", "一个有10年Python开发经验的资深算法工程师")
    return Session(id=name, user=user, persona=persona, model="gpt-3.5-turbo", started="2026-11-20T21:30:05.120Z")


def _answer(text: str) -> Message:
    return Message(
        role="assistant",
        content=text,
        at="2026-11-20T21:30:13.377Z",
        model="gpt-3.5-turbo",
        status="complete",
        finish_reason="stop",
        latency=Latency(first=0.412, total=1.475),
        usage=Usage(44, 8),
    )


BENCHES = (
    Bench((Row("journal.turn", "µs", "the same bytes: append, fsync, twice"),), 201, journal),
    Bench((Row("history.recover", "ms", SCAN), Row("history.users", "ms", SCAN)), 11, history),
)
