"""What appears: headings, notes, answers, and what happens when nobody reads any more."""

import os
from collections.abc import AsyncIterator, Sequence
from io import StringIO

import pytest

from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.session import Session
from chatcmd.errors import Exit
from chatcmd.terminal import ReaderGone
from chatcmd.terminal.screen import Screen, heading
from tests.hostile import HOSTILE, raw_controls

HEAD = "【ChatGPT】"


async def pieces(texts: Sequence[str], failure: Exception | None = None) -> AsyncIterator[str]:
    for text in texts:
        yield text
    if failure is not None:
        raise failure


def screen(**settings: bool) -> tuple[Screen, StringIO, StringIO]:
    out, notes = StringIO(), StringIO()
    return Screen(out, notes, **settings), out, notes


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["a"], "【ChatGPT】a\n"),
        (["a\n"], "【ChatGPT】a\n"),
        (["a", "\n", "\n"], "【ChatGPT】a\n\n"),
        (["\r", "\n"], "【ChatGPT】\n"),
        (["\u200b"], "【ChatGPT】\n"),
        (["\x1b", "[2J"], "【ChatGPT】␛[2J\n"),
        ([], ""),
    ],
)
async def test_answer_is_headed_once_and_ends_its_line(texts: list[str], shown: str) -> None:
    shows, out, notes = screen()
    await shows.stream(pieces(texts))
    assert (out.getvalue(), notes.getvalue()) == (shown, "")


async def test_terminal_shows_the_heading_while_the_answer_is_awaited() -> None:
    shows, out, _ = screen(at_terminal=True)

    async def answer() -> AsyncIterator[str]:
        assert out.getvalue() == HEAD
        yield "a"

    await shows.stream(answer())
    await shows.stream(pieces([]))
    assert out.getvalue() == f"{HEAD}a\n{HEAD}\n"


async def test_answer_that_breaks_off_ends_its_line() -> None:
    shows, out, _ = screen()
    with pytest.raises(ZeroDivisionError):
        await shows.stream(pieces(["half"], ZeroDivisionError()))
    assert out.getvalue() == f"{HEAD}half\n"


async def test_answer_without_heading_stands_alone() -> None:
    shows, out, _ = screen(headed=False)
    await shows.stream(pieces(["a", "b"]))
    assert out.getvalue() == "ab\n"


def test_notes_are_apart_and_coloured_only_where_allowed() -> None:
    plain, out, notes = screen()
    plain.note("said\x1b[2J")
    plain.fail("wrong")
    assert (out.getvalue(), notes.getvalue()) == ("", "said␛[2J\nwrong\n")
    coloured, out, notes = screen(colour=True)
    coloured.note("said")
    coloured.fail("wrong")
    coloured.show("shown")
    assert notes.getvalue() == "\x1b[2msaid\x1b[0m\n\x1b[31mwrong\x1b[0m\n"
    assert out.getvalue() == "shown\n"


def test_everything_that_is_shown_is_clean() -> None:
    whole = "".join(HOSTILE.values())
    answer = Message(role="assistant", content=whole, status="incomplete")
    turn = Turn(Message(role="user", content=whole), answer, (Message(role=whole, content=whole),))
    session = Session(id="i", user=whole, persona=Persona(whole, whole), model=whole, started="", turns=(turn,))
    shows, out, notes = screen()
    shows.show(whole)
    shows.note(whole)
    shows.fail(whole)
    shows.question(whole, whole)
    shows.transcript(session)
    shows.table([(whole, "1"), ("a", whole)], ("ours", "too"))
    assert raw_controls(out.getvalue().encode()) == []
    assert raw_controls(notes.getvalue().encode()) == []
    assert "(incomplete)" in out.getvalue()
    assert "\n" not in heading(whole)


@pytest.mark.parametrize("way", ["show", "note"])
def test_reader_that_is_gone_is_told_once_and_then_nothing_is_written(way: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as broken:
        shows = Screen(broken, broken)
        with pytest.raises(ReaderGone) as told:
            getattr(shows, way)("a")
        assert told.value.exit_code == Exit.READER_GONE
        assert shows.gone is told.value
        shows.show("b")
        shows.fail("c")
    # Closing flushed what was left without complaint, as Python does at its end.


async def test_reader_that_leaves_in_mid_answer_ends_the_answer() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as out:
        shows = Screen(out, StringIO())

        async def answer() -> AsyncIterator[str]:
            yield "first"
            os.close(reader)
            yield "second"
            pytest.fail("nobody reads this")

        with pytest.raises(ReaderGone):
            await shows.stream(answer())
