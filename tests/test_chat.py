"""The conversation of the first tutorial, through a pipe and in a terminal: what is sent, shown and saved."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chat.stage import KEY, PERSONA, Stage, exact_server, said, spoken
from tests.loopback import say

ONE = ["1+1=几", "为什么是这样", "水仙花数有哪些", "如何写个python程序来识别这些数"]
ANSWERS = [
    "1+1=2。",
    "因为加法就是这样定义的：\n\n1. 一个苹果\n2. 再加一个",
    "三位的水仙花数有 153、370、371、407。",
    "```python\nfor n in range(100, 1000):\n\tif n == sum(int(d) ** 3 for d in str(n)):\n        print(n)\n```",
]
RENDERED = [
    ANSWERS[0],
    "因为加法就是这样定义的：\n\n 1 一个苹果\n 2 再加一个",
    ANSWERS[2],
    "\n\n for n in range(100, 1000):\n    if n == sum(int(d) ** 3 for d in str(n)):\n         print(n)\n",
]
"""The answers as a terminal shows them, with code set off by blank rows."""

TWO, LAST = "1+1=几", "还是2 🙂\n"
LINES = ["简说Python", *ONE, "1", "第二个用户", TWO, "0"]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with exact_server() as server:
        server.answer(*(say(answer, pieces=list(answer)) for answer in [*ANSWERS, LAST]))
        yield Stage(tmp_path / "root", server)


def transcript() -> str:
    turns = [f"【简说Python】{question}\n【ChatGPT】{answer}\n" for question, answer in zip(ONE, ANSWERS, strict=True)]
    return "".join(turns) + f"【第二个用户】{TWO}\n【ChatGPT】{LAST}"


def check_requests(stage: Stage) -> None:
    """Compare what the server got with what the window promises: all that was said so far, nothing else."""
    first = [text for turn in zip(ONE, ANSWERS, strict=True) for text in turn]
    assert stage.requests == [*(said(*first[: 2 * turn + 1]) for turn in range(4)), said(TWO)]
    assert stage.server is not None
    assert {request.headers["authorization"] for request in stage.server.chats} == {f"Bearer {KEY}"}
    assert {request.body["model"] for request in stage.server.chats} == {"gpt-3.5-turbo"}
    assert {request.connection for request in stage.server.chats} == {1}


def check_files(stage: Stage) -> None:
    """Compare the files with what was said, and what they tell about it with what the server counted."""
    first, second = stage.sessions()
    pairs = zip(ONE, ANSWERS, strict=True)
    assert spoken(first) == said(*(text for turn in pairs for text in turn))
    assert spoken(second) == said(TWO, LAST)
    check_facts(first, user="简说Python", ended_by="reset", title=ONE[0])
    check_facts(second, user="第二个用户", ended_by="exit", title=TWO)
    names = sorted(f"{each['user']}/{each['id']}.json" for each in (first, second))
    assert sorted(str(path.relative_to(stage.root / "history")) for path in stage.files()) == names
    assert KEY not in "".join(path.read_text() for path in stage.files())


def check_facts(session: dict[str, Any], **facts: str) -> None:
    expected = {"format", "id", "user", "persona", "model", "started", "ended", "ended_by", "title", "messages"}
    assert session.keys() == expected
    assert {name: session[name] for name in facts} == facts
    assert session["persona"] == {"name": "default", "content": PERSONA["content"]}
    assert (session["format"], session["model"]) == (1, "gpt-3.5-turbo")
    times = [session["started"], *(each["at"] for each in session["messages"][1:]), session["ended"]]
    assert times == sorted(times)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times)
    system, *messages = session["messages"]
    assert system == PERSONA
    for question, answer in zip(messages[::2], messages[1::2], strict=True):
        assert question.keys() == {"role", "content", "at"}
        assert (answer["status"], answer["finish_reason"], answer["model"]) == ("complete", "stop", "gpt-3.5-turbo")
        assert answer["window"] == {"tokens": answer["usage"]["prompt_tokens"], "dropped": 0}
        assert 0 <= answer["latency"]["first"] <= answer["latency"]["total"]


def test_tutorial_through_a_pipe_is_exactly_the_transcript(stage: Stage) -> None:
    done = stage.pipe("".join(f"{line}\n" for line in LINES))
    assert done.code == 0
    assert done.out_bytes == transcript().encode()
    assert re.fullmatch(r"saved: \S*/history/简说Python/\S+\.json\nsaved: \S*/history/第二个用户/\S+\.json\n", done.err)
    check_requests(stage)
    check_files(stage)


def test_tutorial_in_a_terminal_says_asks_and_saves_the_same(stage: Stage) -> None:
    with stage.terminal(env={"NO_COLOR": "1"}) as terminal:
        terminal.expect("Your name:")
        terminal.line(LINES[0])
        for question, answer in zip(ONE, RENDERED, strict=True):
            terminal.expect("【简说Python】")
            terminal.line(question)
            terminal.expect(f"{question}\n【ChatGPT】{answer}\n")
        terminal.expect("【简说Python】")
        terminal.line("1")
        terminal.expect(re.compile(r"saved: \S*/history/简说Python/\S+\.json\n"))
        terminal.expect("known users: 简说Python\n")
        terminal.expect("Your name:")
        terminal.line("第二个用户")
        terminal.expect("【第二个用户】")
        terminal.line(TWO)
        terminal.expect(f"【ChatGPT】{LAST}")
        terminal.expect("【第二个用户】")
        terminal.line("0")
        terminal.expect(re.compile(r"saved: \S*/history/第二个用户/\S+\.json\n"))
        assert terminal.wait() == 0
        assert terminal.modes() == terminal.first_modes
    check_requests(stage)
    check_files(stage)


def test_tutorial_works_offline_through_a_pipe(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "root")
    done = stage.pipe("\n".join(LINES))
    assert done.code == 0
    assert b"\x1b" not in done.out_bytes
    assert [line for line in done.out.splitlines() if line.startswith(("【简", "【第"))] == [
        *(f"【简说Python】{question}" for question in ONE),
        f"【第二个用户】{TWO}",
    ]
    for place, question in enumerate([*ONE, TWO]):
        assert f"the persona, {place % 4} earlier turn" in done.out
        assert f"Your question was: {question}\n" in done.out
    first, second = stage.sessions()
    assert [each["content"] for each in first["messages"][1::2]] == ONE
    assert (first["ended_by"], second["ended_by"]) == ("reset", "exit")
    assert done.out == "".join(
        f"【{session['user']}】{question['content']}\n【ChatGPT】{answer['content']}\n"
        for session in (first, second)
        for question, answer in zip(session["messages"][1::2], session["messages"][2::2], strict=True)
    )
