import json

import pytest
from hypothesis import given, settings, strategies as st
from markdown_it import MarkdownIt

from chatcmd.conversation.attachment import Attachment, File, Image, announced, block, laid_out, size_of
from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.models import CL100K
from chatcmd.conversation.tokens import at_least, bound, estimate, exact
from chatcmd.conversation.window import Budget, fit
from chatcmd.errors import QuestionTooLong
from tests.conversation.texts import answers, asks, texts
from tests.replies import prompt_tokens

NOTES = File("notes.md", 24, "# Notes\n```py\nx\n```\nlast")
EMPTY = File("empty", 0, "")
CAT = Image("cat.png", 81_234, 640, 480, "data:image/png;base64,AAAA")
PERSONA = Message(role="system", content="expert")

# What markdown-it keeps as it is: it takes a CR for the end of a line, and replaces NUL.
lines = st.text(st.sampled_from("`~ab #>-*汉\t\n "), max_size=60)
files = st.builds(
    lambda name, text: File(name, len(text.encode()), text), st.sampled_from(("a.py", "b", "c.md")), lines
)


def question(text: str, *attachments: Attachment) -> Message:
    return Message(role="user", content=text, attachments=attachments)


def test_files_stand_behind_what_was_typed_with_their_names_and_in_fences() -> None:
    asked = question("compare @notes.md @a.py", NOTES, File("a.py", 6, "x = 1\n"))
    assert asked.api == {
        "role": "user",
        "content": (
            "compare @notes.md @a.py\n\n"
            "notes.md:\n````markdown\n# Notes\n```py\nx\n```\nlast\n````\n\n"
            "a.py:\n```python\nx = 1\n```"
        ),
    }


def test_images_are_parts_behind_the_text() -> None:
    asked = question("see @cat.png @notes.md", CAT, NOTES)
    assert asked.api["content"] == [
        {"type": "text", "text": "see @cat.png @notes.md" + block(NOTES)},
        {"type": "image_url", "image_url": {"url": CAT.url}},
    ]
    assert asked.pictures == [(640, 480)]


@given(lines, st.lists(files, min_size=1, max_size=3))
def test_a_reader_of_markdown_finds_each_file_whole(typed: str, attached: list[File]) -> None:
    text, starts = laid_out("", attached)
    fences = [token for token in MarkdownIt().parse(text) if token.type == "fence"]
    whole = [each.text if not each.text or each.text.endswith("\n") else f"{each.text}\n" for each in attached]
    assert [token.content for token in fences] == whole
    behind, starts = laid_out(typed, attached)
    assert behind == typed + text
    assert [behind[start : start + len(each.text)] for start, each in zip(starts, attached, strict=True)] == [
        each.text for each in attached
    ]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("a.py", "python"),
        ("A.PY", "python"),
        ("src/b.rs", "rust"),
        ("c.toml", "toml"),
        ("notes.txt", "text"),
        ("Makefile", ""),
        (".gitignore", ""),
        ("src/.env", ""),
        ("a.b c", ""),
        ("a.汉", ""),
        ("x.`", ""),
        ("a.tar.gz", "gz"),
    ],
)
def test_the_word_behind_the_fence_comes_from_the_suffix(name: str, word: str) -> None:
    assert f"\n```{word}\n" in block(File(name, 1, "x"))


@pytest.mark.parametrize(
    ("attachment", "label", "note"),
    [
        (NOTES, "notes.md, 5 lines", "attached notes.md: 5 lines, 1,304 tokens"),
        (File("a", 2, "a\n"), "a, 1 line", "attached a: 1 line, 1,304 tokens"),
        (EMPTY, "empty, 0 lines", "attached empty: 0 lines, 1,304 tokens"),
        (File("b", 4000, "\n" * 4000), "b, 4,000 lines", "attached b: 4,000 lines, 1,304 tokens"),
        (CAT, "cat.png, 640x480, 81 kB", "attached cat.png: 640x480, 81 kB"),
    ],
)
def test_attachments_are_called_by_name_and_size(attachment: Attachment, label: str, note: str) -> None:
    assert attachment.label == label
    assert announced(attachment, 1304) == note
    assert question("typed", attachment).shown == f"typed\n[{label}]"
    about = announced(attachment, 1304, exact=False)
    assert about == note.replace(", 1,304", ", about 1,304")


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (81_234, "81 kB"), (2_500_000, "2.5 MB")]
)
def test_sizes_read_well(size: int, said: str) -> None:
    assert size_of(size) == said


# Tokens


