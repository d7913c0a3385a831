"""Answers laid out block by block: what they look like, against one rendering of the whole by rich itself."""

import json
import random
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pyte
import pytest
from markdown_it import MarkdownIt
from rich.console import Console
from rich.markdown import Markdown
from rich.theme import Theme as Styles

from chatcmd.clean import Cleaner, clean
from chatcmd.markdown import LONGEST_COLOURED
from chatcmd.terminal.markdown import Layout, Printer
from chatcmd.terminal.tail import Row, Tail
from chatcmd.terminal.theme import THEMES
from tests.hostile import HOSTILE, raw_controls

DARK = THEMES["dark"]
PRINTER = Printer(DARK, colour=True)
PLAIN = Printer(DARK, colour=False)
WIDTH = 60


class Cell(NamedTuple):
    """What one cell of a screen shows, as far as it can be seen."""

    text: str
    colour: str
    background: str
    styles: tuple[bool, ...]


def laid_out(
    text: str, width: int = WIDTH, printer: Printer = PRINTER, chance: random.Random | None = None
) -> list[Row]:
    """Lay a text out that comes in pieces, looking at what is open now and then; without `chance` all comes at once."""
    layout, rows, place = Layout(printer), list[Row](), 0
    cleaner = Cleaner()
    while place < len(text):
        size = chance.randint(1, 6) if chance else len(text)
        layout.feed(cleaner.feed(text[place : place + size]))
        place += size
        rows += layout.settle(width)
        if chance and chance.random() < 0.3:
            layout.tail(width, 24)
    return rows + layout.rest(width)


