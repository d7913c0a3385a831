"""The screen: what it costs to draw an answer that comes as Markdown, and a chat of many long answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.theme import Theme as Styles

from chatcmd.conversation.thinking import Piece
from chatcmd.terminal.live import Live
from chatcmd.terminal.markdown import Printer
from chatcmd.terminal.theme import THEMES
from chatcmd.vocabulary import counter
from tests.bench.measure import Bench, Bound, Pair, Row
from tests.bench.process import CHATCMD, Watched, environment
from tests.loopback import Loopback, say

MIXED = """\
水仙花数是指一个 **n 位数**，其每个位上的数字的 *n* 次幂之和等于它本身。例如 `1^3 + 5^3 + 3^3 = 153`; see [the docs](https://docs.python.org/3/).

## How to find them

1. Take each number from 100 to 999
2. Split it into digits, with `divmod` or `str`
   - a nested item
   - another one with a longer text that has to be wrapped at the end of the line
3. Compare

```python
def narcissistic(limit: int = 1000) -> list[int]:
    found = []
    for number in range(100, limit):
        if sum(int(digit) ** len(str(number)) for digit in str(number)) == number:
            found.append(number)
    return found
```

| 数 | digits | sum |
|---|:-:|--:|
| 153 | 1, 5, 3 | 1 + 125 + 27 |
| 370 | 3, 7, 0 | 27 + 343 + 0 |

> A quote of `vector<int>`, 中文引用,
> in two lines.

"""
PIECE = 4
"""Characters that come at once, as tokens do."""

THEME = THEMES["dark"]
WIDTH, HEIGHT = 80, 24
PROMPT, LAST = "【bench】", "The end."


@contextmanager
def markdown(folder: Path, *, tokens: int, against: int) -> Iterator[Pair]:  # noqa: ARG001 - every bench gets one
    """Draw so many tokens that come at once; the floor is one static rendering, or drawing fewer of them."""
    text, less = _text(tokens), _text(against)
    yield Pair(_cpu(partial(_ours, text)), _cpu(partial(_ours, less) if against != tokens else partial(_static, text)))


@contextmanager
def written(folder: Path, *, tokens: int) -> Iterator[Pair]:  # noqa: ARG001
    """Count the bytes that reach the terminal, against those of one static rendering."""
    text = _text(tokens)
    yield Pair(lambda: (_ours(text),), lambda: (_static(text),))


@contextmanager
def long_chat(folder: Path, *, turns: int, tokens: int) -> Iterator[Pair]:
    """Talk for many turns; the floor is the fifth of them, and the memory after it."""
    answer = _text(tokens) + LAST
    fifth: list[tuple[float, float, float]] = []

    def ours() -> tuple[float, float, float]:
        fifth.clear()
        with Loopback(default=say(answer)) as server:
            root = folder / str(time.monotonic_ns())
            environ = environment(folder, OPENAI_API_KEY="sk-benchmark", OPENAI_BASE_URL=server.base_url)
            with Watched([CHATCMD, "--root", str(root), "--user", "bench"], environ, folder) as chat:
                chat.until(PROMPT)
                taken = [(_turn(chat, number), *chat.memory()) for number in range(1, turns + 1)]
        fifth.extend(taken[4:5])
        return taken[-1]

    yield Pair(ours, lambda: fifth[0])


def _turn(chat: Watched, number: int) -> float:
    """Ask, and return the seconds from Enter to the next prompt."""
    chat.type(f"question {number}")
    chat.until(str(number))
    entered = chat.type("\r")
    chat.until(LAST)
    return chat.until(PROMPT) - entered


def _text(tokens: int) -> str:
    """Repeat the mixed text until it has so many tokens."""
    each = counter("cl100k_base")(MIXED)
    return MIXED * max(1, round(tokens / each))


def _ours(text: str) -> int:
    """Draw a text as it comes, and return the bytes written."""
    drawn: list[str] = []

    async def pieces() -> AsyncIterator[Piece]:
        for place in range(0, len(text), PIECE):
            yield Piece(text[place : place + PIECE])

    live = Live(
        drawn.append,
        lambda: (WIDTH, HEIGHT),
        Printer(THEME, colour=True),
        head="【ChatGPT】",
        reflows=False,
        thoughts=True,
    )
    asyncio.run(live.follow(pieces()))
    return len("".join(drawn).encode())


def _static(text: str) -> int:
    """Render a whole text once, as rich does by itself, and return the bytes written."""
    console = Console(
        file=(out := StringIO()), width=WIDTH, force_terminal=True, color_system="standard", legacy_windows=False,
        theme=Styles(dict(THEME.markdown)), markup=False, highlight=False, emoji=False,
    )  # fmt: skip
    console.print(Markdown(text, code_theme=THEME.code, hyperlinks=False))
    return len(out.getvalue().encode())


def _cpu(work: Callable[[], object]) -> Callable[[], tuple[float]]:
    def take() -> tuple[float]:
        began = time.process_time()
        work()
        return (time.process_time() - began,)

    return take


def _grows(tokens: int, against: int, limit: float, samples: int) -> Bench:
    row = Row(f"markdown.{tokens}", "ms", f"CPU of {against:,} tokens", Bound("ratio", limit))
    return Bench((row,), samples, partial(markdown, tokens=tokens, against=against))


BENCHES = (
    Bench(
        (Row("markdown.2000", "ms", "CPU of rich's Markdown, once", Bound("ratio", 2)),),
        11,
        partial(markdown, tokens=2_000, against=2_000),
    ),
    Bench(
        (Row("markdown.bytes", "kB", "bytes of rich's Markdown, once", Bound("ratio", 1.2)),),
        3,
        partial(written, tokens=2_000),
    ),
    _grows(20_000, 2_000, 12, 3),
    _grows(128_000, 2_000, 12 * 6.4, 1),
    Bench(
        (
            Row("chat.500.turn", "ms", "the fifth turn, to the prompt", Bound("ratio", 1.5)),
            Row("chat.500.peak", "MB", "after the fifth turn"),
            Row("chat.500.memory", "MB", "after the fifth turn", Bound("in all", 110)),
        ),
        1,
        partial(long_chat, turns=500, tokens=1_000),
    ),
)
