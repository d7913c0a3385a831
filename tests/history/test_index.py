"""The index is only a cache: with it, without it, and whatever happened to it, the history is the same."""

import os
import random
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import islice
from math import inf
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.query import Query
from chatcmd.conversation.session import Parent, Session
from chatcmd.errors import HistoryError
from chatcmd.history import catalogue, file
from chatcmd.history.catalogue import INDEX, LEAST
from chatcmd.history.entry import ALL, Entry, Wanted
from chatcmd.history.index import store
from chatcmd.history.index.refresh import SETTLED
from chatcmd.history.library import Library
from tests.history.made import answer, question
from tests.terminal_driver import PYTHON

WORDS = ["python", "Docker", "水仙花", "loop", "函数", "café", "a", "错误", "network", "用python写"]
QUERIES = ["python", "水", "水仙", '"loop a"', "docker 函数", "CAFE", "错误 nothing", "a", "写", "neverthere", "net"]
FILTERS = [
    ALL,
    Wanted(user="小明"),
    Wanted(user="nobody"),
    Wanted(model="4O"),
    Wanted(persona="teach"),
    Wanted(title="docker"),
    Wanted(title="水"),
    Wanted(tag="work"),
    Wanted(since="2026-02-01", until="2026-03-01"),
    Wanted(user="alice", model="gpt", since="2026-01-15"),
]


def made(number: int, chance: random.Random) -> Session:
    turns = tuple(
        Turn(question(" ".join(chance.choices(WORDS, k=3))), answer("，".join(chance.choices(WORDS, k=6))))
        for _ in range(chance.randint(1, 4))
    )
    at = f"2026-{1 + number % 3:02}-{1 + number % 28:02}T{number % 24:02}:00:{number % 60:02}.000Z"
    made = Session(
        id=f"{at[:10].replace('-', '')}T{at[11:19].replace(':', '')}Z-{number:04x}",
        user=chance.choice(("小明", "alice", "con")),
        persona=Persona(chance.choice(("default", "Teacher")), "x"),
        model=chance.choice(("gpt-3.5-turbo", "gpt-4o")),
        started=at,
        title=turns[0].question.content,
        tags=tuple(chance.sample(("work", "home"), chance.randint(0, 2))),
        turns=turns,
    )
    return replace(made, parent=Parent(made.id, 1)) if number % 5 == 0 else made


def save(library: Library, session: Session) -> Path:
    path = library.path_of(session.user, session.id)
    file.write(path, session)
    return path


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    chance = random.Random(3)
    library = Library(tmp_path / "history")
    for number in range(60):
        save(library, made(number, chance))
    library.reindex()
    yield library
    library.catalogue.close()


def settle(library: Library) -> None:
    """Make the folders look as if nothing had changed in them for long, and take up how they are."""
    for folder in library.folder.iterdir():
        if folder.is_dir():
            old = folder.stat().st_mtime_ns - 2 * SETTLED
            os.utime(folder, ns=(old, old))
    library.refresh()


def listed(library: Library, wanted: Wanted = ALL) -> list[object]:
    return [str(each) if isinstance(each, HistoryError) else each for each in library.entries(wanted)]


def found(library: Library, query: str, wanted: Wanted = ALL, role: str | None = None) -> list[object]:
    hits = library.search(Query.parse(query), wanted, role)
    return [str(each) if isinstance(each, HistoryError) else each for each in hits]


def fresh(library: Library) -> Library:
    """Open the same history as another process does."""
    return Library(library.folder)


def walked(library: Library) -> Library:
    """Open the same history where no index can be used."""
    without = Library(library.folder)
    without.catalogue._rests_until = inf
    return without


def uses_index(library: Library) -> bool:
    return library.catalogue._lookup(None) is not None


@pytest.mark.parametrize("wanted", FILTERS)
def test_lists_are_the_same_with_and_without_index(library: Library, wanted: Wanted) -> None:
    assert listed(library, wanted) == listed(walked(library), wanted)
    assert uses_index(library)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("role", [None, "user", "assistant"])
