"""The line editor in a terminal of its own: what its keys come to."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.terminal_driver import PYTHON, Terminal

# What is entered is shown as JSON, with the places of its typed @; a long text as its size and digest.
PROGRAM = """
import asyncio, hashlib, json, sys
from pathlib import Path
from chatcmd.terminal import EndOfInput, Interrupted, Line, Offer
from chatcmd.terminal.prompt import LineEditor

given = json.loads(sys.argv[1])
settings = {"vi": False, "multiline": False, "bar": False, "theme": "dark"} | given.get("settings", {})
words = {"/help": "this list", "/history": "what was saved", "!\\x1b[2Jbad": "\\x1b[2Jworse", "!good": ""}

class Desk:
    def complete(self, before):
        return [Offer(word, len(before), text) for word, text in words.items() if word.startswith(before)]
    def bar(self, width):
        return f"bar of {width}"[:width]
    def recall(self):
        return Path(given["recall"]) if "recall" in given else None
    def setting(self, name):
        return settings[name]

def short(text):
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return text if len(text) < 1000 else f"{len(text)} {digest}"

async def main():
    editor = LineEditor()
    editor.sit_at(Desk())
    for options in [*given.get("options", []), *[{}] * 40]:
        if "draft" in options:
            options["draft"] = Line(*options["draft"])
        try:
            line = await editor.line("> ", **options)
        except (EndOfInput, Interrupted) as reason:
            print("raised", type(reason).__name__, flush=True)
            if isinstance(reason, EndOfInput):
                break
        else:
            print("line", json.dumps([short(line.text), line.ats]), flush=True)
    editor.close()

