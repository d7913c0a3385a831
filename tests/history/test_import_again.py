"""A history that is imported again brings only what is new, and never takes anything away."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chatcmd.conversation.session import Parent
from chatcmd.history import file
from chatcmd.history.foreign.imported import Import
from chatcmd.history.library import Library
from tests.history.imports import FILES, aged, counts, said, take_in
from tests.history.made import saved, session, tree, turn
from tests.terminal_driver import CHATCMD, _environment

Q, A = {"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1"}
Q2, A2 = {"role": "user", "content": "q2"}, {"role": "assistant", "content": "a2"}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def chat(path: Path, *messages: dict[str, Any]) -> Path:
    """Write a chat as shell_gpt does."""
    path.write_text(json.dumps(messages), "utf-8")
    return path


def node(key: str, parent: str | None, role: str, text: str) -> tuple[str, Any]:
    content = {"content_type": "text", "parts": [text]}
    message = {"author": {"role": role}, "content": content, "create_time": 1_700_000_000}
    return key, {"id": key, "parent": parent, "children": [], "message": message}


def export(path: Path, current: str, *nodes: tuple[str, Any]) -> Path:
    """Write one conversation as ChatGPT exports it."""
    told = {"id": "c1", "title": "t", "create_time": 1_700_000_000, "mapping": dict(nodes), "current_node": current}
    path.write_text(json.dumps([told]), "utf-8")
    return path


FIRST = (node("1", None, "user", "q1"), node("2", "1", "assistant", "a1"))
THEN = (node("3", "2", "user", "q2"), node("4", "3", "assistant", "a2"))
OTHER = (node("5", "2", "user", "q2 said better"), node("6", "5", "assistant", "a2 other"))


def test_three_imports_of_everything_write_it_once(library: Library) -> None:
    first = take_in(FILES, library)
    before = tree(library.folder)
    for _ in range(2):
        again = take_in(FILES, library)
        assert (again.written, again.grown, again.left_out) == ([], [], [])
        assert again.known >= len(first.written)
        assert tree(library.folder) == before
    assert again.lost == {}


def test_chat_that_has_grown_since_takes_the_place_of_the_shorter_one(library: Library, tmp_path: Path) -> None:
    source = chat(tmp_path / "name", Q, A)
    (path,) = take_in(source, library).written
    done = take_in(chat(source, Q, A, Q2, A2), library)
    assert counts(done) == (0, 1, 0, 0, 0)
    assert done.grown == [path]
    assert [content for _, content in said(file.read(path))] == ["q1", "a1", "q2", "a2"]
    assert counts(take_in(source, library)) == (0, 0, 1, 0, 0)
    assert counts(take_in(chat(source, Q, A), library)) == (0, 0, 1, 0, 0)


def test_growing_keeps_the_title_tags_and_unknown_keys_that_the_session_was_given(
    library: Library, tmp_path: Path
) -> None:
    source = chat(tmp_path / "name", Q, A)
    (path,) = take_in(source, library).written
    before = file.read(path)
    file.write(path, replace(before, title="mine", renamed=1, tags=("work",), raw={**before.raw, "stars": 5}))
    take_in(chat(source, Q, A, Q2, A2), library)
    grown = file.read(path)
    assert (grown.title, grown.renamed, grown.tags, grown.raw["stars"]) == ("mine", 1, ("work",), 5)
    assert (grown.started, len(grown.turns)) == (before.started, 2)


def test_session_that_was_gone_on_with_is_kept_and_the_longer_one_comes_beside_it(
    library: Library, tmp_path: Path
) -> None:
    source = chat(tmp_path / "name", Q, A)
    (path,) = take_in(source, library).written
    session, journal = library.resume(path)
    library.save(session.with_turn(turn(1)), journal)
    mine = path.read_bytes()
    assert counts(take_in(source, library)) == (0, 0, 1, 0, 0)
    done = take_in(chat(source, Q, A, Q2, A2), library)
    assert counts(done) == (1, 0, 0, 0, 0)
    assert path.read_bytes() == mine
    assert file.read(done.written[0]).parent == Parent(session.id, 1)
    assert counts(take_in(source, library)) == (0, 0, 1, 0, 0)


def test_grown_chat_whose_session_is_open_elsewhere_waits_for_the_next_import(library: Library, tmp_path: Path) -> None:
    source = chat(tmp_path / "name", Q, A)
    (path,) = take_in(source, library).written
    before = path.read_bytes()
    _session, journal = library.resume(path)
    done = take_in(chat(source, Q, A, Q2, A2), library)
    assert [str(left) for left in done.left_out] == [
        f"name: session {path.stem} is open in another chatcmd; leave it there first"
    ]
    assert path.read_bytes() == before
    journal.close(remove=True)
    assert counts(take_in(source, library)) == (0, 1, 0, 0, 0)


def test_branch_that_was_made_since_becomes_a_session_and_the_old_way_stays(library: Library, tmp_path: Path) -> None:
    source = export(tmp_path / "c.json", "4", *FIRST, *THEN)
    (path,) = take_in(source, library).written
    before = path.read_bytes()
    done = take_in(export(source, "6", *FIRST, *THEN, *OTHER), library)
    assert counts(done) == (1, 0, 1, 0, 0)
    assert path.read_bytes() == before
    branch = file.read(done.written[0])
    assert branch.parent == Parent(path.stem, 1)
    assert branch.turns[1].question.content == "q2 said better"


def test_way_that_stops_where_another_goes_on_is_no_session_of_its_own(library: Library, tmp_path: Path) -> None:
    done = take_in(export(tmp_path / "c.json", "2", *FIRST, *THEN), library)
    assert counts(done) == (1, 0, 0, 0, 0)
    assert len(file.read(done.written[0]).turns) == 2


def test_one_of_our_own_that_went_another_way_elsewhere_comes_beside(library: Library, tmp_path: Path) -> None:
    there = Library(tmp_path / "there")
    path = saved(library, session(1))
    before = path.read_bytes()
    saved(there, session(1).with_turn(turn(5)))
    mine, journal = library.resume(path)
    library.save(mine.with_turn(turn(7)), journal)
    done = take_in(there.folder, library)
    assert counts(done) == (1, 0, 0, 0, 0)
    beside = file.read(done.written[0])
    assert (beside.id, beside.parent) == (f"{path.stem}-2", Parent(path.stem, 1))
    assert beside.source == {"format": "chatcmd", "id": path.stem}
    assert path.read_bytes() != before
    assert counts(take_in(there.folder, library)) == (0, 0, 1, 0, 0)


def test_named_user_gets_all_of_it(library: Library, tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(json.dumps({"a": [Q, A], "b": [Q2, A2]}), "utf-8")
    done = take_in(tmp_path / "f.json", library, user="张三")
    assert [path.parent.name for path in done.written] == ["张三", "张三"]
    assert counts(take_in(tmp_path / "f.json", library, user="张三")) == (0, 0, 2, 0, 0)
    assert counts(take_in(tmp_path / "f.json", library)) == (2, 0, 0, 0, 0)


def test_rehearsal_says_what_would_come_and_writes_nothing(library: Library, tmp_path: Path) -> None:
    wrong = take_in(FILES / "chatgpt.json", library, dry_run=True)
    assert counts(wrong) == (5, 0, 0, 0, 0)
    assert not library.folder.exists()
    source = chat(tmp_path / "name", Q, A)
    take_in(source, library)
    before = tree(library.folder)
    assert counts(take_in(chat(source, Q, A, Q2, A2), library, dry_run=True)) == (0, 1, 0, 0, 0)
    assert tree(library.folder) == before
    assert take_in(FILES / "chatgpt.json", library).written == wrong.written


def test_two_imports_at_once_write_everything_once(tmp_path: Path) -> None:
    argv = [*CHATCMD, "history", "import", str(FILES), "--root", str(tmp_path), "-u", "me", "--json"]
    env = _environment(str(tmp_path), None)
    both = [subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    done = [(each.communicate(timeout=60), each.returncode) for each in both]
    assert [code for _, code in done] == [0, 0], done
    written = [json.loads(out)["written"] for (out, _), _ in done]
    alone = take_in(FILES, Library(tmp_path / "alone"))
    assert sorted(map(len, written)) == [0, len(alone.written)]
    assert len(list((tmp_path / "history").rglob("*.json"))) == len(alone.written)
    assert list((tmp_path / "history").rglob("*.jsonl")) == []


def test_second_import_says_that_it_waits(library: Library) -> None:
    waited: list[bool] = []
    first = take_in(FILES / "aichat", library)

    def said_so() -> None:
        waited.append(True)
        raise KeyboardInterrupt

    one, other = (Import(library, user=None, otherwise="me") for _ in range(2))
    with one.alone(lambda: None), pytest.raises(KeyboardInterrupt), other.alone(said_so):
        pytest.fail("both are alone")
    assert waited == [True]
    assert len(first.written) == 1


def test_unreadable_session_that_was_imported_before_is_told_and_left_alone(library: Library, tmp_path: Path) -> None:
    source = aged(chat(tmp_path / "name", Q, A))
    (path,) = take_in(source, library).written
    path.write_bytes(b'{"format": 1, "id"')
    done = take_in(source, library)
    assert counts(done) == (0, 0, 0, 0, 1)
    assert str(done.left_out[0]).startswith(f"name: {path} is not readable JSON")
    assert path.read_bytes() == b'{"format": 1, "id"'
