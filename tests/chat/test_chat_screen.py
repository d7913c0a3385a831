"""The real program's screens while answers come: cell by cell, at every size, in both languages."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import pyte
import pytest

from chatcmd.terminal.markdown import Layout, Printer
from chatcmd.terminal.theme import THEMES
from tests.chat.stage import Stage
from tests.loopback import Loopback, gated, say
from tests.terminal_driver import Terminal

HEAD = "【ChatGPT】"
COLOURED = Printer(THEMES["dark"], colour=True)
BARE = {"CHATCMD_BAR": "false", "CHATCMD_TITLE": "false"}
"""Without what stands below the line."""

ENGLISH = """\
# How to count

Some words about **counting** with `enumerate`, enough of them to need a second row on most screens.

1. one
2. two
   - a nested item
   - another

```python
for number, word in enumerate(words):
    print(number, word)  # 0 first
```

| n | name | square |
|---|:----:|-------:|
| 1 | one  |      1 |
| 2 | two  |      4 |

> A quote of vector<int>.

""" + "".join(f"- the last list, item {number}\n" for number in range(30))
CHINESE = """\
## 水仙花数

水仙花数是指一个 **n 位数**，其每个位上的数字的 *n* 次幂之和等于它本身。例如 `153`，这一段足够长，需要换行。

1. 第一步：取出每一位
2. 第二步：求和
   - 中文与 English 混排

```python
print("你好，世界")  # 注释
```

| 数 | 名字 |
|---|:-:|
| 153 | 一百五十三 |

> 引用：vector<int>。🎉

""" + "".join(f"- 最后的列表，第 {number} 项\n" for number in range(30))

Cells = list[tuple[str, str, bool, bool, bool]]


class Seen(NamedTuple):
    """All rows that a terminal has, from the top of its scrollback on: as text, and with colours."""

    texts: list[str]
    cells: list[Cells]


def seen(output: str, rows: int, columns: int) -> Seen:
    emulator = pyte.HistoryScreen(columns, rows, history=100_000, ratio=0.5)
    pyte.Stream(emulator).feed(output)
    lines = [*emulator.history.top, *(emulator.buffer[row] for row in range(rows))]
    cells = [
        [
            (each.data, each.fg, each.bold, each.italics, each.underscore)
            for each in map(line.__getitem__, range(columns))
        ]
        for line in lines
    ]
    texts = ["".join(cell[0] for cell in line).rstrip() for line in cells]
    while texts and not texts[-1]:
        texts.pop()
    return Seen(texts, cells[: len(texts)])


def laid_out(text: str, columns: int) -> str:
    """Lay an answer out as it should look, as the bytes that show it."""
    layout = Layout(COLOURED, HEAD)
    layout.feed(text)
    return "".join(f"{row.text}\r\n" for row in layout.rest(columns))


def answer_of(whole: Seen) -> Seen:
    """Cut out what stands from the answer's heading to the line that asks for the next question."""
    begin = next(place for place, text in enumerate(whole.texts) if text.startswith(HEAD[:2]))
    end = next(place for place in range(len(whole.texts) - 1, 0, -1) if whole.texts[place].startswith("【u】"))
    return Seen(whole.texts[begin:end], whole.cells[begin:end])


def in_pieces(text: str, size: int = 7) -> list[str]:
    return [text[place : place + size] for place in range(0, len(text), size)]


def begin(terminal: Terminal, question: str = "q") -> None:
    terminal.expect("【u】")
    terminal.line(question)


@pytest.mark.parametrize(
    ("lang", "size"),
    [
        *(("en", size) for size in ((24, 80), (8, 20), (6, 200), (24, 400), (2, 30))),
        *(("zh", size) for size in ((24, 80), (8, 20), (10, 40), (24, 400))),
    ],
    ids=str,
)
def test_answer_longer_than_the_screen_is_there_once_cell_by_cell(
    lang: str, size: tuple[int, int], stage: Stage, server: Loopback
) -> None:
    text = {"en": ENGLISH, "zh": CHINESE}[lang]
    rows, columns = size
    server.answer(say(text, pieces=in_pieces(text), delay=0.001), say("again"))
    with stage.terminal("-u", "u", "--lang", lang, env=BARE, rows=rows, columns=columns) as terminal:
        begin(terminal)
        terminal.expect("29")
        terminal.expect("【u】")
        found = answer_of(seen(terminal.bytes.decode(), rows, columns))
        terminal.line("q")
        terminal.expect("again")
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
        written = terminal.bytes.decode()
    expected = seen(laid_out(text, columns), rows, columns)
    assert found.texts == expected.texts
    assert found.cells == expected.cells
    assert not re.search(r"\x1b\[[23]J|\x1bc", written)
    [session] = stage.sessions()
    assert session["messages"][2]["content"] == text


