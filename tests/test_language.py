import os
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from chatcmd.cli.fault import Reporter
from chatcmd.errors import reason
from chatcmd.language import _, marked, ngettext, speak
from chatcmd.settings.language import chosen, setting_of, use
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from tests import catalogue
from tests.terminal_driver import CHATCMD, PYTHON, run

UPDATE = "run: python -m tests.catalogue, and translate what it lists"

ENTRIES = catalogue.translated(catalogue.PO.read_bytes())


@pytest.fixture
def chinese() -> Iterator[None]:
    use("zh")
    yield
    speak(None)


def test_the_catalogue_has_every_message_of_the_source_and_no_other() -> None:
    assert catalogue.extracted().keys() - ENTRIES.keys() == set(), UPDATE
    assert ENTRIES.keys() - catalogue.extracted().keys() == set(), UPDATE


def test_every_entry_is_translated() -> None:
    assert [key for key, entry in ENTRIES.items() if entry.fuzzy or not all(catalogue.texts(entry))] == []


def test_the_compiled_catalogue_is_that_of_the_one_that_is_read() -> None:
    assert catalogue.MO.read_bytes() == catalogue.compiled(catalogue.PO.read_bytes()), UPDATE


def test_making_the_catalogue_again_changes_nothing() -> None:
    made = catalogue.written(catalogue.merged(catalogue.PO.read_bytes()))
    assert made == catalogue.written(catalogue.merged(made))
    assert catalogue.translated(made).keys() == catalogue.extracted().keys()


def test_what_is_new_comes_in_empty_and_what_is_gone_leaves() -> None:
    old = b'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8"\n\nmsgid "long gone"\nmsgstr "\xe6\x97\xa7"\n'
    made = catalogue.translated(catalogue.written(catalogue.merged(old)))
    assert "long gone" not in made
    assert not any(text for entry in made.values() for text in catalogue.texts(entry))


def _holes(text: str) -> set[str]:
    """List what is filled into a text: `{name!r:spec}` and `%(name)s`."""
    fields = re.findall(r"\{\{.*?\}\}|\{[^{}]*\}", text)
    return {*fields, *re.findall(r"%(?:\(\w+\))?[srd]", text)}


def test_a_translation_fills_in_what_the_source_does() -> None:
    wrong = {
        key: text
        for key, entry in ENTRIES.items()
        for text in catalogue.texts(entry)
        if text and _holes(text) != _holes(key if isinstance(key, str) else key[1])
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "holes"),
    [
        ("{tokens:,} of {path!r}", {"{tokens:,}", "{path!r}"}),
        ("{{user: [...]}} in {file}", {"{{user: [...]}}", "{file}"}),
        ("argument %(name)s: %s", {"%(name)s", "%s"}),
        ("100 % of [providers.NAME]", set()),
    ],
)
def test_what_is_filled_in_is_found(text: str, holes: set[str]) -> None:
    assert _holes(text) == holes


def test_what_is_filled_in_has_a_name() -> None:
    formatted = [
        text for key in catalogue.extracted() for text in ([key] if isinstance(key, str) else key) if _holes(text)
    ]
    nameless = [
        text for text in formatted if "%" not in text and "" in {name for _, name, _, _ in Formatter().parse(text)}
    ]
    assert nameless == []


# Chinese as it is set: full-width signs behind a Chinese word, and a blank between it and what is Latin or a number.
CROWDED = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!()]")


def test_translations_are_set_as_chinese_is() -> None:
    all_of_them = [text for entry in ENTRIES.values() for text in catalogue.texts(entry)]
    assert [text for text in all_of_them if CROWDED.search(text) or HALF_WIDTH.search(text)] == []


