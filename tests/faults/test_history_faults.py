"""Rows 28 to 39: killed programs, damaged files, disks that fail, two programs at once, clocks and sizes."""

import json
import os
import shutil
from collections.abc import Callable

import pytest

from tests.bench.histories import fill
from tests.faults.invariants import KEY
from tests.faults.meddled import NOTES, TIMES
from tests.faults.scene import NAME, Chat, Said, Scene, memory_of
from tests.history.damage import SMALL, changed, put, written
from tests.history.made import as_mere_owner, on_a_full_disk
from tests.loopback import FAULTS
from tests.terminal_driver import CHATCMD, PYTHON

TROUBLE = "the chat goes on in memory and tries again at every turn"
WELL_AGAIN = "the history is written again, nothing is missing"
MOST_MEGABYTES = 200


def meddled(how: str) -> list[str]:
    return [PYTHON, "-m", "tests.faults.meddled", how]


def in_mid_answer(chat: Chat) -> None:
    chat.scene.server.answer(FAULTS["hang_mid"])
    chat.terminal.line("go on?")
    chat.terminal.expect("partial")


def while_saving(chat: Chat) -> None:
    chat.terminal.line("1")


@pytest.mark.faults(28)
@pytest.mark.parametrize("moment", [in_mid_answer, while_saving])
def test_killed_chat_loses_nothing_and_is_recovered_without_asking(
    scene: Scene, moment: Callable[[Chat], None]
) -> None:
    with scene.chat(offline=moment is not in_mid_answer) as chat:
        chat.well().well()
        moment(chat)
        chat.kill()
    scene.next_start()


@pytest.mark.faults(28)
def test_next_start_offers_to_go_on_with_what_was_recovered(scene: Scene) -> None:
    with scene.chat(offline=True) as chat:
        chat.ask("what of it?")
        chat.kill()
    (journal,) = scene.journals()
    done = scene.pipe("", "-u", NAME)
    assert "recovered what was left unsaved of u's session 'what of it?'" in done.err
    assert f"chatcmd --resume {journal.stem}" in done.err


@pytest.mark.faults(29)
def test_what_was_synced_survives_a_cut_of_power(scene: Scene) -> None:
    notes = scene.folder / "synced.json"
    with scene.chat(program=meddled("lengths_noted"), env={NOTES: str(notes)}, offline=True) as chat:
        chat.ask("one?").ask("two?").command("/save", "saved: ")
        chat.ask("three?")
        chat.kill()
    lengths = json.loads(notes.read_bytes())
    for path in (scene.root / "history").glob("*/*.json*"):
        os.truncate(path, lengths.get(str(path), 0))
    scene.next_start()


@pytest.mark.faults(30)
@pytest.mark.parametrize("lost", [1, 2, 40])
def test_journal_whose_last_line_is_torn_is_recovered_but_for_that_line(scene: Scene, lost: int) -> None:
    with scene.chat(offline=True) as chat:
        chat.ask("one?").ask("two?")
        chat.kill()
    (journal,) = scene.journals()
    whole = journal.read_bytes()
    os.truncate(journal, len(whole) - lost)
    # Without its line end the record is whole all the same; torn further in, the answer is gone, and its question not.
    del scene.said[1 if lost > 1 else 2 :]
    done = scene.pipe("", "-u", NAME)
    assert "recovered what was left unsaved" in done.err
    assert ("could not be read" in done.err) == (lost > 1)
    (session,) = scene.sessions()
    assert [each["content"] for each in session["messages"] if each["role"] == "user"] == ["one?", "two?"]
    assert lost == 1 or [path for path in journal.parent.iterdir() if path.read_bytes() == whole[:-lost]]


DAMAGED = {
    "flipped": written().replace(b'"role"', b'"rol\xe5"', 1),
    "empty": b"",
    "binary": bytes(range(256)) * 40,
    "brackets": b"[" * 100_000,
    "torn": written()[:-200],
}
READABLE = {"bom": b"\xef\xbb\xbf" + written(), "doubled": written().replace(b'"user":', b'"user": "x", "user":', 1)}
NEWER = changed(format=99)


@pytest.mark.faults(31)
def test_damaged_files_are_read_as_far_as_they_can_be_and_kept_as_they_were(scene: Scene) -> None:
    history = scene.root / "history"
    files = {
        put(history, data, "x", f"20260101T00000{place}Z-000{place}"): data
        for place, data in enumerate([*DAMAGED.values(), *READABLE.values(), NEWER])
    }
    with scene.chat(offline=True) as chat:
        chat.well()
        chat.leave()
    for words in (["list"], ["list", "--json"], ["search", "x"], ["show", "20260101T000005Z-0005"]):
        done = scene.pipe("", "history", *words, code=3 if words[0] == "list" else None)
        assert done.out
    assert all(path.read_bytes() == data for path, data in files.items())
    found = scene.pipe("", "history", "verify", code=1)
    assert all(path.name in found.out for path, data in files.items() if data in DAMAGED.values())
    scene.pipe("", "history", "verify", "--repair", code=None)
    kept = [path.read_bytes() for path in scene.everything()]
    assert all(data in kept for data in files.values() if data)
    shown = scene.pipe("", "history", "show", "20260101T000000Z-0000").out
    assert SMALL.turns[-1].question.content in shown


