"""/export: the session as it is now, while it goes on."""

import json
from pathlib import Path

import pytest

from chatcmd.slash.registry import commands, complete
from tests.chat.stage import Keys, Stage, Talked
from tests.history.made import as_mere_owner, mode, tree
from tests.hostile import HOSTILE, raw_controls
from tests.loopback import FAULTS, Loopback, say
from tests.terminal_driver import CHATCMD, Terminal, run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder, and let the chat start in it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def exported(talked: Talked) -> list[str]:
    return [line.removeprefix("exported: ") for line in talked.notes.splitlines() if line.startswith("exported: ")]


async def test_the_session_is_exported_as_it_is_now_and_goes_on(stage: Stage, server: Loopback, here: Path) -> None:
    server.answer(say("a1"), say("a2"))
    talked = await stage.talk("q1", "/export one.md", "q2", "/export json two.txt", user="u")
    assert exported(talked) == ["one.md", "two.txt"]
    page, saved = (here / "one.md").read_text("utf-8"), json.loads((here / "two.txt").read_bytes())
    assert [line for line in page.splitlines() if line[:1] == "#"] == ["# q1", "## system", "## 1. u", "### ChatGPT"]
    assert [each["content"] for each in saved["messages"]][1:] == ["q1", "a1", "q2", "a2"]
    assert "ended" not in saved
    [ended] = stage.sessions()
    assert ended["messages"] == saved["messages"]
    assert mode(here / "one.md") == 0o600


async def test_without_a_name_every_export_is_a_file_of_its_own(offline: Stage, here: Path) -> None:
    (here / "sub").mkdir()
    talked = await offline.talk(
        "水仙花", "/export", "/export", "/export html", '/export json "sub"', "/export sub", user="u"
    )
    [found] = offline.sessions()
    stem = f"{found['id']}-水仙花"
    assert exported(talked) == [f"{stem}.md", f"{stem}-2.md", f"{stem}.html", f"sub/{stem}.json", f"sub/{stem}.md"]
    assert sorted(tree(here)) == sorted(exported(talked))


async def test_a_name_may_hold_blanks_and_begin_at_home(
    offline: Stage, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "home").mkdir()
    monkeypatch.setenv("HOME", str(here / "home"))
    talked = await offline.talk("q", "/export my notes.md", "/export jsonl ~/x.md", '/export "~/y z.html"', user="u")
    assert exported(talked) == ["my notes.md", f"{here}/home/x.md", f"{here}/home/y z.html"]
    assert (here / "home" / "x.md").read_bytes().startswith(b'{"messages":[')


async def test_what_cannot_be_written_is_one_sentence_and_the_chat_goes_on(
    stage: Stage, server: Loopback, here: Path
) -> None:
    server.answer(say("a1"), FAULTS["cut_clean"])
    (here / "mine.md").write_text("mine")
    lines = [
        "/export",
        "q1",
        "/export mine.md",
        "/export pdf",
        "/export mine.md/x.md",
        f"/export {stage.root}/history/x.md",
    ]
    talked = await stage.talk(keyboard=Keys([*lines, "q2", "/export a.jsonl", "0"]), user="u")
    told = talked.notes.splitlines()
    for number, sentence in enumerate(
        (
            "there is nothing to export yet: nothing was asked in this session",
            "mine.md is there already; name another file",
            "'pdf' does not say which format is meant: end it in one of .md, .markdown, .html, .htm, .json, ",
            "mine.md/x.md could not be written: not a directory",
            f"{stage.root}/history/x.md is inside the history itself; name another place",
        )
    ):
        assert told[number].startswith(sentence)
    assert "left out: 1 turn whose answer is not complete" in told
    assert tree(here).keys() == {"mine.md", "a.jsonl"}
    assert tree(here)["mine.md"] == b"mine"


async def test_what_is_not_kept_can_be_exported(offline: Stage, here: Path) -> None:
    talked = await offline.talk("q", "/export a.json", user="u", save=False)
    assert exported(talked) == ["a.json"]
    assert json.loads((here / "a.json").read_bytes())["title"] == "q"
    assert offline.files() == []


async def test_a_hostile_session_has_a_harmless_name(offline: Stage, here: Path) -> None:
    for name in ("osc 52 writes the clipboard", "csi goes up and overwrites", "bidi override turns a file name"):
        await offline.talk(f"{HOSTILE[name].splitlines()[0]}/../x", "/export", user=name[:3])
    assert len(tree(here)) == 3
    for name, page in tree(here).items():
        assert raw_controls(name.encode() + page) == []


def test_export_at_a_terminal(offline: Stage, here: Path) -> None:
    with Terminal([*CHATCMD, "-u", "u"], env=offline.environ, cwd=here, columns=100) as terminal:
        terminal.expect("【u】")
        terminal.line("水仙花")
        terminal.expect("Your question was: 水仙花")
        terminal.line("/export mark")  # no format, no ending
        terminal.expect("does not say which format is meant")
        terminal.line("/export notes.md")
        terminal.expect("exported: notes.md")
        terminal.line("还有呢")
        terminal.expect("Your question was: 还有呢")
        terminal.line("0")
        assert terminal.wait() == 0
    assert (here / "notes.md").read_text("utf-8").startswith("# 水仙花\n")
    assert len(offline.sessions()[0]["messages"]) == 5


def test_a_folder_that_may_not_be_written_is_told(offline: Stage, here: Path) -> None:
    here.chmod(0o500)
    done = run(as_mere_owner([*CHATCMD, "-u", "u"]), b"q\n/export\nq2\n0\n", env=offline.environ, cwd=here)
    here.chmod(0o700)
    assert "could not be written: permission denied\n" in done.err
    assert "Traceback" not in done.err
    assert [len(each["messages"]) for each in offline.sessions()] == [5]


async def test_formats_are_offered_and_explained(offline: Stage) -> None:
    app = (await offline.talk("q", "/help export", user="u")).app
    assert [offer.text for offer in complete(app, "/export ")] == [
        *("markdown", "html", "json", "jsonl", "tutorial", "asciicast")
    ]
    assert [offer.text for offer in complete(app, "/export ma")] == ["markdown"]
    assert "export" in commands()
