"""What a killed process leaves behind becomes the right file at the next start, and nothing stops that start."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from chatcmd.conversation.message import Message, Turn
from chatcmd.errors import HistoryError, SessionInUse
from chatcmd.history import file
from chatcmd.history.journal import Journal, Part
from chatcmd.history.library import Library
from chatcmd.history.recovery import Recovered
from tests.history.made import (
    ID,
    PERSONA,
    abandoned,
    answer,
    as_mere_owner,
    contents,
    full_disk,
    let_go,
    mode,
    question,
    saved,
    session,
    tree,
    turn,
    words,
)
from tests.terminal_driver import CHATCMD, Finished, run

SYSTEM = ("system", PERSONA.content, None)
FIRST = [("user", "问题 1", None), ("assistant", "回答 1。", "complete")]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def recovered(library: Library) -> tuple[list[Recovered], list[str]]:
    """Recover, and tell what was and what was said about the rest."""
    sentences: list[str] = []
    return list(library.recover(sentences.append)), sentences


# Moments at which a process can be killed: each leaves the journal that the real one would.


def after_the_question(library: Library) -> None:
    abandoned(library, session(1), "然后呢")


def amid_the_answer(library: Library) -> None:
    journal = library.open("简说Python", ID)
    journal.asked(session(1), question("然后呢"))
    journal._append_unsynced(Part("一"))
    journal._append_unsynced(Part("二"))
    let_go(journal)


def after_the_answer(library: Library) -> None:
    journal = library.open("简说Python", ID)
    journal.asked(session(), question("问题 1"))
    journal.answered(session(), turn(1))
    let_go(journal)


def after_a_question_was_given_back(library: Library) -> None:
    journal = library.open("简说Python", ID)
    journal.asked(session(1), question("收回"))
    journal.withdrawn(session(1))
    let_go(journal)


def amid_the_saving(library: Library) -> None:
    path = abandoned(library, session(1))
    (path.parent / f".{ID}.json.0123abcd.tmp").write_bytes(b'{"format":')


def amid_the_answer_of_a_resumed_session(library: Library) -> None:
    saved(library, session(1))
    amid_the_answer(library)


def with_a_torn_end(library: Library) -> None:
    path = abandoned(library, session(1), "然后呢")
    with path.open("ab") as end:
        end.write(b'{"event":"part","te')


LEFT: dict[Callable[[Library], None], list[tuple[str, str, str | None]]] = {
    after_the_question: [*FIRST, ("user", "然后呢", "unanswered")],
    amid_the_answer: [*FIRST, ("user", "然后呢", None), ("assistant", "一二", "incomplete")],
    after_the_answer: FIRST,
    after_a_question_was_given_back: FIRST,
    amid_the_saving: FIRST,
    amid_the_answer_of_a_resumed_session: [*FIRST, ("user", "然后呢", None), ("assistant", "一二", "incomplete")],
    with_a_torn_end: [*FIRST, ("user", "然后呢", "unanswered")],
}


@pytest.mark.parametrize("leave", LEFT)
def test_what_was_left_becomes_a_session_s_file(leave: Callable[[Library], None], library: Library) -> None:
    leave(library)
    (found,), sentences = recovered(library)
    path = library.folder / "简说Python" / f"{ID}.json"
    assert found.path == path
    assert words(path) == [SYSTEM, *LEFT[leave]]
    whole = msgspec.json.decode(path.read_bytes())
    last = max(message.get("at", "") for message in whole["messages"])
    assert (whole["ended_by"], whole["ended"], whole["id"]) == ("recovered", last, ID)
    assert mode(path) == 0o600
    assert sentences == []
    kept = [path.name, f"{ID}.jsonl.damaged"] if leave is with_a_torn_end else [path.name]
    assert sorted(each.name for each in path.parent.iterdir()) == kept
    assert (found.warning is not None) == (leave is with_a_torn_end)


@pytest.mark.parametrize("leave", LEFT)
def test_second_start_finds_nothing_more_to_do(leave: Callable[[Library], None], library: Library) -> None:
    leave(library)
    recovered(library)
    before = tree(library.folder)
    assert recovered(library) == ([], [])
    assert tree(library.folder) == before


def saved_but_not_removed(library: Library) -> None:
    path = abandoned(library, session(1))
    file.write(path.with_suffix(".json"), session(1).ended_at("2026-11-20T21:41:17.003Z", "exit"))


def recovered_but_not_removed(library: Library) -> None:
    path = abandoned(library, session(1), "然后呢")
    whole = session(1).with_unanswered(question("然后呢"))
    file.write(path.with_suffix(".json"), whole.ended_at("2026-11-20T21:41:17.003Z", "recovered"))


def empty(library: Library) -> None:
    os.utime(let_go(library.open("u", ID)), (0, 0))


def nothing_but_a_question_given_back(library: Library) -> None:
    journal = library.open("u", ID)
    journal.asked(session(), question("收回"))
    journal.withdrawn(session())
    let_go(journal)


@pytest.mark.parametrize(
    "leave", [saved_but_not_removed, recovered_but_not_removed, empty, nothing_but_a_question_given_back]
)
def test_journal_that_holds_nothing_new_just_goes(leave: Callable[[Library], None], library: Library) -> None:
    leave(library)
    before = {name: data for name, data in tree(library.folder).items() if name.endswith(".json")}
    assert recovered(library) == ([], [])
    assert tree(library.folder) == before


def test_unknown_keys_survive_recovery(library: Library) -> None:
    path = saved(library, session(1))
    content = msgspec.json.decode(path.read_bytes())
    content["starred"] = content["messages"][1]["starred"] = True
    path.write_bytes(msgspec.json.encode(content))
    abandoned(library, file.read(path), "然后呢")
    recovered(library)
    found = msgspec.json.decode(path.read_bytes())
    assert found["starred"]
    assert found["messages"][1] == content["messages"][1]


def test_session_that_was_recovered_is_gone_on_with_and_recovered_again(library: Library) -> None:
    after_the_question(library)
    (first,), _ = recovered(library)
    resumed = file.read(first.path)
    journal = Journal(first.path.with_suffix(".jsonl"))
    journal.asked(resumed, question("还在吗"))
    let_go(journal)
    (second,), _ = recovered(library)
    assert words(second.path)[-2:] == [("user", "然后呢", "unanswered"), ("user", "还在吗", "unanswered")]
    assert second.session.title == "问题 1"


def test_journal_that_is_just_being_made_is_left_to_its_maker(library: Library) -> None:
    path = library.path_of("u", ID).with_suffix(".jsonl")
    path.parent.mkdir(parents=True)
    path.touch()
    assert recovered(library) == ([], [])
    assert path.exists()
    os.utime(path, (0, 0))
    assert recovered(library) == ([], [])
    assert not path.exists()


def test_journal_in_use_is_left_alone(library: Library) -> None:
    journal = library.open("u", ID)
    journal.asked(session(1), question("然后呢"))
    temporary = journal.path.parent / f".{ID}.json.0123abcd.tmp"
    temporary.touch()
    before = tree(library.folder)
    assert recovered(library) == ([], [])
    assert tree(library.folder) == before
    journal.close(remove=True)


def test_temporary_files_of_another_session_stay(library: Library) -> None:
    after_the_answer(library)
    other = library.folder / "简说Python" / f".{ID}-other.json.0123abcd.tmp"
    other.touch()
    recovered(library)
    assert other.exists()


def test_names_that_look_like_patterns_are_names(library: Library) -> None:
    path = abandoned(library, session(1, session_id="[x]*"))
    own, other = (path.parent / f".{name}.json.0123abcd.tmp" for name in ("[x]*", "xy"))
    own.touch()
    other.touch()
    (found,), _ = recovered(library)
    assert found.path.name == "[x]*.json"
    assert [own.exists(), other.exists()] == [False, True]


# Damage: everything readable is kept, everything unreadable is put aside, and it is said


def test_torn_first_record_is_kept_aside_and_said(library: Library) -> None:
    path = abandoned(library, session(1))
    torn = path.read_bytes()[:-20]
    path.write_bytes(torn)
    found, (sentence,) = recovered(library)
    assert found == []
    assert tree(path.parent) == {f"{ID}.jsonl.damaged": torn}
    assert sentence.startswith(f"nothing more could be recovered of {path}: ")
    assert f"line 1 could not be read; it is kept as {ID}.jsonl.damaged" in sentence


def test_lost_first_record_does_not_cost_what_follows(library: Library) -> None:
    path = abandoned(library, session(), "问题 1")
    journal = Journal(path)
    journal._behind = False  # as the process that wrote the first record goes on
    journal.answered(session(), turn(1))
    let_go(journal)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([b"\x00" + lines[0], *lines[1:]]))
    (found,), _ = recovered(library)
    assert words(found.path) == FIRST
    assert found.warning == f"of its journal, line 1 could not be read; it is kept as {ID}.jsonl.damaged"
    made = found.session
    assert (made.id, made.user, made.model, made.title) == (ID, "简说Python", "gpt-3.5-turbo", "问题 1")
    assert (made.started, made.ended) == ("2026-11-20T21:30:11.902Z", "2026-11-20T21:30:13.377Z")


def test_lost_first_record_of_a_resumed_session_is_made_up_for_by_its_file(library: Library) -> None:
    path = saved(library, session(1)).with_suffix(".jsonl")
    asked = msgspec.json.encode({"event": "question", "message": question("然后呢")})
    path.write_bytes(b"#\n" + asked + b"\n")
    (found,), _ = recovered(library)
    assert words(found.path) == [SYSTEM, *FIRST, ("user", "然后呢", "unanswered")]


def test_earlier_damage_that_was_kept_is_not_overwritten(library: Library) -> None:
    for number in range(3):
        path = abandoned(library, session(1))
        path.write_bytes(b"damage %d" % number)
        recovered(library)
    assert tree(path.parent) == {
        f"{ID}.jsonl.damaged": b"damage 0",
        f"{ID}.jsonl.damaged1": b"damage 1",
        f"{ID}.jsonl.damaged2": b"damage 2",
    }


@pytest.mark.parametrize("damage", [b"", b"{", b"[" * 100_000, b"[]"])
def test_damaged_file_beside_a_journal_is_put_aside_and_the_journal_replaces_it(
    damage: bytes, library: Library
) -> None:
    path = saved(library, session(1))
    path.write_bytes(damage)
    abandoned(library, session(1), "然后呢")
    (found,), sentences = recovered(library)
    assert words(path) == [SYSTEM, *FIRST, ("user", "然后呢", "unanswered")]
    assert (path.parent / f"{ID}.json.damaged").read_bytes() == damage
    assert sentences == []
    assert str(found.warning).endswith(f", as {ID}.json.damaged")
    assert recovered(library) == ([], [])


@pytest.mark.parametrize("newer", ["file", "file of another shape", "journal"])
def test_what_a_newer_program_wrote_is_never_rewritten(newer: str, library: Library) -> None:
    path = saved(library, session(1))
    abandoned(library, session(1), "然后呢")
    which = path.with_suffix(".jsonl") if newer == "journal" else path
    which.write_bytes(which.read_bytes().replace(b'"format": 1', b'"format": 2').replace(b'"format":1', b'"format":2'))
    if newer == "file of another shape":
        content = msgspec.json.decode(path.read_bytes()) | {"messages": {}}
        path.write_bytes(msgspec.json.encode(content))
    before = tree(library.folder)
    found, (sentence,) = recovered(library)
    assert found == []
    assert f"{which} was written by a newer chatcmd" in sentence
    assert tree(library.folder) == before


def symlink(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


def a_folder(path: Path) -> None:
    path.mkdir()


def folder_in_place_of_the_file(path: Path) -> None:
    path.with_suffix(".json").mkdir()
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    path.write_bytes(b"{}\n")


@pytest.mark.parametrize("obstacle", [symlink, a_folder, folder_in_place_of_the_file])
def test_obstacles_are_said_and_passed_over(obstacle: Callable[[Path], None], library: Library) -> None:
    abandoned(library, session(1, user="z", session_id="last"), "然后呢")
    for user in ("a", "zz"):
        (library.folder / user).mkdir()
        obstacle(library.folder / user / f"{ID}.jsonl")
    found, sentences = recovered(library)
    assert [each.session.id for each in found] == ["last"]
    assert len(sentences) == 2
    for user in ("a", "zz"):
        assert any(str(library.folder / user / ID) in sentence for sentence in sentences)
        assert os.path.lexists(library.folder / user / f"{ID}.jsonl")


def test_disk_that_has_no_room_for_the_file_keeps_the_journal(library: Library) -> None:
    path = abandoned(library, session(1), "然后呢")
    big = abandoned(library, session(50, session_id="big"))
    before = big.read_bytes()
    with full_disk(2000):
        found, (sentence,) = recovered(library)
    assert [each.path for each in found] == [path.with_suffix(".json")]
    assert sentence == f"{big.with_suffix('.json')} could not be written: file too large"
    assert big.read_bytes() == before
    (late,), sentences = recovered(library)
    assert (contents(late.session), sentences) == (contents(session(50)), [])
    assert sorted(each.name for each in path.parent.iterdir()) == [f"{ID}.json", "big.json"]


def test_history_that_is_a_file_or_is_not_there_is_no_reason_to_stop(tmp_path: Path) -> None:
    assert recovered(Library(tmp_path / "none")) == ([], [])
    (tmp_path / "file").touch()
    assert recovered(Library(tmp_path / "file")) == ([], [f"{tmp_path / 'file'} cannot be read: Not a directory"])
    assert Library(tmp_path / "file").users() == []


def test_session_is_gone_on_with_after_what_a_killed_process_left_of_it(library: Library) -> None:
    path = saved(library, session(1))
    abandoned(library, session(1), "然后呢")
    resumed, journal = library.resume(path)
    assert contents(resumed)[-1] == "然后呢"
    assert journal.is_empty
    journal.asked(resumed, question("再来"))
    with pytest.raises(SessionInUse):
        library.resume(path)
    let_go(journal)
    assert contents(library.resume(path)[0])[-2:] == ["然后呢", "再来"]


@pytest.mark.parametrize("newer", [True, False])
def test_session_that_cannot_be_gone_on_with_keeps_its_journal(newer: bool, library: Library) -> None:  # noqa: FBT001
    path = saved(library, session(1))
    if newer:
        path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 2'))
        abandoned(library, session(1), "然后呢")
    else:
        path.write_bytes(b"{")
    before = tree(library.folder)
    with pytest.raises(HistoryError, match="newer" if newer else "is not readable JSON"):
        library.resume(path)
    assert tree(library.folder) == before


# The real program


def start(root: Path, *words: str, stdin: bytes = b"") -> Finished:
    return run([*CHATCMD, "--offline", "--root", str(root), *words], stdin)


def test_chat_says_what_it_recovered_and_how_to_go_on_with_it(library: Library, tmp_path: Path) -> None:
    after_the_question(library)
    done = start(tmp_path)
    assert done.code == 0
    assert done.err == (
        "recovered what was left unsaved of 简说Python's session '问题 1' (1 turn); "
        f"go on with it: chatcmd --resume {ID}\n"
    )
    again = start(tmp_path, "--resume", ID, stdin="再来\n".encode())
    assert again.code == 0
    assert again.out.startswith("【system】")
    path = library.folder / "简说Python" / f"{ID}.json"
    assert words(path)[:-1] == [SYSTEM, *FIRST, ("user", "然后呢", "unanswered"), ("user", "再来", None)]
    assert msgspec.json.decode(path.read_bytes())["ended_by"] == "exit"
    # Neither the unanswered question nor its mark was sent.
    assert "I was sent 4 messages" in words(path)[-1][1]
    assert json.loads(path.read_bytes())["messages"][3] == {
        "role": "user",
        "content": "然后呢",
        "at": "2026-11-20T21:30:11.902Z",
        "status": "unanswered",
    }


def test_nothing_in_the_history_folder_stops_the_start(library: Library, tmp_path: Path) -> None:
    folder = library.folder / "u"
    saved(library, session(1, user="u", session_id="a")).write_bytes(b"{")
    abandoned(library, session(1, user="u", session_id="a"), "然后呢")
    abandoned(library, session(1, user="u", session_id="b")).write_bytes(b"\x00" * 100)
    symlink(folder / "c.jsonl")
    (folder / "d.jsonl").mkdir()
    (folder / "e.json").mkdir()
    (library.folder / "closed").mkdir(mode=0)
    argv = as_mere_owner([*CHATCMD, "--offline", "--root", str(tmp_path), "-u", "v"])
    done = run(argv, "还好吗\n".encode())
    (library.folder / "closed").chmod(0o700)
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    assert "【ChatGPT】" in done.out
    assert [words(path)[1][1] for path in (library.folder / "v").glob("*.json")] == ["还好吗"]


def test_history_nobody_may_read_does_not_stop_the_chat(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir(mode=0)
    argv = as_mere_owner([*CHATCMD, "--offline", "--root", str(tmp_path), "-u", "u"])
    done = run(argv, "一\n二\n".encode())
    (tmp_path / "history").chmod(0o700)
    assert "Traceback" not in done.err
    assert done.out.count("【ChatGPT】") == 2
    assert done.err.count("the chat goes on in memory") == 1
    assert done.code == 3


def test_answer_of_a_killed_process_is_not_taken_for_a_finished_one(library: Library) -> None:
    amid_the_answer(library)
    (found,), _ = recovered(library)
    last = found.session.turns[-1]
    assert last == Turn(question("然后呢"), Message(role="assistant", content="一二", status="incomplete"))
    assert found.session.turns[0] == Turn(question("问题 1"), answer("回答 1。"))
