"""The list that something is picked from, as it is laid out: what stands where, at any size."""

import pytest
from hypothesis import given, strategies as st

from chatcmd.cells import cells
from chatcmd.terminal.pick import Choice, Passage
from chatcmd.terminal.prompt.picker_layout import BELOW, BESIDE, View, lay_out, listed

TEXT = st.text("ab 字👍é…", max_size=60)
STYLES = st.sampled_from(["", "head", "soft"])


@st.composite
def passages(draw: st.DrawFn, *, lines: bool = False) -> Passage:
    text = draw(st.text("ab 字👍\t\n" if lines else "ab 字👍", max_size=120))
    ends = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    return Passage(text, tuple(zip(ends[::2], ends[1::2], strict=False)), draw(STYLES))


@st.composite
def views(draw: st.DrawFn) -> View:
    facts = draw(st.integers(0, 3))
    one = st.builds(Choice, st.none(), st.tuples(*[TEXT] * facts), passages())
    choices = draw(st.lists(one, max_size=60))
    chosen = draw(st.integers(0, max(len(choices) - 1, 0)))
    preview = draw(st.lists(passages(lines=True), max_size=6))
    return View(choices, chosen, preview, draw(TEXT), draw(TEXT), "found")


def rows(view: View, width: int, height: int) -> list[str]:
    return "".join(fragment[1] for fragment in lay_out(view, width, height)).split("\n")


def some(count: int, chosen: int = 0, **more: object) -> View:
    made = [Choice(number, (f"day {number}", "anna"), Passage(f"title {number}")) for number in range(count)]
    return View(made, chosen, [Passage("about it", style="head")], "so many found", "Enter takes it", **more)  # type: ignore[arg-type]


@given(views(), st.integers(10, 200), st.integers(1, 60))
def test_every_row_fits_at_any_size(view: View, width: int, height: int) -> None:
    shown = rows(view, width, height)
    assert len(shown) == height
    assert all(cells(row) <= width for row in shown)


@given(st.integers(1, 60), st.data(), st.integers(1, 40))
def test_what_is_chosen_is_always_seen(count: int, data: st.DataObject, height: int) -> None:
    chosen = data.draw(st.integers(0, count - 1))
    assert chosen in listed(some(count, chosen), height)
    shown = [fragment[1] for fragment in lay_out(some(count, chosen), 80, height) if fragment[0] == "reverse"]
    assert f"title {chosen}" in "".join(shown)


@pytest.mark.parametrize(
    ("width", "height", "has_preview"),
    [(BESIDE, 5, True), (BESIDE - 1, BELOW + 1, True), (BESIDE - 1, BELOW, False), (40, 30, True), (40, 2, False)],
)
def test_preview_stands_where_there_is_room(width: int, height: int, has_preview: bool) -> None:  # noqa: FBT001
    assert any("about it" in row for row in rows(some(20), width, height)) == has_preview


def test_wide_list_has_its_preview_beside_it() -> None:
    first = rows(some(3), 120, 10)[0]
    assert first.startswith("day 0  anna  title 0")
    assert first.endswith(" │ about it")


@pytest.mark.parametrize(
    ("width", "first"),
    [(60, "day 1  anna  title 1"), (34, "day 1  anna  title 1"), (31, "day 1  title 1"), (20, "title 1")],
)
def test_facts_leave_from_the_last_where_the_title_has_no_room(width: int, first: str) -> None:
    assert rows(some(2, 1), width, 4)[1].rstrip() == first


def test_what_was_found_has_a_style_in_the_list_and_in_each_line_of_the_preview() -> None:
    label, text = Passage("see python", ((4, 10),)), Passage("one two three four", ((4, 13),))
    made = lay_out(View([Choice(0, (), label)], 0, [text], "", "", "red"), BESIDE, 6)
    assert [each[1] for each in made if each[0] == "reverse red"] == ["python"]
    assert "".join(each[1] for each in made if each[0] == "red") == "two three"
    narrow = lay_out(View([Choice(0, (), label)], 0, [text], "", "", "red"), 10, 20)
    assert [each[1] for each in narrow if each[0] == "red"] == ["two", "three"]


@pytest.mark.parametrize("width", [20, 40, 80, 100, 120])
def test_what_was_found_is_seen_in_a_narrow_row(width: int) -> None:
    text = "word " * 30 + "needle" + " and more" * 20
    begin = text.index("needle")
    choice = Choice(None, ("day 1",), Passage(text, ((begin, begin + len("needle")),)))
    row = lay_out(View([choice], 0, [], "", "", "found"), width, 5)
    assert ("reverse found", "needle") in row
