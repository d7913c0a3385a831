"""README.zh-CN.md says what README.md says: section by section, the same commands, tables, names and links."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = ("README.md", "README.zh-CN.md")
_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Sections = list[str]


def _sections(name: str) -> Sections:
    """Cut a file at its headings, which stand at the beginning of each part."""
    parts = re.split(r"^(?=#+ )", _outside((ROOT / name).read_text()), flags=re.MULTILINE)
    return [part for part in parts if part.strip()]


def _outside(text: str) -> str:
    """Keep what stands outside of the code blocks: a comment in one is no heading."""
    return _BLOCK.sub("", text)


def _heading(section: str) -> str:
    return section.partition(" ")[0]


def _rows(section: str) -> list[int]:
    """Count the rows of each table of a section, head and rule and all."""
    return [table.count("\n") for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)]


def _first_cells(section: str) -> list[set[str]]:
    """Find what is written as code in the first cell of each row."""
    cells = re.findall(r"^\|([^|]*)", section, re.MULTILINE)
    return [_names(cell) for cell in cells]


def _names(text: str) -> set[str]:
    """Find what is written as code: commands, settings, files."""
    return {re.sub(r"\s+", " ", name) for name in re.findall(r"`([^`]+)`", text)}


def _links(text: str) -> set[str]:
    return set(re.findall(r"\]\(([^)]+)\)", text)) - set(FILES)


def _commands(block: str) -> list[str]:
    """Read what is typed or named in a block, without the remark behind it."""
    lines = [re.split(r"\s{2,}|\s+# ", line)[0] for line in block.splitlines()]
    return [*lines, *sorted(re.findall(r"\w+\.py\b", block))]


def test_both_have_the_same_sections() -> None:
    ours, theirs = map(_sections, FILES)
    assert [_heading(section) for section in theirs] == [_heading(section) for section in ours]
    assert len(ours) > 5


def _pairs() -> list[tuple[str, str]]:
    return list(zip(*map(_sections, FILES), strict=False))


@pytest.mark.parametrize("number", range(len(_pairs())))
def test_a_section_says_the_same_in_both(number: int) -> None:
    ours, theirs = _pairs()[number]
    assert _rows(theirs) == _rows(ours)
    assert _first_cells(theirs) == _first_cells(ours)
    assert _names(theirs) == _names(ours)
    assert _links(theirs) == _links(ours)
    assert len(re.findall(r"^- ", theirs, re.MULTILINE)) == len(re.findall(r"^- ", ours, re.MULTILINE))


def test_both_have_the_same_commands_in_their_code_blocks() -> None:
    ours, theirs = ([_commands(block) for block in _BLOCK.findall((ROOT / name).read_text())] for name in FILES)
    assert theirs == ours
    assert len(ours) > 3


def test_each_leads_to_the_other_before_its_first_section() -> None:
    for name, other in zip(FILES, reversed(FILES), strict=True):
        assert f"]({other})" in (ROOT / name).read_text().split("\n## ")[0]


def test_both_are_packed() -> None:
    listed = re.search(r"sdist\]\ninclude = \[(.*)\]", (ROOT / "pyproject.toml").read_text())
    assert listed
    assert set(FILES) <= set(re.findall(r'"([^"]+)"', listed[1]))
