"""Answers laid out block by block, as rows of the screen."""

from collections.abc import Iterable, Iterator
from io import StringIO

from markdown_it.token import Token
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.text import Text
from rich.theme import Theme as Styles

from chatcmd.cells import broken, cells, is_sure
from chatcmd.terminal.document import Document
from chatcmd.terminal.element import Blocks
from chatcmd.terminal.tail import BLANK, Row
from chatcmd.terminal.theme import Theme

LEAST_WIDTH = 12
"""Cells below which a layout gets no narrower; its rows are broken."""


LONGEST_IN_HASTE = 4_000
"""Characters of code that are coloured though someone waits: 0.06 s of the 0.1 s in which Ctrl-C gives the prompt."""

WRITTEN_IN_HASTE = 20_000
"""Characters of any other block from which on it is shown as it is written when someone waits: tables take longest."""


class Layout:
    """The rows of an answer while it comes: feed it clean text, take what is settled, and look at the rest.

    `head` opens the first paragraph, or stands above a first block of another kind.
    """

    def __init__(self, printer: "Printer", head: str = "") -> None:
        self._printer = printer
        self._document = Document()
        self._head = head
        self._gap = False

    def feed(self, text: str) -> None:
        """Take the next piece of the answer."""
        self._document.feed(text)

    def settle(self, width: int) -> list[Row]:
        """Return the rows of the blocks that have been closed since the last call; they will never change."""
        rows: list[Row] = []
        while True:
            if tokens := self._document.closed():
                rows += self._rows(tokens, width)
                self._gap, self._head = tokens[-1].type != "hr", ""
            elif text := self._document.overlong():
                rows += self._as_written(text, width)
            else:
                return rows

    def tail(self, width: int, height: int) -> list[Row]:
        """Return the rows of what is still open, as it would look if it ended here: the last ones, for a screen."""
        return self._rows(self._document.open((width, height)), width)

    def rest(self, width: int, *, in_haste: bool = False) -> list[Row]:
        """Return the rows of all that is left: the answer has ended; `in_haste` lays out nothing that takes long."""
        rows: list[Row] = []
        while in_haste and (text := self._document.overlong(WRITTEN_IN_HASTE)):
            rows += self._as_written(text, width)
        tokens = self._document.open()
        for token in tokens if in_haste else ():
            if token.type == "fence" and len(token.content) > LONGEST_IN_HASTE:
                token.info = ""
        return rows + self._rows(tokens, width)

    def _as_written(self, text: str, width: int) -> list[Row]:
        """Return the rows of a text as it is; what follows it goes on right below."""
        rows = [BLANK] if self._gap else []
        if self._head:
            rows += self._printer.line(width, (self._head, "markdown.head"))
        self._gap, self._head = False, ""
        return rows + [row for line in text.removesuffix("\n").split("\n") for row in _rows_as_written(line, width)]

    def _rows(self, tokens: list[Token], width: int) -> list[Row]:
        """Lay blocks out, with a blank row before them unless they are the first, or follow a rule, which has one."""
        rows = [BLANK] if self._gap and tokens and not _brings_blank(tokens) else []
        if self._head and tokens and tokens[0].type == "paragraph_open":
            tokens[1].children = [*_headed(self._head), *(tokens[1].children or ())]
        elif self._head:
            rows += self._printer.line(width, (self._head, "markdown.head"))
        return rows + self._printer.markdown(tokens, width) if tokens else rows


class Printer:
    """Renders to rows, with a theme's styles, at any width; no row is wider."""

    def __init__(self, theme: Theme, *, colour: bool) -> None:
        self._console = Console(
            file=StringIO(),
            force_terminal=True,
            color_system="standard" if colour else None,
            theme=Styles(dict(theme.markdown)),
            legacy_windows=False,
            markup=False,
            highlight=False,
            emoji=False,
        )
        self._blocks = Blocks(theme.code)

    def markdown(self, tokens: list[Token], width: int) -> list[Row]:
        """Lay parsed Markdown out."""
        return self._rows(self._blocks.of(tokens), width)

    def text(self, text: str, style: str, width: int) -> list[Row]:
        """Lay a text out in one style, breaking its lines between words."""
        return self._rows(Text(text, style=style), width)

    def line(self, width: int, *parts: tuple[str, str]) -> list[Row]:
        """Lay out what stands on one row, texts each with its style; a screen too narrow for it has several."""
        line = [Segment(text, self._console.get_style(style, default="none")) for text, style in parts]
        return list(self._fitted(line, width))

    def _rows(self, what: RenderableType, width: int) -> list[Row]:
        options = self._console.options.update(width=max(width, LEAST_WIDTH))
        lines = self._console.render_lines(what, options, pad=False)
        return [row for line in lines for row in self._fitted(line, width)]

    def _fitted(self, line: list[Segment], width: int) -> Iterator[Row]:
        """Make rows of a line: of one that may be too wide, as many as a terminal makes of it at most."""
        row = self._row(line)
        if row.cells <= width:
            yield row
            return
        place = 0
        for piece in broken("".join(each.text for each in line), width):
            yield self._row(list(_between(line, place, place + len(piece))))
            place += len(piece)

    def _row(self, line: list[Segment]) -> Row:
        while line and not line[-1].text.rstrip(" ") and not _visible_when_blank(line[-1]):
            line.pop()
        if line and not _visible_when_blank(line[-1]):
            line[-1] = Segment(line[-1].text.rstrip(" "), line[-1].style)
        system = self._console._color_system  # noqa: SLF001 - the public name of it is a word
        parts = [each.style.render(each.text, color_system=system) if each.style else each.text for each in line]
        text = "".join(parts)
        if is_sure(text):
            return Row(text, sum(each.cell_length for each in line))
        return Row(text, sum(cells(each.text) for each in line))


def _rows_as_written(line: str, width: int) -> Iterator[Row]:
    line = line.expandtabs().rstrip(" ")
    if not line.isascii():
        yield from (Row(piece, cells(piece)) for piece in broken(line, width))
        return
    for begin in range(0, len(line) or 1, width):
        piece = line[begin : begin + width]
        yield Row(piece, len(piece))


def _headed(head: str) -> Iterator[Token]:
    yield Token("head_open", "head", 1)
    yield Token("text", "", 0, content=head)
    yield Token("head_close", "head", -1)


def _brings_blank(tokens: list[Token]) -> bool:
    """Tell whether rich puts a blank row before a first block: it does so where blocks stand in it, or nothing."""
    end = next((place for place, token in enumerate(tokens) if token.level == 0 and token.nesting <= 0), 0)
    return end > 1 and (tokens[1].type != "inline" or not tokens[1].children) and tokens[end - 1].type != "hr"


def _visible_when_blank(segment: Segment) -> bool:
    style = segment.style
    paper = style.bgcolor if style else None
    if paper is not None and not paper.is_default:
        return True
    return style is not None and bool(style.underline or style.reverse or style.strike)


def _between(line: Iterable[Segment], begin: int, end: int) -> Iterator[Segment]:
    """Cut characters out of a line."""
    for segment in line:
        yield Segment(segment.text[max(begin, 0) : max(end, 0)], segment.style)
        begin, end = begin - len(segment.text), end - len(segment.text)
