"""Scenes for the README: what is typed, what a server answers, and the screen that comes of it, as SVG."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

import pyte

from tests.loopback import Loopback, say
from tests.terminal_driver import CHATCMD, Terminal, run

ENGLISH = """\
Python keeps **names** and *objects* apart: a default is made **once**, when `def` runs.

```python
def add(item, items=None):
    items = [] if items is None else items
    items.append(item)
    return items
```

| call | `items=[]` | `items=None` |
|---|---|---|
| first | `[1]` | `[1]` |
| second | `[1, 2]` | `[2]` |
"""
CHINESE = """\
三位的**水仙花数**有四个：`153`、`370`、`371`、`407`。

```python
[n for n in range(100, 1000) if n == sum(int(d) ** 3 for d in str(n))]
```

| 数 | 各位的立方和 |
|---|---|
| 153 | 1 + 125 + 27 |
| 370 | 27 + 343 + 0 |
"""
GROUND, INK = "#181a1f", "#d6dae2"
COLOURS = {
    "black": "#181a1f", "red": "#e86970", "green": "#91c172", "brown": "#ddb76a", "blue": "#61a5f0",
    "magenta": "#c678dd", "cyan": "#56b6c2", "white": INK, "brightblack": "#6e7684", "brightred": "#f08086",
    "brightgreen": "#a3d286", "brightbrown": "#f0cd82", "brightblue": "#7ebafa", "brightmagenta": "#d692ea",
    "brightcyan": "#74ccd6", "brightwhite": "#ffffff",
}  # fmt: skip
CELL, ROW, SIZE, EDGE, TOP = 8.4, 18, 14, 12, 36
FONTS = "Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', 'PingFang SC', monospace"
FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="{fonts}" font-size="{size}">
<rect width="100%" height="100%" rx="8" fill="{ground}"/>
<circle cx="20" cy="18" r="6" fill="#e86970"/><circle cx="40" cy="18" r="6" fill="#ddb76a"/>
<circle cx="60" cy="18" r="6" fill="#91c172"/>
{rows}
</svg>
"""
DIM = "+blink"
"""pyte does not know dim text; blinking, which nothing here does, stands for it."""


@dataclass(frozen=True)
class Scene:
    """What is typed, each with the text that shows that it was heard; `answers` come in order.

    `command` is run instead of the chat, when `before` was piped into one; `first` shows that it is ready.
    """

    typed: tuple[tuple[str, str], ...]
    answers: tuple[str, ...]
    language: str
    columns: int = 84
    rows: int = 24
    command: tuple[str, ...] = ()
    before: str = ""
    first: str = ""
    delay: float = 0


SCENES = {
    "chat": Scene(
        (
            ("Ada\r", "【Ada】"),
            ("Why is a mutable default argument a trap?\r", "items=None"),
            ("", "tokens"),
            ("How do I test that?", "test that?"),
        ),
        (ENGLISH,),
        "en",
    ),
    "chinese": Scene(
        (("老表\r", "【老表】"), ("水仙花数有哪些？\r", "27 + 343"), ("", "token"), ("/stats\r", "[prices]")),
        (CHINESE,),
        "zh",
        rows=38,
    ),
    "replay": Scene(
        (("", "saved:"),),
        (
            "A list keeps its order and may hold a value twice; a set does neither.",
            "A set: `x in seen` takes the same time however large it is.",
            "A list keeps its order and may hold duplicates; a set does neither.",
            "A set: `x in seen` takes the same time however large it is.",
        ),
        "en",
        columns=100,
        rows=40,
        command=("replay", "-1", "--against", "gpt-4o"),
        before="Ada\nHow does a list differ from a set?\nWhich is faster for membership tests?\n0\n",
        first="saved:",
        delay=0.03,
    ),
}


def picture(scene: Scene) -> str:
    """Run a scene and draw its last screen."""
    pyte.graphics.TEXT[2] = DIM
    with Loopback() as server, tempfile.TemporaryDirectory() as root:
        for answer in scene.answers:
            server.answer(say(answer, pieces=40, delay=scene.delay))
        env = {"OPENAI_API_KEY": "sk-picture", "OPENAI_BASE_URL": server.base_url, "COLORTERM": ""}
        argv = [*CHATCMD, *scene.command, "--lang", scene.language, "--root", root]
        if scene.before:
            assert run([*CHATCMD, "--root", root], scene.before.encode(), env=env).code == 0
        with Terminal(argv, env=env, rows=scene.rows, columns=scene.columns) as terminal:
            terminal.expect(scene.first or _FIRST[scene.language])
            for keys, shown in scene.typed:
                terminal.send(keys)
                terminal.expect_screen(_shows(shown))
            return _drawn(terminal)


_FIRST = {"en": "Your name:", "zh": "你的名字："}


def _shows(text: str) -> Callable[[str], bool]:
    return lambda screen: text in screen


def _drawn(terminal: Terminal) -> str:
    display = terminal._display
    rows = [[display.buffer[y][x] for x in range(display.columns)] for y in range(display.lines)]
    while rows and all(cell.data == " " for cell in rows[-1]):
        rows.pop()
    return FRAME.format(
        width=display.columns * CELL + 2 * EDGE,
        height=len(rows) * ROW + TOP + EDGE,
        fonts=FONTS,
        size=SIZE,
        ground=GROUND,
        rows="\n".join(text for number, row in enumerate(rows) for text in _texts(row, TOP + ROW * number)),
    )


def _texts(row: list[pyte.screens.Char], top: float) -> Iterator[str]:
    """Write a row as texts of one style each; what is two cells wide stands alone, where the cells put it."""
    place = 0
    while place < len(row):
        cell, end = row[place], place + 1
        if not _is_wide(row, place):
            while end < len(row) and row[end][1:] == cell[1:] and not _is_wide(row, end):
                end += 1
        text = "".join(each.data for each in row[place:end])
        x, width = EDGE + CELL * place, CELL * (end - place + _is_wide(row, place))
        if cell.bg != "default" or cell.reverse:
            yield f'<rect x="{x:g}" y="{top:g}" width="{width:g}" height="{ROW}" fill="{_colour(cell.bg, INK)}"/>'
        if text.strip():
            blanks = len(text) - len(text.lstrip())
            x, width = x + CELL * blanks, width - CELL * blanks
            yield (
                f'<text x="{x:g}" y="{top + 13:g}" xml:space="preserve" {_style(cell)}'
                f' textLength="{width:g}" lengthAdjust="spacingAndGlyphs">{escape(text[blanks:])}</text>'
            )
        place = end + _is_wide(row, place)


def _is_wide(row: list[pyte.screens.Char], place: int) -> bool:
    """Tell whether a cell holds a wide character: pyte leaves the one behind it empty."""
    return place + 1 < len(row) and row[place + 1].data == ""


def _style(cell: pyte.screens.Char) -> str:
    ink = GROUND if cell.reverse else _colour(cell.fg, INK)
    more = {
        ' font-weight="bold"': cell.bold,
        ' font-style="italic"': cell.italics,
        ' text-decoration="underline"': cell.underscore,
        ' opacity="0.55"': cell.blink,
    }
    return f'fill="{ink}"' + "".join(text for text, given in more.items() if given)


def _colour(name: str, default: str) -> str:
    return default if name == "default" else COLOURS.get(name) or f"#{name}"
