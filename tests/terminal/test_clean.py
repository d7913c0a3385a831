import re
from collections.abc import Iterable
from sys import maxunicode
from unicodedata import category, combining, normalize

import pytest
from hypothesis import example, given, settings, strategies as st

from chatcmd.clean import _LINE, Cleaner, clean, clean_line
from tests.hostile import HOSTILE, MARKUP, raw_controls

EVERY_POINT = range(maxunicode + 1)
JOINERS = "\u200c\u200d\ufe0e\ufe0f"
REMOVED = "\r\u00ad\u200b\u2060\ufe00\ufeff\U000e0041\U000e0100"

# Format characters that stay: joiners, and what has a shape in Arabic, Syriac, Kaithi and hieroglyphs.
KEPT_FORMAT = {
    *"\u200c\u200d\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd",
    *map(chr, range(0x0600, 0x0606)),
    *map(chr, range(0x13430, 0x13440)),
}
KEPT_CONTROL = set("\n\t")
# What changes although it is a letter or mark to Unicode, or unassigned and to be ignored.
CHANGED_OTHERS = {
    *"\u115f\u1160\u3164\uffa0",
    *map(chr, range(0xFE00, 0xFE0E)),
    *map(chr, (0x2065, *range(0xFFF0, 0xFFF9))),
    *map(chr, range(0xE0000, 0xE1000)),
}

WRITTEN = {
    "Persian with ZWNJ": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Arabic with vowels": "\u0627\u0644\u0633\u064e\u0651\u0644\u064e\u0627\u0645\u064f",
    "Hebrew with points": "\u05d1\u05b0\u05bc\u05e8\u05b5\u05d0\u05e9\u05c1\u05b4\u0596\u05d9\u05ea",
    "Hindi with ZWJ": "\u0915\u094d\u200d\u0937 \u0928\u092e\u0938\u094d\u0924\u0947",
    "Sinhala with ZWJ": "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf",
    "Tamil": "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0b9a\u0bca\u0bb2\u0bcd",
    "Burmese": "\u1019\u103c\u1014\u103a\u1019\u102c \u101c\u103d\u103e\u1032",
    "Tibetan": "\u0f56\u0f66\u0f92\u0fb2\u0f74\u0f56\u0f66\u0f0b \u0f67\u0f71\u0f74\u0f83",
    "Thai": "\u0e17\u0e35\u0e48\u0e19\u0e35\u0e48 \u0e04\u0e49\u0e33 \u0e1c\u0e39\u0e49",
    "Vietnamese decomposed": normalize("NFD", "Ti\u1ebfng Vi\u1ec7t \u0111\u01b0\u1ee3c, m\u1ed9t l\u1ea7n n\u1eefa"),
    "Korean decomposed": normalize("NFD", "\ud55c\uad6d\uc5b4\ub97c \uc4f4\ub2e4"),
    "Chinese": "\u4f60\u597d\uff0c\u4e16\u754c\uff01\u3000\u201c\u804a\u5929\u201d\u2014\u2014\u2026\u2026",
    "Japanese": "\u304b\u3099\u304d\u309a \u30ab\u30bf\u30ab\u30ca\u3001\u6f22\u5b57\u3002",
    "Russian with stress": "\u0437\u0430\u0301\u043c\u043e\u043a \u2014 \u0437\u0430\u043c\u043e\u0301\u043a",
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "hearts": "\u2764\ufe0f \u2764\ufe0e \u2764\ufe0f\u200d\U0001f525",
    "flags": "\U0001f1e8\U0001f1f3 \U0001f3f3\ufe0f\u200d\U0001f308",
    "skin and keycap": "\U0001f44d\U0001f3fd 1\ufe0f\u20e3",
    "boxes": "\u250c\u2500\u2500\u2500\u2500\u2500\u2500\u2510\n\u2502 a\tb \u2502",
    "mathematics": "\u2200x\u2208\u211d: x\u0302 \u2260 \u2205 \u21d2 \U0001d4b3",
    "private use": "\ue0b0\uf121\U000f0001\U00100001",
    "control pictures": "\u2400\u241b\u2421\ufffd<U+202E>",
    "code": "def f(a):\n\treturn a[0] if a else '' # 100%\n",
    "nothing": "",
}

hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
written = pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN.keys())
untimed = settings(deadline=None)

