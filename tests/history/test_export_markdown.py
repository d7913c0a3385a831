"""A session as Markdown: everything is in its place, and nothing that was said changes where anything else stands."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings, strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from chatcmd.clean import clean_line
from chatcmd.conversation.attachment import File
from chatcmd.conversation.message import Message, Turn
from chatcmd.history.export.contained import DEEPER, contained
from chatcmd.history.export.markdown import inline, left_out, pages
from tests.history.exported import rich
from tests.history.made import answer, question, session
from tests.hostile import HOSTILE, raw_controls

PAGE = """\
# 1+1=几 \\*really\\*

- User: 简说Python
- Model: gpt-3.5-turbo
- Persona: default
- Started: 2026-11-20 21:30:05 UTC
- Ended: 2026-11-20 21:41:17 UTC
- Session: 20261120T213005Z-3f2a
- Branch of: 20261119T080000Z-00aa, behind its turn 3
- Source: format chatgpt, file conversations.json
- Tags: math, a_b
- Settings: temperature 0.2

## system

> 一个有10年Python开发经验的资深算法工程师

## 1. 简说Python

*2026-11-20 21:30:11 UTC*

1+1=几

**notes.md, 4 lines**

````markdown
# Notes
```
code
```
````

Image: **cat_1.png, 640x480, 81 kB**

### ChatGPT

*gpt-3.5-turbo, 44 + 8 tokens, 1.5 s*

1+1=2。

## 2. 简说Python

*2026-11-20 21:30:11 UTC*

为什么 \\<b>?

### ChatGPT (interrupted)

*gpt-3.5-turbo, 1.5 s*

<details>
<summary>Reasoning</summary>

Hm.

##### So

</details>

#### Plan

1. read
2. write

```python
print('几')
```

## 简说Python (unanswered)

*2026-11-20 21:30:11 UTC*

还在吗

## 3. 简说Python

Which animal?
[image_url]
[input_audio]

### ChatGPT

*gpt-3.5-turbo*

