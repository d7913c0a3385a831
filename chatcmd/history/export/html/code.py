"""Code with colours: the only file of the page that knows pygments."""

from functools import cache
from html import escape
from itertools import groupby
from operator import itemgetter
from typing import Any

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_for_filename, get_lexer_by_name
from pygments.token import Comment, Error, Generic, Keyword, Name, Number, Operator, String, Token
from pygments.util import ClassNotFound

from chatcmd.clean import clean
from chatcmd.history.export.html.element import Markup, element, joined, opened
from chatcmd.markdown import is_coloured

_CLASSES = {
    Comment: "c",
    Comment.Preproc: "k",
    Keyword: "k",
    Keyword.Type: "t",
    Name.Builtin: "b",
    Name.Class: "t",
    Name.Constant: "n",
    Name.Decorator: "d",
    Name.Exception: "t",
    Name.Function: "f",
    Name.Tag: "k",
    Name.Attribute: "f",
    Number: "n",
    Operator.Word: "k",
    String: "s",
    String.Escape: "n",
    String.Interpol: "n",
    Generic.Deleted: "o",
    Generic.Inserted: "i",
    Generic.Heading: "f",
    Generic.Subheading: "f",
    Error: "",
    Token: "",
}
"""The page's ten colours by what they mean; the nearest ancestor decides."""

MOST = 500_000
"""Characters of code that a page colours, which takes some seconds; what comes behind them stands in one colour."""


class Code:
    """The code of one page, block by block, of which so many characters are coloured."""

    def __init__(self, most: int = MOST) -> None:
        self._left = most

    def block(self, code: str, language: str = "", *, name: str = "") -> Markup:
        """Show a block of code, coloured as its language asks, else as the name of its file."""
        lexer = (_by_name(language.lower()) if language else _by_file(name)) if self._may_colour(code) else None
        inside: str = code
        if lexer is not None:
            self._left -= len(code)
            inside = _coloured(clean(code), lexer)
        return joined([opened("pre", class_="code", data_language=language or None), element("code", inside), _END])

    def _may_colour(self, code: str) -> bool:
        return len(code) <= self._left and is_coloured(code)


_END = Markup("</pre>\n")


def _coloured(code: str, lexer: Lexer) -> Markup:
    """Colour clean code; neighbours of one colour are one element."""
    pieces = ((_class(kind), piece) for kind, piece in lexer.get_tokens(code))
    runs = ((kind, "".join(piece for _, piece in run)) for kind, run in groupby(pieces, key=itemgetter(0)))
    shown = ((kind, escape(piece, quote=False)) for kind, piece in runs)  # most of a long page is made here
    return Markup("".join(f'<span class="{kind}">{piece}</span>' if kind else piece for kind, piece in shown))


@cache
def _class(kind: Any) -> str:
    return _CLASSES[kind] if kind in _CLASSES else _class(kind.parent)


@cache
def _by_name(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@cache
def _by_file(name: str) -> Lexer | None:
    found = find_lexer_class_for_filename(name) if name else None
    return found(stripnl=False, ensurenl=False) if found is not None else None
