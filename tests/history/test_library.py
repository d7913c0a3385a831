"""The library: whose sessions there are, and how to name one."""

import os
import unicodedata
from pathlib import Path

import pytest

from chatcmd.errors import Damaged, HistoryError, SessionNotFound
from chatcmd.history.entry import Entry, Wanted
from chatcmd.history.library import Library
from tests.history.made import saved, session

OLD, NEW, NEWEST = "20260101T000000Z-aaaa", "20260202T000000Z-bbbb", "20260303T000000Z-cccc"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def fill(library: Library) -> None:
    saved(library, session(1, session_id=NEWEST, user="李四", title="one and only"))
    saved(library, session(3, session_id=OLD, user="张三", title="twin"))
    saved(library, session(2, session_id=NEW, user="张三", title="twin"))


def written(path: Path, second: int) -> None:
    os.utime(path, (second, second))


def test_nothing_is_made_by_looking(library: Library) -> None:
    assert library.users() == []
    assert library.paths() == []
    assert list(library.entries()) == []
    assert list(library.recover()) == []
    assert library.path_of("u", "s") == library.folder / "u" / "s.json"
    with pytest.raises(SessionNotFound):
        library.find("-1")
    assert not library.folder.exists()


def test_users_are_listed_by_who_talked_last(library: Library) -> None:
    fill(library)
    for folder, second in (("张三", 1), ("李四", 2)):
        written(library.folder / folder, second)
    assert library.users() == ["李四", "张三"]
    written(library.folder / "张三", 100)  # an old session that was gone on with
    assert library.users() == ["张三", "李四"]
    (library.folder / "nobody").mkdir()
    (library.folder / ".hidden").mkdir()
    (library.folder / "index.sqlite3").touch()
    assert library.users() == ["张三", "李四"]


def test_the_latest_is_what_was_saved_last_whenever_it_began(library: Library) -> None:
    with pytest.raises(SessionNotFound, match="nothing is saved yet"):
        library.latest()
    fill(library)
    for second, path in enumerate(library.paths(), 1):
        written(path, second)
    written(library.folder / "张三", 2)
    written(library.folder / "李四", 1)
    assert library.latest() == library.find(OLD)
    assert library.latest("李四") == library.find(NEWEST)
    with pytest.raises(SessionNotFound, match="of 王五"):
        library.latest("王五")


def test_entries_are_newest_first_and_say_what_matters(library: Library) -> None:
    fill(library)
    entries = [entry for entry in library.entries() if isinstance(entry, Entry)]
    assert [(entry.id, entry.user, entry.turns, entry.title) for entry in entries] == [
        (NEWEST, "李四", 1, "one and only"),
        (NEW, "张三", 2, "twin"),
        (OLD, "张三", 3, "twin"),
    ]
    assert (entries[0].model, entries[0].started) == ("gpt-3.5-turbo", "2026-11-20T21:30:05.120Z")
    assert Path(entries[0].path) == library.find(NEWEST)
    assert [entry.id for entry in library.entries(Wanted(user="张三")) if isinstance(entry, Entry)] == [NEW, OLD]
    assert list(library.entries(Wanted(user="王五"))) == []


FOUND = {
    OLD: OLD,
    "20260101": OLD,
    "20260303T000000Z-c": NEWEST,
    "-1": NEWEST,
    "-2": NEW,
    "-3": OLD,
    "one and only": NEWEST,
}


@pytest.mark.parametrize("wanted", FOUND)
def test_session_is_found_by(wanted: str, library: Library) -> None:
    fill(library)
    assert library.find(wanted).stem == FOUND[wanted]


NOT_FOUND = {
    "": "no session is called ''; see: chatcmd history list",
    "20270101": "no session is called '20270101'; see: chatcmd history list",
    "-4": "no session is called '-4'",
    "-0": "no session is called '-0'",
    "-": "no session is called '-'",
    "-²": "no session is called '-²'",
    "-١": "no session is called '-١'",
    "-" + "9" * 5000: "no session is called '-9",
    "One and only": "no session is called 'One and only'",
    "../张三/" + OLD: "no session is called '../张三",
    "*": "no session is called '*'",
    "2026": f"3 sessions are called '2026' ({NEWEST}, {NEW}, {OLD}); give more of the id",
    "twin": f"2 sessions are called 'twin' ({NEW}, {OLD}); give more of the id",
}


@pytest.mark.parametrize("wanted", NOT_FOUND, ids=lambda wanted: wanted[:20])
def test_session_is_not_found_by(wanted: str, library: Library) -> None:
    fill(library)
    with pytest.raises(SessionNotFound) as refused:
        library.find(wanted)
    assert str(refused.value).startswith(NOT_FOUND[wanted])