@given(texts, st.lists(st.builds(File, st.sampled_from(("a.py", "汉.md")), st.just(0), texts), max_size=3))
@settings(deadline=None)
def test_a_question_with_files_costs_what_its_text_costs(typed: str, attached: list[File]) -> None:
    asked, plain = question(typed, *attached), asks(laid_out(typed, attached)[0])
    for cost in (exact(CL100K, len), bound(CL100K), bound(None), estimate(len, 1.5)):
        assert cost.of(asked) == cost.of(plain)
    assert exact(CL100K, len).total([asked]) == prompt_tokens([asked.api], len)
    assert at_least([asked]) == at_least([plain])
    assert asked.api == plain.api


def test_images_cost_by_their_rule_and_make_any_count_an_estimate() -> None:
    seen, plain = question("see", CAT, CAT), asks("see")
    for cost in (exact(CL100K, len), bound(None), estimate(len, 2)):
        assert cost.of(seen) - cost.of(plain) == 2 * 425
    turns = [answered(seen)]
    costs = [bound(CL100K), exact(CL100K, len)]
    assert fit(PERSONA, turns, plain, Budget(4096, 1024), costs).kind == "estimate"
    assert fit(PERSONA, [], seen, Budget(4096, 1024), costs).kind == "estimate"
    assert fit(PERSONA, turns, plain, Budget(4096, 1024, max_turns=0), costs).kind == "bound"


def answered(asked: Message) -> Turn:
    return Turn(asked, answers("a cat"))


@given(st.integers(0, 3), st.integers(0, 3), st.integers(500, 6000), st.text("ab ", max_size=3000))
def test_the_window_holds_with_attachments(now: int, before: int, size: int, text: str) -> None:
    file = File("a", len(text), text)
    asked = question("look", *[CAT] * now, file)
    turns = [answered(question("see", *[CAT] * before)), answered(question("read", file)), answered(asks("a"))]
    budget, cost = Budget(size, size // 4), exact(CL100K, len)
    alone = cost.total([PERSONA, asked])
    if alone > budget.room:
        with pytest.raises(QuestionTooLong, match=f"{alone:,}|at least"):
            fit(PERSONA, turns, asked, budget, [bound(CL100K), cost])
        return
    window = fit(PERSONA, turns, asked, budget, [bound(CL100K), cost])
    assert window.tokens >= cost.total(window.messages)
    assert cost.total(window.messages) <= budget.room


def test_files_that_do_not_fit_are_refused_by_name_with_numbers() -> None:
    asked = question("read", File("a.txt", 5000, "ab" * 2500), CAT)
    with pytest.raises(QuestionTooLong) as refused:
        fit(PERSONA, [], asked, Budget(4096, 1024), [exact(CL100K, len)])
    tokens = exact(CL100K, len).total([PERSONA, asked])
    assert str(refused.value) == (
        f"the question does not fit: persona, question and a.txt, cat.png need {tokens:,} tokens, and 3,072 are free "
        "(a window of 4,096 less 1,024 kept for the answer); attach less, or choose a larger model"
    )
    with pytest.raises(QuestionTooLong, match=r"question and a\.txt need at least 7,812 tokens, and 3,072 are free"):
        fit(PERSONA, [], question("read", File("a.txt", 10**6, "a" * 10**6)), Budget(4096, 1024), [exact(CL100K, len)])


# Lists of parts that another program sent

FOREIGN = (
    {"type": "text", "text": "what is this?"},
    {"type": "image_url", "image_url": {"url": CAT.url, "detail": "low"}},
    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    {"type": "text", "text": "and that?"},
)


def test_foreign_parts_are_sent_as_they_are_and_counted_on_the_safe_side() -> None:
    asked = Message(role="user", content="what is this?", parts=FOREIGN)
    assert asked.api == {"role": "user", "content": list(FOREIGN)}
    texts, [picture] = asked.texts, asked.pictures
    assert [texts[0], texts[2]] == ["what is this?", "and that?"]
    assert json.loads(texts[1]) == FOREIGN[2]
    assert picture == (2048, 768)  # AAAA is no image
    assert exact(CL100K, len).of(asked) == 3 + len("user") + sum(map(len, texts)) + 1445


@pytest.mark.parametrize(
    "part", ["bare text", None, 5, [], {}, {"type": "image_url"}, {"type": "image_url", "image_url": "x"}]
)
def test_no_part_is_too_strange_to_be_counted(part: object) -> None:
    asked = Message(role="user", content="?", parts=(part,))
    assert exact(CL100K, len).of(asked) > 0
    assert bound(None).of(asked) > 0