# Random code points, thick with those that matter; a list of chunks is a text together with its cuts.
matters = st.sampled_from("".join(HOSTILE.values()) + "".join(WRITTEN.values()))
piles = st.sampled_from("a\n\x1b\u202e\u0301\u0316\u20dd\u302e\u064b" + JOINERS + REMOVED)
anything = st.integers(0, maxunicode).map(chr)
texts = st.lists(st.one_of(anything, matters, piles), max_size=40).map("".join)
chunked = st.lists(st.one_of(texts, st.lists(piles, max_size=9).map("".join)), max_size=12)


def seen(text: str) -> list[str]:
    return raw_controls(text.encode("utf-8", "surrogatepass"))


def fed(chunks: Iterable[str]) -> str:
    cleaner = Cleaner()
    return "".join(cleaner.feed(chunk) for chunk in chunks)


@hostile
def test_nothing_hostile_is_left(text: str) -> None:
    assert seen(clean(text)) == []
    assert "\r" not in clean(text)


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - MARKUP.keys()))
def test_the_corpus_is_as_hostile_as_it_says(name: str) -> None:
    assert seen(HOSTILE[name]) or "\r" in HOSTILE[name]


@pytest.mark.parametrize("text", MARKUP.values(), ids=MARKUP.keys())
def test_markup_is_text_and_stays(text: str) -> None:
    assert clean(text) == text


@hostile
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@hostile
def test_no_single_cut_hides_anything(text: str) -> None:
    for cut in range(len(text) + 1):
        assert fed([text[:cut], text[cut:]]) == clean(text)


@pytest.mark.parametrize("text", (HOSTILE | WRITTEN).values(), ids=(HOSTILE | WRITTEN).keys())
def test_a_page_is_cleaned_as_a_line_is(text: str) -> None:
    page = "a" * 1000
    assert clean(page + text) == page + clean(text)


