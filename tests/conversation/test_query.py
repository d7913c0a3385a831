"""What is looked for and how it is found: words, phrases, scripts without blanks, and what stands around."""

import pytest
from hypothesis import given, strategies as st
from wcwidth import wcswidth

from chatcmd.conversation.query import Query, excerpt
from chatcmd.conversation.words import folded, terms
from chatcmd.errors import UsageError

# What is looked for, a text, and what is found in it.
FOUND = [
    ("python", "Use PYTHON, pythonic, and xpython", ["PYTHON", "python"]),
    ("python", "用ｐｙｔｈｏｎ写", ["ｐｙｔｈｏｎ"]),
    ('"python"', "Python pythonic", ["Python"]),
    ("水仙", "水仙花数有哪些", ["水仙"]),
    ("水", "一水，山水", ["水", "水"]),
    ("花数", "水仙花数", ["花数"]),
    ("用python写", "我用Python写程序", ["用Python写"]),
    ("“你好 世界”", "你好\n世界", ["你好\n世界"]),
    ("「for loop」", "a FOR\tloop, for loops", ["FOR\tloop"]),
    ("c++", "C++ and c", ["C++"]),
    ("cafe", "Café, CAFÉS", ["Café", "CAFÉ"]),
    ("naïve", "naive", ["naive"]),
    ("foo_bar", "x foo_bar_baz foo bar", ["foo_bar"]),
    ("a.b", "a.b axb", ["a.b"]),
    ("かな", "ひらかな", ["かな"]),
    ("한국", "대한국민", ["한국"]),
    ("loop error", "an error in a loop", ["error", "loop"]),
    ("aa a", "aab", ["aa"]),
    ("→", "a → b", ["→"]),
    ("¨", "a ¨ b", ["¨"]),
    ("´x", "a´x b", ["´x"]),
    ("ß", "STRASSE straße", []),
    ('"unclosed', 'an "unclosed one', ['"unclosed']),
]


@pytest.mark.parametrize(("looked_for", "text", "found"), FOUND)
def test_places_are_those_of_what_is_looked_for(looked_for: str, text: str, found: list[str]) -> None:
    spans = Query.parse(looked_for).spans(text)
    assert [text[begin:end] for begin, end in spans] == found


@pytest.mark.parametrize("nothing", ["", "  ", '""', '"  "', "“” 「」"])
def test_nothing_to_look_for_is_said(nothing: str) -> None:
    with pytest.raises(UsageError, match="nothing to look for"):
        Query.parse(nothing)


def test_a_word_that_is_given_twice_is_looked_for_once() -> None:
    assert len(Query.parse('loop LOOP "loop"').needles) == 2


SCRIPTS = st.text(st.sampled_from('abÉß _09.+-\n"水仙花數あカ한ไท\u0301\U0001f600ﬁＡ'), max_size=40) | st.text(
    max_size=20
)


@given(SCRIPTS)
def test_folding_leaves_every_character_in_its_place(text: str) -> None:
    assert len(folded(text)) == len(text)
    assert folded(folded(text)) == folded(text)


@given(SCRIPTS, SCRIPTS)
def test_what_a_text_holds_is_among_what_it_is_indexed_by(looked_for: str, text: str) -> None:
    try:
        query = Query.parse(looked_for)
    except UsageError:
        return
    # A piece of the text itself, so that it is found often enough.
    for each in (query, *_pieces(text)):
        if len(each.found(text)) == len(each.needles):
            words = set(terms(folded(text)).split())
            for term, longer in each.terms:
                assert term in words or (longer and any(word.startswith(term) for word in words)), (each, text)


def _pieces(text: str) -> list[Query]:
    pieces = [text[begin:end] for begin in range(0, len(text), 5) for end in (begin + 1, begin + 3, begin + 9)]
    return [Query.parse(piece) for piece in pieces if piece.strip().strip('"').strip()]


@given(SCRIPTS, st.text(st.sampled_from("ab水仙 \n\t\x1b"), min_size=1, max_size=200), st.integers(4, 100))
def test_an_excerpt_is_one_line_with_what_was_found_in_it(looked_for: str, text: str, width: int) -> None:
    try:
        query = Query.parse(looked_for)
    except UsageError:
        query = Query.parse("a")
    spans = query.spans(text)
    line, places = excerpt(text, spans, width)
    assert wcswidth(line) <= width
    assert line.isprintable()
    assert all(0 <= begin < end <= len(line) for begin, end in places)
    if spans and width >= 40 and text[spans[0][0]].isprintable():
        begin, end = places[0]
        assert line[begin] == text[spans[0][0]]
        assert end - begin <= spans[0][1] - spans[0][0]


def test_an_excerpt_shows_what_stands_before_and_behind() -> None:
    text = "one two three four five six seven eight nine ten eleven twelve thirteen"
    line, places = excerpt(text, Query.parse("eight").spans(text), 40)
    assert (line, [line[begin:end] for begin, end in places]) == ("…six seven eight nine ten eleven twelve…", ["eight"])
    assert excerpt("short", (), 40) == ("short", ())
