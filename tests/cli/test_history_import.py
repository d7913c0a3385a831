"""`chatcmd history import`: what it prints, and what a disk, a signal or a hostile file does to it."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chatcmd.errors import Exit
from chatcmd.history.library import Library
from tests.history.imports import FILES
from tests.history.made import PERSONA, abandoned, on_a_full_disk, session, tree
from tests.hostile import HOSTILE, raw_controls
from tests.terminal_driver import CHATCMD, Finished, Terminal, _environment, run


def imported(root: Path, *words: object, **more: Any) -> Finished:
    return run([*CHATCMD, "history", "import", *map(str, words), "--root", str(root)], **more)


def test_it_says_what_came_in_and_what_only_left_a_few_words(tmp_path: Path) -> None:
    done = imported(tmp_path, FILES / "chatgpt.json", "-u", "张三")
    assert done.code == 0
    assert [Path(line).parent.name for line in done.out.splitlines()] == ["张三"] * 5
    assert done.err.splitlines() == [
        "imported 5 sessions; 0 had grown, 0 known already, 0 asked nothing, 0 left out",
        (
            "not kept, with a few words in their place: 1 recording, 1 change of a canvas, 1 attached file, 1 image, "
            "1 tool call, 2 results of tools"
        ),
        "2 messages that were hidden are now system messages",
    ]
    again = imported(tmp_path, FILES / "chatgpt.json", "-u", "张三")
    assert (again.code, again.out) == (0, "")
    assert again.err == "imported 0 sessions; 0 had grown, 5 known already, 0 asked nothing, 0 left out\n"


def test_json_tells_all_of_it(tmp_path: Path) -> None:
    done = imported(tmp_path, FILES, "-u", "me", "--json")
    told = json.loads(done.out)
    assert done.code == 0
    assert all(Path(path).is_file() for path in told["written"])
    assert told["passed_over"] == [str(FILES / "README.md")]
    assert (told["grown"], told["left_out"], told["stopped"], told["dry_run"]) == ([], [], False, False)
    assert told["lost"]["image"] == 1


def test_rehearsal_writes_nothing(tmp_path: Path) -> None:
    done = imported(tmp_path, FILES / "aichat", "--dry-run")
    assert done.code == 0
    assert done.err.startswith("would import 1 session; 0 grown, 0 known, 0 asked nothing, 0 left out\n")
    assert not (tmp_path / "history").exists()


def test_sessions_become_those_of_the_login_name(tmp_path: Path) -> None:
    done = imported(tmp_path, FILES / "aichat", env={"LOGNAME": "ann", "USER": "ann"})
    assert Path(done.out.strip()).parent.name == "ann"


WRONG: dict[tuple[str, ...], tuple[int, str]] = {
    ("none",): (3, "none cannot be read: No such file or directory"),
    ("none", "--from", "word"): (2, "argument --from: invalid choice: 'word' (choose from "),
    ("pipe",): (3, "pipe cannot be read: it is no plain file"),
    ("README.md",): (
        3,
        "README.md holds no history that chatcmd knows; if it should, say which with --from (tutorial, ",
    ),
    ("README.md", "--from", "llm"): (3, "README.md cannot be read as a database: file is not a database"),
    ("README.md", "-u", " "): (2, "a user's name cannot be empty"),
    (): (2, "the following arguments are required: FILE"),
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_what_cannot_be_read_is_told_in_one_sentence(words: tuple[str, ...], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "README.md").write_text("# Read me\n")
    done = imported(tmp_path, *words, cwd=tmp_path)
    code, sentence = WRONG[words]
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"chatcmd: {sentence}")
    assert done.err.count("\n") == 1


def hostile_export() -> list[dict[str, Any]]:
    """Put hostile text everywhere in an export that text can stand."""
    made = []
    for number, text in enumerate(HOSTILE.values()):
        content = {"content_type": "text", "parts": [text]}
        asked = {"author": {"role": "user"}, "content": content, "metadata": {"attachments": [{"name": text}]}}
        called = {
            "author": {"role": "assistant"},
            "recipient": text,
            "content": content,
            "metadata": {"model_slug": text},
        }
        nodes = {"1": {"message": asked}, "2": {"parent": "1", "message": called}}
        made.append({"title": text, "id": f"{number}{text}", "mapping": nodes, "current_node": "2"})
    return [*made, {"title": "\x1b]0;t\x07" * 9, "id": "x", "mapping": 5}]


def test_hostile_text_reaches_neither_terminal_nor_file_names(tmp_path: Path) -> None:
    name = "evil\x1b[2J.json"
    (tmp_path / name).write_text(json.dumps(hostile_export()))
    done = imported(tmp_path, tmp_path / name, "-u", "me")
    assert done.code == 3
    assert raw_controls(done.out_bytes + done.err.encode()) == []
    assert "Traceback" not in done.err
    library = Library(tmp_path / "history")
    assert len(library.paths()) == len(HOSTILE)
    assert all(path.name.isascii() and path.parent.name == "me" for path in library.paths())
    again = imported(tmp_path, tmp_path / name, "-u", "me", "--json")
    assert json.loads(again.out)["known"] == len(HOSTILE)


def test_full_disk_keeps_what_came_in_and_says_so(tmp_path: Path) -> None:
    long = [{"role": "user", "content": "x" * 20_000}, {"role": "assistant", "content": "ok"}]
    short = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    (tmp_path / "f.json").write_text(json.dumps({"a": short, "b": long, "c": short}))
    argv = [*CHATCMD, "history", "import", str(tmp_path / "f.json"), "--root", str(tmp_path)]
    done = run(on_a_full_disk(10_000, argv))
    assert done.code == 3
    assert "imported 1 session;" in done.err
    assert "could not be written: file too large" in done.err
    assert Library(tmp_path / "history").users() == ["a"]
    assert imported(tmp_path, tmp_path / "f.json").code == 0
    assert sorted(Library(tmp_path / "history").users()) == ["a", "b", "c"]


def test_several_files_have_a_line_each_and_the_worst_sets_the_exit_code(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    for name in "ab":
        (tmp_path / name).write_text(json.dumps({name: said}))
    done = imported(tmp_path, "a", "none", "b", cwd=tmp_path)
    assert (done.code, len(done.out.splitlines())) == (3, 2)
    assert done.err.splitlines() == [
        "a: imported 1 session; 0 had grown, 0 known already, 0 asked nothing, 0 left out",
        "none cannot be read: No such file or directory",
        "b: imported 1 session; 0 had grown, 0 known already, 0 asked nothing, 0 left out",
    ]
    told = imported(tmp_path, "b", "a", "--json", cwd=tmp_path)
    assert (told.code, json.loads(told.out)["known"], told.err) == (0, 2, "")


def test_full_disk_that_took_nothing_in_is_told_in_one_line_a_file(tmp_path: Path) -> None:
    long = [{"role": "user", "content": "x" * 20_000}, {"role": "assistant", "content": "ok"}]
    for name in "ab":
        (tmp_path / name).write_text(json.dumps({name: long}))
    argv = [*CHATCMD, "history", "import", "--root", str(tmp_path), str(tmp_path / "a")]
    alone, both = run(on_a_full_disk(10_000, argv)), run(on_a_full_disk(10_000, [*argv, str(tmp_path / "b")]))
    assert [done.code for done in (alone, both)] == [3, 3]
    assert [done.err.count("\n") for done in (alone, both)] == [1, 2]
    assert both.err.startswith(f"{tmp_path}/a: {tmp_path}/history/a/")
    assert both.err.count("could not be written: file too large") == 2


def many(path: Path, number: int) -> Path:
    """Write an export of so many conversations."""
    one = json.loads((FILES / "chatgpt.json").read_bytes())[0]
    path.write_text(json.dumps([one | {"id": f"c{n}", "conversation_id": f"c{n}"} for n in range(number)]))
    return path


def test_ctrl_c_keeps_what_came_in_and_the_next_import_brings_the_rest(tmp_path: Path) -> None:
    source = many(tmp_path / "c.json", 3000)
    argv = [*CHATCMD, "history", "import", str(source), "--root", str(tmp_path), "-u", "me", "--json"]
    env = _environment(str(tmp_path), None)
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not list((tmp_path / "history" / "me").glob("*.json")):
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    told = json.loads(out)
    assert (process.returncode, told["stopped"]) == (Exit.INTERRUPTED, True)
    assert err.endswith(b"stopped; what was taken in by then is kept, import again for the rest\n")
    paths = Library(tmp_path / "history").paths()
    assert 0 < len(paths) < 9000
    assert {path.name for path in paths} >= {Path(path).name for path in told["written"]}
    assert [path for path in (tmp_path / "history").rglob("*") if path.suffix in (".jsonl", ".tmp")] == []
    rehearsal = json.loads(imported(tmp_path, source, "-u", "me", "--json", "--dry-run").out)
    assert rehearsal["known"] == len(paths)
    assert rehearsal["known"] + len(rehearsal["written"]) == 9000


def test_long_import_shows_how_far_it_is_and_leaves_no_trace_of_that(tmp_path: Path) -> None:
    source = many(tmp_path / "c.json", 2000)
    with Terminal([*CHATCMD, "history", "import", str(source), "--root", str(tmp_path), "-u", "me"]) as terminal:
        terminal.expect(" sessions so far")
        terminal.send("\x03")
        terminal.expect("stopped; what was taken in by then is kept, import again for the rest")
        assert terminal.wait() == Exit.INTERRUPTED
        assert "so far" not in terminal.text


def test_journal_that_a_killed_chat_left_elsewhere_comes_in(tmp_path: Path) -> None:
    there = Library(tmp_path / "there" / "history")
    path = abandoned(there, session(2), "und?")
    done = imported(tmp_path, there.folder)
    assert (done.code, done.err.splitlines()[-1]) == (
        0,
        "imported 1 session; 0 had grown, 0 known already, 0 asked nothing, 0 left out",
    )
    (came,) = Library(tmp_path / "history").paths()
    found = Library(tmp_path / "history").read(came)
    assert (found.id, found.ended_by, len(found.turns)) == (path.stem, "recovered", 2)
    assert [message.status for message in found.aside] == ["unanswered"]
    assert found.persona == PERSONA
    assert list(tree(there.folder)) == [f"简说Python/{path.name}"]
