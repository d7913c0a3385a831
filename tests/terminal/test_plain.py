"""Lines from a pipe: what a line is, and that none is lost."""

import asyncio
import os
import pty
import threading
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any, BinaryIO

import pytest

from chatcmd.errors import UsageError
from chatcmd.terminal import EndOfInput, Line, ReaderGone
from chatcmd.terminal.plain import CHUNK, PlainKeyboard

CASES = {
    b"": [],
    b"\n": [""],
    b"a": ["a"],
    b"a\nb": ["a", "b"],
    b"a\r\nb\r\r\n": ["a", "b\r"],
    b" a \t\n": [" a \t"],
    b"\xef\xbb\xbfa\n\xef\xbb\xbfb": ["a", "\ufeffb"],
    b"\xff\xfe\n": ["\ufffd\ufffd"],
    b"a\x00b\x0bc\x0cd\x1ce\n": ["a\0b\x0bc\x0cd\x1ce"],
    b"x" * (3 * CHUNK) + b"\ny": ["x" * (3 * CHUNK), "y"],
    (b"z" * 99 + b"\n") * (CHUNK // 50): ["z" * 99] * (CHUNK // 50),
}


class Pipe:
    """A pipe whose writing end belongs to the test."""

    def __init__(self) -> None:
        reader, self._writer = os.pipe()
        self.reader: BinaryIO = os.fdopen(reader, "rb")

    def write(self, data: bytes) -> None:
        os.write(self._writer, data)

    def close(self) -> None:
        os.close(self._writer)
        for thread in threading.enumerate():
            if thread.name == "read a line":
                thread.join()
        self.reader.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    opened = Pipe()
    yield opened
    opened.close()


async def all_lines(keyboard: PlainKeyboard) -> list[str]:
    lines = []
    try:
        while True:
            lines.append((await keyboard.line("prompt")).text)
    except EndOfInput:
        return lines


@pytest.mark.parametrize("data", CASES, ids=lambda data: ascii(data[:20]))
async def test_line_is_what_stands_before_its_ending(data: bytes) -> None:
    assert await all_lines(PlainKeyboard(BytesIO(data), None)) == CASES[data]


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"\xef\xbb\xbfa\r\nb\n\r\n", "a\r\nb\n"), (b"x" * 3 * CHUNK, "x" * 3 * CHUNK), (b"\xff", "\ufffd")],
    ids=["nothing", "lines", "much", "no utf-8"],
)
async def test_rest_is_all_that_is_left(data: bytes, text: str) -> None:
    assert await PlainKeyboard(BytesIO(data), None).rest() == text


async def test_line_that_arrives_in_parts_is_one(pipe: Pipe) -> None:
    keyboard = PlainKeyboard(pipe.reader, None)
    waiting = asyncio.create_task(keyboard.line(""))
    for byte in "几\nnext\n".encode():
        pipe.write(bytes([byte]))
    assert await waiting == Line("几")
    assert await keyboard.line("") == Line("next")


async def test_line_that_nobody_waited_for_any_more_comes_next(pipe: Pipe) -> None:
    keyboard = PlainKeyboard(pipe.reader, None)
    for _ in range(3):
        waiting = asyncio.create_task(keyboard.line(""))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    pipe.write(b"first\nsecond\n")
    assert [await keyboard.line(""), await keyboard.line("")] == [Line("first"), Line("second")]


async def test_person_is_prompted_offered_and_told_what_was_given_back() -> None:
    prompts = StringIO()
    keyboard = PlainKeyboard(BytesIO(b"a\nb\n"), prompts)
    assert keyboard.interactive
    await keyboard.line("Your name: ", offers=["anna", "b\x1b[2Jo"])
    await keyboard.line("【anna】", draft=Line("what\x1b[2J\nis it"))
    assert prompts.getvalue() == "Your name: (given back: what␛[2J is it)\n【anna】"
    assert not PlainKeyboard(BytesIO(), None).interactive


ON = {
    "a": "a",
    "a\\|b": "a\nb",
    "a\\\\|b": "a\\\\",
    '"""|a|| b\\|"""|c': "a\n\n b\\",
    '"""one"""|c': "one",
    '"""|never closed': "never closed",
}


@pytest.mark.parametrize("typed", ON)
async def test_persons_question_goes_on_behind_a_backslash_and_between_quotes(typed: str) -> None:
    prompts = StringIO()
    keyboard = PlainKeyboard(BytesIO(typed.replace("|", "\n").encode()), prompts)
    assert (await keyboard.line("> ")).text.removeprefix('"""\n') == ON[typed]
    assert prompts.getvalue() == "> " + "... " * (prompts.getvalue().count("..."))


@pytest.mark.parametrize("asked", [{"offers": []}, {"secret": True}])
async def test_name_and_secret_are_one_line_whatever_they_end_with(asked: dict[str, Any]) -> None:
    keyboard = PlainKeyboard(BytesIO(b"a\\\n"), StringIO())
    assert await keyboard.line("> ", **asked) == Line("a\\")


async def test_pipe_has_one_question_a_line_and_no_editor() -> None:
    keyboard = PlainKeyboard(BytesIO(b'a\\\n"""\n'), None)
    assert await all_lines(keyboard) == ["a\\", '"""']
    with pytest.raises(UsageError, match="there is no terminal here for an editor"):
        await keyboard.edit("a")


async def test_secret_is_not_shown_while_it_is_typed() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "r+b", buffering=0) as terminal, os.fdopen(master, "r+b", buffering=0) as person:
        prompts = StringIO()
        keyboard = PlainKeyboard(terminal, prompts)
        waiting = asyncio.create_task(keyboard.line("key: ", secret=True))
        await asyncio.sleep(0)  # it runs until it waits for the line
        assert prompts.getvalue() == "key: "
        person.write(b"sk-secret\n")
        assert await waiting == Line("sk-secret")
        person.write(b"shown\n")
        assert await keyboard.line("") == Line("shown")
        assert person.read(100) == b"shown\r\n"
        assert prompts.getvalue() == "key: \n"


async def test_terminal_that_vanished_is_told_apart_from_the_end_of_input() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "rb", buffering=0) as terminal:
        os.close(master)
        with pytest.raises((ReaderGone, EndOfInput)):
            await PlainKeyboard(terminal, None).line("")


async def test_prompt_that_nobody_sees_any_more_is_told() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    prompts = os.fdopen(writer, "w")
    with pytest.raises(ReaderGone):
        await PlainKeyboard(BytesIO(b"a\n"), prompts).line("prompt")
    with pytest.raises(BrokenPipeError):
        prompts.close()
