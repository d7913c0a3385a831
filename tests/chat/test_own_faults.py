"""Faults below us and faults of ours: what was shown is kept, and the chat goes on."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from io import BytesIO, StringIO
from pathlib import Path

import httpx2
import pytest

from chatcmd.clock import Clock
from chatcmd.conversation.message import Message, Turn, Usage
from chatcmd.conversation.reply import Delta, Reply
from chatcmd.conversation.tokens import Rules, exact
from chatcmd.conversation.window import Budget, Window, fit
from chatcmd.errors import Exit
from chatcmd.history.library import Library
from chatcmd.repl import Repl
from chatcmd.signals import Signals
from chatcmd.terminal.plain import PlainKeyboard
from tests.chat.stage import Stage, said, spoken
from tests.loopback import Loopback, say
from tests.terminal_driver import CHATCMD, PYTHON, Finished, run

QUESTION = Message(role="user", content="q")
FAULT = "something went wrong inside chatcmd (RuntimeError); the chat goes on"


class FaultyOnce(StringIO):
    """A stream whose first write of a text fails as no stream ever should."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def write(self, text: str) -> int:
        if self._text and self._text in text:
            self._text = ""
            raise RuntimeError("a fault of ours")
        return super().write(text)


class StoppedClock(Clock):
    """A clock that fails, so many times, when an answer is about to be timed: the question is on the disk by then."""

    def __init__(self, times: int = 1) -> None:
        self._times = times

    def monotonic(self) -> float:
        self._times -= 1
        if self._times >= 0:
            raise RuntimeError("a fault of ours")
        return super().monotonic()


async def piped(stage: Stage, out: StringIO, *lines: str, clock: Clock | None = None) -> Finished:
    """Talk as through a pipe, with this output."""
    notes = StringIO()
    app = stage.app(out, notes, clock=clock)
    app.switch_to("u")
    keyboard = PlainKeyboard(BytesIO("".join(f"{line}\n" for line in lines).encode()), None)
    try:
        code = await Repl(app, keyboard, Signals(interrupt_leaves=True)).run()
    finally:
        await app.close()
    return Finished(code, out.getvalue(), notes.getvalue(), b"")


@pytest.mark.parametrize("fault", [ssl.SSLError(1, "bad record mac"), OSError(5, "Input/output error")])
async def test_bare_error_of_the_connection_keeps_what_came_and_the_pipe_goes_on(
    stage: Stage, server: Loopback, monkeypatch: pytest.MonkeyPatch, fault: OSError
) -> None:
    faults, whole = [fault], httpx2.Response.aiter_bytes

    async def broken(self: httpx2.Response) -> AsyncIterator[bytes]:
        async for piece in whole(self):
            yield piece
            if faults and b"half" in piece:
                raise faults.pop()

    monkeypatch.setattr(httpx2.Response, "aiter_bytes", broken)
    server.answer(say(pieces=["half", " and more"], delay=0.1), say("whole"))
    talked = await stage.talk("q", "r", user="u")
    assert talked.code == Exit.PROVIDER
    assert talked.notes.count("broke off in the middle of the answer; try again; what came is kept") == 1
    [session] = stage.sessions()
    assert spoken(session) == said("q", "half", "r", "whole")
    assert [each["status"] for each in session["messages"][2::2]] == ["incomplete", "complete"]


async def test_fault_of_ours_in_mid_answer_keeps_what_was_shown_and_the_chat_goes_on(
    stage: Stage, server: Loopback
) -> None:
    server.answer(say(pieces=["one ", "two ", "three"], delay=0.05), say("whole"))
    talked = await piped(stage, FaultyOnce("two"), "q", "r")
    assert talked.out == "【u】q\n【ChatGPT】one \n【u】r\n【ChatGPT】whole\n"
    assert talked.err.count(f"{FAULT}; what came is kept and marked incomplete (/retry asks the question again)\n") == 1
    assert "Traceback" not in talked.err
    assert talked.code == Exit.NO
    [session] = stage.sessions()
    assert spoken(session) == said("q", "one two ", "r", "whole")
    assert [each["status"] for each in session["messages"][2::2]] == ["incomplete", "complete"]


