"""Markdown parsed while it comes: what is closed stays as it is, however the text was cut into pieces."""

import random
import re
import sys
from collections.abc import Callable, Sequence
from itertools import cycle, pairwise
from threading import Event, Thread
from types import FrameType
from typing import Any

import pytest
from markdown_it.token import Token

from chatcmd.markdown import DEEPEST
from chatcmd.terminal.document import LONGEST, Document, _parser


def shape(tokens: Sequence[Token]) -> list[str]:
    """Say what blocks there are, and what stands in them."""
    found = []
    for token in tokens:
        if token.type == "inline":
            found.append("".join(_inline(each) for each in token.children or ()))
        elif token.content:
            found.append(f"{token.type} {token.content!r}")
        else:
            found.append(token.type)
    return found


def _inline(token: Token) -> str:
    if token.type == "link_open":
        return f"<{token.attrs['href']} "
    if token.type == "link_close":
        return ">"
    return {"softbreak": " ", "hardbreak": "\n"}.get(token.type, token.content)


def whole(text: str) -> list[str]:
    document = Document()
    document.feed(text)
    return shape([*document.closed(), *document.open()])


def in_pieces(text: str, chance: random.Random, longest: int = 6) -> list[str]:
    document, found, place = Document(), [], 0
    while place < len(text):
        size = chance.randint(1, longest)
        document.feed(text[place : place + size])
        place += size
        found += shape(document.closed())
        if chance.random() < 0.3:
            document.open((80, 24))  # looking at what is open changes nothing
    return found + shape(document.open())


@pytest.mark.parametrize(
    ("pieces", "closed"),
    [
        (["one\n\n", "two"], [[], []]),
        (["one\n\n", "two\n"], [[], ["one"]]),
        (["one\n", "===\n", "two\n"], [[], [], ["one"]]),
        (["- a\n\n", "- b\n\n", "c\n"], [[], [], ["a", "b"]]),
        (["```\na\n", "```\n", "b\n"], [[], [], ["fence 'a\\n'"]]),
        (["|a|\n", "|-|\n", "|b|\n", "\n", "c\n"], [[], [], [], [], ["a", "b"]]),
        (["# a\n", "# b\n", "# c\n"], [[], ["a"], ["b"]]),
        (["a\n\nb\n\nc\n\n", "d\n"], [["a", "b"], ["c"]]),
        (["\n\n\n", "a", "\n"], [[], [], []]),
    ],
)
def test_block_is_closed_once_the_next_one_has_begun_with_a_whole_line(
    pieces: list[str], closed: list[list[str]]
) -> None:
    document = Document()
    for piece, expected in zip(pieces, closed, strict=True):
        document.feed(piece)
        texts = [text for text in shape(document.closed()) if " " in text or "_" not in text]
        assert texts == expected, piece


PIECES = [
    *("# ", "- ", "1. ", "> ", "    ", "\n", "\n\n", "```", "~~~py\n", "|", "|-|-|\n", "|a|b|\n", "---\n", "===\n"),
    *(
        "**",
        "_",
        "`",
        "[a]",
        "[a]: /u\n",
        "[a]: /v 't'\n",
        "[b](u)",
        "![c](u)",
        "![a]",
        "<div>\n",
        "<b>",
        "\\",
        "word ",
    ),
    *("中文", "\t", "&amp;", "  \n", "http://x.y"),
]


@pytest.mark.parametrize("seed", range(8))
def test_what_is_shown_never_depends_on_how_the_text_is_cut(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(25):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(2, 40)))
        assert in_pieces(text, chance) == whole(text), repr(text)


LINKS = [
    # a definition that comes first, as it is meant
    ("[a]: /u\n\n[a]\n", ["paragraph_open", "</u a>", "paragraph_close"]),
    # one that comes after its first use is shown where it comes, and known from there on
    (
        "[a] b\n\n[a]: /u\n\n[a]\n",
        [
            *("paragraph_open", "[a] b", "paragraph_close"),
            *("paragraph_open", "[a]: /u", "paragraph_close"),
            *("paragraph_open", "</u a>", "paragraph_close"),
        ],
    ),
    # one that nobody wants is not shown, as usual: it may be a comment
    ("[a]: /u\n\nb\n", ["paragraph_open", "b", "paragraph_close"]),
    # the first of two holds
    ("[a]: /u\n[a]: /v\n\n[A]\n", ["paragraph_open", "</u A>", "paragraph_close"]),
    # the same in a quote, which is empty without it
    (
        "[x][a]\n\n> [a]: /u\n",
        [
            *("paragraph_open", "[x][a]", "paragraph_close"),
            *("blockquote_open", "blockquote_close"),
            *("paragraph_open", "> [a]: /u", "paragraph_close"),
        ],
    ),
]


