"""The command line in two languages: which one it speaks, and that it is spoken to the last word."""

import argparse
import ast
import inspect
import re
from pathlib import Path

import pytest

from chatcmd.cli import parser, split
from chatcmd.history.library import Library
from tests.cli.pages import PAGES, cells, chinese, english, page, untyped
from tests.history.made import ID, abandoned, saved, session
from tests.loopback import Loopback, say
from tests.terminal_driver import CHATCMD, Terminal, run

ZH = "zh_CN.UTF-8"

# A command line, its environment, and whether it is answered in Chinese.
CHOICES: list[tuple[str, dict[str, str], bool]] = [
    ("--help", {}, False),
    ("--lang zh --help", {}, True),
    ("--help --lang zh", {}, True),
    ("--lang=zh help", {}, True),
    ("--lang zh --lang en --help", {}, False),
    ("--help", {"LC_ALL": ZH}, True),
    ("--help", {"LC_ALL": "", "LC_MESSAGES": ZH}, True),
    ("--help", {"LC_ALL": "", "LANG": ZH}, True),
    ("--help", {"LC_ALL": "C", "LANG": ZH}, False),
    ("--help", {"LC_ALL": "C", "CHATCMD_LANGUAGE": "zh"}, True),
    ("--lang en --help", {"LC_ALL": ZH, "CHATCMD_LANGUAGE": "zh"}, False),
    ("--lang en chat --help", {"LC_ALL": ZH}, False),
    ("--lang zh history --help", {}, True),
    ("history --lang zh list --help", {}, True),
    ("history list --help --lang=zh", {}, True),
    ("ask --help", {"LC_ALL": "", "LANG": ZH}, True),
    ("--lang zh --frob", {}, True),
    ("--frob --lang zh", {}, True),
    ("ask --frob", {"LC_ALL": ZH}, True),
    ("--lang zh history", {}, True),
    ("--temperature 3 --offline --lang zh", {}, True),
    ("--temperature 3 --offline", {"CHATCMD_LANGUAGE": "zh"}, True),
    ("--lang tlh", {"LC_ALL": ZH}, True),
    ("--lang tlh --help", {}, False),
    ("--lang", {"LC_ALL": ZH}, True),
    ("--offline -u", {"LC_ALL": ZH}, True),
]


@pytest.mark.parametrize("case", CHOICES)
def test_flag_then_setting_then_locale_choose_the_language(
    case: tuple[str, dict[str, str], bool],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    words, environ, expected = case
    monkeypatch.chdir(tmp_path)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    said = page(words.split(), capsys)
    assert said
    assert chinese(said) is expected
    assert not (expected and english(said))


@pytest.mark.parametrize(
    ("words", "lang", "rest"),
    [
        ("", "", ""),
        ("-u x", "", "-u x"),
        ("--lang zh", "--lang zh", ""),
        ("-c --lang zh -u x", "--lang zh", "-c -u x"),
        ("--lang=zh -c --lang en", "--lang=zh --lang en", "-c"),
        ("ask what is -- --lang zh", "", "ask what is -- --lang zh"),
        ("-c --lang", "", "-c --lang"),
    ],
)
def test_the_flag_is_taken_from_wherever_it_stands(words: str, lang: str, rest: str) -> None:
    assert split(words.split()) == (lang.split(), rest.split())


def test_a_question_about_the_flag_is_a_question(tmp_path: Path) -> None:
    with Loopback() as server:
        server.answer(say("it chooses the language"))
        environ = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url}
        done = run([*CHATCMD, "ask", "--root", str(tmp_path), "--", "--lang", "zh"], env=environ)
        assert (done.code, done.out) == (0, "it chooses the language\n"), done.err
        assert server.requests[-1].body["messages"][-1]["content"] == "--lang zh"


@pytest.mark.parametrize("command", ["chat", "ask", "history"])
def test_the_settings_file_chooses_for_what_comes_after_it(tmp_path: Path, command: str) -> None:
    envs = tmp_path / "envs"
    envs.mkdir()
    (envs / "settings.toml").write_text('language = "zh"\nmodle = "x"\n')
    words = {"chat": ["--offline"], "ask": ["ask", "--offline", "hi"], "history": ["history", "list"]}[command]
    for more, expected in (([], True), (["--lang", "en"], False)):
        done = run([*CHATCMD, *words, *more], cwd=tmp_path)
        assert chinese(done.err) is expected, done.err
        assert not (expected and english(done.err.replace("model", "").replace("modle", "")))