async def test_fault_of_ours_between_question_and_answer_leaves_the_journal(stage: Stage) -> None:
    talked = await piped(stage, StringIO(), "only in the journal", clock=StoppedClock())
    assert talked.err.count(f"{FAULT}\n") == 1
    assert [path.suffix for path in stage.files()] == [".jsonl"]
    (recovered,) = Library(stage.root / "history").recover()
    assert [(each.content, each.status) for each in recovered.session.messages][1:] == [
        ("only in the journal", "unanswered")
    ]


async def test_question_that_a_fault_of_ours_left_open_is_kept_beside_the_next(stage: Stage, server: Loopback) -> None:
    server.answer(say("whole"))
    await piped(stage, StringIO(), "left open", "next", clock=StoppedClock())
    [session] = stage.sessions()
    assert [(each["content"], each.get("status")) for each in session["messages"][1:]] == [
        ("left open", "unanswered"),
        ("next", None),
        ("whole", "complete"),
    ]
    assert [each["content"] for each in server.chats[-1].messages[1:]] == ["next"]


@pytest.mark.parametrize(("finished", "status"), [("stop", "complete"), (None, "interrupted")])
async def test_answer_that_is_stopped_while_its_usage_is_awaited_is_complete(finished: str | None, status: str) -> None:
    waiting = asyncio.Event()

    async def deltas() -> AsyncIterator[Delta]:
        yield Delta(text="all of it", finish_reason=finished)
        waiting.set()
        await asyncio.Event().wait()
        yield Delta(usage=Usage(1, 1))

    reply = Reply(deltas(), Window((QUESTION,), 8, 0, "exact", Budget(4096, 1024)), Clock().monotonic)

    async def listen() -> None:
        async for _ in reply.pieces():
            pass

    task = asyncio.create_task(listen())
    await waiting.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    turn = reply.turn(QUESTION, "2026-11-20T21:30:13.377Z", stopped=True)
    assert turn is not None
    assert (turn.answer.content, turn.answer.status) == ("all of it", status)


def test_answer_far_beyond_the_window_is_left_out_uncounted() -> None:
    counted: list[int] = []

    def count(text: str) -> int:
        counted.append(len(text))
        return len(text)

    huge = Turn(QUESTION, Message(role="assistant", content="a" * 4_194_304))
    persona = Message(role="system", content="p")
    window = fit(persona, [huge], QUESTION, Budget(4096, 1024), [exact(Rules("cl100k_base"), count)])
    assert (window.messages, window.dropped) == ((persona, QUESTION), 1)
    assert max(counted) < 100


def test_output_that_is_full_costs_no_word_of_the_answer(stage: Stage, server: Loopback) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    server.answer(say("a long answer in pieces", pieces=5, delay=0.05))
    done = shell(stage, '"$@" >/dev/full', "ask", "-u", "u", "q")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("what is shown cannot be written: No space left on device\n") == 1
    assert "Traceback" not in done.err
    assert "Exception ignored" not in done.err
    [session] = stage.sessions()
    assert (session["messages"][2]["content"], session["messages"][2]["status"]) == (
        "a long answer in pieces",
        "complete",
    )


@pytest.mark.parametrize(("words", "code"), [("--bogus", 2), ("--help", 1), ("history show x", 3)])
def test_exit_code_is_the_same_where_nobody_can_be_told(stage: Stage, words: str, code: int) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    assert shell(stage, '"$@" >/dev/full 2>/dev/full', *words.split()).code == code


def test_standard_streams_that_do_not_wait_are_waited_for(stage: Stage, server: Loopback) -> None:
    server.answer(say("x" * 400_000, pieces=1))
    unblocked = "import os, sys; [os.set_blocking(n, False) for n in (0, 1)]; os.execv(sys.argv[1], sys.argv[1:])"
    script = f"(sleep 1; echo q) | {{ '{PYTHON}' -c '{unblocked}' \"$@\"; echo ended: $? >&2; }} | (sleep 2; cat)"
    done = shell(stage, script, "-u", "u")
    assert done.err.endswith("ended: 0\n")
    assert done.out == f"【u】q\n【ChatGPT】{'x' * 400_000}\n"
    assert spoken(stage.sessions()[0]) == said("q", "x" * 400_000)


def shell(stage: Stage, script: str, *words: str) -> Finished:
    """Run a script of the shell whose "$@" is the program with these words."""
    return run(["sh", "-c", script, "sh", *CHATCMD, *words], env=stage.environ)
