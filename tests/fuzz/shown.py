"""What is shown, and looked for: any text may come."""

import re
from itertools import pairwise
from pathlib import Path
from random import Random
from zlib import crc32

from hypothesis import strategies as st

from chatcmd.cells import cells
from chatcmd.clean import Cleaner, clean, clean_line
from chatcmd.conversation.image import UNKNOWN_IMAGES, NotAnImage, Patches, header
from chatcmd.conversation.query import Query, excerpt
from chatcmd.errors import UsageError
from chatcmd.terminal.markdown import Layout, Printer
from chatcmd.terminal.tail import Row
from chatcmd.terminal.theme import THEMES
from tests.hostile import HOSTILE, raw_controls
from tests.images import KINDS

MARKDOWN = (
    """\
# Title

A paragraph with **bold**, *thin*, `code`, ~~gone~~ and [a link](https://a.example/ "t").
Second line\\
third  \nfourth.

- one
  - two

    deeper
- three

1. first
2. second

> quoted
> > twice
""",
    """\
```python
def f(a):
\treturn a[0]  # 水
```

~~~
plain
~~~

    indented

---

| a | b |
|---|:-:|
| 1 | 水 |
| x |
""",
    """\
[ref]: <https://a.example> 'title'

see [ref] and ![pic](data:image/png;base64,AA==) <https://b.example> <b>no</b>

Setext
===
""",
    """\
总之：先测量 🎉，再动手。
like this one，**中文**和 `12345` 混排时也要好看（看得懂）。

* a
* b

***
&amp; &#x1b; &copy;
""",
)
QUERIES = (
    'docker "exact phrase"\nWe ran docker with an exact  phrase.',
    "水仙 “花数” 「是」\n水仙花数是指一个数",
    "café a_b\nCAFE\u0301 a_b",
)


def texts() -> list[bytes]:
    return [text.encode("utf-8", "surrogatepass") for text in (*HOSTILE.values(), *MARKDOWN)]


def pieces_of_text() -> st.SearchStrategy[bytes]:
    """Make text of any code points, and piles of marks."""
    marks = st.lists(st.sampled_from("a\u0301\u0316\u20dd\u200d\u200b\ufe0f\n\r\x1b"), max_size=30).map("".join)
    every = st.text(st.characters(codec=None, categories=None), max_size=30)
    return st.lists(st.one_of(every, marks), max_size=5).map(
        lambda found: "".join(found).encode("utf-8", "surrogatepass")
    )


def cleaner(data: bytes, _folder: Path) -> None:
    """Cleaned twice is cleaned once, in pieces as in one, and nothing is left that a terminal may not see."""
    text = _text(data)
    once = clean(text)
    assert clean(once) == once
    fed = Cleaner()
    assert "".join(fed.feed(piece) for piece in _cut(text)) == once
    for shown in (once, clean_line(text)):
        assert raw_controls(shown.encode()) == []
        assert "\r" not in shown
    assert "\n" not in clean_line(text)


def images() -> list[bytes]:
    return [make(64, 48) for _media, make in KINDS.values()]


def image(data: bytes, _folder: Path) -> None:
    """The head of a damaged image is told as such; what any image costs is a number that a window can hold."""
    try:
        found = header(data)
    except NotAnImage:
        return
    if found is not None:
        for rule in (UNKNOWN_IMAGES, Patches(1.62)):
            assert 0 < rule.tokens(found.width, found.height) < 10_000


def query(data: bytes, _folder: Path) -> None:
    """Any words can be looked for in any text; what is found stands where it is said to, and an excerpt has room."""
    asked, _line, text = _text(data).partition("\n")
    try:
        wanted = Query.parse(asked)
    except UsageError:
        return
    assert len(wanted.terms) <= 32
    spans = wanted.spans(text)
    assert all(0 <= begin < end <= len(text) for begin, end in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    assert bool(spans) == bool(wanted.found(text))
    for width in (1, 7, 40):
        line, places = excerpt(clean(text), wanted.spans(clean(text)), width)
        assert cells(line) <= max(width, 2)
        assert all(0 <= begin < end <= len(line) for begin, end in places)
        assert "\n" not in line


def markdown(data: bytes, _folder: Path) -> None:
    """Any answer is laid out in rows that have room, the same in pieces as in one, with our own colours alone."""
    text = _text(data)[:4_000]
    chance = Random(crc32(data))
    width = chance.choice((1, 5, 20, 80))
    rows = _laid_out(text, width, chance, None)
    assert rows == _laid_out(text, width, chance, _cut(text))
    assert all(row.cells <= max(width, 2) for row in rows)
    said = "\n".join(_COLOUR.sub("", row.text) for row in rows)
    assert raw_controls(said.encode()) == []


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PRINTER = Printer(next(iter(THEMES.values())), colour=True)


def _laid_out(text: str, width: int, chance: Random, pieces: list[str] | None) -> list[Row]:
    layout, fed, rows = Layout(_PRINTER, "【C】"), Cleaner(), list[Row]()
    for piece in [text] if pieces is None else pieces:
        layout.feed(fed.feed(piece))
        rows += layout.settle(width)
        if pieces is not None and chance.random() < 0.1:
            layout.tail(width, 24)
    return [*rows, *layout.rest(width)]


def _text(data: bytes) -> str:
    """Read any bytes as text, surrogates too."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def _cut(text: str) -> list[str]:
    chance = Random(crc32(text.encode("utf-8", "surrogatepass")))
    most = chance.choice((1, 5, 60)) if len(text) < 60 else max(60, len(text) // 8)
    pieces, place = [], 0
    while place < len(text):
        size = chance.randint(1, most)
        pieces.append(text[place : place + size])
        place += size
    return pieces
