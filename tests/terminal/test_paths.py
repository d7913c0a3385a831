"""Completion of @path: what is offered for what was typed."""

from pathlib import Path

import pytest

from chatcmd.terminal import Offer
from chatcmd.terminal.paths import MOST, offers


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "deep file.py").write_text("x" * 1234)
    (tmp_path / "Notes.md").write_text("n")
    (tmp_path / "notes too.md").write_text("")
    (tmp_path / 'quo"te').write_text("")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "bad\x1b[2Jname").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "src")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "src"))
    return tmp_path


OFFERED = {
    "@": ["link/", "src/", "notes\\ too.md", "Notes.md", 'quo\\"te'],
    "look at @": ["link/", "src/", "notes\\ too.md", "Notes.md", 'quo\\"te'],
    "看看@no": ["notes\\ too.md"],
    "(@no": ["notes\\ too.md"],
    "two\n@no": ["notes\\ too.md"],
    "\t@N": ["Notes.md"],
    "@.": [".hidden"],
    "@src/": ["src/deep\\ file.py"],
    "@./src/d": ["./src/deep\\ file.py"],
    "@src/deep\\ f": ["src/deep\\ file.py"],
    "@~/": ["~/deep\\ file.py"],
    '@"notes t': ['notes too.md"'],
    '@"src/': ['src/deep file.py"'],
    '@"s': ["src/"],
    '@"lin': ["link/"],
    "@nothing": [],
    "@nowhere/": [],
    "@Notes.md/": [],
    "@~nobody-of-that-name/": [],
    "mail me@": [],
    "a@no": [],
    "@no more": [],
    "no at": [],
    "": [],
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("before", OFFERED, ids=ascii)
def test_offers_are_what_can_stand_there(before: str) -> None:
    assert [offer.text for offer in offers(before)] == OFFERED[before]


@pytest.mark.usefixtures("folder")
def test_offer_replaces_the_path_and_says_what_it_is() -> None:
    assert list(offers("see @src/de")) == [Offer("src/deep\\ file.py", 6, "1,234 bytes")]
    assert list(offers("@sr")) == [Offer("src/", 2, "folder")]
    assert list(offers("@Not")) == [Offer("Notes.md", 3, "1 byte")]


def test_absolute_path_is_completed(folder: Path) -> None:
    assert [offer.text for offer in offers(f"@{folder}/Not")] == [f"{folder}/Notes.md"]


def test_folder_of_thousands_offers_a_bounded_number(folder: Path) -> None:
    (folder / "many").mkdir()
    for number in range(MOST + 50):
        (folder / "many" / f"{number:04}").touch()
    assert len(list(offers("@many/"))) == MOST