@pytest.mark.parametrize("words", PAGES)
def test_a_page_in_chinese_has_no_english_sentence_left(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert english(page(words.split(), capsys))
    shown = page(["--lang", "zh", *words.split()], capsys)
    assert english(shown) == []
    for line in shown.splitlines():
        assert chinese(line) or not re.search(r"[a-z]{3} [a-z]{3}", untyped(line).partition("--help")[0])


# Words that argparse refuses, each in a sentence of its own.
REFUSED = (
    "--colour",
    "--user",
    "--offline=yes",
    "--p x",
    "chat 你好",
    "ask --json=x hi",
    "history",
    "history frob",
    "history list -n x",
    "history list more",
    "history show",
    "history import",
)


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused_is_refused_in_chinese(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    in_english, in_chinese = page(words.split(), capsys), page(["--lang", "zh", *words.split()], capsys)
    for said in (in_english, in_chinese):
        assert said.startswith("chatcmd: ")
        assert said.count("\n") == 1
    assert chinese(in_chinese)
    assert english(in_chinese) == []
    assert len(in_chinese) < len(in_english)


# What argparse only says to whoever writes a program, or of what none of our parsers has.
NOT_SAID = {
    ".__call__() not defined",
    "%(prog)s: error: %(message)s\n",
    "%r is not callable",
    "'required' is an invalid argument for positionals",
    'argument "-" with mode %r',
    "can't open '%(filename)s': %(error)s",
    "cannot have multiple subparser arguments",
    "cannot merge actions - two groups are named %r",
    "conflicting option string: %s",
    "conflicting option strings: %s",
    "conflicting subparser alias: %s",
    "conflicting subparser: %s",
    "dest= is required for options like %r",
    "expected %s argument",
    "expected %s arguments",
    "invalid conflict_resolution value: %r",
    "invalid option string %(option)r: must start with a character %(prefix_chars)r",
    "mutually exclusive arguments must be optional",
    "show program's version number and exit",
    "subcommands",
    "unknown parser %(parser_name)r (choices: %(choices)s)",
}


def test_argparse_says_nothing_that_the_catalogue_does_not_hold() -> None:
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(argparse))) if isinstance(node, ast.Call)]
    translated = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext")]
    texts = {
        part.value
        for node in translated
        for each in node.args
        for part in ast.walk(each)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value not in ("title", "description")
    }
    assert len(texts) > 20
    assert set(parser.ARGPARSE) <= texts
    assert {text for text in texts - NOT_SAID - set(parser.ARGPARSE) if "deprecated" not in text} == set()


def test_the_history_is_listed_and_shown_in_chinese(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    saved(library, session(2))
    saved(library, session(1, session_id="20260101T000000Z-aaaa", user="bob", title="a longer title than that"))
    root = ["--root", str(tmp_path), "--lang", "zh"]
    done = run([*CHATCMD, "history", "list", *root])
    assert (done.code, done.err) == (0, "")
    head, *rows = done.out.splitlines()
    assert chinese(head)
    assert not english(head)
    assert len(head.split()) == 6
    ends = [cells(line[: line.index("gpt-3.5-turbo")]) for line in rows]
    assert [cells(head[: head.index(head.split()[4])])] * 2 == ends
    shown = run([*CHATCMD, "history", "show", ID, *root])
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == run([*CHATCMD, "history", "show", ID, "--root", str(tmp_path)]).out
    missing = run([*CHATCMD, "history", "show", "none", *root])
    assert missing.code == 3
    assert chinese(missing.err)
    assert not english(missing.err)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--proxy", "ftp://x"), "http、https、socks5、socks5h"),
        (("-c", "-u", "u", "-r", "2026"), "3f2c、20261120T213005Z-3f2b、..."),
    ],
)
def test_what_is_listed_in_a_sentence_is_set_as_chinese_is(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    for number in range(4):
        saved(Library(tmp_path / "history"), session(1, session_id=f"{ID[:-1]}{'abcd'[number]}", user="u"))
    done = run([*CHATCMD, "--offline", *words, "--root", str(tmp_path)], env={"LANG": ZH})
    assert said in done.err
    assert ", " not in done.err


def test_what_a_killed_process_left_is_told_in_chinese(tmp_path: Path) -> None:
    abandoned(Library(tmp_path / "history"), session(1), "又问")
    done = run([*CHATCMD, "history", "list", "--root", str(tmp_path)], env={"LANG": ZH})
    assert done.code == 0
    assert f"chatcmd --resume {ID}" in done.err
    assert chinese(done.err)
    assert not english(done.err.replace(f"chatcmd --resume {ID}", ""))


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_first_start_asks_in_chinese(tmp_path: Path, columns: int) -> None:
    argv = [*CHATCMD, "--root", str(tmp_path)]
    with Terminal(argv, env={"LANG": ZH, "COLUMNS": str(columns)}, columns=columns, rows=30) as terminal:
        screen = terminal.expect_screen(lambda text: "OPENAI_API_KEY" in text and text.endswith(("0：", "0:")))
        for number in "1230":
            assert re.search(rf"^  {number}( |$)", screen, re.MULTILINE)
        assert not english(screen.replace("\n", ""))  # where a path may go on
        assert max(map(cells, screen.splitlines())) <= columns
        terminal.line("1")
        terminal.expect_screen(lambda text: text != screen and text.endswith(("：", ":")) and "0：" not in text[-3:])
        terminal.line("你的密钥")
        terminal.expect(re.compile("[\u4e00-\u9fff].*\n"))
        terminal.line("")
        terminal.expect_screen(lambda text: text.rstrip().endswith(("0：", "0:")))
        terminal.line("3")
        terminal.expect(re.compile("/help"))
        terminal.send("\x04")
        assert terminal.wait() == 0
        assert not english(terminal.output)
    assert list(tmp_path.iterdir()) == []
