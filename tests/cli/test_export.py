"""`chatcmd history export`: the right document in the right place, whole or not at all, and nothing is overwritten."""

import json
import os
import subprocess
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chatcmd.conversation.message import Turn
from chatcmd.history.export.markdown import pages
from chatcmd.history.library import Library
from tests.history.exported import rich
from tests.history.made import ID, answer, as_mere_owner, mode, on_a_full_disk, question, saved, session, tree
from tests.hostile import HOSTILE, raw_controls
from tests.terminal_driver import CHATCMD, Finished, Terminal, _environment, run

OTHER = "20260101T000000Z-aaaa"
NAMES = [f"{OTHER}-twin", f"{ID}-1+1=几-really"]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "root" / "history")


@pytest.fixture
def filled(library: Library) -> Library:
    saved(library, rich())
    twin = session(1, session_id=OTHER, user="bob", title="twin")
    saved(library, replace(twin, started="2026-01-01T00:00:00.000Z"))
    return library


def export(tmp_path: Path, *words: str | Path, env: dict[str, str] | None = None) -> Finished:
    return run(command(tmp_path, *words), env=env, cwd=tmp_path)


def command(tmp_path: Path, *words: str | Path) -> list[str]:
    return [*CHATCMD, "history", "export", *map(str, words), "--root", str(tmp_path / "root")]


def left(tmp_path: Path) -> list[str]:
    """Name the files beside the root folder."""
    return [name for name in tree(tmp_path) if not name.startswith("root/")]


# What is exported


@pytest.mark.usefixtures("filled")
def test_a_session_is_printed_as_markdown_unless_told_otherwise(tmp_path: Path) -> None:
    done = export(tmp_path, ID)
    assert (done.code, done.out) == (0, "".join(pages(rich())))
    assert done.err == "1 image is only named: this format holds none\n"
    assert export(tmp_path, "-1").out == export(tmp_path, "-1", "-o", "-").out == done.out
    assert export(tmp_path, "-1", "-u", "bob").out.startswith("# twin\n")


@pytest.mark.usefixtures("filled")
def test_several_sessions_are_one_document(tmp_path: Path) -> None:
    page = export(tmp_path, ID, OTHER, ID[:10]).out
    headings = [line for line in page.splitlines() if line.startswith("# ")]
    assert headings == ["# 1+1=几 \\*really\\*", "# Notes", "# twin"]
    listed = json.loads(export(tmp_path, ID, OTHER, "--format", "json").out)
    assert [each["id"] for each in listed] == [ID, OTHER]
    assert len(export(tmp_path, ID, OTHER, "--format", "jsonl").out.splitlines()) == 2
    assert list(json.loads(export(tmp_path, ID, OTHER, "--format", "tutorial").out)) == ["简说Python", "bob"]
    assert export(tmp_path, ID, OTHER, "--format", "html").out.count("<!DOCTYPE html>") == 1


CHOSEN = {
    ("--all",): [OTHER, ID],
    ("--all", "-u", "bob"): [OTHER],
    ("--since", "2026-11-01"): [ID],
    ("--until", "2026-02"): [OTHER],
    ("--title", "TWIN"): [OTHER],
    ("--tag", "math", "--all"): [ID],
    ("--tag", "nothing"): [],
}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("words", CHOSEN, ids=" ".join)
def test_sessions_are_chosen_as_they_are_listed_and_are_a_list_then(words: tuple[str, ...], tmp_path: Path) -> None:
    done = export(tmp_path, "--json", *words)
    assert done.code == 0
    assert [each["id"] for each in json.loads(done.out)] == CHOSEN[words]


def test_nothing_to_export_is_said(library: Library, tmp_path: Path) -> None:
    done = export(tmp_path, "--all", "-o", "a.json")
    assert (done.code, done.out, done.err) == (1, "", f"nothing to export: {library.folder} holds no such session\n")
    assert export(tmp_path, "--all", "--json").out == "[]\n"
    saved(library, session().with_unanswered(question("q")))
    done = export(tmp_path, "--all", "-o", "a.jsonl")
    assert (done.code, done.out, left(tmp_path)) == (1, "", [])
    assert done.err.splitlines() == [
        "left out: 1 message that belongs to no turn, such as a question without an answer",
        "left out: 1 session without a complete turn",
        "nothing was written: there is nothing that jsonl could hold",
    ]


