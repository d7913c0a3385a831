"""What fingers expect of the keys: Esc and Ctrl-Z, an editor of one's own, and earlier lines in the next run."""

import os
import re
import signal
import stat
import subprocess
from functools import partial
from pathlib import Path

import pytest

from tests.chat.stage import Stage
from tests.loopback import FAULTS, Loopback, gated, say
from tests.terminal_driver import CHATCMD, PYTHON, Terminal

# The least of a shell with job control: the chat is a job, and when it has stopped, the terminal is looked at.
SHELL = 'set -m; "$@"; stty -a; echo stopped; read go_on; fg; echo "ended $?"'
NO_BAR = {"NO_COLOR": "1", "CHATCMD_BAR": "false"}


def children(pid: int) -> list[int]:
    """List the processes that a process started."""
    listed = subprocess.run(["ps", "-A", "-o", "ppid=,pid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [int(child) for parent, child in pairs if int(parent) == pid]


def ends(ending: str, text: str) -> bool:
    return text.endswith(ending)


def in_a_shell(stage: Stage, *words: str) -> Terminal:
    return Terminal(["bash", "-c", SHELL, "bash", *CHATCMD, *words], env=stage.environ | NO_BAR)


def expect_stopped(terminal: Terminal) -> None:
    terminal.expect(" icanon")
    terminal.expect(" echo ")
    terminal.expect("stopped\n")
    assert terminal.bytes.rpartition(b"\x1b[?2004")[2].startswith(b"l"), "pastes are marked no more"


def test_esc_alone_stops_an_answer_and_what_was_typed_ahead_is_kept(stage: Stage, server: Loopback) -> None:
    gate = gated(["one ", "two ", "three"])
    server.answer(gate, FAULTS["hang_headers"], say("fine"))
    with stage.terminal("-u", "u", env=NO_BAR) as terminal:
        terminal.expect("【u】")
        terminal.line("count")
        gate.release()
        terminal.expect("one")
        terminal.send("ahead\x1b[D\x1b[D\x1bb!")  # keys that begin with an Esc stop nothing
        gate.release()
        terminal.expect("two")
        terminal.send("\x1b")
        terminal.expect("stopped; what came is kept and marked interrupted\n")
        assert server.closed_by_peer.wait(5)
        terminal.expect_screen(lambda text: text.endswith("【u】!ahead"))
        terminal.send("\r")  # before the first word
        server.wait_for_request(2)
        terminal.send("\x1b")
        terminal.expect("stopped before the first word\n【u】!ahead")
        terminal.send("x\r")  # the Esc is gone: it makes no Alt-X of this
        terminal.expect("fine")
    assert stage.requests[2][-1]["content"] == "!aheadx"


def test_ctrl_z_at_the_prompt_stops_the_chat_and_all_comes_back(offline: Stage) -> None:
    with in_a_shell(offline, "-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.send("a draft")
        terminal.expect("a draft")
        terminal.send("\x1a")
        expect_stopped(terminal)
        terminal.line("")
        terminal.expect_screen(lambda text: text.endswith("【u】a draft"))
        terminal.paste(" of\nlines")
        terminal.send("\r")
        terminal.expect("Your question was: a draft of lines")
        terminal.expect("【u】")
        terminal.line("0")
        terminal.expect("ended 0")


def test_ctrl_z_during_an_answer_stops_it_and_keys_are_collected_again(stage: Stage, server: Loopback) -> None:
    gate = gated(["one ", "two"])
    server.answer(gate, say("fine"))
    with in_a_shell(stage, "-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line("count")
        gate.release()
        terminal.expect("one")
        terminal.send("typed \x1a")
        expect_stopped(terminal)
        terminal.line("")
        terminal.expect('"$@"')  # the shell says what goes on
        terminal.expect_screen(lambda _: not terminal.echo_on())
        terminal.send("ahead")
        gate.release()
        terminal.expect("two")
        terminal.expect_screen(lambda text: text.endswith("【u】typed ahead"))
        terminal.line("")
        terminal.expect("fine")
        terminal.expect("【u】")
        terminal.line("0")
        terminal.expect("ended 0")
    assert stage.requests[1][-1]["content"] == "typed ahead"


def test_stop_that_cannot_be_heard_is_gone_on_from_too(offline: Stage) -> None:
    with in_a_shell(offline, "-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.send("a draft")
        terminal.expect("a draft")
        os.kill(children(terminal.pid)[0], signal.SIGSTOP)
        terminal.expect("stopped\n")
        terminal.send("\n")
        terminal.expect_screen(lambda text: text.endswith("【u】a draft"))
        terminal.send("!")
        terminal.expect_screen(lambda text: text.endswith("【u】a draft!"))
        terminal.send("\x03\x04")
        terminal.expect("ended 0")


# Keeps Ctrl-C to itself, as editors do that read a line; with "leave" it ends without a word.
EDITOR = """
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: os.write(1, b"ctrl-c was mine"))
with open(sys.argv[-1], "a", encoding="utf-8") as file:
    print("editing", flush=True)
    file.write(sys.stdin.readline())
"""


@pytest.fixture
def editing(offline: Stage, tmp_path: Path) -> Stage:
    (tmp_path / "editor.py").write_text(EDITOR)
    offline.environ["VISUAL"] = f"{PYTHON} {tmp_path / 'editor.py'}"
    offline.environ["TMPDIR"] = str(tmp_path)
    return offline


@pytest.mark.parametrize("words", [(), ("--plain",)])
def test_ctrl_c_in_the_editor_is_the_editors(editing: Stage, words: tuple[str, ...]) -> None:
    with editing.terminal("-u", "u", *words, env=NO_BAR) as terminal:
        terminal.expect("【u】")
        terminal.line("/editor some")
        terminal.expect("editing")
        terminal.send("\x03")
        terminal.expect("ctrl-c was mine")
        terminal.line(" text")
        terminal.expect("【u】")
        assert "some text" in terminal.output
        terminal.send("\x03")  # and now it is the chat's again
        if words:
            terminal.expect("Ctrl-C again leaves")
        else:
            terminal.expect_screen(lambda text: text.endswith("【u】"))
        terminal.expect("【u】" if words else "")
        terminal.line("0")
        assert terminal.wait() == 0
        assert terminal.modes() == terminal.first_modes


@pytest.mark.parametrize("keys", ["draft\x0f", "/editor draft\r"])
def test_chat_that_has_to_end_ends_its_editor(editing: Stage, tmp_path: Path, keys: str) -> None:
    with editing.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line("q")
        terminal.expect("Your question was: q")
        terminal.expect("【u】")
        terminal.send(keys)
        terminal.expect("editing")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait() == 143
        assert terminal.modes() == terminal.first_modes
        assert "Traceback" not in terminal.output
    assert [each["ended_by"] for each in editing.sessions()] == ["signal"]
    assert not list(tmp_path.glob("chatcmd-*"))


def test_editor_that_there_is_not_is_told_and_the_line_is_kept(offline: Stage) -> None:
    with offline.terminal("-u", "u", env=NO_BAR | {"EDITOR": "/no/such/editor -x"}, columns=200) as terminal:
        terminal.expect("【u】")
        terminal.send("a line\x0f")
        terminal.expect("the editor /no/such/editor cannot be started (No such file or directory); name another in")
        terminal.send("!\r")
        terminal.expect("Your question was: a line!")
        terminal.expect("【u】")
        terminal.line("/editor")
        terminal.expect("the editor /no/such/editor cannot be started")


def test_earlier_lines_are_each_users_own_and_private(offline: Stage) -> None:
    with offline.terminal(env=NO_BAR) as terminal:
        terminal.expect("Your name:")
        terminal.line("anna")
        terminal.expect("【anna】")
        for line, answer in {"of anna": "was: of anna", "/user bo": "bo begins", "of bo": "was: of bo"}.items():
            terminal.line(line)
            terminal.expect(answer)
            terminal.expect(re.compile("【(anna|bo)】"))
    for user, lines in {"anna": ["/user bo", "of anna"], "bo": ["of bo"]}.items():
        recall = offline.root / "history" / user / "recall"
        assert stat.S_IMODE(recall.stat().st_mode) == 0o600
        with offline.terminal("-u", user, env=NO_BAR) as terminal:
            terminal.expect(f"【{user}】")
            for line in lines:
                terminal.send("\x1b[A")
                terminal.expect_screen(partial(ends, f"【{user}】{line}"))


def test_no_save_leaves_nothing_to_recall(offline: Stage) -> None:
    with offline.terminal("-u", "u", "--no-save", env=NO_BAR) as terminal:
        terminal.expect("【u】")
        terminal.line("secret")
        terminal.expect("Your question was: secret")
        terminal.expect("【u】")
        terminal.send("\x1b[A")
        terminal.expect_screen(lambda text: text.endswith("【u】secret"))
    assert not (offline.root / "history").exists()


def test_what_is_typed_before_the_first_prompt_is_asked(offline: Stage) -> None:
    with offline.terminal() as terminal:
        terminal.send("anna\rfirst\r0\r")
        terminal.expect("Your question was: first")
        assert terminal.wait() == 0


def test_multiline_by_command_holds_from_the_next_line(offline: Stage) -> None:
    with offline.terminal("-u", "u", env=NO_BAR) as terminal:
        terminal.expect("【u】")
        terminal.line("/multiline")
        terminal.expect("【u】")
        terminal.send("a\r")
        terminal.expect_screen(lambda text: text.endswith("【u】a"))
        terminal.send("b")
        terminal.expect_screen(lambda text: text.endswith("【u】a\nb"))
        terminal.send("\x1b\r")
        terminal.expect("Your question was: a b")