猫
"""


def test_a_page_holds_all_that_was_said_and_by_whom() -> None:
    assert "".join(pages(rich())) == PAGE
    assert left_out(rich()) == {"image": 1}


CONTAINED = {
    "# a\n## b": "#### a\n##### b",
    "###### a ######": "###### a ######",
    "a\nb\n===\nc": "#### a b\nc",
    "> - a #\n>   ---": "> - ##### a \\#",
    "    # code": "    # code",
    "```\n# code\n<b>": "```\n# code\n<b>\n```",
    "~~~~ sh\n```\n~~~": "~~~~ sh\n```\n~~~\n~~~~",
    "- ```\n  open": "- ```\n  open",
    "#hashtag\r\n#include <stdio.h>": "#hashtag\n#include \\<stdio.h>",
    "<!-- and all is gone": "\\<!-- and all is gone",
    "`<b>` `` ` <b> `` ` <b>": "`<b>` `` ` <b> `` ` \\<b>",
    "`a\n<!-- b`": "`a <!-- b`",
    "a<br>b, but\n<br>": "a<br>b, but\n\\<br>",
    "| a | b |\n|---|---|\n| `x <i> | <br> ` <i> |": "| a | b |\n|---|---|\n| `x \\<i> | <br> ` \\<i> |",
    "<https://a.example> <a@b.example> a < b": "<https://a.example> <a@b.example> a < b",
    "\\<b> \\\\<b>": "\\<b> \\\\\\<b>",
    "> " * 19 + r"`<b>` \<i> \\<u>": "> " * 19 + r"`\<b>` \<i> \\\<u>",
    "\n\n": "",
    "": "",
}


@pytest.mark.parametrize("text", CONTAINED)
def test_markdown_of_others_reaches_no_further_than_itself(text: str) -> None:
    assert contained(text) == CONTAINED[text]


BITS = st.sampled_from(
    [
        *"`\\<>#|-*_ ab水\t\r\n\0\xa0\u2028'\"",
        "\n\n",
        "\r\n",
        "# ",
        "## a",
        "=====",
        "---",
        "```",
        "````",
        "~~~",
        "``",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "<script>",
        "<?x",
        "<!D",
        "<br>",
        "<details>",
        "<https://a.b>",
        "&lt;",
        "](<",
        "> ",
        "- ",
        "1. ",
        "    ",
        "| a | b |\n|---|---|\n",
        "[a]: b\n",
        "[a]",
        " #",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(BITS, max_size=25).map("".join))
@example("`a\n<!-- b`")
@example("\xa0    # \n=====")
def test_nothing_that_was_said_changes_the_structure_around_it(text: str) -> None:
    around(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_changes_nothing_around_it(name: str) -> None:
    around(HOSTILE[name])
    made = session(title=HOSTILE[name], tags=(HOSTILE[name],)).with_turn(
        Turn(
            Message(
                role="user",
                content=HOSTILE[name],
                attachments=(File(HOSTILE[name], 1, HOSTILE[name]),),
                at=HOSTILE[name],
            ),
            answer(HOSTILE[name], model=HOSTILE[name], reasoning=HOSTILE[name]),
        )
    )
    page = "".join(pages(replace(made, user=HOSTILE[name], model=HOSTILE[name], started=HOSTILE[name])))
    assert raw_controls(page.encode()) == []
    assert [token.tag for token in headings(reader().parse(page)) if int(token.tag[1]) <= DEEPER] == [
        *("h1", "h2", "h2", "h3")
    ]


def around(text: str) -> None:
    """See that a page around a text has its own headings, no HTML, and its end."""
    tokens = reader().parse(f"# T\n\n## Q\n\n{contained(text)}\n\n## End\n\nend\n")
    levels = [int(token.tag[1]) for token in headings(tokens)]
    assert (levels[:2], levels[-1:]) == ([1, 2], [2])
    assert all(level > DEEPER for level in levels[2:-1])
    assert [token.content for token in tokens[-6:] if token.level == 1] == ["End", "end"]
    assert [token.type for token in tokens if token.type == "html_block"] == []
    spans = [child for token in tokens for child in token.children or () if child.type == "html_inline"]
    assert all(re.fullmatch("<br ?/?>", span.content) for span in spans)


def reader() -> MarkdownIt:
    """Read Markdown as those who render it do, HTML and all."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def headings(tokens: list[Token]) -> Iterator[Token]:
    return (token for token in tokens if token.type == "heading_open")


@settings(max_examples=200, deadline=None)
@given(st.text())
@example("__0__ a__b a_b")
@example("*a* _b_ `c` [d](e) ![f] <g> &amp; ~~h~~ \\ #")
def test_a_name_is_shown_as_it_is(text: str) -> None:
    shown = inline(text)
    (_opened, told, _closed) = reader().parse(f"a {shown} b")
    assert {child.type for child in told.children or ()} == {"text"}
    assert "".join(child.content for child in told.children or ()) == f"a {clean_line(text).strip()} b"


def test_what_was_said_is_exact_only_where_that_is_wished() -> None:
    made = session().with_turn(Turn(question("a\x1b[2Jb\u202ec\u200bd"), answer("e\u2028f", model="m\x1b")))
    page, exact = "".join(pages(made)), "".join(pages(made, exact=True))
    assert "\na␛[2Jb\\<U+202E>cd\n" in page
    assert "\ne\nf\n" in page
    assert "\na\x1b[2Jb\u202ec\u200bd\n" in exact
    assert "\ne\u2028f\n" in exact
    assert "*m␛, " in exact


def test_what_is_cleaned_away_begins_no_heading() -> None:
    made = session().with_turn(Turn(question("\u200b# a\x85## b"), answer("`c\u2028<!-- d`")))
    page = "".join(pages(made))
    assert "\n#### a\n##### b\n" in page
    assert "\n`c <!-- d`\n" in page


def test_a_session_without_title_or_persona_has_its_id_for_a_heading() -> None:
    made = replace(session(), title="", persona=replace(session().persona, content=""))
    assert "".join(pages(made)) == (
        "# 20261120T213005Z-3f2a\n\n- User: 简说Python\n- Model: gpt-3.5-turbo\n- Persona: default\n"
        "- Started: 2026-11-20 21:30:05 UTC\n- Session: 20261120T213005Z-3f2a\n"
    )