def test_what_cannot_be_read_is_told_beside_what_was_exported(filled: Library, tmp_path: Path) -> None:
    filled.find(ID).write_bytes(b"{")
    done = export(tmp_path, "--all", "--json", "-o", "a.json")
    assert done.code == 3
    assert [each["id"] for each in json.loads((tmp_path / "a.json").read_bytes())] == [OTHER]
    told = json.loads(done.out)
    assert f"{ID}.json is not readable JSON" in told.pop("unread")[0]
    assert told == {"format": "json", "sessions": 1, "written": ["a.json"], "kept": [], "left_out": {}}
    assert f"{ID}.json is not readable JSON" in done.err
    named = export(tmp_path, OTHER, ID, "-o", "b.json")
    assert (named.code, named.out, left(tmp_path)) == (3, "", ["a.json"])
    assert named.err.count("\n") == 1


# Where to


ENDINGS = {"a.md": b"# 1+1", "a.html": b"<!DOCTYPE html>", "a.json": b"{\n", "a.jsonl": b'{"messages":', "a.cast": b"{"}


@pytest.mark.usefixtures("filled")
def test_a_file_is_written_whole_in_the_format_that_its_ending_says(tmp_path: Path) -> None:
    for name, begins in ENDINGS.items():
        done = export(tmp_path, ID, "-o", name)
        assert (done.code, done.out) == (0, "")
        assert done.err.startswith(f"exported 1 session to {name}\n")
        assert (tmp_path / name).read_bytes().startswith(begins)
        assert mode(tmp_path / name) == 0o600
    assert sorted(left(tmp_path)) == sorted(ENDINGS)
    assert export(tmp_path, ID).out_bytes == (tmp_path / "a.md").read_bytes()
    assert export(tmp_path, ID, "-o", "user_messages.json", "--format", "tutorial").code == 0
    assert (tmp_path / "user_messages.json").read_bytes().startswith(b'{"\\u7b80')


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("folder", ["there", "new/", "new/deep/"])
def test_a_folder_gets_a_file_a_session(folder: str, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    done = export(tmp_path, "--all", "-o", folder)
    names = [str(Path(folder) / f"{name}.md") for name in NAMES]
    assert (done.code, done.out.splitlines()) == (0, names)
    assert done.err.startswith(f"exported 2 sessions to {folder}\n")
    assert left(tmp_path) == sorted(names)
    assert (tmp_path / names[1]).read_text("utf-8") == "".join(pages(rich()))


@pytest.mark.usefixtures("filled")
def test_nothing_is_overwritten_unless_that_is_forced(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("mine")
    refused = export(tmp_path, ID, "-o", "a.md")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "chatcmd: a.md is there already; name another file, or replace it with --force\n"
    assert tree(tmp_path)["a.md"] == b"mine"
    assert export(tmp_path, ID, "-o", "a.md", "--force").code == 0
    assert tree(tmp_path)["a.md"].startswith(b"# 1+1")
    (tmp_path / f"{NAMES[0]}.json").write_text("mine")
    some = export(tmp_path, "--all", "--format", "json", "-o", ".")
    assert (some.code, some.out.splitlines()) == (2, [f"{NAMES[1]}.json"])
    assert "1 file was there already and is left as it was; replace it with --force\n" in some.err
    assert tree(tmp_path)[f"{NAMES[0]}.json"] == b"mine"
    again = export(tmp_path, "--all", "--format", "json", "-o", ".", "--force", "--json")
    assert json.loads(again.out)["written"] == [f"{name}.json" for name in NAMES]
    assert json.loads((tmp_path / f"{NAMES[0]}.json").read_bytes())["id"] == OTHER


def test_a_link_is_followed_and_what_is_no_file_is_refused(filled: Library, tmp_path: Path) -> None:
    (tmp_path / "target.md").write_text("old")
    (tmp_path / "link.md").symlink_to("target.md")
    assert export(tmp_path, ID, "-o", "link.md").code == 2
    assert export(tmp_path, ID, "-o", "link.md", "--force").code == 0
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "target.md").read_text("utf-8").startswith("# 1+1")
    os.mkfifo(tmp_path / "pipe.md")
    before = tree(filled.folder)
    for place, why in {
        "pipe.md": "is no ordinary file; name another, or redirect the output",
        str(filled.find(ID)): "is inside the history itself; name another place",
        f"{filled.folder}/bob/": "is inside the history itself; name another place",
    }.items():
        refused = export(tmp_path, ID, "--format", "json", "--force", "-o", place)
        assert refused.code == 2
        assert why in refused.err
        assert refused.err.count("\n") == 1
    assert tree(filled.folder) == before


REFUSED = {
    (): (2, "name the sessions to export, or --all; see: chatcmd history export --help"),
    (ID, "--all"): (2, "name the sessions, or choose them by --all and flags like --tag, but not both"),
    (ID, "--tag", "math"): (2, "name the sessions, or choose them by --all and flags like --tag, but not both"),
    ("nothing",): (3, "no session is called 'nothing'; see: chatcmd history list"),
    (ID, "nothing", "-o", "a.md"): (3, "no session is called 'nothing'"),
    (ID, "-o", "a.txt"): (2, "'a.txt' does not say which format is meant: end it in one of .md, .markdown, .html"),
    (ID, "--format", "pdf"): (2, "argument --format: invalid choice: 'pdf'"),
    (ID, "--format", "html", "--json"): (2, "--json is itself a format on standard output; leave it out, or name"),
    ("--all", "--format", "asciicast"): (2, "asciicast holds one session; name a folder for a file a session"),
    (ID, OTHER, "-o", "a.cast"): (2, "asciicast holds one session; name a folder for a file a session"),
    (ID, "--since", "x"): (2, "--since: "),
}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_a_refusal_is_one_sentence_and_nothing_is_written(words: tuple[str, ...], tmp_path: Path) -> None:
    code, sentence = REFUSED[words]
    done = export(tmp_path, *words)
    assert (done.code, done.out, left(tmp_path)) == (code, "", [])
    assert done.err.startswith(f"chatcmd: {sentence}")
    assert done.err.count("\n") == 1


# Trouble


@pytest.mark.usefixtures("filled")
def test_a_disk_that_is_full_or_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    full = run(on_a_full_disk(100, command(tmp_path, ID, "-o", "a.md")), cwd=tmp_path)
    assert (full.code, full.out) == (3, "")
    assert full.err == "chatcmd: a.md could not be written: file too large\n"
    (tmp_path / "closed").mkdir(mode=0o500)
    closed = run(as_mere_owner(command(tmp_path, ID, "-o", "closed/a.md")), cwd=tmp_path)
    assert (closed.code, closed.err) == (3, "chatcmd: closed/a.md could not be written: permission denied\n")
    (tmp_path / "file").touch()
    for place in ("file/a.md", "file/", "x" * 300 + ".md"):
        done = export(tmp_path, ID, "-o", place)
        assert done.code == 3
        assert "could not be written: " in done.err
        assert done.err.count("\n") == 1
    assert left(tmp_path) == ["file"]


@pytest.mark.parametrize(("name", "taken"), [("markdown", 0), ("markdown", 10), ("json", 10)])
def test_a_reader_that_leaves_is_no_error(name: str, taken: int, library: Library, tmp_path: Path) -> None:
    saved(library, session(1, session_id="big").with_turn(Turn(question("q"), answer("答\n" * 100_000))))
    reader, writer = os.pipe()
    if not taken:
        os.close(reader)
    env = _environment(str(tmp_path), None)
    argv = command(tmp_path, "big", "--format", name)
    with subprocess.Popen(argv, stdout=writer, stderr=subprocess.PIPE, text=True, env=env) as process:
        os.close(writer)
        if taken:
            assert os.read(reader, taken)
            os.close(reader)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, "")


