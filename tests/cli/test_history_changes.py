"""`chatcmd history rename`, `tag`, `delete` and `trash`: what changes, what never does, and who is asked."""

import json
import signal
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chatcmd.history.library import Library
from tests.history.made import ID, as_mere_owner, saved, session, tree
from tests.hostile import HOSTILE, raw_controls
from tests.terminal_driver import CHATCMD, Finished, Terminal, run

OTHER = "20260101T000000Z-aaaa"
USER = "简说Python"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "history")
    saved(library, session(2))
    saved(library, session(1, session_id=OTHER, user="bob", title="twin"))
    return library


def history(root: Path, *words: str) -> Finished:
    return run([*CHATCMD, "history", *words, "--root", str(root)])


def content(library: Library, session_id: str = ID) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(library.find(session_id).read_bytes())
    return found


# Titles and tags


def test_rename_changes_the_title_and_nothing_else(library: Library, tmp_path: Path) -> None:
    path = library.find(ID)
    path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 1, "unknown": {"kept": 1}'))
    before = content(library)
    done = history(tmp_path, "rename", ID, "新的", "标题")
    assert (done.code, done.out, done.err) == (0, "", "the title is: 新的 标题\n")
    assert content(library) == before | {"title": "新的 标题", "renamed": 1}
    told = json.loads(history(tmp_path, "rename", "新的 标题", "again", "--json").out)
    assert told == {"id": ID, "title": "again", "path": str(path)}
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name]
    assert "again" in history(tmp_path, "list").out


def test_title_that_it_has_leaves_the_file_as_it_is(library: Library, tmp_path: Path) -> None:
    before = tree(library.folder)
    assert history(tmp_path, "rename", ID, "问题", "1").code == 0
    assert tree(library.folder) == before


def test_tags_come_and_go_and_are_shown(library: Library, tmp_path: Path) -> None:
    before = content(library)
    assert history(tmp_path, "tag", ID).out == ""
    done = history(tmp_path, "tag", ID, "工作", "python", "工作")
    assert (done.code, done.out, done.err) == (0, "", "tags: 工作, python\n")
    assert content(library) == before | {"tags": ["工作", "python"]}
    assert history(tmp_path, "tag", ID).out == "工作\npython\n"
    assert json.loads(history(tmp_path, "list", "--json", "--tag", "python").out)[0]["tags"] == ["工作", "python"]
    done = history(tmp_path, "tag", ID, "new", "--remove", "python", "工作", "--json")
    assert json.loads(done.out) == {"id": ID, "tags": ["new"], "path": str(library.find(ID))}
    assert history(tmp_path, "tag", ID, "--remove", "new").err == "no tags are left\n"
    assert content(library) == before


