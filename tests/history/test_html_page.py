"""The page of a session: what it shows, and that nothing that was said can become more than text."""

import re
import tracemalloc
from base64 import b64decode, b64encode
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from chatcmd.conversation.attachment import File, Image
from chatcmd.conversation.message import Latency, Message, Persona, Sent, Turn, Usage
from chatcmd.conversation.session import Parent, Session
from chatcmd.history.export.html import pieces
from chatcmd.history.export.html.code import MOST, Code
from chatcmd.history.export.html.markdown import rendered
from tests.history.made import answer, question, session
from tests.hostile import HOSTILE
from tests.images import KINDS, png
from tests.pages import SCRIPTS, Reader, page

PIXELS = png(3, 2)


def data_url(data: bytes, media: str = "image/png") -> str:
    return f"data:{media};base64,{b64encode(data).decode()}"


def one(*turns: Turn) -> Session:
    made = session(title="水仙花数")
    for turn in turns:
        made = made.with_turn(turn)
    return made


def said(text: str, **fields: Any) -> str:
    """Make the page of one answer, and see that nothing is wrong with it."""
    made = page([one(Turn(question("q"), answer(text, **fields)))])
    assert Reader(made).faults == []
    return made


def everywhere(text: str) -> Session:
    """Put a text into every place of a session that can hold one."""
    known: dict[str, Any] = {"model": text, "reasoning": text, "settings": {text: text}, "finish_reason": text}
    attached = (File(text, 1, text), Image(text, 1, 1, 1, text), Image(text, 1, 3, 2, data_url(PIXELS)))
    asked = replace(question(text, text), attachments=attached)
    parts = ({"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": text}}, {"type": text}, text)
    foreign = Message(role="user", content=text, parts=parts)
    aside = (Message(role=text, content=text), Message(role="assistant", content=text), foreign)
    return Session(
        id=text,
        user=text,
        persona=Persona(text, text),
        model=text,
        started=text,
        ended=text,
        title=text,
        parent=Parent(text, 3),
        source={"format": text},
        tags=(text, text),
        settings={text: text},
        turns=(
            Turn(asked, answer(text, text, **known), aside),
            Turn(foreign, answer(text, status="interrupted", parts=parts)),
        ),
        aside=aside,
    )


@pytest.mark.parametrize("name", [*SCRIPTS, *HOSTILE])
def test_nothing_that_was_said_becomes_more_than_text(name: str) -> None:
    text = (SCRIPTS | HOSTILE)[name]
    made = page([everywhere(text), everywhere(f"words before {text}\n{text} and behind")])
    assert Reader(made).faults == []


MARKS = st.text("<>\"'`&;/\\=![]()#*_~|-+ \n\t\0\x1b\u202e\ud800a1水:,.{}", max_size=60)
PIECES = st.sampled_from([*SCRIPTS.values(), *HOSTILE.values()])


@given(st.lists(MARKS | PIECES, max_size=5).map("".join))
@settings(max_examples=150)
def test_no_mixture_breaks_out(text: str) -> None:
    assert Reader(page([everywhere(text)])).faults == []


def test_the_reader_of_these_tests_sees_what_is_wrong() -> None:
    whole = page([session(1)])
    assert Reader(whole).faults == []
    for text in (
        *("<script>x</script>", "<p onclick=x>", "<p style=x></p>", "<img src=http://x>", "<a href=javascript:x></a>"),
        *("<iframe></iframe>", "</main>", "<!-- x -->", "<div>", "\u202e", '<a id="query"></a>', "<style></style>"),
    ):
        assert Reader(whole.replace("<main>", f"<main>{text}")).faults


