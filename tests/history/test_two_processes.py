"""Two processes never write one session, and a killed one keeps nobody out."""

from pathlib import Path

import pytest

from chatcmd.history.library import Library
from tests.history.made import ID, saved, session, words
from tests.history.pipe_chat import PipeChat
from tests.loopback import Loopback, gated
from tests.terminal_driver import CHATCMD, run

REFUSAL = (
    f"chatcmd: session {ID} is open in another chatcmd; leave it there first, go on in a copy: chatcmd -r {ID} --fork, "
    f"or read it: chatcmd history show {ID}\n"
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "history")
    saved(library, session(1))
    return library


def resuming(root: Path) -> list[str]:
    return [*CHATCMD, "--root", str(root), "--offline", "--resume", ID]


@pytest.mark.faults(36)
def test_second_process_is_refused_until_the_first_has_left(library: Library, tmp_path: Path) -> None:
    path = library.find(ID)
    with PipeChat(resuming(tmp_path)) as first:
        first.expect("going on with")
        before = path.read_bytes()
        refused = run(resuming(tmp_path), "我也来\n".encode())
        assert (refused.code, refused.err, refused.out) == (3, REFUSAL, "")
        asked = run([*CHATCMD, "ask", "--root", str(tmp_path), "--offline", "-c", "我也来"])
        assert (asked.code, asked.err, asked.out) == (3, REFUSAL, "")
        assert path.read_bytes() == before
        first.lines("我先来")
        first.expect("Your question was: 我先来")
        assert first.finish() == 0
    assert run(resuming(tmp_path), "轮到我了\n".encode()).code == 0
    assert [content for role, content, _ in words(path) if role == "user"] == ["问题 1", "我先来", "轮到我了"]


@pytest.mark.faults(37)
def test_killed_process_leaves_no_lock(library: Library, tmp_path: Path) -> None:
    with Loopback() as server:
        server.default = gated(["never"])
        env = {"OPENAI_API_KEY": "sk-test"}
        argv = [word for word in resuming(tmp_path) if word != "--offline"]
        with PipeChat([*argv, "--base-url", server.base_url], env=env) as first:
            first.lines("还在吗")
            server.wait_for_request()
            assert run(resuming(tmp_path)).code == 3
            assert first.kill() == -9
        done = run(resuming(tmp_path), "在\n".encode())
    assert done.code == 0
    assert "recovered what was left unsaved of 简说Python's session '问题 1'" in done.err
    said = words(library.find(ID))
    assert [(content, status) for role, content, status in said if role == "user"][1:] == [
        ("还在吗", "unanswered"),
        ("在", None),
    ]


@pytest.mark.faults(36)
def test_of_many_that_resume_one_session_at_once_one_gets_it(library: Library, tmp_path: Path) -> None:
    chats = [PipeChat(resuming(tmp_path)) for _ in range(4)]
    try:
        for number, chat in enumerate(chats):
            chat.lines(f"我是 {number}")
            chat.expect_any("Your question was", "is open in another chatcmd")
        codes = [chat.finish() for chat in chats]
        (winner,) = [number for number, code in enumerate(codes) if code == 0]
        assert sorted(codes) == [0, 3, 3, 3]
        asked = [content for role, content, _ in words(library.find(ID)) if role == "user"]
        assert asked == ["问题 1", f"我是 {winner}"]
    finally:
        for chat in chats:
            chat.__exit__(None, None, None)


def test_chat_that_starts_does_not_touch_the_live_session_of_another(tmp_path: Path) -> None:
    argv = [*CHATCMD, "--root", str(tmp_path), "--offline", "-u"]
    with PipeChat([*argv, "甲"]) as first:
        first.lines("一")
        first.expect("Your question was: 一")
        other = run([*argv, "乙"], "二\n".encode())
        assert (other.code, "recovered" in other.err) == (0, False)
        first.lines("三")
        assert first.finish() == 0
    library = Library(tmp_path / "history")
    said = {path.parent.name: [each[1] for each in words(path) if each[0] == "user"] for path in library.paths()}
    assert said == {"甲": ["一", "三"], "乙": ["二"]}
    assert list(tmp_path.rglob("*.jsonl")) == []
