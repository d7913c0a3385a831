"""A folder that nobody named decides nothing before a person has agreed to it, once."""

import json
import os
from collections.abc import Iterator, Mapping
from io import BytesIO, StringIO
from pathlib import Path

import pytest

from chatcmd.cli import trust
from chatcmd.cli.run import Run
from chatcmd.cli.setup import with_service
from chatcmd.settings.load import load
from chatcmd.settings.root import find_root
from chatcmd.signals import Signals
from chatcmd.terminal.plain import PlainKeyboard
from chatcmd.terminal.screen import Screen
from tests.cli.folders import KEY, Folder
from tests.cli.pages import cells
from tests.hostile import raw_controls
from tests.loopback import Loopback
from tests.terminal_driver import CHATCMD, Terminal

ROOT = Path(__file__).parents[2]
TRUST = "Trust it? [y/N]"
NOT_SENT = "nothing was sent or run; start in another folder, or name one with --root"


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as server:
        yield server


# What each folder holds, and what is named of it. {url} is the server's address, {ran} a file that a command makes.
FOLDERS: dict[str, tuple[dict[str, str], str]] = {
    "an address": (
        {"settings": 'base_url = "{url}"', "key": KEY},
        "base_url (envs/settings.toml line 1)",
    ),
    "a proxy": (
        {"settings": '\nproxy = "http://me:secret@{host}"', "key": KEY},
        "proxy (envs/settings.toml line 2)",
    ),
    "a command": (
        {"settings": "key_command = \"sh -c 'touch {ran}; echo x'\""},
        "key_command (envs/settings.toml line 1)",
    ),
    "the keyring": ({"settings": "keyring = true"}, "keyring (envs/settings.toml line 1)"),
    "an entry of the key file": (
        {"key": '{{"api": [\n{{"key": "' + KEY + '", "base_url": "{url}"}}]}}'},
        "api.base_url (envs/openai_key line 2)",
    ),
    "an entry of the gateway's file": (
        {"configs": '{{"api": {{"key": "' + KEY + '", "proxy": "{host}"}}}}'},
        "api.proxy (envs/configs line 1)",
    ),
    "a named service": (
        {"settings": 'model = "x/y"\n[providers.x]\nbase_url = "{url}"\nkey = "' + KEY + '"'},
        "x.base_url (envs/settings.toml line 3)",
    ),
    "a named service's command": (
        {"settings": '[providers.x]\nbase_url = "{url}"\nkey_command = "touch {ran}"', "key": KEY},
        "x.base_url (envs/settings.toml line 2), x.key_command (envs/settings.toml line 3)",
    ),
}


def _made(tmp_path: Path, case: str, server: Loopback) -> Folder:
    files, _named = FOLDERS[case]
    facts = {"url": server.base_url, "host": f"127.0.0.1:{server.port}", "ran": tmp_path / "ran"}
    return Folder(tmp_path, **{name: text.format(**facts) for name, text in files.items()})


COMMANDS = [(case, "-u u") for case in FOLDERS] + [("an address", "ask"), ("an address", "ask --json")]


@pytest.mark.parametrize(("case", "words"), COMMANDS)
def test_without_a_terminal_it_is_refused_with_the_flag_that_allows_it(
    tmp_path: Path, server: Loopback, case: str, words: str
) -> None:
    folder = _made(tmp_path, case, server)
    before = sorted(folder.path.rglob("*"))
    done = folder.pipe(*words.split(), typed="q\n")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"chatcmd: {folder.path} is the current folder, nobody named it, and its envs/ sets {FOLDERS[case][1]}: "
        "start once at a terminal and agree, pass --trust for this once, or name the folder with --root\n"
    )
    assert server.requests == []
    assert not (tmp_path / "ran").exists()
    assert sorted(folder.path.rglob("*")) == before
    assert not folder.record.exists()


