"""The key goes to the service alone: not into a question unasked, an argument, a log, a memory image or a file."""

import json
import resource
import sys
from pathlib import Path

import pytest

from chatcmd.errors import Exit
from tests.chat.stage import KEY, Stage
from tests.loopback import Loopback, Reply, error, say
from tests.terminal_driver import PYTHON, run

pytestmark = pytest.mark.faults(48)

ELSEWHERE = "sk-CANARY-in-envs-alone-0123"
REFUSED = "one of your keys stands in this question, and it was not sent; take the key out"


@pytest.mark.gives_key_away
def test_question_with_a_key_comes_back_once_and_is_sent_when_entered_again(stage: Stage, server: Loopback) -> None:
    with stage.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line(f"is {KEY} safe?")
        terminal.expect(f"{REFUSED}, or enter it once more to send it all the same")
        assert server.chats == []
        terminal.expect_screen(lambda text: f"【u】is {KEY} safe?\n" in text.rpartition("same")[2])
        terminal.send("\r")
        terminal.expect("Hello.")
        assert server.chats[0].messages[-1]["content"] == f"is {KEY} safe?"
        terminal.line(f"and {KEY}?")
        terminal.expect(REFUSED)
        terminal.send("\x15")
        terminal.line("0")
        assert terminal.wait() == Exit.DONE
    assert len(server.chats) == 1
    recall = stage.root / "history" / "u" / "recall"
    assert not recall.exists() or KEY not in recall.read_text()


def test_question_with_a_key_is_refused_in_a_pipe_and_the_next_is_answered(stage: Stage, server: Loopback) -> None:
    done = stage.pipe(f"what about {KEY}?\nnext\n0\n", "-u", "u")
    assert (done.code, done.err.count(REFUSED)) == (Exit.USAGE, 1)
    assert done.out == "【u】next\n【ChatGPT】Hello.\n"
    assert [chat.messages[-1]["content"] for chat in server.chats] == ["next"]


def test_ask_does_not_send_a_key_that_is_piped_in(stage: Stage, server: Loopback) -> None:
    done = stage.pipe(f'{{"api": "{KEY}"}}', "ask", "what is this?")
    assert (done.code, done.out, done.err) == (Exit.USAGE, "", f"chatcmd: {REFUSED}\n")
    assert server.requests == []


@pytest.mark.gives_key_away
def test_file_with_a_key_is_not_sent_along(stage: Stage, server: Loopback, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(f"the key is {KEY}\n")
    with stage.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line(f"read @{tmp_path}/notes.txt")
        terminal.expect("it holds a key that chatcmd uses; leave it out")
        terminal.send("\x15")
        terminal.line("0")
        assert terminal.wait() == Exit.DONE
    assert server.requests == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_key_is_in_no_argument_of_any_process_and_not_given_to_the_editor(stage: Stage, tmp_path: Path) -> None:
    seen, editor = tmp_path / "seen", tmp_path / "editor"
    editor.write_text(
        f"#!/bin/sh\ncat /proc/[0-9]*/cmdline > '{seen}' 2>/dev/null\nenv >> '{seen}'\necho edited > \"$1\"\n"
    )
    editor.chmod(0o700)
    (stage.root / "envs").mkdir(parents=True)
    (stage.root / "envs" / "openai_key").write_text(ELSEWHERE)
    (stage.root / "envs" / "openai_key").chmod(0o600)
    with stage.terminal("-u", "u", env={"OPENAI_API_KEY": "", "EDITOR": str(editor), "VISUAL": ""}) as terminal:
        terminal.expect("【u】")
        terminal.line("q")
        terminal.expect("Hello.")
        terminal.send("\x18\x05")
        terminal.expect_screen(lambda text: "【u】edited" in text)
        terminal.send("\x15")
        terminal.line("0")
        assert terminal.wait() == Exit.DONE
    assert "chatcmd" in seen.read_text(errors="replace")
    assert ELSEWHERE not in seen.read_text(errors="replace")


NOISE = {
    "PYTHONDEVMODE": "1",
    "PYTHONASYNCIODEBUG": "1",
    "OPENAI_LOG": "debug",
    "HTTPX_LOG_LEVEL": "trace",
    "PYTHONWARNINGS": "always",
}


@pytest.mark.parametrize("reply", [say("Hello."), error(401, f"Incorrect API key provided: {KEY}"), error(500, KEY)])
def test_noisiest_surroundings_tell_neither_the_key_nor_what_was_said(
    stage: Stage, server: Loopback, reply: Reply
) -> None:
    server.default = reply
    done = stage.pipe("", "ask", "a question of mine", env=NOISE)
    assert done.code in (Exit.DONE, Exit.PROVIDER)
    assert "a question of mine" not in done.err
    assert "Traceback" not in done.err


def test_nothing_that_is_listed_shown_or_exported_holds_the_key(stage: Stage, tmp_path: Path) -> None:
    assert stage.pipe("q\n/status\n/context\n/set\n0\n", "-u", "u").code == Exit.DONE
    for words in (
        ["history", "list", "--json"],
        ["history", "show", "-1", "--json"],
        ["history", "export", "-1", "-o", str(tmp_path / "s.md")],
        ["history", "export", "-1", "-o", str(tmp_path / "s.html")],
        ["history", "export", "-1", "-o", str(tmp_path / "s.json")],
        ["ask", "--json", "q"],
    ):
        done = stage.pipe("", *words)
        assert done.code == Exit.DONE, done.err
    assert json.loads(done.out)["answer"] == "Hello."


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_crash_leaves_no_image_of_a_memory_with_a_key_in_it(stage: Stage) -> None:
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("nothing here may leave one")
    limits = "import resource as r; r.setrlimit(r.RLIMIT_CORE, (r.getrlimit(r.RLIMIT_CORE)[1],) * 2)"
    chat = "from chatcmd import cli; import resource as r; code = cli.main(); print(r.getrlimit(r.RLIMIT_CORE)[0])"
    done = run([PYTHON, "-c", f"{limits}; {chat}", "ask", "q"], env=stage.environ)
    assert done.out == "Hello.\n0\n"