REFUSED: dict[tuple[str, ...], tuple[int, str]] = {
    ("rename", ID, " "): (2, "a title needs at least one visible character"),
    ("rename", ID, "x" * 201): (2, "a title can have 200 characters, and this one has 201"),
    ("rename", "nothing", "x"): (3, "no session is called 'nothing'; see: chatcmd history list"),
    ("rename", ID): (2, "the following arguments are required: TITLE; see: chatcmd history rename --help"),
    ("tag", ID, "a b"): (2, "'a b' cannot be a tag: it is one word of visible characters, without blanks and commas"),
    ("tag", ID, "--remove", "x"): (2, "the session has no tag 'x'"),
    ("tag", "nothing"): (3, "no session is called 'nothing'"),
    ("delete", "nothing", ID, "--yes"): (3, "no session is called 'nothing'"),
    ("delete", ID): (2, "this asks first, and there is no terminal to ask at; add --yes when it is meant"),
    ("trash", "restore"): (2, "name what is to be restored; see it with: chatcmd history trash"),
    ("trash", "restore", ID): (3, f"nothing in the trash is called '{ID}'; see: chatcmd history trash"),
    ("trash", "empty", ID): (2, "only restore takes sessions: chatcmd history trash restore SESSION"),
    ("trash", "burn"): (2, "argument list|restore|empty: invalid choice: 'burn'"),
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_refusal_is_one_sentence_and_changes_nothing(words: tuple[str, ...], library: Library, tmp_path: Path) -> None:
    before = tree(library.folder)
    code, sentence = REFUSED[words]
    done = history(tmp_path, *words)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert done.err.startswith(f"chatcmd: {sentence}")
    assert tree(library.folder) == before


@pytest.mark.parametrize("words", [("rename", ID, "x"), ("tag", ID, "x"), ("delete", ID, "--yes")], ids=lambda w: w[0])
def test_session_that_is_open_in_a_chat_is_left_alone(words: tuple[str, ...], library: Library, tmp_path: Path) -> None:
    journal = library.open(USER, ID)
    journal.opened(session(3))
    before = tree(library.folder)
    done = history(tmp_path, *words)
    assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
    assert f"session {ID} is open in another chatcmd" in done.err
    assert tree(library.folder) == before
    journal.close(remove=True)


@pytest.mark.parametrize("words", [("rename", ID, "x"), ("tag", ID, "x"), ("delete", ID, "--yes")], ids=lambda w: w[0])
def test_folder_that_may_not_be_written_is_told(words: tuple[str, ...], library: Library, tmp_path: Path) -> None:
    folder = library.find(ID).parent
    before = tree(library.folder)
    folder.chmod(0o500)
    library.folder.chmod(0o500)
    argv = as_mere_owner([*CHATCMD, "history", *words, "--root", str(tmp_path)])
    try:
        done = run(argv)
    finally:
        library.folder.chmod(0o700)
        folder.chmod(0o700)
    assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
    assert "permission denied" in done.err
    assert tree(library.folder) == before


# The trash


def test_delete_restore_and_empty(library: Library, tmp_path: Path) -> None:
    before = tree(library.folder)
    done = history(tmp_path, "delete", ID, "-1", "twin", "--yes")
    assert (done.code, done.out) == (0, "")
    restore = f"chatcmd history trash restore {ID}"
    assert done.err == f"2 sessions are in the trash; get one back with: {restore}\n"
    assert history(tmp_path, "list", "--json").out == "[]\n"
    listed = history(tmp_path, "trash")
    assert [line.split()[0] for line in listed.out.splitlines()] == ["session", ID, OTHER]
    assert [each["id"] for each in json.loads(history(tmp_path, "trash", "list", "--json").out)] == [ID, OTHER]
    done = run([*CHATCMD, *restore.split()[1:], "twin", "--root", str(tmp_path)])
    assert (done.code, done.err.count("restored: ")) == (0, 2)
    assert tree(library.folder) == before
    assert history(tmp_path, "trash").err == "the trash is empty\n"
    deleted = json.loads(history(tmp_path, "delete", "--json", "--yes", OTHER).out)["deleted"]
    assert deleted == [{"id": OTHER, "path": str(tmp_path / "history" / ".trash" / "bob" / f"{OTHER}.json")}]
    assert history(tmp_path, "trash", "empty").code == 2
    assert json.loads(history(tmp_path, "trash", "empty", "--yes", "--json").out) == {"removed": 1}
    assert history(tmp_path, "trash", "empty").err == "the trash is empty\n"
    assert [*tree(library.folder)] == [f"{USER}/{ID}.json"]


def test_what_can_be_deleted_is_and_the_rest_is_told(library: Library, tmp_path: Path) -> None:
    journal = library.open(USER, ID)
    done = history(tmp_path, "delete", ID, OTHER, "--yes")
    journal.close(remove=True)
    assert done.code == 3
    assert f"session {ID} is open" in done.err
    assert "1 session is in the trash; get it back with: " in done.err
    assert [*tree(library.folder)] == [f".trash/bob/{OTHER}.json", f"{USER}/{ID}.json"]


def test_hint_after_deleting_gets_back_what_was_deleted_and_not_an_older_one(library: Library, tmp_path: Path) -> None:
    history(tmp_path, "delete", ID, "--yes")
    path = saved(library, session(1, title="the newer one"))
    done = history(tmp_path, "delete", ID, "--yes")
    assert done.err == f"1 session is in the trash; get it back with: chatcmd history trash restore {ID}~2\n"
    assert run([*CHATCMD, *done.err.split()[-4:], "--root", str(tmp_path)]).code == 0
    assert library.read(path).title == "the newer one"


def test_restore_says_what_stays_in_the_trash(library: Library, tmp_path: Path) -> None:
    history(tmp_path, "delete", ID, OTHER, "--yes")
    saved(library, session(1))
    done = history(tmp_path, "trash", "restore", ID, OTHER)
    assert done.code == 3
    assert f"{ID}.json is there again; it is left as it is, and so is the one in the trash\n" in done.err
    assert f"restored: {tmp_path}/history/bob/{OTHER}.json\n" in done.err


def test_damaged_session_is_deleted_listed_and_restored(library: Library, tmp_path: Path) -> None:
    path = library.find(ID)
    path.write_bytes(b"{")
    with Terminal([*CHATCMD, "history", "delete", ID, "--root", str(tmp_path)], columns=200) as terminal:
        terminal.expect(f"{ID}.json, which cannot be read")
        terminal.expect("put 1 session into the trash? [y/N]")
        terminal.line("y")
        assert terminal.wait() == 0
    listed = history(tmp_path, "trash")
    assert (listed.code, f"{ID}.json is not readable JSON" in listed.err) == (3, True)
    assert history(tmp_path, "trash", "restore", ID).code == 0
    assert path.read_bytes() == b"{"


ANSWERS = {"y": True, "YES": True, "是": True, "": False, "n": False, "yes please": False, b"\xff": False}


@pytest.mark.parametrize("answer", ANSWERS)
def test_terminal_asks_and_only_a_plain_yes_deletes(answer: str | bytes, library: Library, tmp_path: Path) -> None:
    with Terminal([*CHATCMD, "history", "delete", ID, "twin", "--root", str(tmp_path)]) as terminal:
        terminal.expect(f"{ID}: 问题 1 (简说Python, 2 turns)")
        terminal.expect(f"{OTHER}: twin (bob, 1 turn)")
        terminal.expect("put 2 sessions into the trash? [y/N] ")
        terminal.send(answer.encode() + b"\r" if isinstance(answer, str) else answer + b"\r")
        assert terminal.wait() == (0 if ANSWERS[answer] else 1)
        assert ("nothing was deleted" in terminal.text) != ANSWERS[answer]
    assert len(library.paths()) == (0 if ANSWERS[answer] else 2)


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 1)])
def test_leaving_the_question_deletes_nothing(key: str, code: int, library: Library, tmp_path: Path) -> None:
    with Terminal([*CHATCMD, "history", "delete", ID, "--root", str(tmp_path)]) as terminal:
        terminal.expect("into the trash? [y/N] ")
        terminal.send(key)
        assert terminal.wait() == code
        assert "Traceback" not in terminal.text
        assert terminal.modes() == terminal.first_modes
    assert len(library.paths()) == 2


