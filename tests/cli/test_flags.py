import argparse
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from chatcmd.cli.flags import add_flags
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import writable
from chatcmd.errors import UsageError
from chatcmd.settings.option import OPTIONS
from tests.terminal_driver import CHATCMD, PYTHON, run

# Every flag that says a setting, with a value, and the setting that it says.
FLAGS = {
    "--user 小明": ("user", "小明"),
    "-u 小明": ("user", "小明"),
    "--persona poet": ("persona", "poet"),
    "-p poet": ("persona", "poet"),
    "--model gpt-4o": ("model", "gpt-4o"),
    "-m near/qwen": ("model", "near/qwen"),
    "--offline": ("offline", True),
    "--no-save": ("save", False),
    "--provider near": ("provider", "near"),
    "--base-url https://h/v1": ("base_url", "https://h/v1"),
    "--proxy h:1": ("proxy", "h:1"),
    "--no-stream": ("stream", False),
    "--plain": ("plain", True),
    "--temperature 0": ("temperature", "0"),
    "--top-p 1": ("top_p", "1"),
    "--max-tokens 5": ("max_tokens", "5"),
    "--presence-penalty -2": ("presence_penalty", "-2"),
    "--frequency-penalty -0.5": ("frequency_penalty", "-0.5"),
    "--seed -7": ("seed", "-7"),
    "--stop a --stop b": ("stop", ["a", "b"]),
    "--end-user x": ("end_user", "x"),
    "--lang zh": ("language", "zh"),
}
NOT_SETTINGS = {"go_on", "resume", "fork", "root", "trust"}


def _parse(words: str) -> argparse.Namespace:
    parser = Parser(prog="chatcmd chat")
    add_flags(parser)
    return parser.parse_args(words.split())


@pytest.mark.parametrize("words", FLAGS)
def test_a_flag_says_one_setting_and_nothing_else(words: str) -> None:
    name, value = FLAGS[words]
    said = {key: found for key, found in vars(_parse(words)).items() if found is not None and key not in NOT_SETTINGS}
    assert said == {name: value}


def test_the_table_above_holds_every_flag() -> None:
    said = {name for name, _ in FLAGS.values()}
    assert said | NOT_SETTINGS == vars(_parse("")).keys()
    assert said <= OPTIONS.keys()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--colour", "unrecognized arguments: --colour; see: chatcmd chat --help"),
        ("--model", "argument -m/--model: expected one argument; see: chatcmd chat --help"),
        ("--offline=yes", "argument --offline: ignored explicit argument 'yes'; see: chatcmd chat --help"),
        ("--p x", "ambiguous option: --p could match --persona, --provider, --proxy, --plain, --presence-penalty; see"),
    ],
)
def test_a_wrong_flag_is_one_sentence_that_names_the_help(words: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        _parse(words)
    assert str(caught.value).startswith(expected)
    assert caught.value.exit_code == 2


def test_the_help_of_every_flag_can_be_shown() -> None:
    parser = Parser(prog="chatcmd chat")
    add_flags(parser)
    text = parser.format_help()
    assert all(words.split()[0] in text for words in FLAGS)
    assert max(map(len, text.splitlines())) <= 120


def test_text_that_an_output_cannot_show_becomes_an_escape() -> None:
    raw = BytesIO()
    with TextIOWrapper(raw, encoding="ascii", newline="") as stream:
        writable(stream).write("1+1=几\ud83d")
        stream.flush()
        assert raw.getvalue() == b"1+1=\\u51e0\\ud83d"
    memory = StringIO()
    assert writable(memory) is memory


def test_a_current_folder_that_is_gone_is_told_in_one_sentence(tmp_path: Path) -> None:
    code = "import os, sys; os.rmdir(os.getcwd()); from chatcmd.cli import main; sys.exit(main(sys.argv[1:]))"
    gone, root = tmp_path / "gone", tmp_path / "root"
    for words, expected in ((["--offline"], 2), (["--offline", "--root", "below"], 2), (["history", "path"], 2)):
        gone.mkdir()
        done = run([PYTHON, "-P", "-c", code, *words], cwd=gone)
        assert (done.code, done.out) == (expected, "")
        assert (
            done.err == "chatcmd: the current folder is gone; change to another one, or pass --root with a full path\n"
        )
    gone.mkdir()
    done = run([PYTHON, "-P", "-c", code, "history", "path", "--root", str(root)], cwd=gone)
    assert (done.code, done.out, done.err) == (0, f"{root / 'history'}\n", "")


def test_the_environment_is_read_and_flags_win_over_it(tmp_path: Path) -> None:
    done = run(
        [*CHATCMD, "--root", str(tmp_path), "--offline", "--temperature", "1.5", "-u", "小明"],
        b"/set temperature\n/set seed\n",
        env={"CHATCMD_TEMPERATURE": "0.5", "CHATCMD_SEED": "7"},
    )
    assert done.code == 0, done.err
    assert "temperature = 1.5 (--temperature)" in done.out
    assert "seed = 7 (CHATCMD_SEED)" in done.out


@pytest.mark.parametrize("words", [["--model", "a\udcff"], ["-u", "a\udcff"], ["ask", "-p", "a\udcff", "x"]])
def test_bytes_that_are_no_text_are_one_sentence(tmp_path: Path, words: list[str]) -> None:
    done = run([*CHATCMD, *words, "--offline", "--root", str(tmp_path)])
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(" is not UTF-8 text; type it anew\n")
    assert done.err.count("\n") == 1
