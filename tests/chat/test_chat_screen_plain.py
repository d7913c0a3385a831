"""Where a terminal can do little, or nobody wants colours: the same answer, with as much as there is."""

import re

import pytest

from tests.chat.stage import Stage
from tests.chat.test_chat_screen import BARE, HEAD, begin, in_pieces, seen
from tests.loopback import Loopback, say

TEXT = """\
# Title

Some **words** and `code`.

- one
- two

```python
print('x')
```

| a | b |
|---|---|
| 1 | 2 |
"""
DRAWN = [
    HEAD,
    "                                     Title",
    "",
    "Some words and code.",
    "",
    " • one",
    " • two",
    "",
    "",
    " print('x')",
    "",
    "",
    "",
    " a  b",
    " ────",
    " 1  2",
]


def talk(stage: Stage, *words: str, **environ: str) -> tuple[bytes, list[str]]:
    """Ask once in a terminal; return the bytes from the question to the end of the answer, and the rows of it."""
    assert stage.server is not None
    stage.server.answer(say(TEXT, pieces=in_pieces(TEXT), delay=0.001), say("again"))
    with stage.terminal("-u", "u", *words, env=BARE | environ, rows=40) as terminal:
        begin(terminal)
        stage.server.wait_for_request(1)
        asked = len(terminal.bytes)
        terminal.expect(re.compile(r"1[ |]+2"))
        terminal.expect("【u】")
        written = terminal.bytes[asked:].partition("【u】".encode())[0]
        shown = seen(terminal.bytes.decode(), 40, 80).texts
        begin_of_answer = next(place for place, text in enumerate(shown) if text.startswith(HEAD))
        end = max(place for place, text in enumerate(shown) if text.startswith("【u】"))
        terminal.line("0")
        assert terminal.wait() == 0
    rows = shown[begin_of_answer:end]
    while not rows[-1]:
        rows.pop()
    return written, rows


def test_colours_are_there_by_default(stage: Stage) -> None:
    written, rows = talk(stage)
    assert rows == DRAWN
    assert b"\x1b[1;4;36mTitle\x1b[0m" in written


def test_without_colours_the_layout_is_the_same_and_nothing_selects_one(stage: Stage) -> None:
    written, rows = talk(stage, NO_COLOR="1")
    assert rows == DRAWN
    assert not re.search(rb"\x1b\[[0-9;]*[1-9][0-9;]*m", written)


@pytest.mark.parametrize(
    ("words", "environ"), [(["--plain"], {}), ([], {"TERM": "dumb"}), ([], {"CHATCMD_PLAIN": "true"})], ids=str
)
def test_terminal_that_can_nothing_gets_the_source_and_not_one_escape(
    words: list[str], environ: dict[str, str], stage: Stage
) -> None:
    written, rows = talk(stage, *words, **environ)
    assert rows == (HEAD + TEXT).rstrip("\n").split("\n")
    assert b"\x1b" not in written


def test_markdown_that_is_switched_off_is_shown_as_it_is_written(stage: Stage) -> None:
    written, rows = talk(stage, CHATCMD_MARKDOWN="false")
    assert rows == (HEAD + TEXT).rstrip("\n").split("\n")
    assert not re.search(rb"\x1b\[[0-9;]*[1-9][0-9;]*m", written)


def test_markdown_is_switched_off_and_on_in_the_chat(stage: Stage, server: Loopback) -> None:
    server.default = say("- *a*\n")
    with stage.terminal("-u", "u", env=BARE) as terminal:
        begin(terminal, "/set markdown false")
        begin(terminal, "one")
        terminal.expect(f"{HEAD}- *a*\n")
        begin(terminal, "/set markdown true")
        begin(terminal, "two")
        terminal.expect(re.compile(f"{HEAD}\\s+ • a\n"))
        begin(terminal, "0")
        assert terminal.wait() == 0


@pytest.mark.parametrize(
    "environ", [{}, {"TERM": "xterm-256color", "COLORTERM": "truecolor", "FORCE_COLOR": "1"}], ids=str
)
def test_pipe_gets_the_source_and_not_one_escape(environ: dict[str, str], stage: Stage, server: Loopback) -> None:
    server.default = say(TEXT)
    done = stage.pipe("u\nq\n", env=environ)
    assert done.out == f"【u】q\n{HEAD}{TEXT}"
    assert b"\x1b" not in done.out_bytes
    asked = stage.pipe("", "ask", "q", env=environ)
    assert (asked.out, "\x1b" in asked.err) == (TEXT, False)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_screen_of_twenty_columns_still_reads(lang: str, stage: Stage, server: Loopback) -> None:
    table = "| 名字 | what it does | since |\n|---|---|--:|\n| ask | asks one question | 1.0 |\n"
    server.answer(say(f"水仙花数是一个三位数，each digit counts.\n\n{table}\n- a\n  - nested item here\n"))
    with stage.terminal("-u", "u", "--lang", lang, env=BARE, columns=20, rows=40) as terminal:
        begin(terminal)
        terminal.expect("nested")
        terminal.expect("【u】")
        shown = terminal.screen
        terminal.line("0")
        assert terminal.wait() == 0
    begin_of_answer = next(place for place, text in enumerate(shown) if text.startswith(HEAD))
    assert shown[begin_of_answer : shown.index("【u】", begin_of_answer)] == [
        *(f"{HEAD}水仙花数", "是一个三位数，each", "digit counts."),
        *("", "名字: ask", "what it does: asks", "one question", "since: 1.0"),
        *("", " • a", "    • nested item", "      here"),
    ]
