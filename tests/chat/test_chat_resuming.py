"""Going on with a saved session: its turns are shown, its file grows, and nothing else of it changes."""

import json
import re

import pytest

from tests.chat.stage import PERSONA, Stage, said, spoken
from tests.loopback import Loopback, say

ID = "20260102T030405Z-00aa"
TOLD = said("q1", "a1")


def saved(stage: Stage, user: str = "anna", session_id: str = ID, title: str = "q1") -> bytes:
    """Save a session as another program may have: with keys that are not known here, in an order of its own."""
    content = {
        "future": {"kept": [1, 2]},
        "format": 1,
        "id": session_id,
        "user": user,
        "persona": {"name": "default", "content": PERSONA["content"], "mood": "calm"},
        "model": "gpt-4",
        "started": "2026-01-02T03:04:05.678Z",
        "ended": "2026-01-02T03:05:05.678Z",
        "ended_by": "exit",
        "title": title,
        "tags": ["old"],
        "messages": [PERSONA, {"role": "user", "content": "q1", "stars": 5}, {"role": "assistant", "content": "a1"}],
    }
    path = stage.root / "history" / user / f"{session_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False))
    return path.read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ("--continue",),
        ("-c", "-u", "anna"),
        ("--resume", ID),
        ("-r", ID[:10]),
        ("-r", "the title", "-u", "anna"),
        ("-r", "-1"),
    ],
)
def test_resumed_session_is_shown_and_unchanged_when_nothing_is_asked(offline: Stage, words: tuple[str, ...]) -> None:
    saved(offline, "bo", "20250102T030405Z-00bb", "another")
    before = saved(offline, title="the title")
    done = offline.pipe("/context\n", *words)
    assert done.code == 0
    assert done.out.startswith(f"【system】{PERSONA['content']}\n【anna】q1\n【ChatGPT】a1\n")
    assert "going on with 'the title' of anna, after turn 1\n" in done.err
    paths = offline.files()
    assert [path.read_bytes() for path in paths if path.stem == ID] == [before]
    assert len(paths) == 2


def test_resumed_session_grows_and_nothing_else_of_it_changes(stage: Stage, server: Loopback) -> None:
    before = json.loads(saved(stage))
    server.answer(say("a2"))
    done = stage.pipe("q2\n0\n", "-c")
    assert (done.code, done.out.splitlines()[-2:]) == (0, ["【anna】q2", "【ChatGPT】a2"])
    assert stage.requests == [[*TOLD, *said("q2")[1:]]]
    assert server.chats[0].body["model"] == "gpt-4"
    [after] = stage.sessions()
    assert after["messages"][:3] == before["messages"]
    assert spoken(after) == said("q1", "a1", "q2", "a2")
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {"ended", "messages"}
    assert len(stage.files()) == 1


def test_user_named_beside_continue_gets_their_own_last_session(offline: Stage) -> None:
    saved(offline, "anna", "20260102T030405Z-00aa")
    saved(offline, "bo", "20270102T030405Z-00bb", "later")
    done = offline.pipe("", "-c", "-u", "anna")
    assert "of anna, after turn 1" in done.err
    missing = offline.pipe("", "-c", "-u", "nobody")
    assert (missing.code, missing.out) == (3, "")
    assert re.fullmatch("chatcmd: nothing is saved of nobody yet, [^\n]+\n", missing.err)


def test_model_that_is_named_answers_in_a_resumed_session(stage: Stage, server: Loopback) -> None:
    saved(stage)
    assert stage.pipe("q2\n", "-c", "-m", "gpt-4o").code == 0
    assert server.chats[0].body["model"] == "gpt-4o"
    assert stage.sessions()[0]["model"] == "gpt-4o"


def test_session_that_is_open_elsewhere_is_refused_with_one_sentence(offline: Stage) -> None:
    before = saved(offline)
    with offline.terminal("-c") as first:
        first.expect("going on with 'q1' of anna")
        first.expect("【anna】")
        second = offline.pipe("q2\n", "-c")
        assert (second.code, second.out) == (3, "")
        assert second.err == (
            f"chatcmd: session {ID} is open in another chatcmd; leave it there first, "
            f"go on in a copy: chatcmd -r {ID} --fork, or read it: chatcmd history show {ID}\n"
        )
        first.line("q3")
        first.expect("Your question was: q3")
        first.expect("【anna】")
        first.line("0")
        assert first.wait() == 0
    [after] = offline.sessions()
    assert [each["content"] for each in after["messages"][1::2]] == ["q1", "q3"]
    assert json.loads(before)["messages"] == after["messages"][:3]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("-r", "2027"), 3, "no session is called '2027'"),
        (("-r", "-2"), 3, "no session is called '-2'"),
        (("-c", "--no-save"), 2, "--no-save keeps no history"),
        (("-c", "-u", "a/b\x07"), 2, "control or invisible"),
    ],
)
def test_session_that_there_is_not_ends_it_with_a_sentence(
    offline: Stage, words: tuple[str, ...], code: int, sentence: str
) -> None:
    before = saved(offline)
    done = offline.pipe("q\n", *words)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert [path.read_bytes() for path in offline.files()] == [before]


def test_newer_session_is_shown_never_continued(offline: Stage) -> None:
    path = offline.root / "history" / "anna" / f"{ID}.json"
    newer = saved(offline).replace(b'"format": 1', b'"format": 2')
    path.write_bytes(newer)
    done = offline.pipe("q\n", "-r", ID)
    assert done.code == 3
    assert "was written by a newer chatcmd: it can be shown, not continued" in done.err
    assert [each.read_bytes() for each in offline.files()] == [newer]


@pytest.mark.parametrize("line", ["/resume nowhere", "/replay nowhere"])
def test_a_mistyped_session_is_said_and_is_no_failure_of_the_chat(offline: Stage, line: str) -> None:
    with offline.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line(line)
        terminal.expect("no session is called 'nowhere'")
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
    assert offline.pipe("u\n/resume nowhere\n").code == 2


def test_undo_in_a_resumed_session_leaves_its_file_and_branches(offline: Stage) -> None:
    before = saved(offline)
    done = offline.pipe("/undo\nq2\n", "-c")
    assert done.code == 0
    old, new = sorted(offline.sessions(), key=lambda each: str(each["id"]))
    assert json.loads(before) == old
    assert new["parent"] == {"id": ID, "turn": 0}
    assert [each["content"] for each in new["messages"][1::2]] == ["q2"]