@pytest.mark.faults(32)
@pytest.mark.parametrize("room", [0, 1500])
def test_full_disk_is_told_once_and_tears_no_file(scene: Scene, room: int) -> None:
    export = scene.folder / "export.md"
    scene.pipe("before\n", "-u", NAME, "--offline", said=[Said(NAME, "before", None)])
    scene.pipe("", "history", "export", "-1", "-o", str(export))
    (earlier,), exported = scene.sessions(), export.read_bytes()
    with scene.chat(program=on_a_full_disk(room, CHATCMD), offline=True) as chat:
        for number in range(4):
            chat.terminal.line(f"what of {number}?")
            chat.terminal.expect(f"Your question was: what of {number}?")
            chat.prompt()
        chat.command(f"/export {export}", "is there already")
        chat.command(f"/export {export}.html", "could not be written")
        chat.well()
        chat.terminal.line("0")
        chat.terminal.expect("could not be written: file too large")
        chat.terminal.expect("it can be written to another folder")
        chat.terminal.line("")
        chat.ends(3)
        assert chat.shown.count(TROUBLE) == 1
        assert "file too large" in chat.shown
    assert export.read_bytes() == exported
    assert not export.with_name("export.md.html").exists()
    scene.next_start()
    assert earlier in scene.sessions()
    assert all(json.loads(path.read_bytes()) for path in scene.everything() if path.suffix == ".json")


@pytest.mark.faults(33)
def test_record_whose_sync_failed_is_written_anew(scene: Scene) -> None:
    with scene.chat(program=meddled("one_sync_failing"), offline=True) as chat:
        chat.ask("one?")
        chat.terminal.line("two?")
        chat.terminal.expect("input/output error")
        chat.terminal.expect("Your question was: two?")
        chat.terminal.expect(WELL_AGAIN)
        chat.prompt()
        scene.said.append(Said(NAME, "two?", None))
        chat.kill()
    scene.next_start()


@pytest.mark.faults(33)
def test_sync_that_fails_for_good_is_told_once_and_costs_the_exit_code_or_nothing(scene: Scene) -> None:
    with scene.chat(program=meddled("syncs_failing"), offline=True) as chat:
        chat.ask("one?")
        chat.terminal.line("two?")
        chat.terminal.expect(TROUBLE)
        chat.prompt()
        scene.said.append(Said(NAME, "two?", None))
        chat.leave("saved: ")  # the file itself can be synced, and holds everything
        assert chat.shown.count(TROUBLE) == 1


@pytest.mark.faults(34)
def test_folder_that_cannot_be_written_is_told_at_once_and_the_chat_goes_on(scene: Scene) -> None:
    (scene.root / "history").mkdir(mode=0o500)
    try:
        done = scene.pipe("one\ntwo\n", "-u", NAME, "--offline", program=as_mere_owner([*CHATCMD]), code=3)
    finally:
        (scene.root / "history").chmod(0o700)
    assert done.out.count("Your question was") == 2
    assert done.err.count("permission denied") >= 1
    assert list((scene.root / "history").iterdir()) == []


@pytest.mark.faults(34)
def test_folder_that_is_removed_while_running_is_made_anew_with_all_that_was_said(scene: Scene) -> None:
    with scene.chat(offline=True) as chat:
        chat.ask("one?")
        shutil.rmtree(scene.root / "history")
        chat.ask("two?")
        chat.leave("saved: ")
        assert TROUBLE not in chat.shown
    assert len(scene.sessions()) == 1


