"""Keys that a command gives: `key_command`."""

import asyncio
import os
import shlex
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chatcmd.errors import SettingsError
from chatcmd.settings.asked import Asked
from chatcmd.settings.origin import Origin
from chatcmd.settings.redaction import redacted
from chatcmd.settings.secret import Secret
from tests.settings.envs_folder import KEY, faults, read

OTHER = "sk-CANARY-other-0011"
PLACE = "envs/settings.toml line 1"
ORIGIN = Origin("file", PLACE)


def shell(script: str) -> str:
    """Write a command line that runs a script of the shell."""
    return f"sh -c {shlex.quote(script)}"


def asked(line: str, wait: float = 60) -> Asked:
    return Asked(shlex.split(line), ORIGIN, wait)


def refused(secret: Secret) -> str:
    """Ask, and return the sentence that says why there is no key."""
    with pytest.raises(SettingsError) as caught:
        secret.reveal()
    (sentence,) = caught.value.sentences
    assert KEY not in sentence
    assert caught.value.exit_code == 2
    return sentence


GIVES = {
    "a line": f"echo {KEY}",
    "the first of several lines, as pass prints them": shell(f"printf '{KEY}\\nuser: me\\nurl: x\\n'"),
    "a line without its end": f"printf {KEY}",
    "a line of Windows": shell(f"printf '{KEY}\\r\\n'"),
    "blanks around it": f"echo ' {KEY} '",
    "something said beside it": shell(f"echo warning >&2; echo {KEY}"),
}


@pytest.mark.parametrize("case", GIVES)
def test_the_first_line_that_a_command_prints_is_the_key(tmp_path: Path, case: str) -> None:
    line = GIVES[case].replace("\\", "\\\\").replace('"', '\\"')
    settings = read(tmp_path, settings=f'key_command = "{line}"')
    (service,), _ = settings.services("gpt-4o")
    assert service.key is not None
    assert service.key.secret.reveal() == KEY
    assert str(service.key.origin) == PLACE


def test_no_shell_is_between(tmp_path: Path) -> None:
    settings = read(tmp_path, settings='key_command = "echo $HOME;*>x|y&"')
    assert settings.keys[0].secret.reveal() == "$HOME;*>x|y&"


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    script = tmp_path / "give key"
    script.write_text(f"#!/bin/sh\necho {KEY}\n")
    script.chmod(0o700)
    assert read(tmp_path, settings="key_command = '\"~/give key\"'").keys[0].secret.reveal() == KEY


# A command line, and what is said where it gives no key.
GIVES_NONE = {
    shell("exit 3"): "sh failed with exit code 3 and said nothing; run it by itself",
    shell(
        "echo first >&2; echo 'no such entry' >&2; exit 1"
    ): "sh failed with exit code 1 (no such entry); run it by itself",
    shell(f"echo {KEY}; echo 'bad: {KEY}' >&2; exit 1"): "sh failed with exit code 1 (bad: ••••); run it by itself",
    shell("echo 'token=sk-abcdefghijkl' >&2; exit 1"): "sh failed with exit code 1 (token=••••); run it by itself",
    shell(r"printf '\033[31m\007\r\tno\n\n' >&2; exit 1"): "sh failed with exit code 1 (␛[31m␇ no); run it by itself",
    shell(r"printf '\377\n' >&2; exit 1"): "sh failed with exit code 1 (\ufffd); run it by itself",
    shell("kill -9 $$"): "sh was ended by signal 9; run it by itself",
    shell("kill -2 $$"): "sh was stopped before it gave a key",
    "true": "true printed no key; its first line has to be one",
    shell(f"echo; echo {KEY}"): "sh printed no key; its first line has to be one",
    "echo a b": "the first line that echo prints is no key (a key is plain letters and digits)",
    "echo 你的key": "the first line that echo prints is no key (a key is plain letters and digits)",
    shell(r"printf 'a\0b'"): "the first line that sh prints is no key (a key is plain letters and digits)",
    "yes": "yes prints far more than a key; run it by itself",
    "/nowhere/give --key x": (
        "give cannot be run (No such file or directory); correct it, or put the key into envs/openai_key"
    ),
    "/": " cannot be run (Permission denied); correct it, or put the key into envs/openai_key",
}


@pytest.mark.parametrize("line", GIVES_NONE)
def test_a_command_that_gives_no_key_is_told_in_one_sentence(line: str) -> None:
    assert refused(asked(line)) == f"{PLACE}: {GIVES_NONE[line]}"


