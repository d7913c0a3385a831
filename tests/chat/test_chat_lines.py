"""What a line is: a question as typed, a word that leaves or starts over, a command, or nothing."""

import pytest

from chatcmd.errors import Exit
from tests.chat.stage import Stage, said, spoken
from tests.loopback import Loopback
from tests.terminal_driver import CHATCMD, run

QUESTIONS = [
    "  blanks before and behind \t",
    "0 ",
    " 1",
    "00",
    "Quit",
    "exit now",
    "\\2",
    "\\",
    "a\0b",
    "one\u2028line\x85still\x0bone\x0c",
    "\u200b",
    "/".join("path"),
    "x" * 100_000,
]


def test_question_from_a_pipe_is_sent_as_typed(stage: Stage, server: Loopback) -> None:
    server.count_text = len  # a vocabulary takes seconds for a word of 100,000 letters
    stage.settings('[windows]\n"gpt-3.5-turbo" = 2_000_000\n')
    lines = "\n".join(["u", *QUESTIONS, ""]) + "\r\n".join(QUESTIONS)  # no line end at the end of the last
    done = stage.pipe(lines, env={"CHATCMD_MAX_TURNS": "0"})
    assert (done.code, [request[-1]["content"] for request in stage.requests]) == (0, QUESTIONS * 2)
    [session] = stage.sessions()
    assert [each["content"] for each in session["messages"][1::2]] == QUESTIONS * 2
    assert session["user"] == "u"


def test_bom_and_invalid_utf_8_from_a_pipe_do_no_harm(stage: Stage) -> None:
    done = stage.pipe(b"\xef\xbb\xbfu\n\xff\xe5\x87\xa0\xed\xa0\xbd\n\xef\xbb\xbfx\n")
    assert done.code == 0
    assert [request[-1]["content"] for request in stage.requests] == ["\ufffd几\ufffd\ufffd\ufffd", "\ufeffx"]
    assert [each["user"] for each in stage.sessions()] == ["u"]


async def test_words_leave_start_over_and_can_be_sent_themselves(stage: Stage) -> None:
    escaped = {"\\0": "0", "\\1": "1", "\\quit": "quit", "\\exit": "exit", "//set x": "/set x", "///": "//"}
    talked = await stage.talk("u", "", "   ", "\t", *escaped, "0", "never asked")
    assert [request[-1]["content"] for request in stage.requests] == list(escaped.values())
    assert talked.code == Exit.DONE


@pytest.mark.parametrize("word", ["0", "quit", "exit", "/exit", "/quit"])
async def test_word_saves_and_leaves(offline: Stage, word: str) -> None:
    talked = await offline.talk("u", "q", word, "never asked")
    assert talked.code == Exit.DONE
    [session] = offline.sessions()
    assert (session["ended_by"], len(session["messages"])) == ("exit", 3)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/hepl", "there is no command /hepl; did you mean /help?"),
        ("/contxt now", "there is no command /contxt; did you mean /context?"),
        ("/", "there is no command / (see /help"),
        ("/usr/bin/python is what?", "there is no command /usr/bin/python"),
    ],
)
async def test_unknown_command_is_refused_and_never_sent(stage: Stage, server: Loopback, line: str, hint: str) -> None:
    talked = await stage.talk("u", line, "q")
    assert hint in talked.notes
    assert "a question that begins with a slash: //..." in talked.notes
    assert stage.requests == [said("q")]
    assert talked.code == Exit.USAGE
    assert server.connections == 1


async def test_end_of_input_anywhere_leaves(offline: Stage) -> None:
    assert (await offline.talk()).code == Exit.DONE
    assert (await offline.talk("u")).code == Exit.DONE
    assert offline.files() == []
    assert (await offline.talk("u", "q", "1")).code == Exit.DONE
    assert [each["ended_by"] for each in offline.sessions()] == ["reset"]


async def test_session_without_a_question_leaves_no_file(offline: Stage) -> None:
    talked = await offline.talk("u", "/new", "/persona", "/context", "/set temperature 1", "/user v", "1", "w", "0")
    assert talked.code == Exit.DONE
    assert offline.files() == []


def test_invalid_bytes_typed_in_a_terminal_become_replacement_characters(stage: Stage) -> None:
    with stage.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.send(b"a\xffb\xe5\x87\xa0\r")
        terminal.expect("Hello.")
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
    assert [spoken(each) for each in stage.sessions()] == [said("a\ufffdb几", "Hello.")]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_standard_stream_that_is_closed_does_no_harm(offline: Stage, closed: str) -> None:
    argv = ["bash", "-c", f'"$@" {closed}', "bash", *CHATCMD, "-u", "u"]
    done = run(argv, b"/status\n", env=offline.environ)
    assert done.code == 0
    assert "Traceback" not in done.err
    assert ("the offline demo answers" in done.out) == (closed == "2>&-")
