"""The pages of help: what fits into how many cells, in both languages."""

import re

import pytest

from chatcmd.cli.page import LEAST, listed
from tests.cli.pages import PAGES, cells, page


def test_a_list_has_its_texts_beside_its_words_or_below_them() -> None:
    rows = (("1", "enter a key"), ("用户", "who is talking, and more"))
    assert listed(rows, 40) == "  1     enter a key\n  用户  who is talking, and more"
    assert listed(rows, 30) == "  1     enter a key\n  用户  who is talking, and\n        more"
    assert listed(rows, 26) == "  1\n      enter a key\n  用户\n      who is talking, and\n      more"


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("words", PAGES)
def test_every_page_fits_its_terminal_and_breaks_no_word(
    words: str, language: str, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = ["--lang", language, *words.split()]
    monkeypatch.setenv("COLUMNS", "10000")
    endless = page(argv, capsys)
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = page(argv, capsys)
    for line in shown.splitlines():
        assert cells(line) < columns
        assert not re.match(r"\s*[，。；：？！、）」』》】]", line)
        assert not re.search(r"[（「『《【]$", line)
        assert line == line.rstrip()
    assert shown.split() == endless.split() if language == "en" else _solid(shown) == _solid(endless)
    assert set(re.findall(r"[!-~]+", endless)) <= set(re.findall(r"[!-~]+", shown))


@pytest.mark.parametrize("columns", ["0", "1", "12", "x"])
def test_a_terminal_that_is_absurdly_narrow_gets_a_page_all_the_same(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for words in PAGES:
        shown = page(words.split(), capsys)
        assert "chatcmd" in shown
        assert max(map(cells, shown.splitlines())) <= 80
    assert LEAST > 1


def _solid(text: str) -> str:
    return re.sub(r"\s", "", text)