def texts(rows: list[Row]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", row.text) for row in rows]


class _Static(Markdown):
    """One rendering of a whole text, with HTML switched off."""

    def __init__(self, text: str) -> None:
        super().__init__("", code_theme=DARK.code, hyperlinks=False)
        parser = MarkdownIt().enable(["strikethrough", "table"]).disable(["html_block", "html_inline"])
        self.parsed = parser.parse(text)


def static(text: str, width: int = WIDTH) -> str:
    console = Console(
        file=StringIO(),
        width=width,
        force_terminal=True,
        color_system="standard",
        theme=Styles(dict(DARK.markdown)),
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
    )
    with console.capture() as captured:
        console.print(_Static(clean(text)))
    return re.sub(" +$", "", captured.get(), flags=re.MULTILINE)  # what fills rows up may have no room in them


def seen(output: str, width: int = WIDTH) -> list[list[Cell]]:
    """Return the cells of the rows that some output leaves on a screen, without the blank ends that nobody sees."""
    height = output.count("\n") + 2
    emulator = pyte.Screen(width, height)
    pyte.Stream(emulator).feed(for_pyte(output))
    return trimmed([[_cell(emulator.buffer[row][column]) for column in range(width)] for row in range(height)])


def for_pyte(output: str) -> str:
    """Do as a terminal's driver does, and leave out joiners, at which pyte stops: it joins no emoji."""
    return re.sub("[\u200d\ufe0f]", "", output.replace("\n", "\r\n"))


def _cell(char: pyte.screens.Char) -> Cell:
    styles = (char.bold, char.italics, char.underscore, char.strikethrough, char.reverse)
    blank = char.data == " " and not char.underscore
    return Cell(char.data, "default" if blank else char.fg, char.bg, (False,) * 5 if blank else styles)


def trimmed(rows: list[list[Cell]]) -> list[list[Cell]]:
    for row in rows:
        while row and row[-1].text == " " and not row[-1].styles[2]:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


def joined(rows: list[Row]) -> str:
    return "".join(f"{row.text}\n" for row in rows)


# Equal to one static rendering

EXAMPLES: list[str] = json.loads(Path(__file__).with_name("commonmark.json").read_text("utf-8"))["examples"]
"""The Markdown of the specification's examples; its numbers count from 1."""

LATE = {
    *(23, 33, 203, 214, *range(527, 531), *range(532, 541), 542, 543, 549, *range(553, 564), *range(565, 572), 573),
    *(576, 577, *range(582, 590), 591, 592, 593),
}
"""A link is defined behind its use: it may have been settled by then. The definition is shown as it is written."""

LATE_TOO = {204: "a second definition of the same link, which nobody needs", 218: "a definition in a quote"}

IMAGES = {517, 520, 531, 572, 574, 575, *range(578, 582)}
"""There is an image: rich drops its address, which is all that a terminal can show of it."""


@pytest.mark.parametrize("tenth", range(10))
def test_specification_s_examples_look_as_one_rendering_of_the_whole_except_for_these(tenth: int) -> None:
    for number in range(1 + tenth, len(EXAMPLES) + 1, 10):
        text = EXAMPLES[number - 1]
        same = seen(joined(laid_out(text))) == seen(static(text))
        assert same == (number not in LATE | LATE_TOO.keys() | IMAGES), (number, text)


@pytest.mark.parametrize("number", sorted(LATE))
def test_definition_that_comes_late_is_shown_as_it_is_written(number: int) -> None:
    text = EXAMPLES[number - 1]
    definition = re.compile(r"^\[.*\]: .*", re.MULTILINE)
    as_written = definition.sub(lambda found: re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", found.group()) + "  ", text)
    assert as_written != text
    assert seen(joined(laid_out(text))) == seen(static(as_written))


@pytest.mark.parametrize("number", sorted(IMAGES))
def test_image_is_shown_with_its_address(number: int) -> None:
    text = EXAMPLES[number - 1]
    addresses = re.findall(r"\]\(<?([a-z0-9./]+)", text)
    assert addresses
    assert all(address in " ".join(texts(laid_out(text))) for address in addresses)


@pytest.mark.parametrize("tenth", range(10))
def test_specification_s_examples_look_the_same_however_they_are_cut(tenth: int) -> None:
    for number in range(1 + tenth, len(EXAMPLES) + 1, 10):
        text = EXAMPLES[number - 1]
        assert laid_out(text, chance=random.Random(number)) == laid_out(text), (number, text)


PARTS = [
    "# A heading of *several* words",
    "Setext `heading`\n-----",
    "One paragraph with **strong**, *soft*, ~~struck~~ and `code`, long enough to be broken at the end of its line.",
    "第一段：水仙花数是指一个 **n 位数**，其每个位上的数字的 *n* 次幂之和等于它本身。例如 `153`。",
    "Emoji 🎉 and ✅, a joined 👨‍👩‍👧 and a ❤️;\nflags 🇨🇳.",
    "- one\n- two\n  - deeper\n    1. numbered\n    2. twice\n- three",
    "1. loose\n\n   with a paragraph\n\n2. items\n\n10. ten",
    '- a fence in a list\n\n  ```python\n  def f(x: int) -> str:\n      return f"{x}"  # 注释\n  ```\n- behind it',
    "| n | 名字 | sum |\n|---|:-:|--:|\n| 153 | 三 | 1 + 125 + 27 |\n| 370 | `x` | **370** |",
    "> quoted **twice**\n>\n> > and deeper\n> > ```\n> > x = 1\n> > ```\n\nafter it",
    "```python\nfor number in range(100):\n    print(number, '中文')\n\n\nclass A: ...\n```",
    "    indented code\n\n    in two parts",
    "---",
    "vector<int> values; and <div>a division</div>\n\n<b>\nbold\n</b>",
    "[docs]: https://docs.python.org/3/ 'Python'\n\nSee [the docs][docs], [docs] and <https://example.com/>.",
    "one\r\ntwo\r\n\r\n* three\r\n* four\r\n",
    "x" * 150,
    "a hard  \nbreak and a backslash\\\nbreak, an &amp; and \\*no star\\*",
    "~~~\nfenced with tildes\n```\nnot its end\n~~~",
    '```json\n{"unclosed": [1, 2,\n',
]


def _document(seed: int) -> str:
    """Mix some parts; one that is not closed can only be the last."""
    chance = random.Random(seed)
    parts = chance.sample(PARTS[:-1], chance.randint(3, 7))
    if seed % 5 == 0:
        parts.append(PARTS[-1])
    return "\n\n".join(parts)


DOCUMENTS = [_document(seed) for seed in range(30)]
SPLITS = 7
"""Of each document: 210 in all."""

_CLEARS = re.compile(r"\x1b\[[23]J|\x1bc|\x1b\[\??[0-9;]*[HhlrST]")


class Shown(NamedTuple):
    """What a terminal has after a text has come: the cells of scrollback and screen, and the bytes written."""

    cells: list[list[Cell]]
    written: str


def shown(text: str, chance: random.Random | None, width: int = WIDTH, height: int = 12) -> Shown:
    """Draw a text that comes in pieces, at moments of chance; or all of it at once."""
    layout, tail, cleaner = Layout(PRINTER, "【C】"), Tail(reflows=False), Cleaner()
    emulator = pyte.HistoryScreen(width, height, history=10_000, ratio=0.5)
    stream = pyte.Stream(emulator)
    written, place = "", 0
    while place < len(text):
        size = chance.randint(1, 40) if chance else len(text)
        layout.feed(cleaner.feed(text[place : place + size]))
        place += size
        if chance and chance.random() < 0.5:
            written += tail.draw(layout.settle(width), layout.tail(width, height), width, height)
    written += tail.draw([*layout.settle(width), *layout.rest(width)], [], width, height)
    stream.feed(for_pyte(written))
    lines = [*emulator.history.top, *(emulator.buffer[row] for row in range(height))]
    return Shown(trimmed([[_cell(line[column]) for column in range(width)] for line in lines]), written)


@pytest.mark.parametrize("number", range(len(DOCUMENTS)))
def test_document_that_comes_in_pieces_leaves_what_one_drawing_of_it_leaves(number: int) -> None:
    text = DOCUMENTS[number]
    once = shown(text, None)
    for split in range(SPLITS):
        pieces = shown(text, random.Random(number * SPLITS + split))
        assert pieces.cells == once.cells, split
        drawn = re.sub(r"\x1b\[\?2026[hl]", "", pieces.written)
        assert not _CLEARS.search(drawn)


@pytest.mark.parametrize("number", range(len(DOCUMENTS)))
def test_document_looks_as_one_rendering_of_the_whole(number: int) -> None:
    told = DOCUMENTS[number].replace("次幂之和", "次幂之\\\n和")  # where rich breaks Chinese only if it is told
    assert seen(joined(laid_out(DOCUMENTS[number]))) == seen(static(told))


UNSPACED = "总之：先测量 🎉，再动手。\nlike this one，**中文**和 `12345` 混排时也要好看（看得懂）。"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (UNSPACED, ["总之：先测量 🎉，再", "动手。 like this", "one，中文和 12345 混", "排时也要好看（看得", "懂）。"]),
        ("- 总之：先测量一下，再动手。", ["", " • 总之：先测量一", "   下，再动手。"]),
        ("> 总之：先测量一下，再动手。", ["", "▌ 总之：先测量一", "▌ 下，再动手。"]),
        ("a  \n水仙花数是指一个数", ["a", "水仙花数是指一个数"]),
        ("# 水仙花数是什么，怎么找到它呢", ["水仙花数是什么，怎么", "      找到它呢"]),
        ("水" * 12, ["水" * 10, "水水"]),
        ("见 https://example.com/a/long/address", ["见 https://", "example.com/a/long/", "address"]),
    ],
)
def test_chinese_is_broken_anywhere_but_before_what_closes(text: str, rows: list[str]) -> None:
    assert texts(laid_out(text, 20)) == rows