def test_all_that_was_said_is_there() -> None:
    turns = (
        Turn(
            replace(
                question("1+1=几\n  再算一次", "2026-11-20T21:30:11.902Z"), attachments=(File("a.py", 9, "x = 'y'\n"),)
            ),
            answer("**2**。", reasoning="先*想*一想", model="gpt-4o-2024-08-06", window=Sent(44, 3)),
            (replace(question("在吗"), status="unanswered"),),
        ),
        Turn(question("然后"), answer("因为", status="interrupted", usage=None, latency=None)),
        Turn(question("短"), answer("…", finish_reason="length", usage=Usage(1200, 5), latency=Latency(total=2.04))),
    )
    made = replace(
        one(*turns), tags=("数学", "b"), parent=Parent("20260101T000000Z-aaaa", 1), settings={"temperature": 0.5}
    )
    whole = page([made])
    reader = Reader(whole)
    assert reader.faults == []
    for text in (
        *(
            "水仙花数",
            "简说Python",
            "default",
            "一个有10年Python开发经验的资深算法工程师",
            made.id,
            "数学, b",
            "temperature 0.5",
        ),
        *(
            "1+1=几\n  再算一次",
            "a.py, 1 line",
            "x = 'y'",
            "在吗",
            "unanswered",
            "先想一想",
            "2。",
            "gpt-4o-2024-08-06",
        ),
        *("44 + 8 tokens", "without the 3 oldest turns", "1.5 s", "first word after 0.4 s", "interrupted"),
        *(
            "2026-11-20 21:30 UTC",
            "20260101T000000Z-aaaa, after 1 turn",
            "cut at its longest length",
            "1,200 + 5 tokens",
        ),
        "1,244 + 13",
    ):
        assert text in reader.text, text
    assert "<em>想</em>" in whole
    assert "<strong>2</strong>" in whole
    assert whole.count("<details") == whole.count("<summary>") == 4  # contents, persona, attachment, reasoning
    assert "<details open" not in whole


def test_the_contents_lead_to_every_session_and_turn() -> None:
    reader = Reader(page([session(3), replace(session(2), title="二"), session(0)]))
    anchors = ["s1", "s1t1", "s1t2", "s1t3", "s2", "s2t1", "s2t2", "s3"]
    assert [each for each in reader.ids if each.startswith("s") and each[1:2].isdigit()] == anchors
    assert [link.removeprefix("#") for link in reader.links][: len(anchors)] == anchors
    assert "3 sessions" in reader.text


def test_a_page_of_nothing_is_a_page() -> None:
    for sessions in ([], [session(0)], [replace(session(0), persona=Persona("", ""))]):
        assert Reader(page(sessions)).faults == []


def test_a_page_is_the_same_each_time() -> None:
    assert page([session(3)]) == page([session(3)])


def test_code_is_coloured_by_its_language() -> None:
    made = said("```python\ndef f(x):  # 注释\n    return 'a' + str(1)\n```")
    for piece in (
        *('<pre class="code" data-language="python">', '<span class="k">def</span>', '<span class="c"># 注释</span>'),
        *(
            '<span class="f">f</span>',
            "<span class=\"s\">'a'</span>",
            '<span class="b">str</span>',
            '<span class="n">1</span>',
        ),
    ):
        assert piece in made
    assert "def f(x):  # 注释\n    return 'a' + str(1)\n" in Reader(made).text


@pytest.mark.parametrize(
    "info", ["", "no such language", "text", "python3 title=x", "MERMAID", "\t", "PYTHON", "c++", "js"]
)
def test_code_of_any_language_stays_what_it_is(info: str) -> None:
    code = "\n\n  if (a < b && c > d) { return \"<b>\" + '&amp;'; }  \n\ttab\n"
    assert code in Reader(said(f"```{info}\n{code}```")).text


def test_code_that_would_take_long_is_not_coloured() -> None:
    for code in ("x = 1\n" * 10_000, "a" * 5_000, "[" * 3_000):
        made = said(f"```python\n{code}\n```")
        assert code.rstrip("\n") in Reader(made).text
        assert '<span class="n">' not in made


def test_the_code_of_a_long_page_is_coloured_up_to_its_budget() -> None:
    block = "```python\n" + "x = 1\n" * 8_000 + "```"
    sessions = [one(Turn(question("q"), answer(block))) for _ in range(12)]
    made = page(sessions)
    assert made.count("x = ") == 12 * 8_000
    assert made.count('<span class="n">1</span>') == MOST // len("x = 1\n" * 8_000) * 8_000
    assert page(sessions[:1]).count('<span class="n">1</span>') == 8_000  # each page has its own


def test_a_page_of_many_sessions_is_never_in_memory_as_a_whole() -> None:
    text = "一段很长的话。" * 4_000
    tracemalloc.start()
    try:
        made = sum(map(len, pieces(one(Turn(question("q"), answer(text))) for _ in range(60))))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made > 60 * len(text)
    assert most < 30 * len(text)


