import json
import re
from pathlib import Path

import pytest

from chatcmd import __version__
from chatcmd.cli import main
from tests.terminal_driver import CHATCMD, PYTHON, Finished, run

HEAVY = ("openai", "httpx2", "prompt_toolkit", "rich", "tiktoken")
LISTED = f"""
import sys
def loaded():
    return [name for name in {HEAVY} if name in sys.modules]
"""
NO_KEY = (
    "chatcmd: no key for api.openai.com: set OPENAI_API_KEY, or put the key into envs/openai_key or "
    "envs/configs below {root}; or try the demo model with --offline\n"
)


def _loaded_by(code: str, *words: str) -> list[str]:
    """Run code in a fresh interpreter, and return what heavy modules it has loaded by then."""
    done = run([PYTHON, "-c", f"{LISTED}{code}\nprint(*loaded(), file=sys.stderr)", *words])
    assert done.code == 0, done.err
    return done.err.split()


@pytest.mark.parametrize(
    "module",
    [
        "chatcmd",
        "chatcmd.cli",
        "chatcmd.cli.chat",
        "chatcmd.cli.ask",
        "chatcmd.cli.history",
        "chatcmd.cli.replay",
        "chatcmd.app",
    ],
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert _loaded_by(f"import {module}") == []


ABOUT = "chatcmd: a console chat for OpenAI-compatible models"
# What is said without a model, and what of it must be there.
SAID = {
    "--version": f"chatcmd {__version__}\n",
    "-V": f"chatcmd {__version__}\n",
    "--help": ABOUT,
    "-h": ABOUT,
    "help": ABOUT,
    "chat --help": "usage: chatcmd chat",
    "ask --help": "usage: chatcmd ask",
    "history --help": "usage: chatcmd history",
    "help history": "usage: chatcmd history",
    "--help ask": "usage: chatcmd ask",
    "history list --help": "usage: chatcmd history list",
    "replay --help": "usage: chatcmd replay",
    "--offline --help": "usage: chatcmd chat",
}
RUN_MAIN = """
from chatcmd.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as leave:
    code = leave.code
assert code == 0, code
"""


@pytest.mark.parametrize("words", [words for words in SAID if words not in ("-V", "-h", "help")])
def test_version_and_help_load_nothing_heavy(words: str) -> None:
    assert _loaded_by(RUN_MAIN, *words.split()) == []


@pytest.mark.parametrize("words", SAID)
def test_version_and_help_are_printed_and_done(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: object = main(words.split())
    except SystemExit as leave:
        code = leave.code
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    assert captured.out.startswith(SAID[words])


def test_version_needs_no_module_of_ours_but_two() -> None:
    code = "names = [name for name in sys.modules if name.startswith('chatcmd')]; print(*names, file=sys.stderr)"
    done = run([PYTHON, "-c", f"import sys\nfrom chatcmd.cli import main\nmain(['--version'])\n{code}"])
    assert done.err.split() == ["chatcmd", "chatcmd.cli"]


def test_the_overview_needs_no_parser_and_no_settings() -> None:
    code = "names = [name for name in sys.modules if name.startswith(('chatcmd', 'argparse', 'msgspec'))]"
    for words, more in ((["--help"], []), (["--lang", "zh", "--help"], ["gettext"])):
        shown = "print(*names, *({'gettext'} & {*sys.modules}), file=sys.stderr)"
        done = run([PYTHON, "-c", f"import sys\nfrom chatcmd.cli import main\nmain({words})\n{code}\n{shown}"])
        assert sorted(done.err.split()) == [
            "chatcmd",
            "chatcmd.cells",
            "chatcmd.cli",
            "chatcmd.cli.overview",
            "chatcmd.cli.page",
            "chatcmd.language",
            "chatcmd.settings",
            "chatcmd.settings.language",
            *more,
        ]


def test_it_runs_as_a_module_and_as_a_command() -> None:
    for argv in ([PYTHON, "-m", "chatcmd"], [str(Path(PYTHON).with_name("chatcmd"))]):
        done = run([*argv, "--version"])
        assert (done.code, done.out, done.err) == (0, f"chatcmd {__version__}\n", "")


def _one_sentence(done: Finished) -> str:
    assert "Traceback" not in done.err
    assert (done.out, done.err.count("\n")) == ("", 1)
    assert done.err.startswith("chatcmd: ")
    return done.err


@pytest.mark.parametrize("words", [[], ["ask", "1+1=几"]])
def test_no_key_and_no_terminal_is_one_sentence_and_exit_code_2(tmp_path: Path, words: list[str]) -> None:
    done = run([*CHATCMD, *words, "--root", str(tmp_path)], "老表\n1+1=几\n0\n".encode())
    assert _one_sentence(done) == NO_KEY.format(root=tmp_path)
    assert done.code == 2
    assert list(tmp_path.iterdir()) == []


def test_the_offline_demo_needs_no_key(tmp_path: Path) -> None:
    done = run([*CHATCMD, "--offline", "--root", str(tmp_path)], "老表\n1+1=几\n0\n".encode())
    assert (done.code, "【ChatGPT】" in done.out) == (0, True), done.err
    assert [path.name for path in (tmp_path / "history").iterdir()] == ["老表"]


# Words that are wrong, and the sentence about them.
WRONG = {
    "frobnicate": "chat does not take 'frobnicate': a command comes first (chatcmd history ...), and a ",
    "serve": "chat does not take 'serve': ",
    "chat 你好": "chat does not take '你好': ",
    "--offline history": "chat does not take 'history': ",
    "--colour": "unrecognized arguments: --colour; see: chatcmd chat --help",
    "--version now": "unrecognized arguments: --version",
    "ask --json=x": "argument --json: ignored explicit argument 'x'; see: chatcmd ask --help",
    "ask --resume": "argument -r/--resume: expected one argument",
    "--user": "argument -u/--user: expected one argument; see: chatcmd chat --help",
    "--root": "argument --root: expected one argument; see: chatcmd chat --help",
    "--temperature 3 --offline": "--temperature: temperature must be a number from 0 to 2",
    "--seed 1.5": "--seed: seed must be a whole number from -9007199254740992 up",
    "--base-url 127.0.0.1:7890": "--base-url: base_url is no address of a service; write it like https://host/v1",
    "--base-url http://[::1": "--base-url: base_url is no address; write it like https://host/v1",
    "--proxy socks4://h": "--proxy: proxy has the scheme 'socks4'; a proxy is http, https, socks5, socks5h",
    "--model ": "--model: model is empty; give it a value, or leave it out",
    "history": "the following arguments are required: COMMAND; see: chatcmd history --help",
    "history frob": "argument COMMAND: invalid choice: 'frob' ",
    "history list -n x": "argument -n: invalid int value: 'x'; see: chatcmd history list --help",
    "history list more": "unrecognized arguments: more; see: chatcmd history list --help",
    "history show": "the following arguments are required: SESSION; see: chatcmd history show --help",
    "history import": "the following arguments are required: FILE; see: chatcmd history import --help",
    "history list --proxy x": "unrecognized arguments: --proxy x; see: chatcmd history list --help",
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_words_are_one_sentence_and_exit_code_2(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split(" ")) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert captured.err.startswith(f"chatcmd: {WRONG[words]}")


def test_wrong_words_end_the_process_with_2(tmp_path: Path) -> None:
    done = run([*CHATCMD, "--root", str(tmp_path), "--temperature", "hot"])
    assert (done.code, _one_sentence(done)) == (2, "chatcmd: --temperature: temperature must be a number from 0 to 2\n")


def test_every_wrong_setting_has_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "settings.toml").write_text('modle = "x"\ntop_p = 2\n')
    done = run([*CHATCMD, "--offline"], cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "chatcmd: envs/settings.toml line 1: there is no setting modle; did you mean model?\n"
        "chatcmd: envs/settings.toml line 2: top_p must be a number from 0 to 1\n"
    )


def test_what_stands_in_the_settings_reaches_the_terminal_cleaned(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "settings.toml").write_text('"\\u001b]0;x\\u0007" = 1\n"a\\nb" = 1')
    done = run([*CHATCMD, "--offline"], cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.err)


def test_an_address_in_a_folder_does_not_draw_the_key_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "settings.toml").write_text('\nbase_url = "https://theirs.example/v1"\n')
    done = run([*CHATCMD, "--trust"], "老表\n你好\n".encode(), cwd=tmp_path, env={"OPENAI_API_KEY": "sk-CANARY-1"})
    assert done.code == 2
    told = _one_sentence(done)
    assert "envs/settings.toml line 2 sends to theirs.example" in told
    assert "the key comes from OPENAI_API_KEY" in told
    assert "CANARY" not in told


@pytest.mark.parametrize("words", [["--offline", "-p", "nobody"], ["ask", "--offline", "-p", "nobody", "x"]])
def test_a_persona_that_is_not_there_is_told(tmp_path: Path, words: list[str]) -> None:
    done = run([*CHATCMD, *words, "--root", str(tmp_path), "-u", "老表"], "你好\n".encode())
    assert (
        _one_sentence(done)
        == "chatcmd: --persona: there is no persona nobody: write its text to envs/personas/nobody.md\n"
    )
    assert done.code == 2


def test_warnings_of_the_settings_are_said_once_beside_the_conversation(tmp_path: Path) -> None:
    done = run([*CHATCMD, "--offline", "--root", str(tmp_path)], "老表\n0\n".encode(), env={"CHATCMD_MODLE": "x"})
    assert done.code == 0
    assert done.err.count("CHATCMD_MODLE: there is no such setting; did you mean CHATCMD_MODEL?") == 1
    assert "MODLE" not in done.out


def test_an_empty_history_is_listed_as_such(tmp_path: Path) -> None:
    root = ["--root", str(tmp_path)]
    done = run([*CHATCMD, "history", "list", *root])
    assert (done.code, done.out, done.err) == (0, "", f"nothing is saved in {tmp_path / 'history'} yet\n")
    done = run([*CHATCMD, "history", "list", "--json", "--all", *root])
    assert (done.code, json.loads(done.out), done.err) == (0, [], "")
    done = run([*CHATCMD, "history", "path", "--json", *root])
    assert (done.code, json.loads(done.out)) == (0, {"path": str(tmp_path / "history")})
    done = run([*CHATCMD, "history", "show", "-1", *root])
    assert (done.code, _one_sentence(done)[:9]) == (3, "chatcmd: ")
    assert list(tmp_path.iterdir()) == []