asyncio.run(main())
"""

Start = Callable[..., AbstractContextManager[Terminal]]


def started(options: list[dict[str, Any]] | None = None, *, recall: Path | None = None, **settings: Any) -> Terminal:
    given = {"options": options or [], "settings": settings} | ({"recall": str(recall)} if recall else {})
    return Terminal([PYTHON, "-c", PROGRAM, json.dumps(given)], env={"NO_COLOR": "1"})


def marking(terminal: Terminal) -> Terminal:
    """Paste once, so that the terminal is known to mark pastes: what comes at once was typed then."""
    terminal.expect(">")
    terminal.paste("first")
    terminal.send("\r")
    entered(terminal, "first")
    return terminal


def entered(terminal: Terminal, text: str, *ats: int) -> None:
    """Wait for what was entered, and for the next prompt."""
    shown = text if len(text) < 1000 else f"{len(text)} {sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
    terminal.expect(f"line {json.dumps([shown, ats])}\n")
    terminal.expect(">")


def seen(terminal: Terminal, ending: str) -> None:
    """Wait until the screen ends so; a sentence may be broken into lines at its blanks."""
    terminal.expect_screen(lambda text: text.endswith(ending) or " ".join(text.split()).endswith(ending))


def test_line_editor_gives_lines_as_typed_and_recalls_only_questions() -> None:
    with started([{"draft": ["given"]}, {"offers": ["anna", "annette", "老表"]}, {"secret": True}]) as editor:
        editor.expect(">")
        editor.send(" back\r")
        entered(editor, "given back")
        editor.send("annet\t\r")
        entered(editor, "annette")
        editor.send("sk-hidden\r")
        entered(editor, "sk-hidden")
        assert "sk-hidden" not in editor.output.partition("line")[2].rpartition("line")[0]
        # Up goes back over questions: neither the name nor the secret is among them.
        editor.send("\x1b[A\r")
        entered(editor, "given back")
        editor.send("second\r")
        entered(editor, "second")
        editor.send("\x1b[A\x1b[A\r")
        entered(editor, "given back")
        # Ctrl-C clears a line, and Up brings it back.
        editor.send("draft")
        editor.expect("draft")
        editor.send("\x03")
        seen(editor, "\n>")
        editor.send("\x1b[A\r")
        entered(editor, "draft")
        editor.send("\x03")
        editor.expect("raised Interrupted\n")
        editor.expect(">")
        editor.send("\x1a/hi\t\r")  # nobody is there to suspend to: it goes on
        entered(editor, "/history")
        editor.send("a\x1b[Db\x7fc\r")  # left, typed, taken back
        entered(editor, "ca")
        editor.send("\x04")
        editor.expect("raised EndOfInput\n")
        editor.wait()
        assert editor.modes() == editor.first_modes


SENT = {
    "a\nb\r": "a\nb",
    "a\x1b\rb\r": "a\nb",
    "a\x1b[13;2ub\r": "a\nb",
    "a\x1b[27;2;13~b\r": "a\nb",
    "a\\\rb\r": "a\nb",
    "a\\\\\r": "a\\\\",
    "a\\\x1b[D\r": "a\\",  # the cursor is not behind it
    '"""\rone\r\rtwo\\\r"""\r': "one\n\ntwo\\",
    '"""one"""\r': "one",
    'a"""\r': 'a"""',
    '""""""\r': "",
    "after nothing\r": "after nothing",
    '"""\rab\x1b[D\r\x05"""\r': "a\nb",  # in a block Enter breaks the line where the cursor is
    "\tx\r": "x",
}


def test_enter_sends_and_the_other_ways_begin_a_line() -> None:
    with marking(started()) as editor:
        for keys, text in SENT.items():
            editor.send(keys)
            entered(editor, text)


SENT_BY_ALT_ENTER = {
    "a\rb\x1b\r": "a\nb",
    "a\nb\x1b\r": "a\nb",
    '"""\ra\r"""\x1b\r': "a",
    "/help copy\r": "/help copy",  # a command is one line in any mode
    "0\r": "0",
    "exit\r": "exit",
    "//x\ry\x1b\r": "//x\ny",
    "a\r/help\r0\x1b\r": "a\n/help\n0",
    "01\rx\x1b\r": "01\nx",
}


def test_multiline_swaps_enter_and_alt_enter() -> None:
    with marking_by_alt_enter(started(multiline=True)) as editor:
        for keys, text in SENT_BY_ALT_ENTER.items():
            editor.send(keys)
            entered(editor, text)


def marking_by_alt_enter(terminal: Terminal) -> Terminal:
    terminal.expect(">")
    terminal.paste("first")
    terminal.send("\x1b\r")
    entered(terminal, "first")
    return terminal


def test_vi_keys_by_setting() -> None:
    with marking(started(vi=True)) as editor:
        editor.send("xhello\nthere")
        seen(editor, "there")
        editor.send("\x1b")
        editor.expect_screen(lambda _: editor.bytes.endswith(b"\x1b[2 q"))  # a block for the cursor of that mode
        editor.send("gg0x\r")
        entered(editor, "hello\nthere")
        editor.send("a\x1b\rb\r")
        entered(editor, "a\nb")


PASTES = {
    "tabs and lines": "def f(x):\n\treturn x\n\n# 结束\n",
    "quotes": '"""doc"""\nx = """',
    "ats": "@a b@c",
    "private": "\U00100000\U0010fffd\ue000",
    "hidden": "\u202eevil\u2066\u200b",
    "control": "a\x1b[31mb\x07\x03\x04c",
    "backslash": "a\\",
    "lines": "".join(f"line {number} @x\n" for number in range(120)),
    "long line": "字" * 5000,
}


@pytest.mark.parametrize("kind", PASTES)
def test_paste_is_one_text_whatever_it_holds(kind: str) -> None:
    text = PASTES[kind]
    with started() as editor:
        editor.expect(">")
        editor.send("@a ")
        editor.paste(text)
        editor.send(" @b ")
        editor.paste(text)
        editor.send(" end\r")
        entered(editor, f"@a {text} @b {text} end", 0, len(text) + 4)
        assert not {0x202E, 0x2066, 0x200B} & set(map(ord, editor.output))
        assert b"\x1b[31m" not in editor.bytes