def test_an_attached_text_is_coloured_by_its_name() -> None:
    file = File("src/a.rs", 20, "fn main() {}\n")
    made = page([one(Turn(replace(question("q"), attachments=(file,)), answer("a")))])
    assert '<span class="k">fn</span>' in made
    assert Reader(made).faults == []


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_the_kinds_that_are_attached_are_shown(kind: str) -> None:
    media, make = KINDS[kind]
    data = make(3, 2)
    lying = data_url(data, "image/svg+xml")
    shown = Reader(page([one(Turn(replace(question("q"), attachments=(Image("a", 1, 3, 2, lying),)), answer("a")))]))
    assert shown.faults == []
    assert [b64decode(url.partition(",")[2]) for url in shown.images] == [data]
    assert shown.images[0].startswith(f"data:{media};base64,")


@pytest.mark.parametrize(
    "url",
    [
        data_url(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "image/svg+xml"),
        data_url(b"<svg/>", "image/png"),
        data_url(PIXELS, "text/html"),
        data_url(PIXELS).replace(";base64", ""),
        data_url(PIXELS) + '" onerror="x',
        data_url(PIXELS[:20]),
        "data:image/png;base64,",
        "https://evil.example/a.png",
        "javascript:x",
        "",
    ],
)
def test_an_image_that_is_none_is_told_and_not_shown(url: str) -> None:
    attached = replace(question("q"), attachments=(Image("cat.png", 81_000, 640, 480, url),))
    reader = Reader(page([one(Turn(attached, answer(f"![dog]({url})")))]))
    assert (reader.faults, reader.images) == ([], [])
    assert "cat.png, 640x480, 81 kB" in reader.text
    assert "this image cannot be shown" in reader.text


def test_an_image_in_an_answer_is_shown_when_the_answer_holds_it() -> None:
    reader = Reader(said(f"![a & b]({data_url(PIXELS)}) and ![far](https://evil.example/a.png)"))
    assert reader.images == [data_url(PIXELS)]
    assert "🖼 far https://evil.example/a.png" in reader.text


def test_a_list_of_parts_is_shown_part_by_part() -> None:
    parts = (
        {"type": "text", "text": "look\n  here"},
        {"type": "image_url", "image_url": {"url": data_url(PIXELS)}},
        {"type": "image_url", "image_url": "https://evil.example/b.png"},
        {"type": "input_audio", "input_audio": {}},
    )
    reader = Reader(page([one(Turn(Message(role="user", content="look", parts=parts), answer("a")))]))
    assert (reader.faults, reader.images) == ([], [data_url(PIXELS)])
    for text in ("look\n  here", "🖼 (https://evil.example/b.png)", "[input_audio]"):
        assert text in reader.text