@pytest.mark.usefixtures("filled")
def test_an_output_that_is_full_is_one_sentence(tmp_path: Path) -> None:
    done = run(["sh", "-c", 'exec "$@" >/dev/full', "sh", *command(tmp_path, ID)], cwd=tmp_path)
    assert done.code == 1
    assert done.err == "chatcmd: what is shown cannot be written: No space left on device\n"


def test_a_big_session_is_exported_whole(library: Library, tmp_path: Path) -> None:
    made = session(session_id="big")
    for number in range(200):
        made = made.with_turn(Turn(question(f"q{number}"), answer("水仙花数 `x < y` and <b> more.\n" * 300)))
    saved(library, made)
    page = export(tmp_path, "big").out
    assert page.count("\n### ChatGPT\n") == 200
    assert page.count("水仙花数 `x < y` and \\<b> more.\n") == 200 * 300
    assert len(json.loads(export(tmp_path, "big", "--json").out)["messages"]) == 401


# What a terminal, a locale, a file system make of it


def test_hostile_text_is_inert_wherever_it_is_printed(library: Library, tmp_path: Path) -> None:
    made = session(title="".join(HOSTILE.values())[:500].encode("utf-8", "replace").decode(), session_id="hostile")
    for text in HOSTILE.values():
        text = text.encode("utf-8", "replace").decode()  # noqa: PLW2901
        made = made.with_turn(Turn(question(text), answer(text, model=text)))
    saved(library, made)
    for name in ("markdown", "html", "json"):
        done = export(tmp_path, "hostile", "--format", name)
        assert (done.code, raw_controls(done.out_bytes)) == (0, []), name
    raw = export(tmp_path, "hostile", "--raw")
    assert "\x1b]52;c;" in raw.out
    with Terminal(command(tmp_path, "hostile", "--raw")) as terminal:
        assert terminal.wait() == 0
        assert raw_controls(terminal.bytes) == []


