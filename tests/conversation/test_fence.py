"""The code blocks of an answer are the ones that a Markdown parser finds."""

import pytest
from hypothesis import given, strategies as st
from markdown_it import MarkdownIt

from chatcmd.conversation.fence import Block, blocks

ANSWERS = {
    "one": "Text\n\n```python\nprint(1)\n\n\tprint(2)\n```\nmore `a` text",
    "two": "```\na\n```\n\n~~~sh -x\nb ``` c\n~~~\n",
    "in a list": "1. First:\n\n   ```js\n   f()\n     g()\n   ```\n\n2. Then:\n   - ```\n     deep\n     ```\n",
    "in a quote": "> ```\n> quoted\n>\n>   more\n> ```\n\nout",
    "a quote that ends": "> ```\n> quoted\nout\n```\nanother\n```",
    "a list in a quote": "> - ```c\n>   x\n>   ```\n",
    "longer fences": "````md\n```py\ninner\n```\n````\n",
    "closed by a longer one": "```\na\n`````\nout",
    "not closed": "```python\nprint(1)",
    "empty": "```\n```\n",
    "no fences": "``` not ``` one\n\n`` `` ``\n\n`x`",
    "windows": "```\r\na\r\nb\r\n```\r\n",
    "closing with words is none": "```\na\n``` b\nc\n```",
    "other fence inside": "~~~\n```\n~~~\n",
    "indented": "  ```\n  a\n    b\n c\n  ```",
}


def parsed(answer: str) -> list[Block]:
    tokens = MarkdownIt("commonmark").parse(answer)
    return [Block(each.info.strip(), each.content.removesuffix("\n")) for each in tokens if each.type == "fence"]


@pytest.mark.parametrize("name", ANSWERS)
def test_blocks_are_those_of_the_parser(name: str) -> None:
    assert blocks(ANSWERS[name]) == parsed(ANSWERS[name])


LINES = st.sampled_from(["```", "````", "~~~", "```py", "text", "", "a `b` c", "  x", "``", "~~~ sh"])


@given(st.lists(LINES, max_size=12))
def test_any_fences_at_the_margin_are_read_as_the_parser_reads_them(lines: list[str]) -> None:
    assert blocks("\n".join(lines)) == parsed("\n".join(lines))


@given(st.text(alphabet="`~> -1.\tab\n", max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    assert all("\r" not in block.text for block in blocks(text))


@pytest.mark.parametrize("text", [">" * 100_000, "- " * 100_000, "1. " * 100_000 + "x", "`" * 100_000 + "x`"])
def test_a_hundred_thousand_marks_are_no_block(text: str) -> None:
    assert blocks(text) == []
