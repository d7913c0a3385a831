"""What fingers do at a terminal: pasting, typing ahead, resizing, and a terminal that can do little."""

import json

from tests.chat.stage import Stage, said, spoken
from tests.loopback import Loopback, gated, say

AHEAD = "typed ahead, " + "长" * 3000  # more than a terminal keeps of a line by itself
PASTE = "def f(x):\n\treturn x\n\n# 结束"


def test_paste_type_ahead_and_resizing_do_no_harm(stage: Stage, server: Loopback) -> None:
    gate = gated(["one ", "two"])
    server.answer(say("pasted"), gate, say("ahead"), say("pasted too"), say("edited"))
    with stage.terminal("-u", "u", env={"NO_COLOR": "1", "CHATCMD_BAR": "false"}) as terminal:
        terminal.expect("【u】")
        terminal.paste(PASTE)
        terminal.expect("# 结束")
        terminal.line("")
        terminal.expect("【ChatGPT】pasted\n")
        # Typed while an answer comes: a whole line is asked next, the beginning of another stands in the line.
        terminal.expect("【u】")
        terminal.line("count")
        gate.release()
        terminal.expect("【ChatGPT】one")
        terminal.send(f"{AHEAD}\r")
        terminal.paste(PASTE)
        terminal.send("\rand hal\x7flf ")
        gate.release()
        terminal.expect("two\n")
        terminal.expect("【ChatGPT】ahead\n")
        terminal.expect("【ChatGPT】pasted too\n")
        terminal.expect_screen(lambda text: text.endswith("【u】and half"))
        for rows, columns in ((1, 1), (0, 0), (3, 500), (24, 80)):
            terminal.resize(rows, columns)
        terminal.send("a line\r")
        terminal.expect("【ChatGPT】edited\n")
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
        assert "typed ahead" not in terminal.output.partition("【ChatGPT】one")[2].partition("two\n")[0]
        assert "Traceback" not in terminal.output
    questions = [PASTE, "count", AHEAD, PASTE, "and half a line"]
    answers = ["pasted", "one two", "ahead", "pasted too", "edited"]
    assert [request[-1]["content"] for request in stage.requests] == questions
    [session] = stage.sessions()
    assert spoken(session) == said(*(text for turn in zip(questions, answers, strict=True) for text in turn))


def test_dumb_terminal_has_a_plain_chat(offline: Stage) -> None:
    with offline.terminal(env={"TERM": "dumb"}) as terminal:
        terminal.expect("Your name: ")
        terminal.line("u")
        terminal.expect("【u】")
        terminal.line("/undo 9")
        terminal.expect("there are only 0 turns to take back\n【u】")
        terminal.line("/set reserve 4000")
        terminal.expect("reserve = 4000\n【u】")
        terminal.line("字" * 100)
        terminal.expect("the question does not fit")
        terminal.expect("(given back: 字")
        terminal.line("几")
        terminal.expect("Your question was: 几\n【u】")
        terminal.line("0")
        assert terminal.wait() == 0
        assert b"\x1b" not in terminal.bytes


def test_given_back_text_and_undo_stand_in_the_line(offline: Stage) -> None:
    with offline.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line("first")
        terminal.expect("Your question was: first")
        terminal.expect("【u】")
        terminal.line("/undo")
        terminal.expect("took back 1 of 1 turns")
        terminal.expect("【u】first")
        terminal.send(", better\r")
        terminal.expect("Your question was: first, better")
        terminal.expect("【u】")
        terminal.send("\x04")
        assert terminal.wait() == 0
    old, new = offline.sessions()
    assert [each["messages"][1]["content"] for each in (old, new)] == ["first", "first, better"]
    assert (old["ended_by"], new["parent"]) == ("switch", {"id": old["id"], "turn": 0})


def test_killed_chat_is_recovered_and_can_be_gone_on_with(stage: Stage, server: Loopback) -> None:
    gate = gated(["half ", "never"])
    server.answer(say("a1"), gate, say("a3"))
    with stage.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line("q1")
        terminal.expect("a1")
        terminal.expect("【u】")
        terminal.line("q2")
        gate.release()
        terminal.expect("half")
        terminal.kill()
        terminal.wait()
    [journal] = stage.files()
    assert journal.suffix == ".jsonl"
    assert [json.loads(line)["event"] for line in journal.read_bytes().splitlines()][:3] == [
        "session",
        "question",
        "answer",
    ]
    with stage.terminal(env={"NO_COLOR": "1"}, columns=200) as terminal:
        terminal.expect("recovered what was left unsaved of u's session 'q1' (1 turn); go on with it: ")
        terminal.expect(f"/resume {journal.stem}\n")
        terminal.expect("known users: u\n")
        terminal.expect("Your name:")
        terminal.line("0")
        assert terminal.wait() == 0
    [recovered] = stage.sessions()
    assert recovered["ended_by"] == "recovered"
    assert [each.get("status") for each in recovered["messages"][1:]] == [None, "complete", "unanswered"]
    assert stage.pipe("q3\n", "-c").code == 0
    assert stage.requests[-1] == said("q1", "a1", "q3")  # what was left unanswered enters no window
    assert [each["content"] for each in stage.sessions()[0]["messages"][1:]] == ["q1", "a1", "q2", "q3", "a3"]
