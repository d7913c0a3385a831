"""/copy and /raw: what is copied, through what, and what is said of it."""

import os
from base64 import b64decode
from pathlib import Path

import pytest

from tests.chat.stage import Keys, Stage
from tests.loopback import Loopback, say
from tests.terminal.test_clipboard import make

ANSWER = "Zwei:\n\n```python\nprint('几')\n\n```\n\n- ```sh\n  ls -l\n  ```\n"


class Clipboard:
    """An xclip for a stage, and what it was given."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        stage.environ |= make(folder, "xclip", does='/bin/cat > "$0.got"') | {"DISPLAY": ":0"}
        self._got = folder / "xclip.got"

    def text(self) -> str | None:
        return self._got.read_bytes().decode() if self._got.exists() else None


@pytest.fixture
def clipboard(stage: Stage, tmp_path: Path) -> Clipboard:
    return Clipboard(stage, tmp_path / "bin")


@pytest.mark.parametrize(
    ("line", "text", "said"),
    [
        ("/copy", ANSWER.removesuffix("\n"), "copied 10 lines with xclip"),
        ("/copy 1", "print('几')", "copied 1 line with xclip"),
        ("/copy 2", "ls -l", "copied 1 line with xclip"),
    ],
)
async def test_an_answer_or_a_block_of_it_is_copied(
    stage: Stage, clipboard: Clipboard, line: str, text: str, said: str
) -> None:
    assert stage.server is not None
    stage.server.answer(say("before"), say(ANSWER))
    talked = await stage.talk("q", "r", line, user="u")
    assert clipboard.text() == text
    assert talked.notes.startswith(f"{said}\n")
    assert talked.code == 0


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/copy 3", "the last answer has 2 code blocks"),
        ("/copy two", "the number of the code block must be a whole number from 1 up"),
        ("/copy 0", "the number of the code block must be a whole number from 1 up"),
        ("/raw 3", "the last answer has 2 code blocks"),
    ],
)
async def test_a_block_that_there_is_not_is_one_sentence(
    stage: Stage, server: Loopback, clipboard: Clipboard, line: str, sentence: str
) -> None:
    server.answer(say(ANSWER))
    talked = await stage.talk("q", line, user="u")
    assert talked.notes.startswith(f"{sentence}\n")
    assert clipboard.text() is None


@pytest.mark.parametrize("line", ["/copy 1", "/raw 2"])
async def test_an_answer_without_a_block_is_one_sentence(stage: Stage, server: Loopback, line: str) -> None:
    server.answer(say("no code"))
    talked = await stage.talk("q", line, user="u")
    assert talked.notes.startswith("the last answer has no code block\n")


@pytest.mark.parametrize(
    ("answer", "copied", "sentence"),
    [
        ("ls\x1b[2K\u200b -l", "ls␛[2K -l", "2 control or hidden characters in it were made visible or left out"),
        ("a\u202eb", "a<U+202E>b", "1 control or hidden character in it was made visible or left out"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 4, "5 control or hidden characters in it were made visible or left out"),
        ("one\r\ntwo\r\n", "one\ntwo", None),
    ],
)
async def test_what_is_copied_is_clean_and_what_that_changed_is_said(
    stage: Stage, clipboard: Clipboard, answer: str, copied: str, sentence: str | None
) -> None:
    assert stage.server is not None
    stage.server.answer(say(answer))
    talked = await stage.talk("q", "/copy", user="u")
    assert clipboard.text() == copied
    said = [line for line in talked.notes.splitlines() if not line.startswith(("copied", "saved"))]
    assert said == ([sentence] if sentence else [])


async def test_without_a_tool_one_sentence_says_what_to_do(offline: Stage) -> None:
    offline.environ["PATH"] = ""
    talked = await offline.talk("q", "/copy", "/set osc52 true", "/copy", user="u")
    assert talked.notes.splitlines()[:2] == [
        (
            "there is no clipboard tool here: install wl-clipboard, xclip or xsel, "
            "or let the terminal copy with /set osc52 true"
        ),
        "there is no terminal here that could copy; install wl-clipboard, xclip or xsel",
    ]


async def test_raw_shows_the_source_and_copies_it_where_a_person_types(
    stage: Stage, server: Loopback, clipboard: Clipboard
) -> None:
    server.answer(say(ANSWER))
    piped = await stage.talk("q", "/raw", user="u")
    assert piped.out.endswith(ANSWER + "\n")
    assert clipboard.text() is None
    server.answer(say(ANSWER))
    talked = await stage.talk(keyboard=Keys(["q", "/raw 2", "0"]), user="u")
    assert talked.out.endswith("ls -l\n")
    assert clipboard.text() == "ls -l"
    assert "copied 1 line with xclip\n" in talked.notes


async def test_raw_without_a_clipboard_only_shows(stage: Stage, server: Loopback) -> None:
    stage.environ["PATH"] = ""
    server.answer(say("*source*"))
    talked = await stage.talk(keyboard=Keys(["q", "/raw", "0"]), user="u")
    assert talked.out.endswith("*source*\n")
    assert "copied" not in talked.notes


def test_the_terminal_itself_copies_only_when_that_was_turned_on(
    stage: Stage, server: Loopback, tmp_path: Path
) -> None:
    server.answer(say("一 two"))
    with stage.terminal("-u", "u", env={"PATH": str(tmp_path)}) as terminal:
        terminal.expect("【u】")
        terminal.line("q")
        terminal.expect("一 two")
        terminal.line("/copy")
        terminal.expect("there is no clipboard tool here")
        assert b"\x1b]52" not in terminal.bytes
        terminal.line("/set osc52 true")
        terminal.expect("osc52 = true")
        terminal.line("/copy")
        terminal.expect("asked the terminal to copy 1 line (OSC 52)")
        _, _, data = terminal.bytes.partition(b"\x1b]52;c;")
        assert b64decode(data.split(b"\x07")[0]).decode() == "一 two"
        terminal.line("0")
        assert terminal.wait() == 0


def test_ctrl_c_ends_a_tool_that_hangs_and_nothing_else(stage: Stage, server: Loopback, tmp_path: Path) -> None:
    started = tmp_path / "started"
    os.mkfifo(started)
    environ = make(tmp_path / "bin", "xclip", does=f"echo $$ > {started}; exec /bin/sleep 600") | {"DISPLAY": ":0"}
    server.answer(say("an answer"), say("another"))
    with stage.terminal("-u", "u", env=environ) as terminal:
        terminal.expect("【u】")
        terminal.line("q")
        terminal.expect("an answer")
        terminal.expect("【u】")
        terminal.line("/copy")
        tool = int(started.read_text())
        terminal.send("\x03")
        terminal.expect("stopped\n")
        with pytest.raises(ProcessLookupError):
            os.kill(tool, 0)
        terminal.line("r")
        terminal.expect("another")
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
    [session] = stage.sessions()
    assert [each["content"] for each in session["messages"][1:]] == ["q", "an answer", "r", "another"]