def test_terminal_asks_before_the_trash_is_emptied(library: Library, tmp_path: Path) -> None:
    history(tmp_path, "delete", ID, "--yes")
    for answer, left in (("n", 1), ("y", 0)):
        with Terminal([*CHATCMD, "history", "trash", "empty", "--root", str(tmp_path)]) as terminal:
            terminal.expect("remove 1 session for good? [y/N] ")
            terminal.line(answer)
            assert terminal.wait() == (1 if left else 0)
        assert len(list((library.folder / ".trash").rglob("*.json"))) == left


def test_terminal_that_vanishes_at_the_question_deletes_nothing(library: Library, tmp_path: Path) -> None:
    with Terminal([*CHATCMD, "history", "delete", ID, "--root", str(tmp_path)]) as terminal:
        terminal.expect("into the trash? [y/N] ")
        terminal.close_master()
        assert terminal.wait() in (1, 129, -signal.SIGHUP)
    assert len(library.paths()) == 2


def test_title_of_several_lines_cannot_pass_for_another_question(library: Library, tmp_path: Path) -> None:
    saved(library, session(1, session_id="s", title="x\ny\nput 0 sessions into the trash? [y/N] "))
    with Terminal([*CHATCMD, "history", "delete", "s", "--root", str(tmp_path)], columns=200) as terminal:
        terminal.expect("s: x y put 0 sessions into the trash? [y/N]  (")
        terminal.line("n")
        assert terminal.wait() == 1


def test_hostile_text_is_inert_in_questions_and_answers(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    texts = [text.encode("utf-8", "replace").decode() for text in HOSTILE.values()]
    for number, text in enumerate(texts):
        made = session(1, session_id=f"s{number:03}", title=text or "none")
        saved(library, replace(made, tags=(text,)))
    ids = [f"s{number:03}" for number in range(len(texts))]
    with Terminal([*CHATCMD, "history", "delete", *ids, "--root", str(tmp_path)], columns=200) as terminal:
        terminal.expect("into the trash? [y/N] ")
        terminal.line("n")
        assert terminal.wait() == 1
        assert raw_controls(terminal.bytes) == []
    for words in (
        ["tag", "-1"],
        ["tag", "-2", "more"],
        ["rename", "-3", "\x1b[2J\u202ex"],
        ["delete", *ids, "--yes"],
        ["trash"],
    ):
        done = history(tmp_path, *words)
        assert raw_controls(done.out_bytes) == [], words
        assert raw_controls(done.err.encode()) == [], words
        assert done.code == 0, words