@pytest.mark.faults(35)
@pytest.mark.parametrize("mask", ["000", "077"])
def test_everything_is_its_owners_whatever_the_umask(scene: Scene, mask: str) -> None:
    program = ["sh", "-c", f'umask {mask}; exec "$@"', "sh", *CHATCMD]
    with scene.chat(program=program, offline=True) as chat:
        chat.ask("one?").command("/save", "saved: ")
        modes = {path: path.stat().st_mode & 0o777 for path in scene.root.rglob("*")}
        assert {path for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == set()
        chat.leave()
    assert {path.stat().st_mode & 0o777 for path in (scene.root / "history").rglob("*.json")} == {0o600}


@pytest.mark.faults(35)
def test_links_in_place_of_files_are_not_followed(scene: Scene) -> None:
    victim = scene.folder / "victim"
    scene.pipe("one\n", "-u", NAME, "--offline", said=[Said(NAME, "one", None)])
    (saved,) = (scene.root / "history" / NAME).glob("*.json")
    victim.write_bytes(b"precious")
    saved.with_suffix(".jsonl").symlink_to(victim)
    done = scene.pipe("two\n", "--offline", "-r", saved.stem, code=3)
    assert "too many levels of symbolic links" in done.err
    assert victim.read_bytes() == b"precious"
    saved.with_suffix(".jsonl").unlink()
    outside = scene.home / "key"
    key_file = scene.root / "envs" / "openai_key"
    outside.write_text("other", "utf-8")
    key_file.unlink()
    key_file.symlink_to(outside)
    done = scene.pipe("three\n", "-u", NAME, code=2)
    assert "envs/openai_key: is a link that leads out of envs/" in done.err
    key_file.unlink()
    scene.write("openai_key", KEY)


@pytest.mark.faults(36)
def test_second_program_is_refused_a_session_that_is_open(scene: Scene) -> None:
    with scene.chat(offline=True) as chat:
        chat.ask("first?").command("/save", "saved: ")
        chat.ask("second?")
        (open_one,) = (scene.root / "history" / NAME).glob("*.json")
        before = open_one.read_bytes()
        for words in (["-r", open_one.stem], ["-c"]):
            refused = scene.pipe("me too?\n", "--offline", *words, code=3)
            assert "is open in another chatcmd" in refused.err
        assert open_one.read_bytes() == before
        chat.leave("saved: ")
    (session,) = scene.sessions()
    asked = [each["content"] for each in session["messages"] if each["role"] == "user"]
    assert asked == ["first?", "second?", "are you well, 1?"]
    scene.pipe("now me\n", "--offline", "-r", open_one.stem, said=[Said(NAME, "now me", None)])


@pytest.mark.faults(37)
def test_killed_program_leaves_no_lock(scene: Scene) -> None:
    with scene.chat(offline=True) as chat:
        chat.ask("one?")
        chat.kill()
    (journal,) = scene.journals()
    scene.pipe("two?\n", "--offline", "-r", journal.stem, said=[Said(NAME, "two?", None)])
    assert len(scene.sessions()) == 1
    assert scene.journals() == []


JUMPS = {
    "epoch": ("UTC", "1970-01-01T00:00:01+00:00 1970-01-01T00:00:00+00:00"),
    "far": ("UTC", "2100-02-28T23:59:59+00:00 1999-12-31T23:59:59+00:00 2100-03-01T00:00:00+00:00"),
    "summer": ("Europe/Berlin", "2026-10-25T00:59:59+00:00 2026-10-25T01:00:00+00:00 2026-10-25T00:30:00+00:00"),
    "leap": ("America/St_Johns", "2028-02-29T12:00:00+00:00 2024-02-29T12:00:00+00:00"),
}
"""The zone, and the times that the clock tells one after the other; the last one for ever."""


@pytest.mark.faults(38)
def test_clock_that_jumps_mixes_nothing_up(scene: Scene) -> None:
    for name, (zone, times) in JUMPS.items():
        questions = [f"{name} {number}" for number in range(3)]
        lines = "\n".join([*questions[:2], "1", NAME, questions[2]])
        env = {TIMES: times, "TZ": zone}
        said = [Said(NAME, question, None) for question in questions]
        scene.pipe(f"{lines}\n", "-u", NAME, "--offline", program=meddled("clock_jumping"), env=env, said=said)
    sessions = scene.sessions()
    assert sorted(len(session["messages"]) for session in sessions) == [3] * len(JUMPS) + [5] * len(JUMPS)
    assert len({session["id"] for session in sessions}) == len(sessions)
    assert scene.pipe("", "history", "list", "--json", env={"TZ": "Europe/Berlin"}).out.count(".json") == len(sessions)
    scene.pipe("and now?\n", "--offline", "-c", "-u", NAME, said=[Said(NAME, "and now?", None)])


@pytest.mark.faults(39)
def test_huge_history_is_started_with_and_listed_in_bounded_memory(scene: Scene) -> None:
    history = scene.root / "history"
    fill(history, 1_000)
    long = json.loads(written()) | {"user": NAME, "title": "the long one"}
    long["messages"] = (
        long["messages"][:1]
        + long["messages"][1:3]
        + [{"role": role, "content": "长" * 3_000} for _ in range(1_000) for role in ("user", "assistant")]
    )
    big = put(history, json.dumps(long, ensure_ascii=False).encode(), NAME)
    assert big.stat().st_size > 18_000_000
    with scene.chat(offline=True) as chat:
        chat.well()
        chat.command("/history", "the long one")
        assert memory_of(chat.terminal.pid) < MOST_MEGABYTES
        chat.leave()
    listed = scene.pipe("", "history", "list", "--all", "--json")
    assert len(json.loads(listed.out)) > 1_000