# Flag, setting and environment, and what is spoken.
CHOICES: list[tuple[str | None, str | None, dict[str, str], str]] = [
    ("en", "zh", {"LC_ALL": "zh_CN.UTF-8"}, "en"),
    ("zh", "en", {}, "zh"),
    (None, "zh", {"LC_ALL": "C"}, "zh"),
    (None, "en", {"LANG": "zh_CN.UTF-8"}, "en"),
    ("fr", None, {"LANG": "zh_CN"}, "zh"),
    (None, "Klingon", {}, "en"),
    (None, None, {}, "en"),
    (None, None, {"LANG": "zh_CN.UTF-8"}, "zh"),
    (None, None, {"LANG": "zh"}, "zh"),
    (None, None, {"LANG": "zh.UTF-8"}, "zh"),
    (None, None, {"LANG": "ZH_tw.Big5"}, "zh"),
    (None, None, {"LANG": "zh-Hans"}, "zh"),
    (None, None, {"LANG": "zh_SG@pinyin"}, "zh"),
    (None, None, {"LANG": "zha_CN"}, "en"),
    (None, None, {"LANG": "C.UTF-8"}, "en"),
    (None, None, {"LANG": "POSIX"}, "en"),
    (None, None, {"LANG": "de_DE.UTF-8"}, "en"),
    (None, None, {"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
    (None, None, {"LC_ALL": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
    (None, None, {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}, "zh"),
    (None, None, {"LC_CTYPE": "zh_CN.UTF-8", "LANGUAGE": "zh"}, "en"),
]


@pytest.mark.parametrize(("flag", "setting", "environ", "language"), CHOICES)
def test_flag_goes_before_setting_before_locale(
    flag: str | None, setting: str | None, environ: dict[str, str], language: str
) -> None:
    assert chosen(flag, setting, environ) == language


@pytest.mark.parametrize(
    ("environ", "text", "said"),
    [
        ({}, None, None),
        ({}, 'language = "zh"\ntimeout = "wrong"', "zh"),
        ({"CHATCMD_LANGUAGE": "en"}, 'language = "zh"', "en"),
        ({"CHATCMD_LANGUAGE": ""}, 'language = "zh"', "zh"),
        ({}, "language = 1", None),
        ({}, "language =", None),
        ({}, 'model = "gpt-4o"', None),
    ],
)
def test_the_setting_is_found_whatever_else_is_wrong(
    tmp_path: Path, environ: dict[str, str], text: str | None, said: str | None
) -> None:
    if text is not None:
        (tmp_path / "envs").mkdir()
        (tmp_path / "envs" / "settings.toml").write_text(text)
    assert setting_of(environ, Root(tmp_path, Origin("flag", "--root"))) == said


@pytest.mark.usefixtures("chinese")
def test_sentences_counted_nouns_and_tables_speak_the_language_in_use() -> None:
    table = {"length": marked("the answer was cut at its longest length (max_tokens, or the model's own)")}
    assert _(table["length"]) == catalogue.texts(ENTRIES[table["length"]])[0] != table["length"]
    counted = "{n:,} message", "{n:,} messages"
    assert [ngettext(*counted, n).format(n=n) for n in (1, 2000)] == ["1 条消息", "2,000 条消息"]
    assert (_("a text that no catalogue has"), _("")) == ("a text that no catalogue has", "")
    use("en")
    assert [ngettext(*counted, n).format(n=n) for n in (1, 2000)] == ["1 message", "2,000 messages"]


@pytest.mark.usefixtures("chinese")
def test_the_system_speaks_the_language_too_where_its_words_are_known(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        os.stat(tmp_path / "none")  # noqa: PTH116
    assert reason(caught.value) == "没有这个文件或目录"
    assert reason(OSError(1, "Something that nobody has seen")) == "Something that nobody has seen"
    assert reason(OSError("without a number")) == "without a number"


@pytest.mark.usefixtures("chinese")
def test_a_fault_that_cannot_be_told_of_is_named_in_the_language_too(tmp_path: Path) -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            raise ValueError

    told = Reporter(["--root", str(tmp_path)])(Unspeakable(), "a turn", False)
    assert told == "chatcmd 内部出错（Unspeakable）；聊天会继续"


def test_a_failure_is_told_in_the_language_of_the_locale(tmp_path: Path) -> None:
    environ = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "LANG": "zh_CN.UTF-8"}
    done = run([*CHATCMD, "ask", "--root", str(tmp_path), "1+1=几"], env=environ)
    failed = "无法连接 127.0.0.1:1：连接被拒绝"
    *again, last = done.err.splitlines()
    assert (done.code, done.out, last) == (4, "", f"chatcmd: {failed}；请检查地址、网络和代理")
    assert [re.sub(r"[\d.]+ 秒", "N 秒", line) for line in again] == [
        f"{failed}；N 秒后重试（第 {number} 次，最多 3 次）" for number in (2, 3)
    ]


def test_choosing_a_language_loads_next_to_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "from chatcmd.settings.language import chosen, use\n"
        "use(chosen(None, None, {}))\n"
        "names = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(names & {'gettext', 'msgspec', 'pathlib', 'tomllib', 'urllib', 'difflib'}))"
    )
    assert run([PYTHON, "-c", code]).out == "\n"