# What stands alone


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        ("- a\n  - b\n    - c\n", 40, ["", " • a", "    • b", "       • c"]),
        (
            "- one\n  - two\n    - three\n      - four, and then\n        - five is deep\n",
            20,
            ["", " • one", "    • two", "       • three", "          • four,", "            and then", "            •"],
        ),
        ("> > > > quoted words\n", 12, ["", "▌ quoted", "▌ words"]),
        ("1. " * 4 + "deep\n", 14, ["", " 1  1 1", "      1", "      deep"]),
    ],
)
def test_what_is_nested_is_set_off_as_long_as_there_is_room(text: str, width: int, rows: list[str]) -> None:
    assert texts(laid_out(text, width))[: len(rows)] == rows


WIDE = """\
| name | what it does | since | remark |
|------|--------------|------:|--------|
| `ask` | asks one question | 1.0 | **not** interactive |
| replay | | 1.2 | internationalization |
"""
CELL_BY_CELL = [
    *("", "name: ask", "what it does: asks", "one question", "since: 1.0", "remark: not", "interactive"),
    *("", "name: replay", "what it does", "since: 1.2", "remark:", "internationalization"),
]


def test_table_that_is_too_wide_is_read_cell_by_cell() -> None:
    assert texts(laid_out(WIDE, 20)) == CELL_BY_CELL
    assert [cell.text for row in seen(joined(laid_out(WIDE, 20))) for cell in row if cell.styles[0]][:4] == list("name")