def test_a_pattern_is_used_where_there_is_much_to_look_over_or_a_pile_is_possible(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_over: list[str] = []
    monkeypatch.setattr(re, "sub", lambda _pattern, _how, text: looked_over.append(text))
    for text in ("", "a" * 2 * _LINE, "\u6c49" * (_LINE - 1), "e\u0301\u0301\u0301\u0301"):
        assert clean(text) == text
    page, pile = "\u6c49" * _LINE, "e\u0301\u0301\u0301\u0301\u0301"
    for text in (page, pile):
        clean(text)
    assert looked_over == [page, pile]


@pytest.mark.parametrize("text", (HOSTILE | WRITTEN).values(), ids=(HOSTILE | WRITTEN).keys())
def test_a_text_may_arrive_one_character_at_a_time(text: str) -> None:
    assert fed(iter(text)) == clean(text)


@written
def test_written_language_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text


@written
def test_written_language_is_no_offence(text: str) -> None:
    assert seen(text) == []


@hostile
def test_one_line_stays_one_line(text: str) -> None:
    assert len(clean_line(text).splitlines()) <= 1
    assert "\t" not in clean_line(text)
    assert seen(clean_line(text)) == []


@untimed
@given(texts)
def test_random_text_is_clean_after_cleaning_and_stays_so(text: str) -> None:
    once = clean(text)
    assert seen(once) == []
    assert "\r" not in once
    assert clean(once) == once
    once.encode()


@untimed
@given(chunked)
@example(["a\u0301\u0301", "\u200d", "\u0301", "\u200b", "\u0301", "\u0301", "b\u0301"])
@example(["\u0301\u0301\u0301\u0301", "", "\u0301", "\u202e", "\u0301"])
@example(["\ud83d", "\ude00"])
@example(["a\r", "\nb", "\r\r"])
def test_random_chunks_join_to_the_clean_text(chunks: list[str]) -> None:
    assert fed(chunks) == clean("".join(chunks))


@untimed
@given(texts)
def test_random_text_fits_one_line(text: str) -> None:
    line = clean_line(text)
    assert len(line.splitlines()) <= 1
    assert clean_line(line) == line
    assert seen(line) == []


def test_every_code_point_is_kept_or_changed_on_purpose() -> None:
    changed = {char for char in map(chr, EVERY_POINT) if clean(char) != char}
    suspect = {
        char
        for char in map(chr, EVERY_POINT)
        if category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or is_noncharacter(ord(char))
    }
    assert changed == (suspect - KEPT_CONTROL - KEPT_FORMAT) | CHANGED_OTHERS


def is_noncharacter(point: int) -> bool:
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF


def test_every_code_point_becomes_one_that_is_safe_to_encode() -> None:
    cleaned = clean("a".join(map(chr, EVERY_POINT)))
    assert seen(cleaned) == []


def test_four_of_every_combining_mark_stay_and_all_of_any_other_character() -> None:
    kept = [char for char in map(chr, EVERY_POINT) if clean(char) == char != "\n"]
    lines = clean("\n".join("a" + char * 6 for char in kept)).split("\n")
    for char, line in zip(kept, lines, strict=True):
        mark = combining(char) or category(char) in {"Mn", "Me"}
        assert line == "a" + char * (4 if mark and char not in JOINERS else 6)


def test_four_marks_stay_on_each_base() -> None:
    four = "\u0300\u0316\u0334\u035c"
    assert clean("a" + four + "b" + four) == "a" + four + "b" + four
    assert clean("a" + four + "\u0301" + "b" + four + "\u0301") == "a" + four + "b" + four


@pytest.mark.parametrize("base", "\n\t\x1b\u202e\x9b\u0085 \ud55c\U0001f44d\u0903\u061b\u0964\u05be")
def test_whatever_is_shown_begins_a_new_pile(base: str) -> None:
    four = "\u0301" * 4
    assert clean(four + base + four) == four + clean(base) + four
    assert clean(four + base + four + "\u0301") == four + clean(base) + four


def test_what_is_written_begins_a_new_pile_wherever_it_is_cut() -> None:
    four = "\u0301" * 4
    for base in map(chr, [*range(0x20, 0x7F), 0xE9, 0x6C34]):
        assert fed([four + base, four]) == four + base + four


@pytest.mark.parametrize("between", REMOVED)
def test_what_is_removed_begins_no_new_pile(between: str) -> None:
    assert clean("a" + ("\u0301" + between) * 9) == "a" + "\u0301" * 4


@pytest.mark.parametrize("joiner", JOINERS)
def test_joiners_stay_but_begin_no_new_pile(joiner: str) -> None:
    assert clean("a" + ("\u0301" + joiner) * 6) == "a" + ("\u0301" + joiner) * 4 + joiner * 2


def test_controls_are_shown_as_pictures() -> None:
    assert clean("\0\x07\x1b[2J\x7f\b") == "\u2400\u2407\u241b[2J\u2421\u2408"


def test_bidi_controls_are_shown_by_number() -> None:
    assert clean("a\u202eb\u2066c\u061cd") == "a<U+202E>b<U+2066>c<U+061C>d"
    points = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    assert [clean(chr(point)) for point in points] == [f"<U+{point:04X}>" for point in points]


def test_c1_controls_surrogates_and_noncharacters_become_the_replacement_character() -> None:
    assert clean("\x9b|\ud800|\udfff|\ufffe|\U0010ffff|\ufdd0") == "|".join("\ufffd" * 6)
    assert {clean(chr(point)) for point in EVERY_POINT if is_noncharacter(point)} == {"\ufffd"}


def test_two_halves_of_a_pair_are_never_joined() -> None:
    assert clean("\ud83d\ude00") == fed(["\ud83d", "\ude00"]) == "\ufffd\ufffd"


def test_every_end_of_line_is_a_newline() -> None:
    assert clean("a\r\nb\u0085c\u2028d\u2029e\nf") == "a\nb\nc\nd\ne\nf"


def test_what_has_no_width_is_removed() -> None:
    assert clean("a" + REMOVED + "b") == "ab"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def f():\n    return 1", "def f(): return 1"),
        ("one\r\n\r\n\ttwo", "one two"),
        ("name\tvalue", "name value"),
        ("a\u2028b\u0085c", "a b c"),
        ("two  spaces stay", "two  spaces stay"),
        ("\x0ba\x0cb", "\u240ba\u240cb"),
    ],
)
def test_a_break_and_its_indent_become_one_space(text: str, line: str) -> None:
    assert clean_line(text) == line


@pytest.mark.parametrize(
    ("data", "offences"),
    [
        (b"plain\r\n\ttext", []),
        (b"ab\x1b[2J", ["C0 control U+001B at byte 2"]),
        ("\u4f60\u202e".encode(), ["bidi control U+202E at byte 3"]),
        (b"a\x9bb", ["byte that is no UTF-8, as U+DC9B at byte 1"]),
        ("a\u0301\u0301\u0301\u0301\u200d\u0301".encode(), ["mark too many U+0301 at byte 12"]),
        (b"\x7f\xc2\x9b", ["DEL U+007F at byte 0", "C1 control U+009B at byte 1"]),
    ],
)
def test_an_offence_is_described_where_it_is(data: bytes, offences: list[str]) -> None:
    assert raw_controls(data) == offences


def test_the_corpus_is_large() -> None:
    assert len(HOSTILE) >= 60
