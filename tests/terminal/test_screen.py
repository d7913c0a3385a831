"""What appears: headings, notes, answers, and what happens when nobody reads any more."""

import os
import re
from collections.abc import AsyncIterator, Sequence
from io import StringIO
from typing import Any

import pytest

from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece
from chatcmd.errors import Exit
from chatcmd.terminal import ReaderGone
from chatcmd.terminal.screen import Screen, heading
from chatcmd.terminal.theme import THEMES
from tests.hostile import HOSTILE, raw_controls

HEAD = "【ChatGPT】"


async def pieces(texts: Sequence[str | Piece], failure: Exception | None = None) -> AsyncIterator[Piece]:
    for text in texts:
        yield Piece(text) if isinstance(text, str) else text
    if failure is not None:
        raise failure


def screen(**settings: Any) -> tuple[Screen, StringIO, StringIO]:
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

    async def answer() -> AsyncIterator[Piece]:
        assert out.getvalue() == HEAD
        yield Piece("a")

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


THOUGHTS = [Piece(reasoning="so\n"), Piece(reasoning="be it"), Piece("a")]


@pytest.mark.parametrize(
    ("at_terminal", "setting", "shown"),
    [
        (True, True, f"{HEAD}<think>\nso\nbe it\n</think>\na\n"),
        (True, False, f"{HEAD}a\n"),
        (False, True, f"{HEAD}a\n"),
    ],
    ids=["to a person", "hidden", "in a pipe"],
)
async def test_reasoning_is_shown_as_text_where_nothing_is_drawn_but_only_to_a_person_who_wants_it(
    *, at_terminal: bool, setting: bool, shown: str
) -> None:
    shows, out, _ = screen(at_terminal=at_terminal)
    shows.setting = {"reasoning": setting, "markdown": True}.__getitem__
    await shows.stream(pieces(THOUGHTS))
    assert out.getvalue() == shown


async def test_reasoning_without_an_answer_ends_its_line_and_is_clean() -> None:
    shows, out, _ = screen(at_terminal=True)
    await shows.stream(pieces([Piece(reasoning="so\x1b[2J")]))
    assert out.getvalue() == f"{HEAD}<think>\nso␛[2J\n"


MARKDOWN = "# Title\n\n- *a*\n- b\n"


@pytest.mark.parametrize(
    ("settings", "markdown", "shown"),
    [
        ({"drawn": True, "colour": False}, True, f"{HEAD}\n{' ' * 37}Title\n\n • a\n • b\n"),
        ({"drawn": True, "colour": False}, False, f"{HEAD}{MARKDOWN}"),
        ({"drawn": False, "colour": False}, True, f"{HEAD}{MARKDOWN}"),
    ],
    ids=["drawn", "switched off", "not drawn"],
)
async def test_markdown_is_laid_out_where_it_may_be_drawn_and_is_wanted(
    *, settings: dict[str, bool], markdown: bool, shown: str
) -> None:
    streams, out, _ = screen(at_terminal=True, **settings)
    streams.setting = {"reasoning": True, "markdown": markdown, "theme": "dark"}.__getitem__
    await streams.stream(pieces([MARKDOWN]))
    assert re.sub(r"\n\n(?= *Title)", "\n", out.getvalue()) == shown
    shows, again, _ = screen(**settings)
    shows.setting = streams.setting
    shows.answer(MARKDOWN)
    assert again.getvalue().rstrip("\n") == out.getvalue().rstrip("\n")


async def test_answer_has_the_colours_of_its_theme() -> None:
    found = {}
    for theme in THEMES:
        shows, out, _ = screen(drawn=True, colour=True)
        shows.setting = {"theme": theme, "reasoning": True, "markdown": True}.__getitem__
        await shows.stream(pieces(["**a** `b` and\n\n```python\nx = 'y'\n```\n"]))
        found[theme] = out.getvalue()
        assert not re.search(
            r"\x1b\[(?:[0-9;]*;)?(?:4[0-8]|10[0-7])[;m]", out.getvalue()
        )  # the paper is the terminal's
    assert len(set(found.values())) == len(THEMES)
    assert len({re.sub(r"\x1b\[[0-9;]*m", "", text) for text in found.values()}) == 1


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


@pytest.mark.parametrize("drawn", [True, False])
def test_transcript_shows_what_came_of_an_answer_like_a_whole_one_and_says_what_became_of_it(*, drawn: bool) -> None:
    answer = Message(role="assistant", content="**a**", status="interrupted")
    session = Session(id="i", user="u", persona=Persona("p", "p"), model="m", started="")
    shows, out, _ = screen(drawn=drawn)
    shows.transcript(session.with_turn(Turn(Message(role="user", content="q"), answer)))
    shown = "a\n(interrupted)" if drawn else "**a**  (interrupted)"
    assert out.getvalue() == f"【system】p\n【u】q\n{HEAD}{shown}\n"


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

        async def answer() -> AsyncIterator[Piece]:
            yield Piece("first")
            os.close(reader)
            yield Piece("second")
            pytest.fail("nobody reads this")

        with pytest.raises(ReaderGone):
            await shows.stream(answer())