@pytest.mark.usefixtures("filled")
def test_a_document_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    for name in ("markdown", "json"):
        ascii_only = export(tmp_path, ID, "--format", name, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
        assert ascii_only.out_bytes == export(tmp_path, ID, "--format", name).out_bytes
        assert "1+1=几" in ascii_only.out


def test_every_file_of_a_folder_has_a_name_of_its_own_that_is_safe(library: Library, tmp_path: Path) -> None:
    texts = [
        "../../etc/passwd",
        "con",
        "a\x1b[2J\u202eb",
        "-rf *; $(x)",
        "长" * 200,
        "नमस्ते 👍",
        ".hidden.",
        "",
        "A",
        "a",
    ]
    for number, text in enumerate(texts):
        path = saved(library, session(1, session_id=f"{number:02}"))
        content = msgspec.json.decode(path.read_bytes()) | {"id": text if number < 4 else "same", "title": text}
        path.write_bytes(msgspec.json.encode(content))
    done = export(tmp_path, "--all", "-o", "out/")
    assert (done.code, raw_controls(done.out_bytes)) == (0, [])
    names = [path.name for path in (tmp_path / "out").iterdir()]
    assert sorted(left(tmp_path)) == sorted(done.out.splitlines()) == sorted(f"out/{name}" for name in names)
    assert sorted(names) == sorted(
        [
            "etc-passwd-etc-passwd.md",
            "con-con.md",
            "a-2J-U+202E-b-a-2J-U+202E-b.md",
            "rf-x-rf-x.md",
            f"same-{'长' * 58}.md",
            "same-नमस्ते.md",
            "same-hidden.md",
            "same-问题-1.md",
            "same-A.md",
            "same-a-2.md",
        ]
    )
    assert all(len(name.encode()) < 200 for name in names)


def test_an_id_of_another_user_is_no_reason_to_lose_a_session(library: Library, tmp_path: Path) -> None:
    for user in ("a", "b"):
        saved(library, replace(session(1, user=user), title=""))
    done = export(tmp_path, "--all", "--format", "json", "-o", "out/")
    assert done.code == 0
    assert {json.loads((tmp_path / path).read_bytes())["user"] for path in done.out.splitlines()} == {"a", "b"}
