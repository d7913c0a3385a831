"""Markdown as this program reads it, in a terminal and on a page: CommonMark with tables, and HTML is text."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from chatcmd.cells import is_unspaced

DEEPEST = 18
"""Levels of lists, their items and quotes below which all is one paragraph; the parser would drop it from 20 on."""

LONGEST_COLOURED = 50_000
"""Characters of code that are highlighted: 10,000 take about 0.15 s, longer code stands in one colour."""

_SLOW = re.compile(r"[^\n]{1000}|[\w\s]{1000}")
"""Code that takes highlighters the square of its length or more: long lines, and much without any mark in it."""


def parser() -> MarkdownIt:
    """Make a parser."""
    made = MarkdownIt().enable(["strikethrough", "table"]).disable(["html_block", "html_inline"])
    made.block.ruler.before("table", "deepest", _deepest)
    return made


def shared(made: MarkdownIt) -> MarkdownIt:
    """Make a parser ready for threads: it gathers its rules at first use, and another one could find half of them."""
    for ruler in (made.core.ruler, made.block.ruler, made.inline.ruler, made.inline.ruler2):
        ruler.getRules("")
    return made


def is_coloured(code: str) -> bool:
    """Tell whether code is short enough, and of a shape, to be highlighted in no time."""
    return len(code) <= LONGEST_COLOURED and not _SLOW.search(code)


def without_gaps(tokens: Sequence[Token]) -> Iterator[Token]:
    """Leave out the ends of lines between Chinese characters, which would become blanks."""
    for place, token in enumerate(tokens):
        if token.type == "softbreak" and 0 < place < len(tokens) - 1:
            before, behind = tokens[place - 1].content[-1:], tokens[place + 1].content[:1]
            if before and behind and is_unspaced(before) and is_unspaced(behind):
                continue
        yield token


def _deepest(state: StateBlock, begin: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - as rules are called
    """Take what is nested too deep as a paragraph, as it is written (a rule of the parser)."""
    if silent or state.level < DEEPEST:
        return False
    state.line = next((line for line in range(begin + 1, end) if _is_outside(state, line)), end)
    state.push("paragraph_open", "p", 1).map = [begin, state.line]
    said = state.push("inline", "", 0)
    said.content = state.getLines(begin, state.line, state.blkIndent, keepLastLF=False).strip()
    said.map, said.children = [begin, state.line], []
    state.push("paragraph_close", "p", -1)
    return True


def _is_outside(state: StateBlock, line: int) -> bool:
    return not state.isEmpty(line) and state.sCount[line] < state.blkIndent