OPEN = ["- a list of ", "several items ", "that are long ", "enough to be broken\n", "- and more\n"]
LATER = ["- of them ", "after the change\n", "\nThe end ", "of it.\n"]
SETTLED = [f"Paragraph {number}.\n\n" for number in range(12)]
"""They fill the screen, so that its last row is where the cursor is: only there pyte moves it as terminals do."""


@pytest.mark.parametrize(
    ("lang", "sizes"),
    [
        ("en", [(24, 120)]),
        ("zh", [(24, 30)]),
        ("en", [(12, 60)]),
        ("zh", [(40, 60)]),
        ("en", [(12, 30)]),
        ("en", [(30, 100), (12, 20)]),
        ("zh", [(24, 20), (24, 60)]),
        ("zh", [(8, 400), (8, 40)]),
    ],
    ids=str,
)
def test_screen_that_changes_in_mid_answer_goes_on_for_the_new_one_and_shows_nothing_twice(
    lang: str, sizes: Sequence[tuple[int, int]], stage: Stage, server: Loopback
) -> None:
    text = "".join([*SETTLED, *OPEN, *LATER])
    gate = gated([*SETTLED, *OPEN, *LATER])
    server.answer(gate)
    with stage.terminal("-u", "u", "--lang", lang, env=BARE, rows=24, columns=60) as terminal:
        begin(terminal)
        gate.release(len(SETTLED) + 2)
        terminal.expect("several items")
        for number, (rows, columns) in enumerate(sizes):
            terminal.resize(rows, columns)
            gate.release(2 if number == 0 else 1)
            terminal.expect(["broken", "and more"][number])
        gate.release(len(text))
        terminal.expect("of it.")
        terminal.expect("【u】")
        rows, columns = sizes[-1]
        whole = seen(laid_out(text, columns), 1000, columns).texts
        expected = [*whole, "【u】"][-rows:]
        terminal.expect_screen(lambda screen: screen.endswith("【u】"))
        shown = [line for line in terminal.screen if line]
        assert shown == [line for line in expected if line][-len(shown) :]
        assert len(shown) >= min(rows, len(OPEN) + len(LATER)) - 4
        terminal.line("0")
        assert terminal.wait() == 0
    [session] = stage.sessions()
    assert session["messages"][2]["content"] == text


@pytest.mark.faults(42)
def test_screen_of_one_cell_shows_every_character_once_and_a_chat_goes_on_when_it_grows(
    stage: Stage, server: Loopback
) -> None:
    gate = gated(["klm"])
    server.answer(say("abcdefg\n\n- hij\n", pieces=8, delay=0.001), gate)
    with stage.terminal("-u", "u", env=BARE, rows=1, columns=1) as terminal:
        terminal.line("q")
        terminal.expect("j")
        terminal.line("q")
        server.wait_for_request(2)
        shown = "".join(seen(terminal.bytes.decode(), 1, 1).texts)
        terminal.resize(24, 80)
        gate.release()
        terminal.expect("klm")
        begin(terminal, "0")
        assert terminal.wait() == 0
    assert [shown.count(words) for words in ("ChatGPT】", "abcdefg", "•hij")] == [1, 1, 1], shown


def test_screen_without_a_size_is_taken_for_a_usual_one(stage: Stage, server: Loopback) -> None:
    server.answer(say("one two\n\n- three\n"))
    with stage.terminal("-u", "u", env=BARE, rows=0, columns=0) as terminal:
        begin(terminal)
        terminal.expect("three")
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
        found = seen(terminal.bytes.decode(), 24, 80).texts
    assert [f"{HEAD}one two", "", " • three"] == found[found.index(f"{HEAD}one two") :][:3]