@pytest.mark.parametrize(("text", "shown"), LINKS)
def test_definition_is_known_from_its_place_on_and_shown_where_it_comes_too_late(text: str, shown: list[str]) -> None:
    assert whole(text) == shown
    for seed in range(10):
        assert in_pieces(text, random.Random(seed)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("vector<int> a;\n", "vector<int> a;"),
        ("<div>\n*a*\n</div>\n", "<div> a </div>"),
        ("<!-- a -->\n", "<!-- a -->"),
        ("a <b>c</b> <http://x.y>\n", "a <b>c</b> <http://x.y http://x.y>"),
        ("![a cat](http://x.y/c.png)\n", "🖼 a cat (http://x.y/c.png)"),
        ("![](http://x.y/c.png)\n", "🖼 http://x.y/c.png"),
        ("[![a](b)](c)\n", "<c 🖼 a (b)>"),
        ("a\\*b &lt;c&gt;\n", "a*b <c>"),
    ],
)
def test_html_is_text_and_an_image_is_its_text_and_address(text: str, shown: str) -> None:
    assert whole(text) == ["paragraph_open", shown, "paragraph_close"]


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("a\n-", ["a"]),
        ("a\n==", ["a"]),
        ("a\n\n```", ["a"]),
        ("a\n\n| ", ["a"]),
        ("a\n\n12.", ["a"]),
        ("a\n\n12 monkeys", ["a", "12 monkeys"]),
        ("a\n\n- b", ["a", "b"]),
        ("```\ncode\n``", ["fence 'code\\n'"]),
    ],
)
def test_marks_at_the_end_are_not_shown_until_it_is_clear_what_they_mean(text: str, open_: list[str]) -> None:
    document = Document()
    document.feed(text)
    shown = shape([*document.closed(), *document.open((80, 24))])
    assert [each for each in shown if " " in each or "_" not in each] == open_
    assert whole(text) != shown or text.endswith(("monkeys", "b"))


@pytest.mark.parametrize(
    "text",
    [
        ">" * 5000 + " last\n",
        "> " * 300 + "last\n",
        "".join("  " * level + f"- item {level}\n" for level in range(500)) + "  " * 500 + "last\n",
        "- " * 100 + "last\n",
        "1. > " * 50 + "last\n",
        "- " * 30 + "```\nlast\n",
    ],
    ids=["quotes", "quotes with blanks", "lists over lines", "lists on one line", "both", "a fence"],
)
def test_what_is_nested_deep_is_all_there(text: str) -> None:
    document = Document()
    document.feed(text)
    tokens = document.open()
    shown = "\n".join(shape(tokens))
    assert "last" in shown
    assert set(re.findall(r"item \d+", text)) == set(re.findall(r"item \d+", shown))
    assert DEEPEST <= max(token.level for token in tokens) <= DEEPEST + 2


def test_text_behind_what_is_nested_too_deep_is_where_it_belongs() -> None:
    text = "- " * 12 + "deep\n" + "  " * 12 + "deeper\n\n  outer\n\nafter\n"
    shown = [each for each in whole(text) if each not in ("list_item_open", "paragraph_open", "bullet_list_open")]
    close = ["list_item_close", "bullet_list_close"]
    assert shown == [
        *("- - - deep deeper", "paragraph_close", *close * 8),
        *("outer", "paragraph_close", *close),
        *("after", "paragraph_close"),
    ]


# Work: counted, as calls of functions, never timed


