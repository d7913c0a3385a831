"""The history in Chinese: what is told of it holds no English sentence, and is set as Chinese is."""

import re
from pathlib import Path

import pytest

from chatcmd.history.library import Library
from tests.cli.pages import chinese, english
from tests.history.damage import put, talked, with_message
from tests.history.exported import rich
from tests.history.imports import FILES
from tests.history.made import ID, abandoned, saved, session
from tests.terminal_driver import CHATCMD, Finished, run

# Half-width signs that join or enclose what is Chinese, and blanks before what encloses it.
GLUED = re.compile(r"[\u4e00-\u9fff][,;:(]|[,;] [\u4e00-\u9fff]| [（，；：]|\([\u4e00-\u9fff]")


def told(root: Path, *words: object) -> Finished:
    return run([*CHATCMD, "history", *map(str, words), "--root", str(root), "--lang", "zh"])


def test_what_verify_finds_and_mends_is_told_in_chinese(tmp_path: Path) -> None:
    history = tmp_path / "history"
    live = abandoned(Library(history), talked(1), "然后呢")
    live.write_bytes(live.read_bytes() + b'{"event":"part","te\nno\n')
    put(history, with_message(2, latency="long"), session_id="20260101T000000Z-aaaa")
    assert "条消息（第 3、4 行无法读取）；--repair" in told(tmp_path, "verify").out
    for words in ([], ["--repair"]):
        done = told(tmp_path, "verify", *words)
        said = (done.out + done.err).replace(str(tmp_path), "")
        assert chinese(said)
        assert GLUED.findall(said) == []
        assert english(re.sub(r"（Expected .*?）", "", said)) == []


def test_what_an_import_brought_is_told_in_chinese(tmp_path: Path) -> None:
    done = told(tmp_path, "import", FILES / "chatgpt.json", "-u", "张三")
    assert "1 段录音、1 次画布修改、1 个附件、1 张图片、1 次工具调用、2 个工具结果" in done.err
    assert GLUED.findall(done.err) == []
    assert english(done.err) == []


@pytest.mark.parametrize(
    ("form", "sentences"),
    [
        ("markdown", ("- 标签：math、a_b\n", "<summary>思考</summary>")),
        ("html", ('<html lang="zh-CN">', "<dt>标签</dt><dd>math、a_b</dd>")),
    ],
)
def test_a_page_for_people_is_in_chinese_to_its_last_word(
    tmp_path: Path, form: str, sentences: tuple[str, ...]
) -> None:
    saved(Library(tmp_path / "history"), rich())
    done = told(tmp_path, "export", rich().id, "--format", form)
    assert done.code == 0
    for sentence in sentences:
        assert sentence in done.out


def test_the_first_and_the_last_day_are_no_source(tmp_path: Path) -> None:
    saved(Library(tmp_path / "history"), session(2, session_id=ID))
    page = tmp_path / "page.html"
    assert told(tmp_path, "stats", "--html", page).code == 0
    facts = re.findall("<dt>(.*?)</dt>", page.read_text())
    assert facts[:3] == ["轮数", "最早", "最近"]


def test_formats_are_listed_one_a_line(tmp_path: Path) -> None:
    done = told(tmp_path, "export", "--help")
    assert "\n  json：全部信息，与保存的一致；多个会话为列表\n  jsonl：" in done.out
