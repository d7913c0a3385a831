"""The elements of Markdown as they are drawn: the only file that knows rich.markdown."""

from collections.abc import Iterable, Iterator, Sequence

from markdown_it.token import Token
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import BlockQuote, CodeBlock, Heading, ListItem, Markdown, Paragraph, TableElement
from rich.segment import Segment
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from chatcmd.cells import fitted, is_sure, is_unspaced
from chatcmd.markdown import is_coloured

LEAST_INSIDE, LEAST_COLUMN = 8, 8
"""Cells that a list or a quote leaves for what stands in it, and a table for a column, unless that needs less."""


class _Paragraph(Paragraph):
    """A paragraph; rich breaks lines at blanks alone, of which Chinese has few."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return _in_lines(super().__rich_console__(console, options), options.max_width)


class _Heading(Heading):
    """A heading, whose lines are broken as a paragraph's."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return _in_lines(super().__rich_console__(console, options), options.max_width)


def _in_lines(texts: RenderResult, width: int) -> RenderResult:
    for text in texts:
        assert isinstance(text, Text), "that is what they are made of"
        if not is_unspaced(text.plain):
            yield text
            continue
        for line in text.split(allow_blank=True):
            for row in line.divide(_breaks(line.plain, width)):
                row.rstrip()
                yield row


def _breaks(line: str, width: int) -> Iterator[int]:
    """Give the places where the rows of a line begin, but for the first."""
    place = 0
    for number, row in enumerate(fitted(line, width)):
        place = line.index(row, place)  # behind the blanks that no row has
        if number:
            yield place
        place += len(row)


class _Code(CodeBlock):
    """Code; where it is very long, or slow to highlight, without colours."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = self.text.plain.rstrip()
        coloured = self.lexer_name != "text" and is_coloured(code)
        lexer = self.lexer_name if coloured else "text"
        lines = ("", *code.expandtabs(4).split("\n"), "")
        if not coloured and all(cell_len(line) <= options.max_width - 2 for line in lines):
            # What needs neither colours nor breaks looks the same without rich, which takes 60 µs for a line of it.
            yield from (Segment(f" {line}\n") for line in lines)
            return
        yield _Syntax(code, lexer, theme=self.theme, word_wrap=True, padding=1, background_color=self._background)

    @property
    def _background(self) -> str | None:
        """Keep off the paper that a style may bring: with a terminal's own ink nobody could read it."""
        return None if self.theme.startswith("ansi_") else "default"


class _Syntax(Syntax):
    """Highlighted code; rich counts cells wrong, and cuts what is too much, where colours part a joined emoji."""

    def highlight(self, code: str, line_range: tuple[int | None, int | None] | None = None) -> Text:
        text = super().highlight(code, line_range)
        if not is_sure(code) and any(_parted(text.plain, span.start) for span in text.spans):
            text.spans = []
        return text


def _parted(text: str, place: int) -> bool:
    return any(joiner in text[max(place - 1, 0) : place + 1] for joiner in "\u200d\ufe0f")


class _Quote(BlockQuote):
    """A quote; one that is too deep in others for the screen is not set off."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width - 4 >= LEAST_INSIDE:
            yield from super().__rich_console__(console, options)
        else:
            yield from _not_indented(console.render_lines(self.elements, options, style=self.style))


class _Item(ListItem):
    """An item of a list; one that is too deep in others for the screen stands below its mark."""

    def render_bullet(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width - 3 >= LEAST_INSIDE:
            yield from super().render_bullet(console, options)
        else:
            yield from self._render_below("•", console, options)

    def render_number(self, console: Console, options: ConsoleOptions, number: int, last_number: int) -> RenderResult:
        if options.max_width - len(str(last_number)) - 2 >= LEAST_INSIDE:
            yield from super().render_number(console, options, number, last_number)
        else:
            yield from self._render_below(str(number), console, options)

    def _render_below(self, mark: str, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(mark, style="markdown.item.bullet")
        yield from _not_indented(console.render_lines(self.elements, options, style=self.style))


class _Table(TableElement):
    """A table; on a screen too narrow for its columns, every cell is a line under its row's others."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        assert self.header is not None, "no table is without one"
        assert self.header.row is not None, "nor its header without a row"
        head = [cell.content for cell in self.header.row.cells]
        rows = [[cell.content for cell in row.cells] for row in (self.body.rows if self.body else ())]
        widest = [max(cell_len(text.plain) for text in column) for column in zip(head, *rows, strict=True)]
        if sum(min(width, LEAST_COLUMN) + 2 for width in widest) > options.max_width:
            yield from _cell_by_cell(head, rows)
            return
        for table in super().__rich_console__(console, options):
            assert isinstance(table, Table), "that is what it makes"
            for column in table.columns:
                column.overflow = "fold"  # rather than leave out what is long
            yield table


def _cell_by_cell(head: Sequence[Text], rows: Sequence[Sequence[Text]]) -> Iterator[Text]:
    for place, row in enumerate(rows or [[Text()] * len(head)]):
        if place:
            yield Text()
        for title, cell in zip(head, row, strict=True):
            named = Text().append_text(title)
            named.stylize("markdown.table.header")
            yield (named.append(": ") if title and cell else named).append_text(cell)


def _not_indented(lines: Iterable[list[Segment]]) -> Iterator[Segment]:
    for line in lines:
        yield from line
        yield Segment.line()


class Blocks(Markdown):
    """rich's Markdown over tokens that are parsed already; `code` names the colours of code."""

    elements = {  # noqa: RUF012 - as rich declares it
        **Markdown.elements,
        "paragraph_open": _Paragraph,
        "heading_open": _Heading,
        "fence": _Code,
        "code_block": _Code,
        "blockquote_open": _Quote,
        "list_item_open": _Item,
        "table_open": _Table,
    }
    inlines = {*Markdown.inlines, "head"}  # noqa: RUF012

    def __init__(self, code: str) -> None:
        super().__init__("", code_theme=code, hyperlinks=False)

    def of(self, tokens: list[Token]) -> "Blocks":
        """Take the tokens to render: making another one would make another parser."""
        self.parsed = tokens
        return self
