"""The menu of completions, and the line as it is shown: what stands where, at any width."""

from bisect import bisect_right

import pytest
from hypothesis import given, strategies as st
from prompt_toolkit.buffer import CompletionState
from prompt_toolkit.completion import Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import fragment_list_to_text, to_formatted_text
from prompt_toolkit.layout import BufferControl
from prompt_toolkit.layout.processors import TransformationInput

from chatcmd.cells import cells
from chatcmd.terminal.prompt.field import Look
from chatcmd.terminal.prompt.held import Held
from chatcmd.terminal.prompt.menu import MOST_ROWS, lay_out
from chatcmd.terminal.prompt.shown import AsShown

TEXT = st.text("ab 字👍", min_size=1, max_size=60)


def rows(state: CompletionState, width: int) -> list[str]:
    return "".join(fragment[1] for fragment in lay_out(state, width)).split("\n")


def made(offers: list[tuple[str, str]], chosen: int | None = None) -> CompletionState:
    return CompletionState(Document(), [Completion(text, display_meta=about) for text, about in offers], chosen)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=30), st.integers(8, 200), st.data())
def test_menu_fits_and_shows_what_is_chosen(offers: list[tuple[str, str]], width: int, data: st.DataObject) -> None:
    chosen = data.draw(st.none() | st.integers(0, len(offers) - 1))
    state = made(offers, chosen)
    shown = rows(state, width)
    assert all(cells(row.rstrip()) <= width for row in shown)
    assert len(shown) == min(len(offers), MOST_ROWS) + (len(offers) > MOST_ROWS)
    marked = [fragment[1] for fragment in lay_out(state, width) if fragment[0] == "reverse"]
    assert len(marked) == (chosen is not None)


@pytest.mark.parametrize(
    ("count", "chosen", "last"),
    [(8, 7, None), (9, None, " 1 to 8 of 9; Tab goes on"), (20, 10, " 7 to 14 of 20; Tab goes on")],
)
def test_menu_says_when_there_is_more(count: int, chosen: int | None, last: str | None) -> None:
    shown = rows(made([(f"word {number}", "") for number in range(count)], chosen), 80)
    assert (shown[-1] == last) if last else "Tab goes on" not in shown[-1]
    assert chosen is None or any(row.startswith(f" word {chosen} ") for row in shown)


def test_narrow_menu_shows_what_tells_its_words_apart() -> None:
    state = made([("/stats", "this session in charts"), ("/status", "where one is")])
    assert [row.rstrip() for row in rows(state, 10)] == [" /stats", " /status"]
    assert [row.rstrip() for row in rows(state, 20)] == [" /stats   this ses…", " /status  where on…"]


def test_message_is_broken_between_its_words() -> None:
    message = Look("").message("the editor vi\x1b ended with 3; the text is as it was", 20)
    lines = fragment_list_to_text(to_formatted_text(message)).split("\n")
    assert lines == ["the editor vi␛ ended", "with 3; the text is", "as it was"]


@given(st.lists(st.sampled_from(["typed", "\t", "\x1b", "\u202e", "字", "paste\n" * 20, "@", ""]), max_size=8))
def test_cursor_stands_where_its_character_is_shown(pieces: list[str]) -> None:
    held = Held()
    line = "".join(held.pasted(piece) for piece in pieces)
    done = AsShown(held).apply_transformation(
        TransformationInput(BufferControl(), Document(line), 0, lambda place: place, [("", line)], 80, 24)
    )
    text = "".join(fragment[1] for fragment in done.fragments)
    starts = [sum(len(held.shown(character)) for character in line[:place]) for place in range(len(line) + 1)]
    assert text == "".join(map(held.shown, line))
    assert [done.source_to_display(place) for place in range(len(line) + 1)] == starts
    for place in range(len(text)):
        assert done.display_to_source(place) == bisect_right(starts, place) - 1