def calls(work: Callable[[], object]) -> int:
    """Count the calls of functions, of Python and of C, that some work takes."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


GROWING: dict[str, Callable[[int], str]] = {
    "characters without a line end": lambda size: "a b *c* `d` " * (size // 12),
    "one word": lambda size: "x" * size,
    "quote marks": lambda size: ">" * size,
    "brackets": lambda size: "[" * size,
    "pairs of brackets": lambda size: "[a" * (size // 2),
    "stars": lambda size: "*a " * (size // 3),
    "ticks": lambda size: "`" * (size // 8) + "a",
    "pictures": lambda size: "![" * (size // 2),
    "paragraphs": lambda size: "word and *word*\n\n" * (size // 16),
    "items": lambda size: "- item\n" * (size // 7),
    "code": lambda size: "```\n" + "x = 1\n" * (size // 6),
    "rows of a table": lambda size: "|a|b|\n|-|-|\n" + "|c|d|\n" * (size // 6),
    "columns of a table": lambda size: (
        "|" + "a|" * (size // 8) + "\n|" + "-|" * (size // 8) + "\n|" + "b|" * (size // 8)
    ),
    "definitions": lambda size: "".join(f"[l{place}]: /u\n" for place in range(size // 10)) + "\nend\n\nend\n",
}


@pytest.mark.parametrize("kind", GROWING)
def test_work_grows_with_the_text_and_not_with_its_square(kind: str) -> None:
    def work(size: int) -> int:
        text = GROWING[kind](size)
        return calls(lambda: in_pieces(text, random.Random(1), len(text) // 4))

    works = [work(size) for size in (1000, 2000, 4000)]
    assert all(more <= 2.4 * less for less, more in pairwise(works)), works


def test_line_that_grows_is_not_parsed_again_to_find_what_is_closed() -> None:
    document = Document()
    document.feed("- item\n" * 500)
    document.closed()
    document.feed("more")
    assert calls(document.closed) < 20


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("万恶之源。\n——高德纳", "万恶之源。 ——高德纳"),
        ("中文\n继续", "中文继续"),
        ("中文\nEnglish", "中文 English"),
        ("one\ntwo", "one two"),
        ("**中文**\n继续", "中文 继续"),
    ],
)
def test_line_end_between_chinese_characters_is_no_blank(text: str, told: str) -> None:
    document = Document()
    document.feed(text)
    children = next(token.children for token in document.open() if token.type == "inline")
    assert "".join(" " if each.type == "softbreak" else each.content for each in children or ()) == told


ENDLESS = {
    "paragraph": "one of very many lines\n",
    "list": "- one of very many items\n",
    "quote": "> one of very many quotes\n",
    "line": "one of very many words ",
}


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("sizes", [[97_000, *[1_000] * 6], [70_000], [400_000]], ids=["creeping", "70000", "400000"])
def test_block_beyond_every_measure_is_given_as_it_is_written(kind: str, sizes: list[int]) -> None:
    text = ENDLESS[kind] * (3 * LONGEST // len(ENDLESS[kind]))
    document, found, steps = Document(), "", cycle(sizes)
    begin = 0
    while begin < len(text):
        end = begin + next(steps)
        document.feed(text[begin:end])
        begin = end
        assert document.closed() == []
        while part := document.overlong():
            found += part
            assert document.closed() == []
        assert len(document) <= LONGEST
    assert text.startswith(found)
    assert len(text) - len(found) == len(document)
    assert len(found) >= LONGEST


def test_long_code_and_many_blocks_are_never_too_long() -> None:
    for text in ("```\n" + "code\n" * LONGEST, "one\n\n" * LONGEST):
        document = Document()
        document.feed(text)
        while document.closed():
            pass
        assert document.overlong() == ""


def test_threads_that_parse_first_at_the_same_moment_both_find_all_rules() -> None:
    text = "one\n\ntwo *x*\n"
    alone = whole(text)
    half_way, go_on = Event(), Event()

    def stop_half_way(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line" and frame.f_code.co_name == "__compile__" and frame.f_locals["self"].__cache__ == {"": []}:
            half_way.set()
            go_on.wait(10)
        return stop_half_way

    def parse() -> None:
        sys.settrace(stop_half_way)
        found.append(whole(text))
        half_way.set()

    found: list[list[str]] = []
    _parser.cache_clear()
    other = Thread(target=parse)
    other.start()
    half_way.wait(10)
    try:
        assert whole(text) == alone
    finally:
        go_on.set()
        other.join()
    assert found == [alone]
