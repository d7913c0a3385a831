"""Realistic histories of any size, the same at each run: users, sessions and texts as people leave them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec

USERS = ("简说Python", "老表", "小明", "alice", "bob", "carol", "dave", "réviseur")
SHARES = (40, 20, 12, 10, 8, 5, 3, 2)
"""Users, and how many of a hundred sessions each has: one talks much more than the others."""

MODELS, MODEL_SHARES = (
    ("gpt-3.5-turbo", "gpt-4o", "gpt-4o-mini", "deepseek/deepseek-chat", "qwen2.5:7b"),
    (40, 20, 20, 12, 8),
)
TURNS = 5
"""Turns of a session on average, and so ten messages."""

RARE, RARE_CHINESE = "zyzzyva", "麒麟阁"
"""Words that a hundred sessions of a hundred thousand hold."""

RARELY = 1000
PERSONA = "一个有10年Python开发经验的资深算法工程师"

_ENGLISH = [
    "the",
    "of",
    "to",
    "and",
    "a",
    "in",
    "is",
    "it",
    "that",
    "for",
    "you",
    "on",
    "with",
    "as",
    "this",
    "be",
    "are",
    "can",
    "or",
    "an",
    "your",
    "by",
    "not",
    "from",
    "use",
    "if",
    "will",
    "which",
    "all",
    "one",
    "has",
    "more",
    "when",
    "there",
    "we",
    "code",
    "function",
    "list",
    "value",
    "return",
    "data",
    "file",
    "line",
    "name",
    "type",
    "class",
    "method",
    "string",
    "number",
    "set",
    "example",
    "python",
    "import",
    "self",
    "error",
    "model",
    "server",
    "request",
    "response",
    "query",
    "table",
    "index",
    "user",
    "key",
    "token",
    "async",
    "await",
    "loop",
    "thread",
    "process",
    "memory",
    "cache",
    "string",
    "array",
    "object",
    "test",
    "module",
    "package",
    "version",
    "install",
    "command",
    "option",
    "default",
    "path",
    "folder",
    "docker",
    "image",
    "container",
    "network",
    "proxy",
    "port",
    "host",
    "client",
    "session",
    "database",
    "column",
    "row",
    "select",
    "insert",
    "update",
    "delete",
    "join",
    "transaction",
    "lock",
    "algorithm",
    "complexity",
    "sort",
    "search",
    "tree",
    "graph",
    "node",
    "edge",
    "hash",
    "queue",
    "stack",
    "heap",
    "recursion",
    "dynamic",
    "greedy",
    "matrix",
    "vector",
    "tensor",
    "gradient",
    "layer",
    "training",
    "loss",
    "batch",
    "epoch",
    "learning",
    "rate",
    "dataset",
    "feature",
    "label",
    "cluster",
    "regression",
    "probability",
    "variance",
    "mean",
    "median",
    "distribution",
    "sample",
    "estimate",
    "error",
    "bias",
]
_CHINESE = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之"
    "进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与"
    "关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常"
    "文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光"
    "函数列表变量类型对象方法返回参数循环条件异常文件路径网络请求响应服务器客户端数据库索引查询缓存线程进程内存算法排序递归动态规划梯度模型训练"
)


def fill(folder: Path, sessions: int, seed: int = 1) -> None:
    """Write so many saved sessions below a history folder, half of them in Chinese."""
    for user in USERS:
        (folder / user).mkdir(parents=True, exist_ok=True)
    for user, name, data in histories(sessions, seed):
        (folder / user / name).write_bytes(data)


def histories(sessions: int, seed: int = 1) -> Iterator[tuple[str, str, bytes]]:
    """Make sessions, oldest first: user, file name, and the file as chatcmd writes it."""
    chance = random.Random(seed)
    words = _Words(chance)
    at = datetime(2023, 3, 1, 8, tzinfo=UTC)
    step = timedelta(days=1_000) / max(sessions, 1)
    for number in range(sessions):
        at += step * chance.uniform(0.5, 1.5)
        session = _session(number, at, chance, words)
        yield (
            session["user"],
            f"{session['id']}.json",
            msgspec.json.format(msgspec.json.encode(session), indent=2) + b"\n",
        )


class _Words:
    """Texts whose words are as often as in real ones: few are everywhere, most are seldom."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        named = [f"{first}_{second}" for first in _ENGLISH[40:] for second in _ENGLISH[60:]]
        self._english = [*_ENGLISH, *chance.sample(named, 8_000)]
        common = list(dict.fromkeys(_CHINESE))
        seldom = [chr(code) for code in range(0x4E00, 0x4E00 + 2_000)]
        pairs = dict.fromkeys(chance.choice(common) + chance.choice(common) for _ in range(9_000))
        rare = [chance.choice(common) + chance.choice(seldom) for _ in range(3_000)]
        self._chinese = [*common[:60], *pairs, *rare]  # most words have two characters
        self._english_weights = list(accumulate(1 / rank for rank in range(1, len(self._english) + 1)))
        self._chinese_weights = list(accumulate(1 / rank for rank in range(1, len(self._chinese) + 1)))

    def english(self, count: int) -> str:
        said = self._chance.choices(self._english, cum_weights=self._english_weights, k=count)
        said[0] = said[0].capitalize()
        return " ".join(said) + "."

    def chinese(self, count: int) -> str:
        said = self._chance.choices(self._chinese, cum_weights=self._chinese_weights, k=count // 2)  # which say as much
        return "，".join("".join(said[place : place + 8]) for place in range(0, len(said), 8)) + "。"


def _session(number: int, at: datetime, chance: random.Random, words: _Words) -> dict[str, Any]:
    is_chinese = number % 2 == 0
    say = words.chinese if is_chinese else words.english
    user = chance.choices(USERS, SHARES)[0]
    model = chance.choices(MODELS, MODEL_SHARES)[0]
    messages: list[dict[str, object]] = [{"role": "system", "content": PERSONA}]
    title, now = "", at
    for turn in range(chance.choice((TURNS - 3, TURNS - 1, TURNS, TURNS + 1, TURNS + 3))):
        question = say(chance.randint(6, 24))
        if number % RARELY == RARELY // 2 and turn == 1:
            question += f" {RARE}" if chance.random() < 0.5 else RARE_CHINESE
        answer = say(chance.randint(20, 160))
        if turn % 2:
            answer += "\n\n```python\ndef f(x):\n    return x + 1\n```\n"
        title = title or question[:60]
        first, total = chance.uniform(0.2, 1.5), chance.uniform(1.5, 9)
        messages.append({"role": "user", "content": question, "at": _iso(now)})
        now += timedelta(seconds=total)
        tokens = 40 + 120 * turn + len(question)
        messages.append(
            {
                "role": "assistant",
                "content": answer,
                "at": _iso(now),
                "model": model,
                "status": "complete",
                "finish_reason": "stop",
                "latency": {"first": round(first, 3), "total": round(total, 3)},
                "usage": {"prompt_tokens": tokens, "completion_tokens": len(answer) // 3},
                "window": {"tokens": tokens, "dropped": 0},
            }
        )
        now += timedelta(seconds=chance.uniform(5, 90))
    return {
        "format": 1, "id": f"{at:%Y%m%dT%H%M%SZ}-{number % 0x10000:04x}", "user": user,
        "persona": {"name": "default", "content": PERSONA}, "model": model, "started": _iso(at),
        "ended": _iso(now), "ended_by": "exit",
        "title": title, "messages": messages,
    }  # fmt: skip


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