def test_searches_are_the_same_with_and_without_index(library: Library, query: str, role: str | None) -> None:
    for wanted in (ALL, Wanted(user="小明"), Wanted(since="2026-02-01")):
        assert found(library, query, wanted, role) == found(walked(library), query, wanted, role)
    assert uses_index(library)


@pytest.mark.parametrize("wanted", FILTERS)
def test_what_was_asked_is_the_same_with_and_without_index(library: Library, wanted: Wanted) -> None:
    def key(row: object) -> str:
        return repr(row)

    assert sorted(library.asked(wanted), key=key) == sorted(walked(library).asked(wanted), key=key)


def test_sessions_are_named_the_same_with_and_without_index(library: Library) -> None:
    plain = walked(library)
    some = [entry for entry in library.entries() if isinstance(entry, Entry)][7]
    for words in ("-1", "-60", some.id, some.id[:-1]):
        assert library.find(words) == plain.find(words)
    assert library.catalogue.titled(some.title) == plain.catalogue.titled(some.title)
    assert library.catalogue.newest(61) is plain.catalogue.newest(61) is None
    assert library.find("-1", "alice") == plain.find("-1", "alice")
    assert library.latest("alice").parent.name == "alice"


def test_a_small_history_gets_no_index_by_itself(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    save(library, made(1, random.Random(1)))
    assert len(listed(library)) == 1
    assert not list(library.search(Query.parse("neverthere")))
    assert not (library.folder / INDEX).exists()


def test_a_large_history_gets_one_with_rights_for_its_owner_alone(tmp_path: Path) -> None:
    library, chance = Library(tmp_path / "history"), random.Random(1)
    for number in range(LEAST + 1):
        save(library, made(number, chance))
    before = os.umask(0)
    try:
        assert len(listed(library)) == LEAST + 1
    finally:
        os.umask(before)
        library.catalogue.close()
    assert (library.folder / INDEX).stat().st_mode & 0o777 == 0o600


def _add(library: Library) -> None:
    session = made(70, random.Random(9))
    save(library, replace(session, title="added by hand zyzzyva"))


def _remove(library: Library) -> None:
    library.find("-3").unlink()


def _replace(library: Library) -> None:
    path = library.find("-3")
    save(library, replace(file.read(path), title="replaced zyzzyva"))


def _move_folder(library: Library) -> None:
    (library.folder / "alice").rename(library.folder / "moved")


def _remove_folder(library: Library) -> None:
    for path in (library.folder / "alice").iterdir():
        path.unlink()
    (library.folder / "alice").rmdir()


def _damage_one(library: Library) -> None:
    path = library.find("-3")
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:100])


def _make_fifo(library: Library) -> None:
    os.mkfifo(library.folder / "alice" / "20300101T000000Z-0000.json")


@pytest.mark.parametrize("change", [_make_fifo, _add, _remove, _replace, _move_folder, _remove_folder, _damage_one])
def test_files_added_removed_and_replaced_by_hand_are_noticed_at_once(
    library: Library, change: Callable[[Library], None]
) -> None:
    settle(library)
    assert uses_index(library)
    change(library)
    assert listed(library) == listed(walked(library)) != []
    assert found(library, "zyzzyva") == found(walked(library), "zyzzyva")
    assert uses_index(library)


def test_a_second_change_within_a_tick_of_the_clock_is_noticed_too(library: Library) -> None:
    settle(library)
    _add(library)
    folder = library.folder / made(70, random.Random(9)).user
    at = folder.stat().st_mtime_ns
    assert len(listed(library)) == 61
    for path in (library.find("-1"), library.find("-2")):
        path.unlink()
    os.utime(folder, ns=(at, at))  # as if both had happened at one moment
    assert listed(library) == listed(walked(library))


def edited_in_place(library: Library) -> Path:
    path = library.find("-3")
    session = file.read(path)
    changed = replace(session, title="edited zyzzyva")
    path.write_bytes(msgspec.json.encode(file.to_content(changed)))
    return path


def test_files_edited_in_place_are_noticed_when_they_are_shown(library: Library) -> None:
    settle(library)
    path = edited_in_place(library)
    library.read(path)
    assert listed(library) == listed(walked(library))
    assert found(library, "zyzzyva") == found(walked(library), "zyzzyva") != []


