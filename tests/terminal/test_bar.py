"""The bar: it fits, it narrows without hiding what matters, and it is clean."""

import re

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace
from wcwidth import wcswidth

from chatcmd.cells import cells
from chatcmd.clean import clean_line
from chatcmd.terminal.bar import Facts, lay_out
from chatcmd.terminal.chart import ASCII, BLOCKS, Ink

FULL = Facts(
    user="老表",
    persona="default",
    model="gpt-3.5-turbo",
    tokens=1204,
    room=3072,
    dropped=3,
    answer=512,
    first=0.412,
    rate=54.3,
    money="$0.0012",
)

METER = "▕███▏    ▏ 1,204/3,072 -3"
NAMES = st.text(min_size=1, max_size=40).filter(lambda name: clean_line(name).strip())
FACTS = st.builds(
    Facts,
    user=NAMES,
    persona=NAMES,
    model=NAMES,
    tokens=st.integers(0, 2_000_000),
    room=st.integers(1, 2_000_000),
    kind=st.sampled_from(["exact", "bound", "estimate"]),
    dropped=st.integers(0, 999),
    answer=st.none() | st.integers(1, 10**6),
    first=st.none() | st.floats(0, 600),
    rate=st.none() | st.floats(0, 10**5),
    money=st.sampled_from(["", "$?", "$0.0012", "<=$12.34"]),
)
INKS = st.sampled_from([BLOCKS, ASCII])


@pytest.mark.parametrize(
    ("width", "bar"),
    [
        (19, ""),
        (20, "老表 · 39% -3"),
        (25, "老表 · 1,204/3,072 -3"),
        (40, "老表 · gpt-3.5-turbo · 1,204/3,072 -3"),
        (50, "老表 · default · gpt-3.5-turbo · 1,204/3,072 -3"),
        (60, f"老表 · default · gpt-3.5-turbo · {METER}"),
        (70, f"老表 · default · gpt-3.5-turbo · {METER} · $0.0012"),
        (200, f"老表 · default · gpt-3.5-turbo · {METER} · 512 tokens · first 0.4 s · 54 tokens/s · $0.0012"),
    ],
)
def test_the_least_important_leaves_first(width: int, bar: str) -> None:
    assert lay_out(FULL, width) == bar


def test_what_is_not_known_takes_no_room() -> None:
    facts = Facts(user="u", persona="p", model="m", tokens=0, room=100)
    assert lay_out(facts, 80) == "u · p · m · ▕        ▏ 0/100"
    assert lay_out(facts, 80, ASCII) == "u | p | m | [        ] 0/100"


@pytest.mark.parametrize(("kind", "count"), [("exact", "44/100"), ("bound", "<=44/100"), ("estimate", "~44/100")])
def test_counts_that_are_not_exact_are_marked(kind: str, count: str) -> None:
    facts = replace(FULL, tokens=44, room=100, kind=kind, dropped=0)
    assert lay_out(facts, 20) == f"老表 · {count}"
    facts = replace(facts, tokens=440_000, room=1_000_000, dropped=999)
    assert lay_out(facts, 20) == f"老表 · {count.removesuffix('/100')}% -999"


def test_hostile_names_are_shown_harmless_and_long_ones_cut() -> None:
    facts = Facts(user="a\x1b]0;x\x07\u202eb", persona="p\nq", model="m" * 10_000, tokens=1, room=2)
    bar = lay_out(facts, 100)
    assert clean_line(bar) == bar
    assert bar.startswith("a␛]0;x␇<U+202E>b · p q · mmmmmmmmmmmmmmmmmmmmmmm… · ")


@given(FACTS, st.integers(-1, 250), INKS)
def test_the_bar_is_never_wider_than_asked(facts: Facts, width: int, ink: Ink) -> None:
    bar = lay_out(facts, width, ink)
    assert cells(bar) <= max(width, 0)
    assert wcswidth(bar) <= max(width, 0)
    assert clean_line(bar) == bar


@given(FACTS, INKS)
def test_from_twenty_cells_on_user_and_meter_are_there(facts: Facts, ink: Ink) -> None:
    assert lay_out(facts, 19, ink) == ""
    bar = lay_out(facts, 20, ink)
    assert "%" in bar or f"/{facts.room:,}" in bar
    assert bar.count(ink.between) >= 1


KINDS = ("u", "p", "m", r"▕|(<=|~)?[\d,]+(%|/)", r"[\d,]+ tokens?$", "first ", r"[\d,]+ tokens/s", r"(<=)?\$")
"""How each piece of a bar begins, in their order."""


def named(text: str) -> st.SearchStrategy[str]:
    """Make names that begin with a letter of their own."""
    return st.text("abc水仙花", max_size=30).map(lambda rest: text + rest)


@given(FACTS, named("u"), named("p"), named("m"), st.integers(20, 160))
def test_a_wider_bar_never_shows_less_and_keeps_its_order(
    facts: Facts, user: str, persona: str, model: str, width: int
) -> None:
    facts = replace(facts, user=user, persona=persona, model=model)
    narrow, wide = (lay_out(facts, each).split(BLOCKS.between) for each in (width, width + 1))
    shown = {kind_of(piece): piece for piece in wide}
    assert list(shown) == sorted(shown)
    assert len(shown) == len(wide)
    assert all(cells(shown[kind_of(piece)]) >= cells(piece) for piece in narrow)


def kind_of(piece: str) -> int:
    """Tell which piece of a bar it is, by its place in the order."""
    (place,) = (place for place, kind in enumerate(KINDS) if re.match(kind, piece))
    return place
