import asyncio
import json
import signal
import socket
import termios
from collections.abc import Mapping
from io import BytesIO, StringIO
from pathlib import Path

import pytest

from chatcmd.cli.run import Run
from chatcmd.cli.setup import with_service
from chatcmd.errors import KeyMissing
from chatcmd.provider.nearby import Nearby, find_nearby
from chatcmd.settings.load import load
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings
from chatcmd.signals import Leave, Signals
from chatcmd.terminal.plain import PlainKeyboard
from chatcmd.terminal.screen import Screen
from tests.loopback import Loopback, Reply, raw, status
from tests.terminal_driver import CHATCMD, Terminal, run

KEY = "sk-CANARY-900150983cd24fb0"
CHOICE = "1, 2, 3 or 0:"


def _start(root: Path, *flags: str, before: str = "", env: Mapping[str, str] | None = None) -> Terminal:
    """Start the chat in a terminal, after a line of shell."""
    argv = [*CHATCMD, "--root", str(root), *flags]
    return Terminal(["sh", "-c", f'{before}\nexec "$@"', "sh", *argv] if before else argv, env=env)


@pytest.mark.parametrize("umask", ["000", "077"])
def test_a_key_is_entered_unseen_kept_for_its_owner_and_used(tmp_path: Path, umask: str) -> None:
    with _start(tmp_path, before=f"umask {umask}") as terminal:
        terminal.expect("There is no key for api.openai.com yet.")
        terminal.expect(CHOICE)
        terminal.line("1")
        terminal.expect("key:")
        terminal.line(KEY)
        terminal.expect("kept in")
        terminal.expect("Your name:")
        terminal.send("\x04")
        assert terminal.wait() == 0
        assert KEY.encode() not in terminal.bytes
        assert KEY[-4:].encode() not in terminal.bytes
        assert terminal.modes() == terminal.first_modes
    path = tmp_path / "envs" / "openai_key"
    assert json.loads(path.read_text()) == {"api": KEY}
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]
    with Loopback() as server:
        finished = run(
            [*CHATCMD, "--root", str(tmp_path), "-u", "小明"],
            "1+1=几\n".encode(),
            env={"OPENAI_BASE_URL": server.base_url},
        )
        assert finished.code == 0, finished.err
        assert [request.headers["authorization"] for request in server.chats] == [f"Bearer {KEY}"]
    assert KEY not in finished.out + finished.err