def test_a_long_complaint_is_cut() -> None:
    sentence = refused(asked(shell("yes | head -c 9999 | tr -d '\\n' >&2; exit 1")))
    assert len(sentence) < 300


def test_what_a_failed_command_printed_is_told_nowhere() -> None:
    for line in (shell(f"echo {KEY}; exit 1"), shell(f"echo {KEY} {KEY}"), shell(f"echo x; echo {KEY}; exit 1")):
        with pytest.raises(SettingsError) as caught:
            asked(line).reveal()
        error: BaseException | None = caught.value
        while error is not None:
            assert KEY not in f"{error!r} {error.args}"
            error = error.__cause__ or error.__context__


WRONG = {
    '""': "is empty; give it a value, or leave it out",
    '"  "': "is empty; give it a value, or leave it out",
    "\"''\"": "is empty; give it a value, or leave it out",
    "5": "must be text in quotes",
    '["pass", "x"]': "must be text in quotes",
    '"pass \'x"': "has a quotation mark without its partner; add it",
    '"pass\\u0000x"': "holds an invisible character; remove it",
    '"pass\\u202ex"': "holds an invisible character; remove it",
    '"a\\nb"': "holds an invisible character; remove it",
}


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("table", ["", '[providers.far]\nbase_url = "https://far/v1"\n'])
def test_what_is_no_command_line_is_told(tmp_path: Path, value: str, table: str) -> None:
    (sentence,) = faults(tmp_path, settings=f"{table}key_command = {value}")
    line = 1 + table.count("\n")
    assert sentence == f"envs/settings.toml line {line}: key_command {WRONG[value]}"


# When it is run


@pytest.fixture
def counted(tmp_path: Path) -> tuple[str, Callable[[], int]]:
    """A command that takes note each time it runs, and how often that was."""
    runs, script = tmp_path / "runs", tmp_path / "script"
    script.write_text(f"echo x >> {runs}; echo {KEY}")
    return f"sh {script}", lambda: len(runs.read_text().split()) if runs.exists() else 0


def test_it_is_run_when_the_key_is_needed_and_once(tmp_path: Path, counted: tuple[str, Callable[[], int]]) -> None:
    line, times = counted
    settings = read(tmp_path, settings=f'key_command = "{line}"')
    (service,), _ = settings.services("gpt-4o")
    key = service.key
    assert key is not None
    assert (key.secret.at_hand, key.secret.masked) == (False, "••••")
    assert repr((settings, service, key)).count(KEY) == 0
    assert times() == 0
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _n: key.secret.reveal(), range(8))) == {KEY}
    assert times() == 1
    assert (key.secret.at_hand, key.secret.masked) == (True, f"••••{KEY[-4:]}")
    assert redacted(f"x {KEY} y") == "x •••• y"


