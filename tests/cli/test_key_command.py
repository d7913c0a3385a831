"""A key that a command gives, in the whole program: at a terminal, in a pipe, in the middle of a chat."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.examined import guarded
from tests.cli.folders import KEY, Folder
from tests.loopback import Loopback
from tests.terminal_driver import PYTHON, Terminal

pytestmark = pytest.mark.gives_key_away("asks")

ASKS = f"""
stty -echo </dev/tty
printf 'Password: ' >/dev/tty
read -r given </dev/tty
stty echo </dev/tty
echo >/dev/tty
[ "$given" = sesame ] || {{ echo "wrong password" >&2; exit 3; }}
echo {KEY}
"""


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, server: Loopback) -> Folder:
    """A folder whose command asks for a password at the terminal."""
    (tmp_path / "asks").write_text(ASKS)
    return Folder(tmp_path, settings=f'base_url = "{server.base_url}"\nkey_command = "sh {tmp_path}/asks"\n')


def _unlock(terminal: Terminal) -> None:
    terminal.expect("Password: ")
    terminal.line("sesame")


def _leave(terminal: Terminal) -> None:
    terminal.expect("【u】")
    terminal.line("0")
    assert terminal.wait() == 0


def _as_it_was(terminal: Terminal) -> None:
    assert terminal.modes() == terminal.first_modes
    assert "Traceback" not in terminal.output
    assert "sesame" not in terminal.output
    assert KEY.encode() not in terminal.bytes


@pytest.mark.parametrize("flags", [(), ("--plain",)])
def test_a_command_may_ask_for_a_password_before_the_chat_begins(
    folder: Folder, server: Loopback, flags: tuple[str, ...]
) -> None:
    with folder.terminal("--root", ".", "-u", "u", *flags) as terminal:
        _unlock(terminal)
        for number in (1, 2):
            terminal.expect("【u】")
            terminal.line(f"question {number}")
            terminal.expect("Hello.")
        _leave(terminal)
        assert terminal.output.count("Password: ") == 1
        _as_it_was(terminal)
    assert {request.headers["authorization"] for request in server.chats} == {f"Bearer {KEY}"}


def test_a_single_question_asks_for_it_too_even_beside_a_pipe(folder: Folder, server: Loopback) -> None:
    with folder.terminal("ask", "--root", ".", "q") as terminal:
        _unlock(terminal)
        terminal.expect("Hello.")
        assert terminal.wait() == 0
        _as_it_was(terminal)
    command = 'echo "what was piped" | "$0" -m chatcmd ask --root .'
    with Terminal(["sh", "-c", command, PYTHON], env=folder.environ, cwd=folder.path) as terminal:
        _unlock(terminal)
        terminal.expect("Hello.")
        assert terminal.wait() == 0
    assert server.chats[-1].messages[-1]["content"].strip() == "what was piped"


@pytest.mark.parametrize(
    ("given", "said", "code"),
    [("sesame", "is accepted", 0), ("guess", "sh failed with exit code 3 (wrong password); run it by itself", 1)],
)
def test_doctor_asks_for_it_before_all_else_is_looked_at(
    folder: Folder, server: Loopback, given: str, said: str, code: int
) -> None:
    server.on("/v1/models", guarded(server, KEY))
    with folder.terminal("doctor", "--root", ".", "--model", server.models[0], columns=200, rows=80) as terminal:
        terminal.expect("Password: ")
        terminal.line(given)
        terminal.expect(said)
        assert terminal.wait() == code
        assert terminal.output.count("Password: ") == 1
        _as_it_was(terminal)


def test_a_wrong_password_ends_it_with_what_the_command_said(folder: Folder, server: Loopback) -> None:
    with folder.terminal("--root", ".", "-u", "u") as terminal:
        terminal.expect("Password: ")
        terminal.line("guess")
        terminal.expect(
            "chatcmd: envs/settings.toml line 2: sh failed with exit code 3 (wrong password); run it by itself"
        )
        assert terminal.wait() == 2
        _as_it_was(terminal)
    assert server.requests == []


@pytest.mark.parametrize(
    ("words", "keys", "code"),
    [
        (("-u", "u"), "\x03", 0),
        (("-u", "u", "--plain"), "\x03", 0),
        (("ask", "q"), "\x03", 130),
        (("doctor",), "\x03", 130),
    ],
    ids=["chat", "plain", "ask", "doctor"],
)
def test_ctrl_c_at_the_password_leaves_as_at_every_first_prompt(
    folder: Folder, words: tuple[str, ...], keys: str, code: int
) -> None:
    with folder.terminal(*words, "--root", ".") as terminal:
        terminal.expect("Password: ")
        terminal.send(keys)
        assert terminal.wait() == code
        _as_it_was(terminal)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_at_the_password_ends_the_command_with_us(folder: Folder, number: int, code: int) -> None:
    fifo = folder.home / "fifo"
    os.mkfifo(fifo)
    folder.write(settings=f"key_command = \"sh -c 'exec 3>{fifo}; printf asks >/dev/tty; sleep 600'\"")
    with folder.terminal("--root", ".", "-u", "u") as terminal:
        reading = os.open(fifo, os.O_RDONLY)
        terminal.expect("asks")
        terminal.signal(number)
        assert terminal.wait() == code
        _as_it_was(terminal)
        assert os.read(reading, 1) == b""  # whoever held it is gone
        os.close(reading)


def test_in_a_pipe_the_questions_are_not_the_commands(folder: Folder, server: Loopback) -> None:
    folder.write(settings=f'key_command = "sh -c \'cat; echo {KEY}\'"\nbase_url = "{server.base_url}"')
    done = folder.pipe("--root", ".", "-u", "u", typed="one\ntwo\n")
    assert done.code == 0, done.err
    assert [request.messages[-1]["content"] for request in server.chats] == ["one", "two"]
    assert KEY not in done.out + done.err


def test_offline_runs_no_command(folder: Folder) -> None:
    folder.write(settings='key_command = "false"')
    done = folder.pipe("--root", ".", "-u", "u", "--offline", typed="one\n")
    assert done.code == 0
    assert "false" not in done.err


def test_a_session_that_is_gone_on_with_asks_before_the_first_prompt(folder: Folder, server: Loopback) -> None:
    assert folder.pipe("ask", "--root", ".", "-u", "u", "--offline", "q").code == 0
    with folder.terminal("--root", ".", "-c") as terminal:
        _unlock(terminal)
        terminal.expect("【u】")
        terminal.line("and now?")
        terminal.expect("Hello.")
        _leave(terminal)
        _as_it_was(terminal)
    assert server.chats[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_session_that_is_gone_on_with_is_there_even_without_its_key(folder: Folder) -> None:
    assert folder.pipe("ask", "--root", ".", "-u", "u", "--offline", "q").code == 0
    with folder.terminal("--root", ".", "-c", columns=120) as terminal:
        terminal.expect("Password: ")
        terminal.line("guess")
        terminal.expect("envs/settings.toml line 2: sh failed with exit code 3 (wrong password); run it by itself")
        _leave(terminal)
        _as_it_was(terminal)


def test_a_command_that_failed_is_not_run_behind_the_prompt(folder: Folder) -> None:
    assert folder.pipe("ask", "--root", ".", "-u", "u", "--offline", "q").code == 0
    runs = folder.home / "runs"
    folder.write(settings=f"key_command = \"sh -c 'echo x >>{runs}; exit 1'\"")
    with folder.terminal("--root", ".", "-c", columns=120) as terminal:
        terminal.expect("sh failed with exit code 1 and said nothing")
        terminal.expect("【u】")
        terminal.line("/status")
        terminal.expect("api.openai.com")
        terminal.expect("from envs/settings.toml line 1")
        _leave(terminal)
    assert runs.read_text() == "x\n"


def test_questions_that_are_asked_again_ask_for_the_key_once(folder: Folder, server: Loopback) -> None:
    assert folder.pipe("ask", "--root", ".", "-u", "u", "--offline", "q").code == 0
    with folder.terminal("replay", "--root", ".", "-1", "--against", "gpt-4o", "--against", "gpt-4") as terminal:
        _unlock(terminal)
        assert terminal.wait() == 0
        assert terminal.output.count("Password: ") == 1
        _as_it_was(terminal)
    assert len(server.chats) == 2


FAR = '[providers.far]\nbase_url = "{url}"\nkey_command = "{line}"\n'


def test_a_model_that_is_changed_to_in_the_chat_runs_its_command_then(folder: Folder, server: Loopback) -> None:
    runs = folder.home / "runs"
    line = f"sh -c 'echo x >>{runs}; echo {KEY}-far'"
    folder.write(settings=FAR.format(url=server.base_url, line=line), key=KEY)
    done = folder.pipe("--root", ".", "-u", "u", typed="/model far/x\nq\nr\n", env={"OPENAI_BASE_URL": server.base_url})
    assert done.code == 0, done.err
    assert [request.headers["authorization"] for request in server.chats] == [f"Bearer {KEY}-far"] * 2
    assert runs.read_text() == "x\n"
    assert done.err.count("asking for the key, as envs/settings.toml line 3 says; Ctrl-C stops") == 1


def test_in_the_chat_the_terminal_stays_the_line_editors(folder: Folder, server: Loopback) -> None:
    line = re.search('key_command = "(.*)"', (folder.path / "envs" / "settings.toml").read_text())
    assert line
    folder.write(settings=FAR.format(url=server.base_url, line=line[1]), key=KEY)
    with folder.terminal("--root", ".", "-u", "u", columns=120) as terminal:
        terminal.expect("【u】")
        terminal.line("/model far/x")
        terminal.expect("【u】")
        terminal.line("q")
        terminal.expect("envs/settings.toml line 3: sh failed with exit code")
        _leave_with_a_draft(terminal)
        assert "Password: " not in terminal.output
        _as_it_was(terminal)


def _leave_with_a_draft(terminal: Terminal) -> None:
    """Leave where the question that failed stands in the line again."""
    terminal.expect("【u】q")
    terminal.send("\x15")
    terminal.send("0")
    terminal.send("\r")
    assert terminal.wait() == 0


def test_ctrl_c_ends_a_command_in_the_chat_and_the_next_question_runs_it_anew(folder: Folder, server: Loopback) -> None:
    begun = folder.home / "begun"
    line = f"sh -c 'if [ -e {begun} ]; then echo {KEY}-far; else touch {begun}; sleep 600; fi'"
    folder.write(settings=FAR.format(url=server.base_url, line=line), key=KEY)
    with folder.terminal("--root", ".", "-u", "u", columns=120) as terminal:
        terminal.expect("【u】")
        terminal.line("/model far/x")
        terminal.expect("【u】")
        terminal.line("q")
        terminal.expect("asking for the key, as envs/settings.toml line 3 says; Ctrl-C stops")
        terminal.wait_for(begun.exists)
        terminal.send("\x03")
        terminal.expect("stopped before the first word")
        terminal.expect("【u】q")
        terminal.send("\r")
        terminal.expect("Hello.")
        _leave(terminal)
    assert [request.headers["authorization"] for request in server.chats] == [f"Bearer {KEY}-far"]


def test_leaving_does_not_wait_for_a_command_that_is_still_running(folder: Folder, server: Loopback) -> None:
    fifo = folder.home / "fifo"
    os.mkfifo(fifo)
    line = f"sh -c 'exec 3>{fifo}; sleep 600'"
    folder.write(settings=FAR.format(url=server.base_url, line=line), key=KEY)
    with folder.terminal("--root", ".", "-u", "u", columns=120) as terminal:
        terminal.expect("【u】")
        terminal.line("/model far/x")
        terminal.expect("【u】")
        terminal.line("q")
        reading = os.open(fifo, os.O_RDONLY)
        terminal.send("\x03")
        terminal.expect("stopped before the first word")
        _leave_with_a_draft(terminal)
        assert os.read(reading, 1) == b""
        os.close(reading)
        _as_it_was(terminal)