def test_table_that_has_room_is_a_table_and_breaks_words_rather_than_cut_them() -> None:
    assert seen(joined(laid_out(WIDE, 80)), 80) == seen(static(WIDE, 80), 80)
    narrow = texts(laid_out(WIDE, 40))
    assert "…" in static(WIDE, 40)
    assert "…" not in "".join(narrow)
    assert all(len(row) <= 40 for row in narrow)
    assert [row.split()[-1] for row in narrow[-3:-1]] == ["internation", "alization"]


def test_header_without_rows_is_shown_too() -> None:
    text = "| a rather long header | and one more of them |\n|---|---|\n"
    assert texts(laid_out(text, 12)) == ["", "a rather", "long header", "and one more", "of them"]


@pytest.mark.parametrize("columns", [50, 200])
@pytest.mark.parametrize("width", [1, 20, 80, 400])
def test_no_cell_of_a_huge_table_is_lost(columns: int, width: int) -> None:
    line = "".join(f"|c{place};" for place in range(columns))
    text = f"{line}|\n{'|-' * columns}|\n{line.replace('c', 'd')}|\n"
    said = re.sub(r"\s", "", "".join(texts(laid_out(text, width))))
    assert set(re.findall(r"[cd]\d+;", said)) == {f"{kind}{place};" for kind in "cd" for place in range(columns)}


