"""Markdown that others wrote, made to stand inside a document: nothing in it reaches beyond itself (pure)."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from chatcmd.markdown import DEEPEST, parser

DEEPER = 3
"""Levels by which headings are set deeper: the document's own are its title, its questions and their answers."""

DEEPEST_HEADING = 6

_NEAR = 200
"""Characters of a line before a tag that are looked at."""

_REACHING = re.compile(r"[#<]|```|~~~|^[ \t>]*(?:=+|-+)[ \t]*$", re.MULTILINE)
"""Without any of these there is no heading, no fence and no HTML, and nothing has to be parsed."""

_AUTOLINK = re.compile(
    r"<(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:[^<>\x00-\x20]*|[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+)>", re.ASCII
)
_BREAK = re.compile(r"<br ?/?>")
_MARKS_BEFORE = re.compile(r"[ \t>*+.)\d-]*")
_LINE_OF_HTML = re.compile(r"\n[ \t>]*(?=<[A-Za-z/!?])")
_SOMETHING = re.compile(r"[^\s>*+.)\d-]")
_NOTABLE = re.compile(r"\\.|`+|<(?=[A-Za-z/!?])", re.DOTALL)
_TAG = re.compile(r"(\\*)<(?=[A-Za-z/!?])")
_CELL_END = re.compile(r"(?<!\\)(\|)")


def contained(text: str) -> str:
    """Return Markdown with its headings set deeper, its last fence closed, and HTML in it as text."""
    read = text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not _REACHING.search(read):
        return read
    lines = read.split("\n")
    tokens = _parser().parse("\n".join(lines))
    shown: list[str | None] = [*lines]
    for (begin, end), safe in _said(tokens):
        kept = safe("\n".join(lines[begin:end])).split("\n")
        shown[begin:end] = [*kept, *[None] * (end - begin - len(kept))]
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            _set_deeper(shown, lines, token, tokens[place + 1].content)
    last = tokens[-1] if tokens else None
    if last is not None and last.type == "fence" and last.level == 0 and not _is_closed(lines, last):
        shown.append(last.markup)
    return "\n".join(line for line in shown if line is not None)


@cache
def _parser() -> MarkdownIt:
    """Make the parser of blocks alone, which remembers nothing from text to text."""
    return parser().disable("inline")


def without_html(text: str, *, goes_on: bool = False) -> str:
    """Return the text of a block with a backslash before whatever would begin a tag, but in code spans.

    No line of a code span begins with a tag either, for that would end the span; the line before it goes on instead.
    A line break is left as it is where something stands before it, or the text `goes_on` with a line: at the beginning
    of a line it would make HTML of all that follows.
    """
    found: list[str] = []
    place = 0
    spans = _Spans(text)
    while match := _NOTABLE.search(text, place):
        found.append(text[place : match.start()])
        place = match.end()
        harmless = _harmless(text, match.start(), goes_on=goes_on) if match[0] == "<" else None
        if match[0][0] == "`":
            place = spans.end(match)
            found.append(_LINE_OF_HTML.sub(" ", text[match.start() : place]))
        elif harmless is not None:
            place = harmless.end()
            found.append(harmless[0])
        else:
            found.append("\\<" if match[0] == "<" else match[0])
    return "".join((*found, text[place:]))


def _harmless(text: str, place: int, *, goes_on: bool) -> re.Match[str] | None:
    """Find an address in angle brackets, or a line break that does not begin a line."""
    address = _AUTOLINK.match(text, place)
    if address is not None:
        return address
    line = text[max(0, place - _NEAR) : place].rpartition("\n")[2]
    return _BREAK.match(text, place) if goes_on or _SOMETHING.search(line) else None


class _Spans:
    """Finds where code spans end; each run of backticks is looked at once, however many there are."""

    def __init__(self, text: str) -> None:
        self._runs: dict[int, list[int]] = {}
        for run in reversed([*re.finditer("`+", text)]):
            self._runs.setdefault(len(run[0]), []).append(run.end())

    def end(self, opening: re.Match[str]) -> int:
        """Give the end of the span that a run opens, or of the run itself where nothing closes it."""
        ends = self._runs.get(len(opening[0]), [])
        while ends and ends[-1] <= opening.end():
            ends.pop()
        return ends[-1] if ends else opening.end()


def _said(tokens: Sequence[Token]) -> Iterator[tuple[list[int], Callable[[str], str]]]:
    """Yield the lines of each block of text once, and what makes them safe."""
    in_table = False
    for token in tokens:
        if token.type in ("table_open", "table_close"):
            in_table = token.nesting > 0
        if token.map is not None and token.type == ("tr_open" if in_table else "inline"):
            yield token.map, _row if in_table else without_html if token.level <= DEEPEST else _deep


def _row(text: str) -> str:
    """Make a table's row safe: no code span goes on from cell to cell."""
    return "".join(without_html(cell, goes_on=place > 0) for place, cell in enumerate(_CELL_END.split(text)))


def _deep(text: str) -> str:
    """Make safe what is nested so deep that it is not known what is code in it."""
    return _TAG.sub(lambda found: found[0] if len(found[1]) % 2 else f"{found[1]}\\<", text)


def _set_deeper(shown: list[str | None], lines: list[str], heading: Token, content: str) -> None:
    assert heading.map is not None, "every heading says which lines it is made of"
    begin, end = heading.map
    marks = "#" * min(int(heading.tag[1]) + DEEPER, DEEPEST_HEADING)
    line = shown[begin] or ""
    if heading.markup.startswith("#"):
        place = line.index("#")
        shown[begin] = line[:place] + marks + line[place:].lstrip("#")
        return
    # One that is underlined has no such depths. What stands before it, as a list's mark does, ends where it begins.
    first = content.split("\n", 1)[0].rstrip()
    before = _MARKS_BEFORE.match(lines[begin].rstrip().removesuffix(first))
    title = re.sub(r"(?<!\S)(#+)$", r"\\\1", " ".join(map(str.strip, without_html(content).split("\n"))))
    shown[begin:end] = [f"{before[0] if before else ''}{marks} {title}", *[None] * (end - begin - 1)]


def _is_closed(lines: list[str], fence: Token) -> bool:
    assert fence.map is not None, "every fence says which lines it is made of"
    begin, end = fence.map
    mark = re.escape(fence.markup[0])
    closing = rf" {{0,3}}{mark}{{{len(fence.markup)},}}[ \t]*"
    return end - 1 > begin and re.fullmatch(closing, lines[end - 1]) is not None
