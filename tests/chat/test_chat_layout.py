"""What a user sees, screen by screen, in both languages on narrow, usual and wide terminals."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from chatcmd.cells import cells
from tests.chat.layout import ROWS, SCREENS, SPEAKERS, play
from tests.cli.pages import chinese, english

RENEW = "look at it, and if it is as it should be: python -m tests.chat.layout"


@pytest.mark.parametrize("columns", ROWS)
@pytest.mark.parametrize("language", SPEAKERS)
def test_every_screen_is_as_it_was_seen_and_found_good(language: str, columns: int, tmp_path: Path) -> None:
    seen, good = screens(play(language, columns, tmp_path / "root")), kept(language, columns)
    assert list(seen) == list(good), RENEW
    for name, rows in seen.items():
        assert rows == good[name], f"{name}: {RENEW}"


def screens(text: str) -> dict[str, list[str]]:
    """Read screens by their names, row by row."""
    found = re.findall(r"^=== (.*)\n((?:(?!=== ).*\n)*)", text, re.MULTILINE)
    return {name: rows.rstrip("\n").split("\n") for name, rows in found}


def kept(language: str, columns: int) -> dict[str, list[str]]:
    return screens((SCREENS / f"{language}-{columns}.txt").read_text("utf-8"))


def ours(language: str, columns: int) -> Iterator[tuple[str, str]]:
    """List the rows that say something of ours: not what is typed, and not the user's own words in answers."""
    speaker = SPEAKERS[language]
    typed = {*speaker.question.split(), *speaker.long.split(), *speaker.persona.split()}
    for name, rows in kept(language, columns).items():
        for row in rows:
            if not row.startswith("【") and not typed.issuperset(re.split(r"[ …]+", row.strip())):
                yield name, row


def test_every_screen_is_there_in_both_languages_at_every_width() -> None:
    named = {
        (language, columns): [re.sub(r"(?<=tokens ).*|(?<=rename ).*", "", name) for name in kept(language, columns)]
        for language in SPEAKERS
        for columns in ROWS
    }
    first = named["en", 80]
    assert len(first) > 40
    assert [name for name in named.values() if name != first] == []


@pytest.mark.parametrize("columns", ROWS)
@pytest.mark.parametrize("language", SPEAKERS)
def test_no_screen_is_higher_or_wider_than_its_terminal(language: str, columns: int) -> None:
    for name, rows in kept(language, columns).items():
        assert len(rows) < ROWS[columns], name
        assert max(map(cells, rows)) <= columns, name


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("language", SPEAKERS)
def test_no_word_is_broken_up_where_the_line_could_break_at_a_blank(language: str, columns: int) -> None:
    """Every word of a narrow screen is one of the wide screen: half a word is none."""
    wide = kept(language, 200)
    for name, rows in kept(language, columns).items():
        whole = words(wide[name])
        whole |= {part for word in whole for part in re.findall("[^/]+", word)}  # a path can break at its slashes
        for row in untyped(rows, columns):
            broken = [word for word in words([row]) if not {word, *word.strip("/").split("/")} & whole]
            assert broken == [], (name, row)


def words(rows: Sequence[str]) -> set[str]:
    """List the words of rows, without the marks around them; what is cut is none."""
    found = (word for row in rows for word in re.findall("[!-~]+", re.sub(r"\S*…", "", row)))
    return {word.strip("()[]{};:,.\"'") for word in found if re.search(r"\w", word)}


def untyped(rows: Sequence[str], columns: int) -> Iterator[str]:
    """Leave out lines as they are typed: the editor goes on with them at the end of a row, whatever stands there."""
    goes_on = False
    for row in rows:
        typed = row.startswith("【") or goes_on
        goes_on = typed and cells(row) >= columns - 1
        if not typed:
            yield row


def test_no_english_is_left_in_chinese_but_names() -> None:
    for columns in ROWS:
        for name, row in ours("zh", columns):
            assert english(row) == [], (columns, name)


def test_no_chinese_is_in_english() -> None:
    for columns in ROWS:
        for name, row in ours("en", columns):
            assert not chinese(row), (columns, name)


TABLES = {"/set": 3, "/status": 1, "/context": 3, "/tokens": 3, "/users": 2, "/context without it": 3}
"""The screens that are tables, and the gaps between their columns, at least, where all stand beside each other."""


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("language", SPEAKERS)
def test_columns_line_up(language: str, columns: int) -> None:
    for name, gaps in TABLES.items():
        rows = [row for row in kept(language, columns)[name][1:-2] if re.search(r"\S {2,}\S", row)]
        assert len(rows) > 1
        blank = [all(cell == " " for cell in at) for at in zip(*(on_screen(row, columns) for row in rows), strict=True)]
        text = "".join(" " if each else "x" for each in blank).strip()
        assert len(re.findall("x  +x", text)) >= gaps, (name, text)


def on_screen(row: str, columns: int) -> list[str]:
    """Give what stands in each cell of a row; a wide character stands in two."""
    taken = [char for char in row for _ in range(cells(char))]
    return taken + [" "] * (columns - len(taken))
