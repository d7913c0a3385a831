import pytest
from hypothesis import given, strategies as st

from chatcmd.conversation.attachment import Attachment, File, Image
from chatcmd.conversation.mention import carried, mentions, places, starts_word, still_named


def ats(text: str) -> tuple[int, ...]:
    return tuple(place for place, each in enumerate(text) if each == "@")


NAMED = {
    "@notes.md": ["notes.md"],
    "sum up @notes.md please": ["notes.md"],
    "@notes.md,": ["notes.md,", "notes.md"],
    "is it @a/b.py?!": ["a/b.py?!", "a/b.py?", "a/b.py"],
    "(see @notes.md).": ["notes.md).", "notes.md)", "notes.md"],
    "@~/notes.md": ["~/notes.md"],
    r"@my\ file.txt now": ["my file.txt"],
    r"@a\\b": [r"a\b"],
    r"@what\?": ["what?"],
    '@"my file.txt" now': ["my file.txt"],
    "@'my file.txt', now": ["my file.txt"],
    '@"a.txt".': ["a.txt"],
    '"@notes.md"': ['notes.md"', "notes.md"],
    "看看@notes.md": ["notes.md"],
    "看看@notes.md里写了什么": ["notes.md里写了什么", "notes.md"],
    "请看：@说明.md，然后总结": ["说明.md，然后总结", "说明.md"],
    "@说明.md。": ["说明.md。", "说明.md"],
    "@.gitignore": [".gitignore"],
    "@../up.md": ["../up.md"],
    "@Makefile": ["Makefile"],
    "@_": ["_"],
    "tab\t@a\nline": ["a"],
    "@property.setter": ["property.setter"],
}


@pytest.mark.parametrize("text", NAMED)
def test_names_reach_to_the_next_blank_and_may_shed_what_follows_upon_them(text: str) -> None:
    [found] = mentions(text, ats(text))
    assert found == NAMED[text]


@pytest.mark.parametrize(
    "text",
    [
        "me@example.com",
        "me.too@example.com",
        "git@github.com:a/b",
        "x=@y",
        "a/@b",
        "@",
        "@ a",
        "@...",
        "@/",
        "@?",
        '@"',
        '@""',
        '@"open',
        "@'a\nb'",
        r"\@a",
    ],
)
def test_what_begins_no_word_or_names_nothing_is_no_mention(text: str) -> None:
    assert [found for found in mentions(text, ats(text)) if found] == []


def test_only_the_places_that_are_given_count() -> None:
    text = "@a @b @c"
    assert list(mentions(text, [3])) == [["b"]]
    assert list(mentions(text, [])) == []
    assert list(mentions(text, [1, 99, -3])) == []
    assert list(mentions(text, [6, 0, 0])) == [["a"], ["c"]]


def test_an_at_within_a_quoted_name_is_of_that_name() -> None:
    text = '@"a @b.txt" @c'
    assert list(mentions(text, ats(text))) == [["a @b.txt"], ["c"]]


def test_few_names_are_made_of_the_longest_word() -> None:
    text = "@" + "a汉," * 100_000
    [names] = mentions(text, [0])
    assert len(names) < 100


@given(st.text(alphabet="@ab .\\\"'汉，\n", max_size=30), st.lists(st.integers(-2, 32), max_size=5))
def test_no_text_is_too_strange(text: str, given_places: list[int]) -> None:
    for names in mentions(text, given_places):
        assert all(names)
        assert len(set(names)) == len(names)
        assert all("\n" not in name for name in names)


@pytest.mark.parametrize(("text", "begins"), [("@", True), (" @", True), ("(@", True), ("看@", True), ("a@", False)])
def test_a_word_begins_behind_a_blank_a_bracket_or_a_chinese_character(text: str, begins: bool) -> None:  # noqa: FBT001
    assert starts_word(text, len(text) - 1) is begins


# What becomes of them in a question that is asked again

NOTES, CAT = File("notes.md", 3, "abc"), Image("my cat.png", 9, 2, 2, "data:")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("@notes.md and @'my cat.png'", (NOTES, CAT)),
        ("@notes.md, and that is all", (NOTES,)),
        (r"only @my\ cat.png", (CAT,)),
        ("notes.md and my cat.png", ()),
        ("me@notes.md", ()),
    ],
)
def test_a_changed_question_keeps_what_it_still_names(text: str, kept: tuple[Attachment, ...]) -> None:
    assert still_named((NOTES, CAT), text) == kept


def test_places_are_those_of_the_names() -> None:
    assert places("@a @notes.md @b", {"notes.md", "b"}) == (3, 13)
    assert places("@a", ()) == ()


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("see @a, @b", "look at @b, then at @a.", "@b @a"),
        ("see @a, @b", "see @b", "@b"),
        ("see @a", "see @c", ""),
        ("see @a", "see me@a", ""),
        ("see @a", "", ""),
        ('@"my file"', "in @my\\ file", "@my"),
    ],
)
def test_what_was_typed_before_a_change_counts_as_typed_behind_it(before: str, after: str, kept: str) -> None:
    found = carried(ats(before), before, after)
    assert " ".join(after[place:].split(maxsplit=1)[0].rstrip(",.\\") for place in found) == kept
    assert carried((), before, after) == ()