def test_what_is_no_key_is_told_and_the_key_asked_for_again(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        terminal.expect(CHOICE)
        terminal.line("1")
        for entered, told in (("你的 api keys", "the key has a space in it"), ("你的key", "this is no key yet")):
            terminal.expect("key:")
            terminal.line(entered)
            terminal.expect(f"what was entered: {told}")
        terminal.expect("key:")
        terminal.line("")
        terminal.expect(CHOICE)
        terminal.line("0")
        assert terminal.wait() == 0
        assert "你的" not in terminal.bytes.decode()
    assert list(tmp_path.iterdir()) == []


def test_a_key_pasted_with_its_line_end_is_taken(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        terminal.expect(CHOICE)
        terminal.line("1")
        terminal.expect("key:")
        terminal.paste(f" {KEY}\n")
        terminal.line("")
        terminal.expect("kept in")
        terminal.expect("Your name:")
        terminal.send("\x04")
        assert terminal.wait() == 0
        assert KEY.encode() not in terminal.bytes
    assert json.loads((tmp_path / "envs" / "openai_key").read_text()) == {"api": KEY}


def test_a_key_that_cannot_be_kept_holds_until_the_end(tmp_path: Path) -> None:
    with _start(tmp_path, before="ulimit -f 0") as terminal:
        terminal.expect(CHOICE)
        terminal.line("1")
        terminal.expect("key:")
        terminal.line(KEY)
        terminal.expect("could not be written: file too large; the choice holds until you leave")
        terminal.expect("Your name:")
        terminal.send("\x04")
        assert terminal.wait() == 0
        assert KEY.encode() not in terminal.bytes
    assert not (tmp_path / "envs" / "openai_key").exists()


def test_the_first_start_is_one_screen_that_says_what_is_missing_and_what_can_be_done(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        screen = terminal.expect_screen(lambda text: text.endswith(CHOICE))
        assert screen.startswith("There is no key for api.openai.com yet. What would you like to do?\n")
        assert len(screen.splitlines()) < 24
        for line in (
            "  1  enter a key",
            "  2  use a server on this machine",
            "  3  try the offline demo",
            "  0  leave",
        ):
            assert line in screen
        assert "OPENAI_API_KEY" in screen
        terminal.line("what?")
        terminal.expect_screen(lambda text: text.count(CHOICE) == 2)
        assert terminal.output.count("There is no key") == 1


def test_the_offline_demo_begins_at_once_and_is_no_choice_for_ever(tmp_path: Path) -> None:
    with _start(tmp_path, "-u", "小明") as terminal:
        terminal.expect(CHOICE)
        terminal.line("3")
        terminal.expect("the offline demo")
        terminal.expect("【小明】")
        terminal.line("1+1=几")
        terminal.expect("【ChatGPT】")
        terminal.expect("【小明】")
        terminal.line("0")
        assert terminal.wait() == 0
    assert not (tmp_path / "envs").exists()
    with _start(tmp_path) as terminal:
        terminal.expect("There is no key")


@pytest.mark.parametrize(
    ("typed", "keys"),
    [("", "0\r"), ("", "quit\r"), ("", "exit\r"), ("", "\x04"), ("", "\x03"), ("1", "\x04"), ("1", "\x03")],
    ids=["0", "quit", "exit", "Ctrl-D", "Ctrl-C", "Ctrl-D at the key", "Ctrl-C at the key"],
)
def test_leaving_leaves_nothing_behind(tmp_path: Path, typed: str, keys: str) -> None:
    with _start(tmp_path) as terminal:
        terminal.expect(CHOICE)
        if typed:
            terminal.line(typed)
            terminal.expect("key:")
        terminal.send(keys)
        assert terminal.wait() == 0
        assert terminal.modes() == terminal.first_modes
        assert "Traceback" not in terminal.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flags", [(), ("--plain",)])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_choice_with_its_own_code(
    tmp_path: Path, number: int, code: int, flags: tuple[str, ...]
) -> None:
    with _start(tmp_path, *flags) as terminal:
        terminal.expect(CHOICE)
        terminal.signal(number)
        assert terminal.wait() == code
        assert terminal.modes() == terminal.first_modes
        assert "Traceback" not in terminal.output


@pytest.mark.parametrize("flags", [(), ("--plain",)])
def test_a_terminal_that_vanishes_ends_the_choice(tmp_path: Path, flags: tuple[str, ...]) -> None:
    with _start(tmp_path, *flags) as terminal:
        terminal.expect(CHOICE)
        terminal.close_master()
        assert terminal.wait() == 129
    assert list(tmp_path.iterdir()) == []


def test_without_a_line_editor_the_same_is_asked(tmp_path: Path) -> None:
    with _start(tmp_path, env={"TERM": "dumb"}) as terminal:
        terminal.expect(CHOICE)
        terminal.line("1")
        terminal.expect("key:")
        terminal.line("")
        terminal.expect(CHOICE)
        terminal.line("0")
        assert terminal.wait() == 0
        assert b"\x1b" not in terminal.bytes


def test_a_key_typed_without_a_line_editor_is_unseen_too(tmp_path: Path) -> None:
    with _start(tmp_path, "--plain") as terminal:
        terminal.expect(CHOICE)
        terminal.line("1")
        terminal.expect("key:")
        assert not terminal.echo_on()
        terminal.line(KEY)
        terminal.expect("kept in")
        terminal.expect("Your name:")
        assert terminal.modes()[3] & termios.ECHO
        terminal.send("\x04")
        assert terminal.wait() == 0
        assert KEY.encode() not in terminal.bytes


# In this process, so that the ports can be the test's own: the doors are real, the keyboard reads prepared lines.


class _Asked:
    """What came of a first start at which these lines were typed."""

    def __init__(self, folder: Path, typed: str, ports: Mapping[int, str], settings: str = "") -> None:
        (folder / "envs").mkdir(exist_ok=True)
        if settings:
            (folder / "envs" / "settings.toml").write_text(settings)
        root = Root(folder, Origin("flag", "--root"))
        self.out, self.prompts = StringIO(), StringIO()
        self.run = Run(load({}, {}, root), {}, root)
        self.left: int | None = None
        self.settings = asyncio.run(self._ask(typed, ports))

    async def _ask(self, typed: str, ports: Mapping[int, str]) -> Settings | None:
        signals = Signals(interrupt_leaves=False)
        signals.listen()
        keyboard, screen = PlainKeyboard(BytesIO(typed.encode()), self.prompts), Screen(self.out, self.out)
        try:
            return await with_service(self.run, keyboard, screen, signals, ports)
        except Leave as leave:
            self.left = leave.exit_code
            return None


@pytest.fixture
def nobody() -> Mapping[int, str]:
    """A port of this machine where nobody listens, for it is only bound."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return {bound.getsockname()[1]: "Nobody"}


def test_a_server_on_this_machine_is_found_chosen_and_kept(tmp_path: Path) -> None:
    with Loopback() as server:
        server.models = ['qwen "7b"', "模型"]
        asked = _Asked(tmp_path, "2\n2\n", {server.port: "Ollama"})
    assert (
        f'  1  qwen "7b"  (Ollama, {server.base_url})\n  2  模型  (Ollama, {server.base_url})\n' in asked.out.getvalue()
    )
    path = tmp_path / "envs" / "settings.toml"
    assert f"kept in {path}" in asked.out.getvalue()
    again = load({}, {}, asked.run.root)
    for settings in (asked.settings, again):
        assert settings is not None
        assert (settings["base_url"], settings["model"]) == (server.base_url, "模型")
        assert settings.services(settings["model"])[0][0].key is None
    assert str(again.origin("model")) == "envs/settings.toml line 2"


def test_the_name_of_a_model_is_kept_however_it_is_written(tmp_path: Path) -> None:
    with Loopback() as server:
        server.models = ["a\"b\\c'd # e = [f]", "\x7f", "line\nbreak", "\x1b[31mred", ""]
        asked = _Asked(tmp_path, "2\n1\n", {server.port: "vLLM"})
    assert "1 to 1: " in asked.prompts.getvalue()
    assert load({}, {}, asked.run.root)["model"] == "a\"b\\c'd # e = [f]"


def test_settings_that_are_there_are_their_owners_to_edit(tmp_path: Path) -> None:
    with Loopback() as server:
        asked = _Asked(tmp_path, "2\n1\n", {server.port: "vLLM"}, settings="# mine\n")
    assert (tmp_path / "envs" / "settings.toml").read_text() == "# mine\n"
    expected = f'envs/settings.toml:\nbase_url = "{server.base_url}"\nmodel = "gpt-3.5-turbo"\n'
    assert expected in asked.out.getvalue()
    assert asked.settings is not None
    assert asked.settings["base_url"] == server.base_url


def test_no_server_on_this_machine_is_told_and_another_way_asked_for(tmp_path: Path, nobody: Mapping[int, str]) -> None:
    asked = _Asked(tmp_path, "2\n3\n", nobody)
    (port,) = nobody
    expected = f"no server answers on this machine (asked: Nobody {port}); start one, or choose another way\n"
    assert expected in asked.out.getvalue()
    assert asked.settings is not None
    assert asked.settings["offline"] is True


@pytest.mark.parametrize("answer", ["0", "3", "-1", "x", "", "１", "1 2"])
def test_a_number_that_is_not_on_the_list_is_asked_for_anew(tmp_path: Path, answer: str) -> None:
    with Loopback() as server:
        asked = _Asked(tmp_path, f"2\n{answer}\n0\n", {server.port: "LM Studio"})
    assert (asked.settings, asked.left) == (None, 0)
    assert asked.prompts.getvalue().count(CHOICE) == 2
    assert not (tmp_path / "envs" / "settings.toml").exists()


@pytest.mark.parametrize(
    "settings",
    [
        'base_url = "https://far.example/v1"',
        'provider = "x"\n[providers.x]\nbase_url = "https://x.example/v1"',
        'model = "x/y"\n[providers.x]\nbase_url = "https://x.example/v1"',
    ],
)
def test_a_service_that_was_chosen_is_not_exchanged_for_another(tmp_path: Path, settings: str) -> None:
    with pytest.raises(KeyMissing, match=r"^no key for (far|x)\.example"):
        _Asked(tmp_path, "0\n", {}, settings)


def test_the_end_of_input_leaves(tmp_path: Path) -> None:
    assert _Asked(tmp_path, "", {}).left == 0
    assert _Asked(tmp_path, "1\n", {}).left == 0


# What a port of this machine may answer besides a list of models.
STRANGE: dict[str, Reply] = {
    "no such path": status(404, {"error": "not found"}),
    "another list": status(200, '["a"]'),
    "no list": status(200, {"data": 5}),
    "no models": status(200, {"data": []}),
    "models without a name": status(200, {"data": [{"name": "x"}]}),
    "a page": raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"),
    "no HTTP": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "bytes": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe"),
    "deep JSON": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"[" * 100_000),
}


@pytest.mark.parametrize("case", STRANGE)
async def test_what_is_no_list_of_models_is_no_server(case: str) -> None:
    with Loopback() as strange, Loopback() as good:
        strange.on("/v1/models", STRANGE[case])
        found = await find_nearby({strange.port: "Strange", good.port: "Good"})
    assert found == [Nearby("Good", good.base_url, ("gpt-3.5-turbo", "gpt-4o"))]
