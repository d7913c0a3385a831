"""The promise of the window, kept by the real program: a server that counts never sees a request too long."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chatcmd import vocabulary
from tests.loopback import Loopback, Received, prompt_tokens, window_model
from tests.terminal_driver import CHATCMD, run

LIMIT, RESERVE = 4096, 1024

# Words of many scripts, and what is hard for a tokenizer: code, emoji, runs, blanks, what looks like its own marks.
VISIBLE = """
为什么 是这样 水仙花数 一个有10年Python开发经验的 算法工程师 简说 。 ， 《红楼梦》 龘靐齉
the quick brown fox antidisestablishmentarianism I'll don't WHY CamelCaseName snake_case_name
Почему это так? こんにちは カタカナ 안녕하세요 สวัสดีครับ مرحبا بالعالم שלום नमस्ते Ελληνικά
😀 🇨🇳 ✅ ﷽ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 é <|endoftext|> <|im_start|> https://a.test/?q=%E4%B8%80#x
for(i=0;i<n;++i){a[i]^=0xFF;} => !== 3.14159265358979 1234567890123 0b1010 \\n\\t
"""
INVISIBLE = ["👩\u200d👩\u200d👧", "e\u0301", "\u2028", "\u00a0", "\ufeffx", "\u200b", "    ", "\t\t"]
WORDS = [*VISIBLE.split(), *INVISIBLE, "a" * 32, "一" * 20, "=" * 40]


def text(random: Random, words: int) -> str:
    return random.choice(["", " ", "，", ", "]).join(random.choices(WORDS, k=words))


def question(random: Random) -> str:
    """Make one line: mostly short, at times one that takes most of the window."""
    return "Q" + text(random, random.choice([1, 5, 20, 20, 60, 60, 150, 270]))


def answer_to(received: Received) -> str:
    """Answer by the question alone, so that the same question has the same answer; lengths differ widely."""
    random = Random(received.raw)
    return "A" + text(random, random.choice([1, 10, 40, 40, 120, 300])).replace("，", "，\n")


@pytest.mark.parametrize(
    ("model", "encoding", "flags", "turns"),
    [("gpt-3.5-turbo", "cl100k_base", [], 200), ("gpt-4o", "o200k_base", ["--no-stream"], 60)],
)
def test_no_request_is_too_long_in_many_turns_of_mixed_languages(
    model: str, encoding: str, flags: list[str], turns: int, tmp_path: Path
) -> None:
    count_text = vocabulary.counter(encoding)
    random = Random(20261120)
    questions = [question(random) for _ in range(turns)]
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "settings.toml").write_text(f'[windows]\n"gpt-4o" = {LIMIT}\n')

    with Loopback(count_text) as server:
        server.default = window_model(LIMIT, server.count, answer_to)
        flags = ["--root", str(tmp_path), "--base-url", server.base_url, "--model", model, *flags]
        lines = "\n".join(["简说Python", *questions, "0"]) + "\n"
        done = run([*CHATCMD, *flags], stdin=lines.encode(), timeout=100)
        requests = server.chats

    assert done.code == 0, done.err
    assert "the server counted" not in done.err
    (path,) = (tmp_path / "history" / "简说Python").glob("*.json")
    messages = json.loads(path.read_text("utf-8"))["messages"]
    persona, asked, answered = messages[0], messages[1::2], messages[2::2]
    assert [message["content"] for message in asked] == questions
    assert len(requests) == len(answered) == turns
    for number, (request, answer) in enumerate(zip(requests, answered, strict=True)):
        tokens = prompt_tokens(request.messages, count_text)
        assert tokens + RESERVE <= LIMIT
        assert (answer["status"], answer["content"]) == ("complete", answer_to(request))
        assert answer["window"]["tokens"] == answer["usage"]["prompt_tokens"] == tokens
        assert request.messages == promised(persona, asked, answered, number, answer["window"]["dropped"])
        assert_as_few_as_possible(messages, number, answer["window"]["dropped"], tokens, count_text)
    assert max(answer["window"]["dropped"] for answer in answered) > turns // 2
    assert {answer["window"]["dropped"] == 0 for answer in answered} == {True, False}


def promised(
    persona: dict[str, Any], asked: list[dict[str, Any]], answered: list[dict[str, Any]], number: int, dropped: int
) -> list[dict[str, str]]:
    """The request that the window promises: persona, the turns that were not dropped, the question."""
    turns = [message for turn in zip(asked[dropped:number], answered[dropped:number], strict=True) for message in turn]
    return [{"role": message["role"], "content": message["content"]} for message in (persona, *turns, asked[number])]


def assert_as_few_as_possible(
    messages: list[dict[str, Any]], number: int, dropped: int, tokens: int, count_text: Any
) -> None:
    """One turn more would have been one too many."""
    if dropped:
        newest_dropped = messages[2 * dropped - 1 : 2 * dropped + 1]
        assert number >= dropped
        assert tokens + prompt_tokens(newest_dropped, count_text) - 3 + RESERVE > LIMIT