def test_a_failure_is_asked_about_again(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    secret = asked(shell(f"test -e {ready} && echo {KEY}"))
    assert "failed with exit code 1" in refused(secret)
    ready.touch()
    assert secret.reveal() == KEY


def test_a_key_that_is_given_comes_before_one_that_is_asked_for(
    tmp_path: Path, counted: tuple[str, Callable[[], int]]
) -> None:
    line, times = counted
    text = f'key_command = "{line}"\nkeyring = true\n'
    order: list[tuple[Any, str]] = [
        ({"environ": {"OPENAI_API_KEY": "sk-1"}}, "OPENAI_API_KEY"),
        ({}, "envs/openai_key line 1"),
        ({}, "envs/configs line 1"),
        ({"environ": {"CHATCMD_KEY_COMMAND": line}}, "CHATCMD_KEY_COMMAND"),
        ({}, "envs/settings.toml line 1"),
        ({}, "envs/settings.toml line 1"),
    ]
    files = {"settings": text, "key": "sk-2", "configs": '{"api": "sk-3"}'}
    found = []
    for number, (more, _expected) in enumerate(order):
        (key,) = read(tmp_path, **files, **more).keys
        found.append(str(key.origin))
        gone = {1: "openai_key", 2: "configs"}.get(number)
        if gone:
            del files[{"openai_key": "key"}.get(gone, gone)]
            (tmp_path / "envs" / gone).unlink()
        if number == 4:
            files["settings"] = "keyring = true"
    assert found == [expected for _, expected in order]
    (key,) = read(tmp_path, **files).keys
    assert key.asked_of == ("keyring", "chatcmd")
    assert times() == 0


def test_a_named_service_has_a_command_of_its_own(tmp_path: Path) -> None:
    text = (
        f'key_command = "echo {KEY}"\n[providers.a]\nbase_url = "https://a/v1"\nkey_command = "echo {KEY}-a"\n'
        '[providers.b]\nbase_url = "https://b/v1"\nkey = "sk-b"\nkey_command = "false"\n'
    )
    settings = read(tmp_path, settings=text)
    keys = [settings.services(name)[0][0].key for name in ("x", "a/x", "b/x")]
    assert [key and key.secret.reveal() for key in keys] == [KEY, f"{KEY}-a", "sk-b"]


# Where the address comes from, where the command comes from, and whether they go together.
TOGETHER = [
    ("file", "file", True),
    ("environment", "file", True),
    ("file", "environment", False),
    ("environment", "environment", True),
]


@pytest.mark.parametrize(("base_url", "command", "together"), TOGETHER)
@pytest.mark.parametrize("setting", ["key_command", "keyring"])
def test_an_address_in_a_folder_does_not_draw_the_key_of_a_command_from_elsewhere(
    tmp_path: Path, base_url: str, command: str, setting: str, *, together: bool
) -> None:
    values = {"base_url": ("https://x/v1", base_url), setting: (f"echo {KEY}", command)}
    settings = read(
        tmp_path,
        settings="".join(f'{name} = "{value}"\n' for name, (value, where) in values.items() if where == "file"),
        environ={f"CHATCMD_{name.upper()}": value for name, (value, where) in values.items() if where != "file"},
    )
    if together:
        assert settings.services("gpt-4o")[0][0].key is not None
    else:
        with pytest.raises(SettingsError, match=f"sends to x, but the key comes from CHATCMD_{setting.upper()}"):
            settings.services("gpt-4o")


# How it is run, and ended


class Fifo:
    """A pipe by which a test learns that a process has begun, and that all who had it are gone."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "fifo"
        os.mkfifo(self.path)

    def until_gone(self) -> bytes:
        """Wait for whoever opens it, and read until the last of them has ended."""
        return self.path.read_bytes()


def test_one_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        gone = pool.submit(fifo.until_gone)
        sentence = refused(asked(shell(f"exec 3>{fifo.path}; echo here >&3; sleep 600 & wait"), wait=0.5))
        assert sentence == f"{PLACE}: sh gave no key within 0.5 seconds; run it by itself"
        assert gone.result(20) == b"here\n"


def test_one_that_will_not_end_is_killed(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        gone = pool.submit(fifo.until_gone)
        line = shell(f"trap '' TERM; exec 3>{fifo.path}; while :; do sleep 0.1; done")
        assert "gave no key within 0.3 seconds" in refused(asked(line, wait=0.3))
        assert gone.result(20) == b""


def test_one_that_leaves_something_running_is_not_waited_for(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path)
    secret = asked(shell(f"cat {fifo.path} >/dev/null & echo {KEY}"))  # it holds our pipe to standard error
    assert secret.reveal() == KEY
    fifo.path.write_bytes(b"")


async def test_being_cancelled_ends_it(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path)
    secret = asked(shell(f"exec 3>{fifo.path}; echo here >&3; exec 3>&-; sleep 600"))
    asking = asyncio.create_task(secret.ask())
    assert await asyncio.to_thread(fifo.until_gone) == b"here\n"
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not secret.at_hand


async def test_being_cancelled_before_it_began_ends_it_too() -> None:
    secret = asked("sleep 600")
    asking = asyncio.create_task(secret.ask())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_it_can_be_stopped_from_elsewhere(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path)
    secret = asked(shell(f"exec 3>{fifo.path}; exec 3>&-; sleep 600"))
    asking = asyncio.create_task(asyncio.to_thread(secret.reveal))
    await asyncio.to_thread(fifo.until_gone)
    secret.stop()
    with pytest.raises(SettingsError, match="sh was stopped before it gave a key"):
        await asking


def test_it_reads_nothing_of_ours() -> None:
    assert asked(shell(f'test -z "$(cat)" && echo {KEY}')).reveal() == KEY


def test_it_is_given_no_key_by_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    given = tmp_path / "given"
    text = f'[providers.far]\nbase_url = "https://far/v1"\nkey_command = "sh -c \'env >{given}; echo {OTHER}\'"\n'
    settings = read(tmp_path, settings=text, key=KEY)
    keys = [settings.services(name)[0][0].key for name in ("x", "far/x")]
    assert [key and key.secret.reveal() for key in keys] == [KEY, OTHER]
    assert "PATH=" in given.read_text()
    assert KEY not in given.read_text()
