"""The line editor, in a terminal of its own: recall, completion, secrets and pasting."""

import json
from collections.abc import Iterator

import pytest

from tests.terminal_driver import PYTHON, Terminal

# Every line is shown as JSON with what it was called with; `answering` is left at the next key.
PROGRAM = """
import asyncio, json
from chatcmd.terminal import EndOfInput, Interrupted
from chatcmd.terminal.prompt import LineEditor

async def main():
    editor = LineEditor(lambda: {"/help": "this list", "/history": "what was saved"})
    for options in ({"text": "given"}, {"offers": ["anna", "annette", "老表"]}, {"secret": True}, *[{}] * 20):
        try:
            line = await editor.line("> ", **options)
        except (EndOfInput, Interrupted) as reason:
            print("raised", type(reason).__name__, flush=True)
        else:
            print("line", json.dumps(line), flush=True)

asyncio.run(main())
"""


@pytest.fixture
def editor() -> Iterator[Terminal]:
    with Terminal([PYTHON, "-c", PROGRAM]) as terminal:
        terminal.expect("> ")
        yield terminal


def expect_line(terminal: Terminal, text: str) -> None:
    terminal.expect(f"line {json.dumps(text)}\n")
    terminal.expect(">")


def test_line_editor_gives_lines_as_typed_and_recalls_only_questions(editor: Terminal) -> None:
    editor.send(" back\r")
    expect_line(editor, "given back")
    editor.send("annet\t")
    editor.expect("annette")
    editor.send("\r")
    expect_line(editor, "annette")
    editor.send("sk-hidden\r")
    expect_line(editor, "sk-hidden")
    assert "sk-hidden" not in editor.output.partition("line")[2].rpartition("line")[0]
    # Up goes back over questions: neither the name nor the secret is among them.
    editor.send("\x1b[A\r")
    expect_line(editor, "given back")
    editor.send("second\r")
    expect_line(editor, "second")
    editor.send("\x1b[A\x1b[A\r")
    expect_line(editor, "given back")
    # Ctrl-C clears a line, and Up brings it back.
    editor.send("draft")
    editor.expect("draft")
    editor.send("\x03")
    editor.expect_screen(lambda text: text.endswith("\n>"))
    editor.send("\x1b[A\r")
    expect_line(editor, "draft")
    editor.send("\x03")
    editor.expect("raised Interrupted\n")
    editor.expect(">")
    editor.send("/hi\t")
    editor.expect("/history")
    editor.send("\x1a\r")  # nobody is there to suspend to: it goes on
    expect_line(editor, "/history")
    editor.paste("one\ntwo\n")
    editor.send("\r")
    expect_line(editor, "one\ntwo\n")
    editor.send("a\x1b[Db\x7fc\r")  # left, typed, taken back
    expect_line(editor, "ca")
    editor.send("\x04")
    editor.expect("raised EndOfInput\n")