def test_very_long_code_and_code_that_is_slow_to_highlight_stand_in_one_colour() -> None:
    def colours(code: str) -> set[str]:
        return {cell.colour for row in seen(joined(laid_out(f"```python\n{code}\n```\n"))) for cell in row}

    assert len(colours("x = 1  # one")) > 1
    assert len(colours("x = '" + "y" * 1000 + "'")) == 1
    assert len(colours("x y\n" * 400)) == 1
    layout = Layout(PRINTER)
    layout.feed("```python\n" + "x = [1]\n" * (LONGEST_COLOURED // 8 + 1) + "```\n")
    assert not any("\x1b" in row.text for row in layout.rest(WIDTH)[:200])


def test_joined_emoji_among_code_costs_nothing_of_its_row() -> None:
    code = "](u)![ ]👨\u200d👩\u200d👧[^1~~word"
    assert "".join(texts(laid_out(f"~~~python\n{code}\n~~~\n", 12))).replace(" ", "") == code.replace(" ", "")


def test_without_colours_there_is_not_one_sequence_and_the_layout_is_the_same() -> None:
    for text in DOCUMENTS:
        rows = laid_out(text, printer=PLAIN)
        assert "\x1b" not in joined(rows)
        assert [row.text for row in rows] == [row.rstrip() for row in texts(laid_out(text))]


# What nobody would write


ODD = [
    *(
        "# ",
        "- ",
        "* ",
        "1. ",
        "99. ",
        "> ",
        "    ",
        "\n",
        "\n\n",
        "\n```\n",
        "\n~~~py\n",
        "---",
        "===",
        "*",
        "**",
        "_",
    ),
    *(
        "~~",
        "[",
        "]",
        "(",
        ")",
        "![",
        "](u)",
        "[a]: /u\n",
        "<",
        ">",
        "<div>",
        "&amp;",
        "&#27;",
        "\\",
        "中文",
        "👨‍👩‍👧",
        "❤️",
    ),
    *("e\u0301", "\t", "http://x.y", "  \n", "\u00a0", "\u3000", "[x]", "^1", "|", "`"),
]
TABLE = "\n\n|x|y|\n|-|-|\n|w{};|w{};|\n\n"


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.faults(26)
def test_no_text_raises_or_loses_a_word_or_makes_a_row_too_wide_at_any_width(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(30):
        words = iter(range(10_000))
        parts = [*ODD, "w{}; ", "w{}; ", TABLE]
        text = "".join(chance.choice(parts) for _ in range(chance.randint(3, 60)))
        text = "".join(piece + f"{next(words)}" * (piece[-1:] == "w") for piece in re.split(r"\{\}", text))
        width = chance.choice([1, 2, 3, 5, 8, 12, 13, 20, 40, 80, 200])
        rows = laid_out(text, width, chance=chance)
        assert all(row.cells <= max(width, 2) and not re.search(r"[\n\t]", row.text) for row in rows), text
        said = set(re.findall(r"w\d+;", re.sub(r"[\s▌]", "", "".join(texts(rows)))))
        assert said == set(re.findall(r"w\d+;", "".join(_contents(clean(text))))), (width, text)


def _contents(text: str) -> Iterator[str]:
    """Give what stands in the blocks of a text; a fence's language, and a table's cells without a column, do not."""
    for token in MarkdownIt().enable(["table"]).disable(["html_block", "html_inline"]).parse(text):
        yield token.content


@pytest.mark.parametrize("printer", [PRINTER, PLAIN], ids=["coloured", "plain"])
def test_only_our_own_sequences_reach_the_terminal(printer: Printer) -> None:
    own = re.compile(r"\x1b\[[0-9;]*m")
    for name, text in HOSTILE.items():
        for around in (
            "{}",
            "# {}",
            "- {}",
            "> {}",
            "```sh\n{}\n```",
            "| {} |\n|-|\n| {} |",
            "`{}`",
            "[{}](u)",
            "[a]({})",
        ):
            rows = laid_out(around.format(text, text) if "format fields" not in name else text, 40, printer)
            assert raw_controls(own.sub("", joined(rows)).encode("utf-8", "surrogateescape")) == [], (name, around)


def test_long_code_without_colours_looks_as_rich_shows_text() -> None:
    line = "\tif x:\n\t\treturn 几  # 中文\n\n"
    code = line * (LONGEST_COLOURED // len(line) + 1)
    assert seen(joined(laid_out(f"```python\n{code}```\n"))) == seen(static(f"```text\n{code}```\n"))


@pytest.mark.parametrize("name", THEMES)
def test_the_screen_and_an_answer_say_the_same_of_a_theme(name: str) -> None:
    theme, printer = THEMES[name], Printer(THEMES[name], colour=True)
    for style, parameters in (("markdown.head", theme.head), ("markdown.reasoning", theme.reasoning)):
        assert printer.line(WIDTH, ("x", style)) == [Row(f"\x1b[{parameters}mx\x1b[0m", 1)], style
