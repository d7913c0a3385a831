"""An answer's Markdown while it comes, as parsed blocks: closed ones, and the one that is still open."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_core import StateCore, text_join
from markdown_it.token import Token

from chatcmd.markdown import parser, shared, without_gaps
from chatcmd.terminal.ending import ending

Links = dict[str, Any]
"""Link definitions as the parser keeps them, by normalized label: `href`, `title`, and `map`, their lines."""

LONGEST = 100_000
"""Characters of a block that is no code: to lay out a longer one would keep everyone waiting, Ctrl-C too."""

_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.)+)\]")

_UNDECIDED = re.compile(r"[-=*_+#~`|:>\[ \t]+|[ \t]*\d{1,9}[.)]?[ \t]*")


class Document:
    """Feed it text; a top-level block is closed once the next one has begun with a whole line.

    Each block sees the link definitions down to its own end, so that what it looks like does not depend on how the
    text was cut into pieces. A definition that comes later than its first use is a paragraph of its own: no reader can
    do without the address. HTML is text, and an image is what it shows and its address.
    """

    def __init__(self) -> None:
        self._parser = _parser()
        self._pieces: list[str] = []
        self._searched = 0  # characters of the open text in which there is no further closed block
        self._is_code = False  # the open block, as far as it was searched
        self._links: Links = {}
        self._wanted: set[str] = set()

    def __len__(self) -> int:
        """Tell how many characters are not closed."""
        return sum(map(len, self._pieces))

    def feed(self, text: str) -> None:
        """Take the next piece of the text."""
        self._pieces.append(text)

    def closed(self) -> list[Token]:
        """Return blocks that have been closed since the last call, those of a long text not all at once."""
        text = self._text()
        whole = text.rfind("\n", 0, None if self._is_code else LONGEST) + 1
        if whole == self._searched:
            return []
        tokens, links = self._blocks(text[:whole])
        if len(text) > LONGEST and _is_code(tokens):
            whole = text.rfind("\n") + 1
            tokens, links = self._blocks(text[:whole])
        self._searched, self._is_code = whole, _is_code(tokens)
        last = next((place for place in range(len(tokens) - 1, 0, -1) if _begins_block(tokens[place])), 0)
        if not last:
            return []
        line = _lines(tokens[last])[0]
        lines = text.split("\n", line)
        links = {label: link for label, link in links.items() if link["map"][1] <= line}
        found, self._wanted = self._resolved(tokens[:last], links, lines)
        self._links = {label: {**link, "map": [0, 0]} for label, link in links.items()}
        self._pieces, self._searched, self._is_code = [lines[line]], 0, False
        return found

    def overlong(self, longest: int = LONGEST) -> str:
        """Return the beginning of an open block that is too long to be laid out, if it is: it is not parsed any more.

        To be called when no further block is closed.
        """
        text = self._text()
        if len(text) <= longest or self._is_code:
            return ""
        cut = text.rfind("\n", 0, LONGEST) + 1 or LONGEST
        self._pieces, self._searched = [text[cut:]], 0
        return text[:cut]

    def open(self, screen: tuple[int, int] | None = None) -> list[Token]:
        """Return what is not closed, as it would be if the text ended here.

        For a `screen` of so many cells and rows, what it has no room for may be left out at the beginning, and a last
        line that so far is only marks: they may come to mean anything.
        """
        text = self._text()
        line = text.rfind("\n") + 1
        if screen is not None and _UNDECIDED.fullmatch(text, line):
            text = text[:line]
        tokens, links = self._blocks(text)
        if screen is not None:
            tokens = ending(tokens, len(text), *screen)
        return self._resolved(tokens, links, text.split("\n"))[0]

    def _text(self) -> str:
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def _blocks(self, text: str) -> tuple[list[Token], Links]:
        """Parse the blocks of a text, and the link definitions in it and before it."""
        env: dict[str, Any] = {"references": dict(self._links)}
        return self._parser.parse(text, env), env["references"]

    def _resolved(self, tokens: Sequence[Token], links: Links, lines: Sequence[str]) -> tuple[list[Token], set[str]]:
        """Parse what stands in the blocks; return them with late definitions between, and the labels still wanted."""
        wanted = set(self._wanted)
        coming = sorted(links.items(), key=lambda link: -link[1]["map"][1])
        env: dict[str, Links] = {"references": {}}
        found: list[Token] = []
        late: list[str] = []
        for token in tokens:
            if _begins_block(token):
                begin, end = _lines(token)
                while coming and coming[-1][1]["map"][1] <= begin:
                    late += _late(coming, env["references"], wanted, lines)
                found += _paragraph(late)
                late = []
                while coming and coming[-1][1]["map"][1] <= end:
                    late += _late(coming, env["references"], wanted, lines)
            found.append(token)
            if token.type == "inline":
                token.children = []
                self._parser.inline.parse(token.content, self._parser, env, token.children)
                labels = {normalizeReference(label) for label in _LABEL.findall(token.content)}
                wanted |= labels - env["references"].keys()
        while coming:
            late += _late(coming, env["references"], wanted, lines)
        found += _paragraph(late)
        text_join(StateCore("", self._parser, env, found))  # what a backslash protects is text as any other
        for token in found:
            if token.children:
                token.children = list(without_gaps(list(_images_told(token.children))))
        return found, wanted - links.keys()


def _late(coming: list[tuple[str, Any]], known: Links, wanted: set[str], lines: Sequence[str]) -> Sequence[str]:
    """Make the next definition known; return its lines where a block before it wanted it."""
    label, link = coming.pop()
    known[label] = link
    return lines[slice(*link["map"])] if label in wanted else ()


@cache
def _parser() -> MarkdownIt:
    """Make the parser, which finds blocks only and remembers nothing from text to text."""
    return shared(parser().disable("inline"))


def _is_code(tokens: Sequence[Token]) -> bool:
    """Tell whether the last block is code, which is laid out whatever its length."""
    return next((token.type for token in reversed(tokens) if _begins_block(token)), "") in ("fence", "code_block")


def _begins_block(token: Token) -> bool:
    return token.level == 0 and token.nesting >= 0


def _lines(token: Token) -> list[int]:
    assert token.map is not None, "every block says which lines it is made of"
    return token.map


def _paragraph(lines: Sequence[str]) -> Iterator[Token]:
    """Make a paragraph of lines as they are."""
    if lines:
        yield Token("paragraph_open", "p", 1, map=[0, 0])
        pairs = ((Token("hardbreak", "br", 0), Token("text", "", 0, content=line)) for line in lines)
        yield Token("inline", "", 0, level=1, children=[token for pair in pairs for token in pair][1:])
        yield Token("paragraph_close", "p", -1)


def _images_told(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "image":
            address = str(token.attrs["src"])
            yield Token("text", "", 0, content=f"🖼 {token.content} ({address})" if token.content else f"🖼 {address}")
        else:
            yield token
