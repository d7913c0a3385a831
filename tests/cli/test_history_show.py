"""`chatcmd history show`: all or one turn, safe or exactly as said, in a pipe or as the chat shows it."""

import json
from pathlib import Path

import msgspec
import pytest

from chatcmd.conversation.message import Turn
from chatcmd.history.library import Library
from tests.history.made import ID, PERSONA, answer, question, saved, session
from tests.terminal_driver import CHATCMD, Finished, Terminal, run

SAID = "**bold** \x1b[31mred\x1b[0m \u202e 中文\t`code`"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = session(1).with_unanswered(question("没有回答")).with_turn(Turn(question("q2"), answer(SAID)))
    return saved(Library(tmp_path / "history"), made.with_unanswered(question("left open")))


def show(root: Path, *words: str) -> Finished:
    return run([*CHATCMD, "history", "show", *words, "--root", str(root)])


SAFE = "**bold** ␛[31mred␛[0m <U+202E> 中文\t`code`"
SHOWN = {
    ("-1", "--turn", "1"): "【简说Python】问题 1\n【ChatGPT】回答 1。\n",
    (ID, "--turn", "2"): f"【简说Python】没有回答  (unanswered)\n【简说Python】q2\n【ChatGPT】{SAFE}\n",
    (ID, "--turn", "-1"): "【简说Python】left open  (unanswered)\n",
    (ID, "--turn", "-2", "--role", "assistant"): f"{SAFE}\n",
    (ID, "--role", "user"): "问题 1\n没有回答\nq2\nleft open\n",
    (ID, "--raw", "--turn", "2", "--role", "assistant"): f"{SAID}\n",
    (ID, "--raw"): (
        f"【system】{PERSONA.content}\n【简说Python】问题 1\n【ChatGPT】回答 1。\n【简说Python】没有回答\n"
        f"【简说Python】q2\n【ChatGPT】{SAID}\n【简说Python】left open\n"
    ),
}


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_part_of_a_session_is_shown(words: tuple[str, ...], tmp_path: Path) -> None:
    done = show(tmp_path, *words)
    assert (done.code, done.err) == (0, "")
    assert done.out_bytes == SHOWN[words].encode()


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("turn", ["0", "4", "-4"])
def test_turn_that_is_not_there_is_one_sentence(turn: str, tmp_path: Path) -> None:
    done = show(tmp_path, ID, "--turn", turn)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"chatcmd: the session has 3 turns, and --turn {turn} is none of them\n"


@pytest.mark.parametrize("has_persona", [True, False])
def test_document_of_one_turn_holds_what_its_file_holds(path: Path, has_persona: bool, tmp_path: Path) -> None:  # noqa: FBT001
    content = msgspec.json.decode(path.read_bytes())
    for number, message in enumerate(content["messages"]):
        message["x"] = number
    if not has_persona:
        del content["messages"][0]
    path.write_bytes(msgspec.json.encode(content | {"unknown": {"kept": 1}}))
    told = json.loads(show(tmp_path, ID, "--turn", "2", "--json").out)
    first = 3 if has_persona else 2
    assert told == content | {"unknown": {"kept": 1}, "messages": content["messages"][first : first + 3]}
    answers = json.loads(show(tmp_path, ID, "--role", "assistant", "--json").out)["messages"]
    assert [each["x"] for each in answers] == [2, 5]
    assert json.loads(show(tmp_path, ID, "--json").out) == content | {"unknown": {"kept": 1}}


@pytest.mark.usefixtures("path")
def test_terminal_shows_it_as_the_chat_does_and_says_what_it_is(tmp_path: Path) -> None:
    with Terminal([*CHATCMD, "history", "show", ID, "--root", str(tmp_path)], env={"TZ": "Asia/Shanghai"}) as terminal:
        assert terminal.wait() == 0
        assert f"{ID}, 2026-11-21 05:30: 问题 1 (简说Python, default,\ngpt-3.5-turbo, 2 turns)" in terminal.text
        assert "bold ␛[31mred␛[0m <U+202E> 中文" in terminal.text
        assert "**" not in terminal.text
        assert b"\x1b[31m" not in terminal.bytes


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CHATCMD_MARKDOWN": "false"}])
def test_terminal_without_colours_gets_none(env: dict[str, str], tmp_path: Path) -> None:
    with Terminal([*CHATCMD, "history", "show", ID, "--turn", "1", "--root", str(tmp_path)], env=env) as terminal:
        assert terminal.wait() == 0
        assert "回答 1。" in terminal.text
        assert b"\x1b[3" not in terminal.bytes
        assert b"\x1b[1" not in terminal.bytes


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("settings", "is_drawn"), [("markdown = false", False), ("this is no TOML [", True), ("", True)]
)
def test_settings_are_heeded_and_wrong_ones_do_not_stand_before_it(
    settings: str,
    is_drawn: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "settings.toml").write_text(settings)
    with Terminal([*CHATCMD, "history", "show", ID, "--turn", "2", "--root", str(tmp_path)]) as terminal:
        assert terminal.wait() == 0
        assert ("**bold**" in terminal.text) != is_drawn
