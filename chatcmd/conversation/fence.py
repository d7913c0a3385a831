"""The code blocks of an answer, as Markdown fences them: at the margin, in a list, in a quote."""

import re

from msgspec import Struct

# Blanks, quote marks and the marks of list items may stand before a fence; the words behind it hold no backtick.
_OPENING = re.compile(r"((?:[ \t>]|[-+*][ \t]|\d{1,9}[.)][ \t])*)(?:(`{3,})([^`]*)|(~{3,})(.*))$")
_QUOTE = re.compile(r" {0,3}> ?")


class Block(Struct, frozen=True):
    """A fenced block: the words behind its opening fence, and its lines without what stands before them."""

    info: str
    text: str


def blocks(answer: str) -> list[Block]:
    """Find the fenced blocks in order; one that is not closed ends with its quote, or with the answer."""
    found: list[Block] = []
    lines = iter(answer.replace("\r\n", "\n").removesuffix("\n").split("\n"))
    line = next(lines, None)
    while line is not None:
        opening = _OPENING.match(line)
        if opening is None:
            line = next(lines, None)
            continue
        before, fence = opening[1], opening[2] or opening[4]
        inside: list[str] = []
        line = next(lines, None)
        while line is not None:
            bare = _less(line, before)
            if bare is None:
                break  # the quote has ended, and this line may open another block
            line = next(lines, None)
            if _closes(bare, fence):
                break
            inside.append(bare)
        found.append(Block((opening[3] or opening[5] or "").strip(), "\n".join(inside)))
    return found


def _closes(line: str, fence: str) -> bool:
    mark = line.strip(" \t")
    return len(mark) >= len(fence) and set(mark) == {fence[0]}


def _less(line: str, before: str) -> str | None:
    """Take off what stands before a block's lines; None when a line is not in its quote any more."""
    for _ in range(before.count(">")):
        quote = _QUOTE.match(line)
        if quote is None:
            return None
        line = line[quote.end() :]
    indent = len(before.rpartition(">")[2].removeprefix(" " if ">" in before else "").expandtabs(4))
    blanks = len(line) - len(line.lstrip(" "))
    return line[min(indent, blanks) :]