@pytest.mark.parametrize("again", [Library.reindex, Library.refresh])
def test_files_edited_in_place_are_noticed_by_looking_at_all(
    library: Library, again: Callable[[Library], object]
) -> None:
    settle(library)
    edited_in_place(library)
    again(library)
    assert listed(library) == listed(walked(library))
    assert found(library, "zyzzyva") == found(walked(library), "zyzzyva") != []


def _delete(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _scribble(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


def _tear(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3 :: 97] = b"\xff" * len(data[len(data) // 3 :: 97])
    path.write_bytes(data)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def _other_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE sessions (x)")
        connection.commit()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


HARM = [_delete, _empty, _scribble, _tear, _cut, _other_version, _foreign, _folder, _link, _pipe]


@pytest.mark.parametrize("harm", HARM)
def test_whatever_happened_to_the_index_everything_is_found(library: Library, harm: Callable[[Path], None]) -> None:
    expected = listed(walked(library)), found(walked(library), "水仙"), library.find("-1")
    library.catalogue.close()
    harm(library.folder / INDEX)
    again = fresh(library)
    assert (listed(again), found(again, "水仙"), again.find("-1")) == expected
    assert [str(path) for path in again.paths()] == [str(path) for path in walked(library).paths()]
    again.catalogue.close()


def test_an_index_that_is_damaged_while_it_is_open_costs_nothing(library: Library) -> None:
    expected = listed(walked(library))
    begun = iter(library.entries())
    first = [next(begun), next(begun)]
    _tear(library.folder / INDEX)
    assert first + list(begun) == expected
    assert listed(library) == expected


@pytest.mark.parametrize("mode", ["EXCLUSIVE", "IMMEDIATE"])
def test_an_index_that_another_process_holds_costs_only_time(
    library: Library, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(library)
    library.catalogue.close()
    monkeypatch.setattr(store, "PATIENCE", 0.01)
    with closing(sqlite3.connect(library.folder / INDEX, isolation_level=None)) as other:
        other.execute(f"BEGIN {mode}")
        other.execute("DELETE FROM sessions")
        _add(library)
        again = fresh(library)
        assert listed(again) == listed(walked(library))
        assert len(found(again, "zyzzyva")) == 1
        other.execute("ROLLBACK")
    assert uses_index(fresh(library))
    assert not uses_index(again)
    monkeypatch.setattr(catalogue, "REST", 0.0)
    again.catalogue._give_up()
    assert uses_index(again)
    again.catalogue.close()


def test_an_index_on_a_disk_that_cannot_be_written_is_read(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(library)
    library.catalogue.close()
    uri, real = f"file:{library.folder / INDEX}?mode=ro", sqlite3.connect
    expected = listed(walked(library))
    # As root nothing is read-only but what SQLite itself is told to leave alone.
    monkeypatch.setattr(sqlite3, "connect", lambda _path, **options: real(uri, uri=True, **options))
    again = fresh(library)
    assert listed(again) == expected
    assert uses_index(again)
    _add(library)
    assert listed(again) == listed(walked(library))
    assert len(found(again, "zyzzyva")) == 1
    again.catalogue.close()


def test_damaged_sessions_are_named_with_an_index_too(library: Library) -> None:
    _damage_one(library)
    assert listed(library) == listed(walked(library))
    assert len([each for each in listed(library) if isinstance(each, str)]) == 1
    assert [each for each in found(library, "水仙") if isinstance(each, str)] != []
    assert uses_index(library)


def test_a_session_that_can_be_read_again_is_listed(library: Library) -> None:
    path = library.find("-3")
    data = path.read_bytes()
    path.write_bytes(b"{")
    library.reindex()
    stamp = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert listed(library) == listed(walked(library))


def test_names_that_are_no_text_are_listed_without_an_index(library: Library) -> None:
    path = library.find("-3")
    path.rename(path.with_name(os.fsdecode(b"\xff\xfe.json")))
    assert len(listed(library)) == 60
    assert listed(library) == listed(walked(library))


def test_two_sessions_of_one_name_are_both_there(library: Library) -> None:
    session = made(77, random.Random(5))
    for user in ("alice", "小明", "new"):
        save(library, replace(session, user=user, title=f"zyzzyva of {user}"))
    assert len(library.catalogue.named(session.id)) == 3
    assert len(found(library, "zyzzyva")) == 3
    assert len(found(library, "zyzzyva", Wanted(user="new"))) == 1


def test_odd_file_names_are_found(library: Library) -> None:
    for name in ("notes", "笔记", "2026", "20260101T000000Z-zzzz", "a" * 200):
        session = replace(made(5, random.Random(5)), id=name, title=f"zyzzyva {name}")
        save(library, session)
    assert len(found(library, "zyzzyva")) == 5
    assert listed(library) == listed(walked(library))


def test_session_that_was_copied_by_hand_is_listed_by_the_name_that_finds_it(library: Library) -> None:
    path = library.find("-3")
    copy = path.with_name("my notes.json")
    copy.write_bytes(path.read_bytes())
    for each in (library, walked(library)):
        assert all(entry.id == Path(entry.path).stem for entry in each.entries() if isinstance(entry, Entry))
        assert each.find("my notes") == copy
        assert {hit.entry.id for hit in each.search(Query.parse("水 a")) if not isinstance(hit, HistoryError)} <= {
            saved.stem for saved in each.paths()
        }


def test_index_that_another_process_made_anew_is_the_one_that_is_used(library: Library) -> None:
    assert len(listed(library)) == 60
    fresh(library).reindex()
    save(library, made(61, random.Random(61)))
    assert len(listed(library)) == 61
    assert listed(library) == listed(walked(library))
    assert uses_index(library)
    assert len(listed(fresh(library))) == 61


def test_index_that_is_taken_away_and_made_again_while_a_chat_runs_is_used_again(library: Library) -> None:
    assert len(listed(library)) == 60
    (library.folder / INDEX).unlink()
    save(library, made(61, random.Random(61)))
    assert listed(library) == listed(walked(library))
    fresh(library).reindex()
    save(library, made(62, random.Random(62)))
    assert listed(library) == listed(walked(library))
    assert uses_index(library)


def test_file_that_can_be_read_again_is_found_by_those_who_want_it_alone(library: Library) -> None:
    session = replace(made(4, random.Random(4)), user="alice", title="zyzzyva")
    path = save(library, session)
    data = path.read_bytes()
    path.write_bytes(b"{")
    settle(library)
    path.write_bytes(data)
    for wanted in (ALL, Wanted(user="alice"), Wanted(tag="nothing"), Wanted(since="2027"), Wanted(title="other")):
        assert found(library, "zyzzyva", wanted) == found(walked(library), "zyzzyva", wanted)
    assert uses_index(library)


def test_indexing_that_is_interrupted_goes_on_where_it_was(tmp_path: Path) -> None:
    library, chance = Library(tmp_path / "history"), random.Random(1)
    for number in range(1200):
        save(library, made(number, chance))
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done >= 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.reindex(stop)
    assert told == [(500, 1200)]
    again = fresh(library)
    seen: list[tuple[int, int]] = []
    again.catalogue.progress = lambda done, total: seen.append((done, total))
    assert len(found(again, "水仙")) == len(found(walked(library), "水仙"))
    assert seen == [(500, 700), (700, 700)]
    assert listed(again) == listed(walked(library))
    again.catalogue.close()


def test_a_list_does_not_wait_for_a_long_backlog(tmp_path: Path) -> None:
    library, chance = Library(tmp_path / "history"), random.Random(1)
    for number in range(600):
        save(library, made(number, chance))
    newest = list(islice(library.entries(), 3))
    assert newest == list(islice(walked(library).entries(), 3))
    assert library.catalogue._index is not None
    assert library.catalogue._index.lookup._store.count() == 0
    library.catalogue.close()


BUILD = """
import sys
from pathlib import Path
from chatcmd.history.library import Library
library = Library(Path(sys.argv[1]))
print(library.reindex() if sys.argv[2] == "anew" else sum(1 for _ in library.entries()), flush=True)
"""


def test_processes_that_index_at_once_do_not_hurt_each_other(tmp_path: Path) -> None:
    library, chance = Library(tmp_path / "history"), random.Random(1)
    for number in range(LEAST + 100):
        save(library, made(number, chance))
    words = [[PYTHON, "-c", BUILD, str(library.folder), "list"] for _ in range(4)]
    running = [subprocess.Popen(each, stdout=subprocess.PIPE, text=True) for each in words]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == ["300"] * 4
    assert listed(library) == listed(walked(library))
    library.catalogue.close()


def test_an_indexing_process_that_is_killed_leaves_an_index_to_go_on_with(tmp_path: Path) -> None:
    library, chance = Library(tmp_path / "history"), random.Random(1)
    for number in range(700):
        save(library, made(number, chance))
    expected = len(found(walked(library), "水仙"))
    for _ in range(4):
        process = subprocess.Popen([PYTHON, "-c", BUILD, str(library.folder), "anew"], stdout=subprocess.PIPE)
        watcher = threading.Thread(target=_kill_when_written, args=(process, library.folder / INDEX))
        watcher.start()
        process.communicate(timeout=60)
        watcher.join()
        again = fresh(library)
        assert len(found(again, "水仙")) == expected
        again.catalogue.close()


def _kill_when_written(process: "subprocess.Popen[bytes]", path: Path) -> None:
    """Kill a process as soon as it writes a transaction."""
    journal = path.with_name(f"{path.name}-journal")
    while process.poll() is None:
        with suppress(FileNotFoundError):
            if journal.stat().st_size > 512:
                process.kill()


def test_the_key_of_a_session_grows_with_its_time() -> None:
    names = [
        "notes.json",
        "20240228T235959Z-ffff.json",
        "20240229T000000Z-0000.json",
        "20240301T000000Z-0000.json",
        "20241231T235959Z-0001.json",
        "20250101T000000Z-0000.json",
        "99991231T235959Z-ffff.json",
    ]
    keys = [store._key_of(name) for name in names]
    assert keys == sorted(keys)
    assert keys[-1] < 2**63


def test_soundness_is_told() -> None:
    assert not store.is_sound(Path("/nonexistent"))


def test_a_sound_index_is_told_from_a_torn_one(library: Library) -> None:
    library.catalogue.close()
    assert store.is_sound(library.folder / INDEX)
    _tear(library.folder / INDEX)
    assert not store.is_sound(library.folder / INDEX)


def test_what_a_branch_shares_is_found_in_its_parent(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    parent = replace(made(1, random.Random(1)), turns=(Turn(question("zyzzyva"), answer("b")),), parent=None, title="t")
    branch = parent.branch(1, "20260303T000000Z-0001", "2026-03-03T00:00:00.000Z")
    branch = branch.with_turn(Turn(question("another zyzzyva"), answer("d")))
    path = save(library, parent)
    save(library, branch)
    library.reindex()
    of_model = Wanted(model=parent.model)
    for each in (library, walked(library)):
        hits = [hit for hit in each.search(Query.parse("zyzzyva")) if not isinstance(hit, HistoryError)]
        assert [(hit.entry.id, hit.turn) for hit in hits] == [(branch.id, 2), (parent.id, 1)]
        assert len(found(each, "zyzzyva", of_model)) == 3  # a parent need not be among those that are chosen
    path.unlink()
    for each in (library, walked(library)):
        assert len(found(each, "zyzzyva")) == 2
    library.catalogue.close()


def test_a_branch_counts_what_it_shares_only_without_its_parent(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    parent = replace(made(1, random.Random(1)), turns=(Turn(question("a"), answer("b")),), parent=None)
    branch = parent.branch(1, "20260303T000000Z-0001", "2026-03-03T00:00:00.000Z")
    branch = branch.with_turn(Turn(Message(role="user", content="c", at="2026-03-03T00:00:01.000Z"), answer("d")))
    path = save(library, parent)
    save(library, branch)
    library.reindex()
    for each in (library, walked(library)):
        assert sum(row.turns for row in each.asked()) == 2
    path.unlink()
    for each in (library, walked(library)):
        assert sum(row.turns for row in each.asked()) == 2
    library.catalogue.close()
