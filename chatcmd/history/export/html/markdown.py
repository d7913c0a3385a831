"""Markdown as HTML: only the elements that are written here, whatever the text holds."""

from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from chatcmd.clean import clean
from chatcmd.history.export.html import address
from chatcmd.history.export.html.code import Code
from chatcmd.history.export.html.element import Markup, element, joined, opened, text
from chatcmd.history.export.html.picture import picture
from chatcmd.markdown import parser, without_gaps

_TAGS = frozenset(
    {"p", "blockquote", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "em", "strong", "s"}
)
_DEEPER = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
"""An answer's headings stand below those of the page."""

_WIDE, _WIDE_END = Markup('<div class="wide">'), Markup("</div>\n")
_LINE = Markup("\n")


def rendered(answer: str, code: Code) -> Markup:
    """Render a text, its blocks of code as `code` shows them; what stands in it as HTML is text."""
    return joined(_blocks(_parser().parse(clean(answer)), code))


@cache
def _parser() -> MarkdownIt:
    return parser()


def _blocks(tokens: Sequence[Token], code: Code) -> Iterator[Markup]:
    for token in tokens:
        if token.type == "inline":
            yield from _Inline(token.children or ()).parts()
        elif token.type in ("fence", "code_block"):
            yield code.block(token.content, (token.info.split() or [""])[0])
        elif token.type == "hr":
            yield element("hr")
        elif not token.hidden:
            yield from _edge(token)


def _edge(token: Token) -> Iterator[Markup]:
    """Begin or end an element that other blocks stand in."""
    tag = _DEEPER.get(token.tag, token.tag)
    if tag not in _TAGS and tag not in _DEEPER.values():
        yield text(token.content)
    elif token.nesting < 0:
        yield Markup(f"</{tag}>\n")
        if tag == "table":
            yield _WIDE_END
    else:
        if tag == "table":
            yield _WIDE
        yield opened(tag, start=_start(token), class_=_side(token))


def _start(token: Token) -> int | None:
    start = token.attrGet("start")
    return int(start) if start is not None else None


def _side(token: Token) -> str | None:
    style = str(token.attrGet("style") or "")
    return {"text-align:right": "right", "text-align:center": "center"}.get(style)


class _Inline:
    """What stands in one block; a link's address follows it."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = list(without_gaps(tokens))
        self._links: list[tuple[str, str]] = []

    def parts(self) -> Iterator[Markup]:
        for place, token in enumerate(self._tokens):
            if token.type == "link_open":
                yield self._link(str(token.attrGet("href") or ""), place)
            elif token.type == "link_close":
                yield from self._link_end()
            elif token.type == "image":
                yield self._image(token)
            elif token.type == "code_inline":
                yield element("code", token.content)
            elif token.type == "softbreak":
                yield _LINE
            elif token.type == "hardbreak":
                yield element("br")
            elif token.tag in _TAGS:
                yield Markup(f"</{token.tag}>") if token.nesting < 0 else opened(token.tag)
            else:
                yield text(token.content) if self._links else address.with_links(token.content)

    def _link(self, href: str, place: int) -> Markup:
        """Begin a link, or text where its address may not be followed."""
        label = "".join(token.content for token in self._until_link_ends(place))
        shown = "" if href in (label, _parser().normalizeLink(label)) else href
        self._links.append((href, shown))
        return Markup(address.link(href).removesuffix("</a>")) if address.is_followed(href) else Markup()

    def _link_end(self) -> Iterator[Markup]:
        href, shown = self._links.pop()
        if address.is_followed(href):
            yield Markup("</a>")
        if shown:
            yield address.told(shown)

    def _until_link_ends(self, place: int) -> Iterator[Token]:
        for token in self._tokens[place + 1 :]:
            if token.type == "link_close":
                return
            yield token

    def _image(self, token: Token) -> Markup:
        """Show an image that the text itself holds; of any other, what it is called and where it would be."""
        source = str(token.attrGet("src") or "")
        if (shown := picture(source, token.content)) is not None:
            return shown
        where = address.shortened(source)
        name = f"🖼 {token.content}" if token.content else "🖼"
        if self._links or not address.is_followed(source):
            return joined([name, address.told(where)])
        return joined([name, " ", address.link(source, where)])
