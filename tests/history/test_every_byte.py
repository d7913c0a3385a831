"""Files of every kind cut at every byte, and with a bit flipped in every byte: one sentence at most, no fault."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatcmd.errors import HistoryError, SettingsError
from chatcmd.history.entry import Entry
from chatcmd.history.library import Library
from chatcmd.history.trash import Trash
from chatcmd.settings.load import load
from chatcmd.settings.root import find_root
from chatcmd.terminal.recall import RecallFile
from tests.history.made import abandoned, saved, session, turn

pytestmark = pytest.mark.faults(30, 31)

KEY = "sk-" + "Zq7Xw9Kt2Mb4Lp6Rv8Yc"
SETTINGS = f"""\
model = "gpt-4o-mini"
temperature = 0.5
base_url = "https://example.org/v1"
stop = ["a", "b"]

[providers.near]
base_url = "http://127.0.0.1:11434/v1"
key = "{KEY}"

[windows]
"near/x" = 8192

[prices."near/x"]
input = 1.5
output = 2
"""


def damaged(data: bytes, most: int = 400) -> Iterator[bytes]:
    """Give a file cut at each byte, and with a bit flipped in each, or at so many places of a longer one."""
    chance = random.Random(2)
    places = range(len(data)) if len(data) <= most else sorted(chance.sample(range(len(data)), most))
    for place in places:
        yield data[:place]
        yield data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def sentences(root: Path) -> tuple[str, ...]:
    """Read the settings below a root; return what is said about them."""
    environ = {"HOME": str(root)}
    try:
        return load({}, environ, find_root(str(root), environ, root)).warnings
    except SettingsError as error:
        assert error.sentences  # noqa: PT017 - reading them is no failure either
        return error.sentences


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("settings.toml", SETTINGS),
        ("openai_key", f'{{"api": ["{KEY}", {{"key": "{KEY}", "weight": 2}}]}}'),
        ("configs", f'{{"api": "{KEY}", "jwt_secret_key": "x"}}'),
        ("personas/default.md", "你是一个助手。\n"),
    ],
)
def test_settings_are_read_or_refused_in_sentences_without_the_key(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / "envs" / name
    path.parent.mkdir(parents=True)
    for data in damaged(content.encode()):
        path.write_bytes(data)
        path.chmod(0o600)
        assert all(KEY not in sentence for sentence in sentences(tmp_path)), data


def test_recall_keeps_every_line_that_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "recall"
    texts = ["第一", "two\nlines", 'quo"te', "四" * 20]
    for text in texts:
        RecallFile(path).append([text])
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place])
        found = ["".join(parts) for parts in RecallFile(path).read()]
        lines = whole[:place].count(b"\n") - 1
        assert texts[: max(lines, 0)] == found[: max(lines, 0)]
        assert len(found) <= lines + 1
    for data in damaged(whole):
        path.write_bytes(data)
        assert len(RecallFile(path).read()) >= min(data.count(b"\n"), len(texts)) - 2  # a flip may join two lines
        RecallFile(path).append(["next"])
        assert RecallFile(path).read()[-1] == ["next"]


def test_index_never_costs_a_list_and_is_made_anew(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    for number in range(4):
        saved(library, session(2, user="u", session_id=f"2026112{number}T213005Z-3f2a"))
    library.reindex()
    library.catalogue.close()
    path = library.folder / "index.sqlite3"
    whole = path.read_bytes()
    for data in damaged(whole, 80):
        path.write_bytes(data)
        again = Library(library.folder)
        assert all(isinstance(each, (Entry, HistoryError)) for each in again.entries())
        assert isinstance(again.asked(), list)
        again.catalogue.close()
    path.write_bytes(whole[:-100])
    again = Library(library.folder)
    assert again.reindex() == 4
    assert sum(isinstance(each, Entry) for each in again.entries()) == 4
    again.catalogue.close()


def test_trash_names_what_cannot_be_read_and_gives_it_back(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    trash = Trash(library.folder)
    thrown = trash.throw(saved(library, session(1, user="u")))
    for data in damaged(thrown.read_bytes(), 150):
        thrown.write_bytes(data)
        (entry,) = trash.entries()
        assert isinstance(entry, (Entry, HistoryError))
    back = trash.restore(thrown)
    assert back.read_bytes() == data


def recovered(history: Path) -> list[str]:
    told: list[str] = []
    for path in history.rglob("*.jsonl"):
        os.utime(path, (0, 0))
    for each in Library(history).recover(told.append):
        told += [each.warning] if each.warning else []
    return told


@pytest.mark.parametrize("which", ["journal", "file"])
def test_damaged_session_is_kept_aside_and_said_in_one_sentence(which: str, tmp_path: Path) -> None:
    library = Library(tmp_path / "made" / "history")
    path = saved(library, session(1, user="u"))
    live = abandoned(library, session(1, user="u").with_turn(turn(2)), "没有回答")
    harmed, sound = (live, path) if which == "journal" else (path, live)
    data, other = harmed.read_bytes(), sound.read_bytes()
    for number, broken in enumerate(damaged(data, 60)):
        folder = tmp_path / str(number) / "history" / "u"
        folder.mkdir(parents=True)
        (folder / harmed.name).write_bytes(broken)
        (folder / sound.name).write_bytes(other)
        told = recovered(folder.parent)
        kept = [each for each in folder.iterdir() if ".damaged" in each.name]
        assert len(told) == len(kept) <= 1, (told, broken)
        assert all(each.read_bytes() == broken for each in kept)
        assert all(each.name in sentence for each, sentence in zip(kept, told, strict=True))
        assert (folder / path.name).exists()
        assert not (folder / live.name).exists()