def test_only_the_named_user_s_sessions_are_searched(library: Library) -> None:
    fill(library)
    assert library.find("-1", "张三").stem == NEW
    assert library.find("20260303", "李四").stem == NEWEST
    for wanted in ("20260303", "one and only", "-3"):
        with pytest.raises(SessionNotFound, match="no session of 张三 is called"):
            library.find(wanted, "张三")
    with pytest.raises(SessionNotFound, match=r"2 sessions of 张三 are called '20260' "):
        library.find("20260", "张三")


def test_two_users_sessions_of_one_id_are_told_apart_by_the_user(library: Library) -> None:
    for user in ("张三", "李四"):
        saved(library, session(1, session_id=OLD, user=user))
    with pytest.raises(SessionNotFound) as refused:
        library.find(OLD)
    assert str(refused.value) == f"2 sessions are called '{OLD}', of 张三, 李四; say whose with: --user NAME"
    assert library.find(OLD, "李四").parent.name == "李四"


def test_more_than_three_matches_are_cut_short(library: Library) -> None:
    for number in range(4):
        saved(library, session(1, session_id=f"s{number}"))
    with pytest.raises(SessionNotFound, match=r"4 sessions are called 's' \(s3, s2, s1, ...\); give more of the id"):
        library.find("s")


def test_whole_id_wins_over_those_it_begins(library: Library) -> None:
    for name in ("abc", "abcd"):
        saved(library, session(1, session_id=name))
    assert library.find("abc").stem == "abc"


def test_damaged_files_are_told_among_the_good_ones(library: Library) -> None:
    fill(library)
    library.find(NEW).write_bytes(b"{")
    (library.folder / "李四" / "20260304T000000Z-dddd.json").mkdir()
    first, second, third, fourth = library.entries()
    assert isinstance(first, HistoryError)
    assert str(first) == f"{library.folder}/李四/20260304T000000Z-dddd.json cannot be read: Is a directory"
    assert isinstance(third, Damaged)
    assert f"{NEW}.json is not readable JSON" in str(third)
    assert [entry.id for entry in (second, fourth) if isinstance(entry, Entry)] == [NEWEST, OLD]
    assert library.find("twin").stem == OLD
    assert library.find(NEW).stem == NEW


NAMES = {
    "简说Python": "简说Python",
    "../x": "%2E.%2Fx",
    "a/b": "a%2Fb",
    "a\\b:c*": "a%5Cb%3Ac%2A",
    "CON": "%43ON",
    "nul.txt": "%6Eul.txt",
    "trailing.": "trailing%2E",
    ".hidden": "%2Ehidden",
    "100%": "100%25",
    "é": "é",
    "😀": "😀",
}


@pytest.mark.parametrize("name", NAMES)
def test_name_becomes_one_safe_readable_folder_and_comes_back(name: str, library: Library, tmp_path: Path) -> None:
    path = saved(library, session(1, user=name))
    assert path.parent == library.folder / unicodedata.normalize("NFC", NAMES[name])
    assert library.users() == [unicodedata.normalize("NFC", name)]
    assert library.paths(name) == [path]
    assert [each.name for each in tmp_path.iterdir()] == ["history"]


def test_names_that_some_file_systems_take_for_one_have_folders_of_their_own(library: Library) -> None:
    names = ["bob", "Bob", "BOB", "straße", "STRASSE", "ﬁ", "fi"]
    for name in names:
        saved(library, session(1, user=name, title=name))
    assert sorted(library.users()) == sorted(names)
    assert len({path.name.casefold() for path in library.folder.iterdir()}) == len(names)
    for name in names:
        assert [entry.title for entry in library.entries(Wanted(user=name)) if isinstance(entry, Entry)] == [name]


def test_two_thousand_sessions_are_listed_found_and_recovered(library: Library) -> None:
    template = saved(library, session(1, session_id="template", user="u0")).read_bytes()
    for number in range(2000):
        folder = library.folder / f"u{number % 20}"
        folder.mkdir(exist_ok=True)
        name = f"202601{number // 100 + 1:02}T0000{number % 60:02}Z-{number:04x}"
        (folder / f"{name}.json").write_bytes(template.replace(b'"template"', f'"{name}"'.encode()))
    (library.folder / "u0" / "template.json").unlink()
    entries = [entry for entry in library.entries() if isinstance(entry, Entry)]
    assert len({entry.id for entry in entries}) == 2000
    assert [entry.id[:16] for entry in entries] == sorted((entry.id[:16] for entry in entries), reverse=True)
    assert len(library.users()) == 20
    assert len(library.paths("u7")) == 100
    assert library.find("-2000").stem == entries[-1].id
    assert library.find(entries[1234].id).stem == entries[1234].id
    assert list(library.recover()) == []