WAYS: dict[str, tuple[list[str], dict[str, str]]] = {
    "the flag": (["--trust"], {}),
    "a root that is named": (["--root", "."], {}),
    "the variable": ([], {"CHATCMD_ROOT": "."}),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_was_named_or_allowed_is_used_without_a_question(tmp_path: Path, server: Loopback, way: str) -> None:
    words, env = WAYS[way]
    folder = _made(tmp_path, "an address", server)
    done = folder.pipe("ask", *words, "q", env=env)
    assert (done.code, done.out, done.err.count("\n")) == (0, "Hello.\n", 1), done.err
    assert server.chats[0].headers["authorization"] == f"Bearer {KEY}"
    assert not folder.record.exists()


def test_keys_and_all_other_settings_need_no_agreement(tmp_path: Path, server: Loopback) -> None:
    folder = Folder(tmp_path, key=KEY, settings='model = "gpt-4o"\nuser = "u"\ntemperature = 1\n')
    done = folder.pipe("ask", "q", env={"OPENAI_BASE_URL": server.base_url})
    assert done.code == 0, done.err
    assert server.chats[0].body["model"] == "gpt-4o"


def test_a_clone_with_its_examples_is_not_asked_about(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for path in (ROOT / "envs").glob("*.example"):
        folder.copy(path)
    with folder.terminal() as terminal:
        terminal.expect("There is no key for api.openai.com yet.")
        assert TRUST not in terminal.output


@pytest.mark.parametrize(
    "words",
    [
        ["--offline", "-u", "u"],
        ["ask", "--offline", "q"],
        ["history", "list"],
        ["history", "path"],
        ["--help"],
        ["ask", "--help"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_what_sends_and_runs_nothing_never_asks(tmp_path: Path, server: Loopback, words: list[str]) -> None:
    folder = _made(tmp_path, "a named service's command", server)
    done = folder.pipe(*words, typed="q\n")
    assert done.code == 0, done.err
    with folder.terminal(*words) as terminal:
        if "-u" in words:
            terminal.expect("【u】")
            terminal.line("0")
        assert terminal.wait() == 0
        assert TRUST not in terminal.output
    assert server.requests == []
    assert not (tmp_path / "ran").exists()


def test_a_replay_is_watched_without_a_question_and_asked_again_with_one(tmp_path: Path, server: Loopback) -> None:
    folder = _made(tmp_path, "an address", server)
    assert folder.pipe("ask", "--offline", "q").code == 0
    assert folder.pipe("replay", "-1", "--instant").code == 0
    assert folder.pipe("replay", "-1", "--offline", "--json").code == 0
    done = folder.pipe("replay", "-1", "--against", "gpt-4o")
    assert (done.code, server.requests) == (2, [])
    assert "pass --trust for this once" in done.err
    assert folder.pipe("replay", "-1", "--against", "gpt-4o", "--trust").code == 0
    assert len(server.chats) == 1


def test_the_users_own_folder_needs_no_agreement_even_as_the_current_one(tmp_path: Path, server: Loopback) -> None:
    folder = _made(tmp_path, "an address", server)
    own = folder.record.parent
    own.parent.mkdir(parents=True)
    folder.path.rename(own)
    assert folder.pipe("ask", "q", cwd=own).code == 0
    assert len(server.chats) == 1


# At a terminal


def _answer(terminal: Terminal, answer: str) -> None:
    terminal.expect(TRUST)
    terminal.line(answer)


def _ask(folder: Folder, answer: str | None, *words: str) -> tuple[int, str]:
    """Ask a question at a terminal, agreeing or not (None: not asked whether); return exit code and output."""
    with folder.terminal("ask", "q", *words, columns=200) as terminal:
        if answer is not None:
            _answer(terminal, answer)
        code = terminal.wait()
        assert (TRUST in terminal.output) == (answer is not None)
        return code, terminal.output


def test_yes_is_asked_for_once(tmp_path: Path, server: Loopback) -> None:
    folder = _made(tmp_path, "an address", server)
    with folder.terminal("-u", "u", columns=300) as terminal:
        terminal.expect(
            f"{folder.path} is the current folder, nobody named it, and its envs/ says where questions and keys go:\n"
        )
        terminal.expect(f"  base_url = {server.base_url}  (envs/settings.toml line 1)\n")
        assert server.requests == []
        _answer(terminal, "y")
        terminal.expect("【u】")
        terminal.line("q")
        terminal.expect("Hello.")
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
    assert folder.record.stat().st_mode & 0o777 == 0o600
    assert folder.record.parent.stat().st_mode & 0o777 == 0o700
    assert list(json.loads(folder.record.read_text())["folders"]) == [str(folder.path)]
    assert server.base_url not in folder.record.read_text()
    with folder.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        assert TRUST not in terminal.output
    assert folder.pipe("ask", "q").code == 0
    assert len(server.chats) == 2


@pytest.mark.parametrize(("lang", "last"), [("en", "Trust it? [y/N]"), ("zh", "[y/N]")])
def test_the_question_is_broken_between_words(tmp_path: Path, server: Loopback, lang: str, last: str) -> None:
    folder = _made(tmp_path, "a command", server)
    with folder.terminal("--lang", lang, columns=50) as terminal:
        terminal.expect("[y/N] ")
        said = terminal.output.removesuffix(" ").splitlines()
        terminal.line("n")
        assert terminal.wait() == 2
    assert said[-1].endswith(last)
    assert max(cells(line) for line in said if "/" not in line) < 50  # a path is whole, wherever a terminal breaks it
    assert lang == "zh" or "its envs/ says what is run and where keys go: key_command = sh" in " ".join(
        " ".join(said).split()
    )


def test_what_no_yes_could_help_is_refused_without_a_question(tmp_path: Path, server: Loopback) -> None:
    folder = Folder(tmp_path, settings=f'base_url = "{server.base_url}"\n')
    with folder.terminal("-u", "u", env={"OPENAI_API_KEY": KEY}, columns=300) as terminal:
        terminal.expect(
            "but the key comes from OPENAI_API_KEY: an address in a folder only receives keys of that folder"
        )
        assert terminal.wait() == 2
        assert TRUST not in terminal.output
    assert server.requests == []


@pytest.mark.parametrize("answer", ["n", "", "no", "x", "yy", "0", "\x04"])
def test_anything_but_yes_ends_it_with_nothing_sent_or_run(tmp_path: Path, server: Loopback, answer: str) -> None:
    folder = _made(tmp_path, "a command", server)
    with folder.terminal("-u", "u") as terminal:
        terminal.expect("says what is run and where keys go:")
        terminal.expect("key_command = sh -c 'touch ")
        terminal.expect(TRUST)
        terminal.send(answer if answer == "\x04" else f"{answer}\r")
        terminal.expect(f"chatcmd: {NOT_SENT}")
        assert terminal.wait() == 2
        assert terminal.modes() == terminal.first_modes
    assert server.requests == []
    assert not (tmp_path / "ran").exists()
    assert not folder.record.exists()
    assert _ask(folder, "n")[0] == 2  # asked again


def test_ctrl_c_at_the_question_ends_it(tmp_path: Path, server: Loopback) -> None:
    folder = _made(tmp_path, "an address", server)
    with folder.terminal("-u", "u") as terminal:
        terminal.expect(TRUST)
        terminal.send("\x03")
        assert terminal.wait() == 130
        assert "Traceback" not in terminal.output
    assert not folder.record.exists()


def test_a_question_that_is_piped_in_is_no_answer(tmp_path: Path, server: Loopback) -> None:
    folder = _made(tmp_path, "an address", server)
    with Terminal(
        ["sh", "-c", 'echo y | "$@"', "sh", *CHATCMD, "ask"], env=folder.environ, cwd=folder.path
    ) as terminal:
        terminal.expect("pass --trust for this once")
        assert terminal.wait() == 2
    assert server.requests == []


def test_what_changes_of_it_is_asked_about_and_nothing_else_is(tmp_path: Path, server: Loopback) -> None:
    text = f'base_url = "{server.base_url}"\n'
    folder = Folder(tmp_path, settings=text, key=KEY)
    assert _ask(folder, "y")[0] == 0
    for unchanged in (f'model = "gpt-4o"\n{text}', f"# moved\n\n{text}"):
        folder.write(settings=unchanged, key=f"{KEY}x")
        assert folder.pipe("ask", "q").code == 0
    folder.write(settings=f'{text}[providers.x]\nbase_url = "https://x/v1"')
    assert "  x.base_url = https://x/v1  (envs/settings.toml line 3)\n" in _ask(folder, "y")[1]
    assert folder.pipe("ask", "q").code == 0
    folder.write(settings=text)
    assert folder.pipe("ask", "q").code == 0
    folder.write(settings=text.replace("127.0.0.1", "localhost"))
    assert folder.pipe("ask", "q").code == 2
    assert folder.pipe("ask", "q", "--base-url", server.base_url).code == 0


def test_another_folder_with_the_same_values_is_another(tmp_path: Path, server: Loopback) -> None:
    folder = _made(tmp_path, "an address", server)
    assert _ask(folder, "y")[0] == 0
    (tmp_path / "link").symlink_to(folder.path)
    assert folder.pipe("ask", "q", cwd=tmp_path / "link").code == 0
    moved = folder.path.rename(tmp_path / "moved")
    assert folder.pipe("ask", "q", cwd=moved).code == 2


def test_what_a_folder_says_reaches_the_terminal_cleaned(tmp_path: Path) -> None:
    name = '"a\\u001b[2J\\u202e\\u0007\\nb"'
    folder = Folder(tmp_path, key=KEY, settings=f'[providers.{name}]\nbase_url = "https://x/v1"')
    with folder.terminal(columns=120) as terminal:
        terminal.expect("a␛[2J<U+202E>␇ b.base_url = https://x/v1")
        _answer(terminal, "n")
        assert terminal.wait() == 2
        assert raw_controls(terminal.bytes.replace(b"\r\n", b"\n")) == []
    done = folder.pipe("ask", "q")
    assert raw_controls(done.err.encode()) == []


def test_a_password_and_a_key_of_ours_are_not_shown(tmp_path: Path, server: Loopback) -> None:
    folder = Folder(tmp_path, settings=f'proxy = "http://me:hidden@127.0.0.1:{server.port}"', key=KEY)
    code, output = _ask(folder, "n")
    assert code == 2
    assert f"proxy = http://127.0.0.1:{server.port}" in output
    assert "hidden" not in output
    assert KEY not in output


def test_with_no_save_the_answer_holds_for_this_once(tmp_path: Path, server: Loopback) -> None:
    folder = _made(tmp_path, "an address", server)
    for _time in (1, 2):
        assert _ask(folder, "y", "--no-save")[0] == 0
    assert list(folder.home.iterdir()) == []


@pytest.mark.parametrize("trouble", ["a file in the way", "a damaged record", "a record that is a folder"])
def test_an_answer_that_cannot_be_kept_holds_for_this_once(tmp_path: Path, server: Loopback, trouble: str) -> None:
    folder = _made(tmp_path, "an address", server)
    if trouble == "a file in the way":
        (folder.home / ".local").write_text("")
    else:
        folder.record.parent.mkdir(parents=True)
        if trouble == "a damaged record":
            folder.record.write_text('{"folders": {')
        else:
            folder.record.mkdir()
    code, output = _ask(folder, "y")
    assert code == 0
    assert len(server.chats) == 1
    if trouble == "a damaged record":
        assert _ask(folder, None)[0] == 0
    else:
        assert f"{folder.record} could not be written: " in output
        assert "; the answer holds for this once\n" in output
        assert _ask(folder, "y")[0] == 0


# The choice at the first start is the agreement


async def _choose(folder: Folder, ports: Mapping[int, str]) -> str:
    environ: dict[str, str] = {}
    root = find_root(None, environ, folder.path)
    signals = Signals(interrupt_leaves=False)
    signals.listen()
    out = StringIO()
    keyboard = PlainKeyboard(BytesIO(b"2\n1\n"), StringIO())
    await with_service(Run(load({}, environ, root), environ, root), keyboard, Screen(out, out), signals, ports)
    return out.getvalue()


async def test_a_server_that_was_chosen_at_the_start_is_not_asked_about(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(folder.record.parents[1]))
    await _choose(folder, {server.port: "Ollama"})
    assert trust.is_trusted(load({}, {}, find_root(None, {}, folder.path)))
    assert folder.pipe("ask", "q").code == 0
    folder.write(settings='base_url = "http://127.0.0.1:1/v1"')
    assert folder.pipe("ask", "q").code == 2


async def test_a_choice_that_cannot_be_kept_as_agreed_is_told(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", os.devnull)
    assert f"{os.devnull}/chatcmd/trusted.json could not be written: " in await _choose(folder, {server.port: "Ollama"})