ADDRESSES = {
    "[here](https://a.example/x)": ("here (https://a.example/x)", ["https://a.example/x"]),
    "[https://bank.example](https://evil.example)": (
        "https://bank.example (https://evil.example)",
        ["https://evil.example"],
    ),
    "<https://a.example/x?y=1&z=2>": ("https://a.example/x?y=1&z=2", ["https://a.example/x?y=1&z=2"]),
    "<me@a.example>": ("me@a.example (mailto:me@a.example)", ["mailto:me@a.example"]),
    "[https://a.example/水](https://a.example/水)": ("https://a.example/水", ["https://a.example/%E6%B0%B4"]),
    "[数](https://a.example/%E6%B0%B4%2Fb%20c%E2%80%AE)": (
        "数 (https://a.example/水%2Fb%20c%E2%80%AE)",
        ["https://a.example/%E6%B0%B4%2Fb%20c%E2%80%AE"],
    ),
    "[x](javascript:alert(1))": ("[x](javascript:alert(1))", []),
    "[x](/etc/passwd)": ("x (/etc/passwd)", []),
    "[x](//evil.example)": ("x (//evil.example)", []),
    "[x](#s1t1)": ("x (#s1t1)", []),
    "[x](ssh://-oProxyCommand=id/)": ("x (ssh://-oProxyCommand=id/)", []),
    "见 https://a.example/b。再(https://a.example/c),又 https://a.example/d_(e)!": (
        "见 https://a.example/b。再(https://a.example/c),又 https://a.example/d_(e)!",
        ["https://a.example/b", "https://a.example/c", "https://a.example/d_(e)"],
    ),
    "`https://a.example`": ("https://a.example", []),
    "https://": ("https://", []),
    "[pay](https://bank.example@evil.example/)": (
        "pay (https://bank.example@evil.example/)",
        ["https://bank.example@evil.example/"],
    ),
    "[x](http://b\u00fccher.example/)": ("x (http://xn--bcher-kva.example/)", ["http://xn--bcher-kva.example/"]),
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_a_link_shows_where_it_leads_and_leads_only_outside(text: str) -> None:
    shown, links = ADDRESSES[text]
    reader = Reader(said(text))
    assert shown in reader.text
    assert [link for link in reader.links if not link.startswith("#")] == links


def test_every_link_keeps_its_reader_s_secrets() -> None:
    made = said("[a](https://a.example) <https://b.example> https://c.example ![d](https://d.example/d.png)")
    outside = re.findall(r'<a [^>]*href="https:[^>]*>', made)
    assert len(outside) == 4
    assert all('rel="noopener noreferrer nofollow"' in each for each in outside)


def test_an_address_of_enormous_length_is_text() -> None:
    long = "https://a.example/" + ")" * 200_000
    reader = Reader(said(f"{long}\n\n[x](https://a.example/{'a' * 5000})"))
    assert not [link for link in reader.links if not link.startswith("#")]
    assert long in reader.text


MARKDOWN = {
    "a\nb": "<p>a\nb</p>\n",
    "水\n仙": "<p>水仙</p>\n",
    "a  \nb": "<p>a<br>b</p>\n",
    "# A\n\n###### F": "<h3>A</h3>\n<h6>F</h6>\n",
    "1. a\n2. b": "<ol><li>a</li>\n<li>b</li>\n</ol>\n",
    "7) a": '<ol start="7"><li>a</li>\n</ol>\n',
    "- a\n\n- b": "<ul><li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>\n",
    "> q": "<blockquote><p>q</p>\n</blockquote>\n",
    "*e* **s** ~~d~~ `c<`": "<p><em>e</em> <strong>s</strong> <s>d</s> <code>c&lt;</code></p>\n",
    "---": "<hr>",
    "<b>&amp;&lt;</b>": "<p>&lt;b&gt;&amp;&lt;&lt;/b&gt;</p>\n",
    "\\*a\\*": "<p>*a*</p>\n",
    "|a|b|\n|-:|:-:|\n|1|2|": (
        '<div class="wide"><table><thead><tr><th class="right">a</th>\n<th class="center">b</th>\n</tr>\n</thead>\n'
        '<tbody><tr><td class="right">1</td>\n<td class="center">2</td>\n</tr>\n</tbody>\n</table>\n</div>\n'
    ),
    "    code": '<pre class="code"><code>code\n</code></pre>\n',
    "```\nnever closed": '<pre class="code"><code>never closed</code></pre>\n',
}


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_becomes_elements(text: str) -> None:
    assert rendered(text, Code()) == MARKDOWN[text]


@pytest.mark.parametrize(
    "deep", ["> " * 500 + "end", "".join(f"{'  ' * n}- {n}\n" for n in range(200)), "[" * 5000 + "end"]
)
def test_what_is_nested_without_end_is_still_all_there(deep: str) -> None:
    assert sum(map(str.isalnum, Reader(said(deep)).text)) >= sum(map(str.isalnum, deep))


def test_a_word_that_every_answer_holds_is_in_the_page_as_often() -> None:
    made = page([session(400)])
    assert [int(each) for each in re.findall("<p>回答 (\\d+)。</p>", made)] == list(range(1, 401))


def test_a_session_of_a_megabyte_becomes_a_page() -> None:
    text = "一段*很长*的话,with `code` and **words**.\n\n- a\n- b\n\n" * 20
    turns = tuple(Turn(question(f"问题 {number}"), answer(text)) for number in range(300))
    made = page([replace(session(), turns=turns)])
    assert made.count("<em>很长</em>") == 300 * 20
    assert made.endswith("</html>\n")