def test_long_paste_is_shown_folded_deleted_as_one_and_recalled_whole() -> None:
    text = PASTES["lines"]
    with started() as editor:
        editor.expect(">")
        editor.send("see: ")
        editor.paste(text)
        seen(editor, "> see: [pasted 120 lines]")
        editor.paste("x" * 2000)
        seen(editor, "> see: [pasted 120 lines][pasted 2,000 characters]")
        editor.send("\x7f, @y")
        seen(editor, "> see: [pasted 120 lines], @y")
        editor.send("\r")
        entered(editor, f"see: {text}, @y", len(text) + 7)
        editor.send("\x1b[A")
        seen(editor, "> see: [pasted 120 lines], @y")
        editor.send("\x7f\x7f\r")
        entered(editor, f"see: {text}, ")
        assert editor.screen[0] == "> see: [pasted 120 lines], @y"


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "not marked"])
@pytest.mark.parametrize("line", ["line 几\n", "几" * 333_333], ids=["lines", "one line"])
@pytest.mark.faults(43)
def test_megabyte_arrives_as_one_text(line: str, *, marked: bool) -> None:
    text = (line * (1_000_000 // len(line.encode()) + 1)).encode()[:1_000_000].decode(errors="ignore")
    with started() as editor:
        editor.expect(">")
        if marked:
            editor.paste(text)
        else:
            editor.send(text.replace("\n", "\r"))
        editor.expect_screen(lambda shown: "[pasted " in shown)
        editor.send("\r")
        entered(editor, text)


def test_paste_beyond_every_measure_is_refused_in_a_sentence() -> None:
    with started() as editor:
        editor.expect(">")
        editor.send("draft ")
        editor.paste("x" * 4_000_001)
        editor.expect("that paste has more than 4,000,000 characters; nothing of it was taken")
        editor.paste("x" * 4_000_000)
        seen(editor, "> draft [pasted 4,000,000 characters]")
        editor.send("\x7ftaken\r")
        entered(editor, "draft taken")


def test_lines_that_come_at_once_and_unmarked_stand_in_the_line_and_are_not_sent() -> None:
    with started() as editor:
        editor.expect(">")
        editor.send("one\rtwo @x\rthree\r")
        seen(editor, "> one\ntwo @x\nthree")
        editor.send("\r")
        entered(editor, "one\ntwo @x\nthree\n")
        editor.send("typed fast @x\r")  # a line by itself was typed
        entered(editor, "typed fast @x", 11)
        editor.paste("marked")
        editor.send("\rtyped ahead\r")  # such a terminal marks what is pasted: this was typed
        entered(editor, "marked")
        entered(editor, "typed ahead")


def test_menu_shows_what_can_stand_there_and_takes_no_room_before() -> None:
    with marking(started()) as editor:
        editor.send("/")
        editor.expect("/")
        assert editor.screen[-1] == ""
        editor.send("\t")
        editor.expect_screen(lambda text: text.endswith("> /h\n /help     this list\n /history  what was saved"))
        editor.send("\t")
        seen(editor, "> /help\n /help     this list\n /history  what was saved")
        editor.send("\x03")  # closes the menu, and nothing else
        seen(editor, "> /h")
        editor.send("\t\t")
        seen(editor, "> /help\n /help     this list\n /history  what was saved")
        editor.send("\x1b")  # so does Esc, alone
        seen(editor, "> /h")
        editor.send("\t\t\t\r")  # Enter takes what is chosen
        seen(editor, "> /history")
        editor.send("\r")
        entered(editor, "/history")
        editor.send("!\t")
        seen(editor, "> !\n !␛[2Jbad  ␛[2Jworse\n !good")
        assert b"\x1b[2J" not in editor.bytes
        editor.send("\x03\x03\x03")
        editor.expect("raised Interrupted\n")


def test_tab_behind_a_whole_word_goes_on_to_what_can_follow() -> None:
    with marking(started([{}, {"offers": ["anna"]}])) as editor:
        editor.send("anna\t\t\r")  # nothing can follow a name
        entered(editor, "anna")
        editor.send("/hi\t\tx\r")
        entered(editor, "/history x")
        editor.send("/history!\x1b[D\t\x05\r")  # in the midst of a text it would part it
        entered(editor, "/history!")


def test_search_finds_an_earlier_line_and_ctrl_c_leaves_the_draft_as_it_was() -> None:
    with marking(started()) as editor:
        for text in ("the needle", "hay"):
            editor.send(f"{text}\r")
            entered(editor, text)
        editor.send("draft\x12nee")
        editor.expect_screen(lambda text: text.endswith("> the needle\nsearch: nee"))
        editor.send("\x03")
        seen(editor, "> draft")
        editor.send("\x12nee\r")
        seen(editor, "> the needle")
        editor.send("!\r")
        editor.expect("line")


def test_earlier_lines_of_other_runs_are_recalled_once_each_and_no_name_among_them(tmp_path: Path) -> None:
    recall = tmp_path / "u" / "recall"
    with marking(started(recall=recall)) as editor:
        for keys in ("a @x\r", "twice\r", "twice\r", "0\r"):
            editor.send(keys)
            editor.expect("line")
            editor.expect(">")
        editor.send("a draft\x03")
        seen(editor, "\n>")
        editor.send("\x04")
        editor.wait()
    with started([{"offers": []}], recall=recall) as editor:
        editor.expect(">")
        editor.send("anna\r")
        entered(editor, "anna")
        editor.send("\x1b[A")
        seen(editor, "> twice")
        editor.send("\x1b[A\r")
        entered(editor, "a @x", 2)  # it was typed
        editor.send("\x12fir\r")
        seen(editor, "> first")


def test_bar_stands_below_the_line_and_is_gone_at_enter() -> None:
    with started(bar=True) as editor:
        editor.expect(">")
        seen(editor, ">\nbar of 80")
        editor.send("a\nb")
        for rows, columns in ((1, 1), (0, 0), (2, 30), (3, 500), (24, 40)):
            editor.resize(rows, columns)
        seen(editor, "> a\nb\nbar of 40")
        editor.send("\r")
        editor.expect("line")
        text = editor.expect_screen(lambda text: text.count("bar of") == 1 and text.endswith(">\nbar of 40"))
        assert text.index("bar of") > text.index("line")
        editor.send("\x04")
        editor.wait()
        assert "bar" not in editor.text


EDITOR = """
import sys, os
path = sys.argv[-1]
assert os.stat(path).st_mode & 0o777 == 0o600 and path.endswith(".md")
with open(path, "r+", encoding="utf-8") as file:
    text = file.read()
    file.seek(0)
    file.write(text.upper() + "!\\n")
print("editing", flush=True)
keys = sys.stdin.readline()
if "empty" in keys:
    os.truncate(path, 0)
sys.exit(3 if "fail" in keys else 0)
"""


def test_line_is_changed_in_the_users_editor(tmp_path: Path) -> None:
    script = tmp_path / "my editor.py"
    script.write_text(EDITOR)
    given = json.dumps({"settings": {}})
    env = {"NO_COLOR": "1", "EDITOR": "none", "VISUAL": f"{PYTHON} '{script}'", "TMPDIR": str(tmp_path)}
    with marking(Terminal([PYTHON, "-c", PROGRAM, given], env=env)) as editor:
        for keys in ("\x0f", "\x18\x05"):
            editor.send(f"a @b{keys}")
            editor.expect("editing")
            assert editor.canonical()
            editor.send("\n")
            seen(editor, "> A @B!")
            editor.send("\r")
            entered(editor, "A @B!")  # what an editor wrote was not typed here
        editor.send("erased\x0f")
        editor.expect("editing")
        editor.send("empty\n")
        seen(editor, "\n>")
        editor.send("\x1b[A")
        seen(editor, "> erased")  # an editor that leaves nothing takes nothing away
        editor.send("\x03kept\x0f")
        editor.expect("editing")
        editor.send("fail\n")
        editor.expect("ended with 3; the text is as it was")
        seen(editor, "as it was")
        editor.send("\r")
        entered(editor, "kept")
        assert [path.name for path in tmp_path.iterdir()] == ["my editor.py"]
