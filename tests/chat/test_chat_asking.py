"""`chatcmd ask`: one question, one answer, saved like a chat."""

import getpass
import json
import re
import signal

import pytest

from tests.chat.stage import KEY, Stage, said, spoken
from tests.loopback import FAULTS, Loopback, gated, say
from tests.terminal_driver import CHATCMD, Terminal


def test_arguments_and_standard_input_are_joined_and_only_the_answer_is_on_standard_output(
    stage: Stage, server: Loopback
) -> None:
    server.answer(say("因为\n"), say("and more"))
    done = stage.pipe("def f():\n\tpass\n", "ask", "what", "is  this?", "-u", "anna")
    assert (done.code, done.out) == (0, "因为\n")
    assert re.fullmatch(r"saved: \S*/history/anna/\S+\.json\n", done.err)
    more = stage.pipe(b"", "ask", "-c", "-u", "anna", "--", "-v?")
    assert (more.code, more.out) == (0, "and more\n")
    question = "what is  this?\n\ndef f():\n\tpass"
    assert stage.requests == [said(question), said(question, "因为\n", "-v?")]
    [session] = stage.sessions()
    assert spoken(session) == said(question, "因为\n", "-v?", "and more")
    assert (session["user"], session["ended_by"]) == ("anna", "exit")


def test_json_is_one_document_and_no_save_leaves_no_trace(stage: Stage, server: Loopback) -> None:
    server.answer(say("a"), say("b", finish="length", reasoning="because"))
    first = json.loads(stage.pipe("q", "ask", "--json").out)
    [session] = stage.sessions()
    assert session["user"] == getpass.getuser()
    assert first["session"] == session["id"]
    assert first["file"] == str(stage.root / "history" / session["user"] / f"{session['id']}.json")
    assert (first["question"], first["answer"], first["status"]) == ("q", "a", "complete")
    assert first["usage"] == session["messages"][2]["usage"]
    done = stage.pipe("", "ask", "--json", "--no-save", "r", "--temperature", "0.5")
    second = json.loads(done.out)
    assert "cut at its longest length" in done.err
    assert (second["file"], second["answer"], second["finish_reason"]) == (None, "b", "length")
    assert second["reasoning"] == "because"
    assert server.chats[1].body["temperature"] == 0.5
    assert len(stage.files()) == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((), 2, "there is no question"),
        (("q", "--temperature", "9"), 2, "temperature must be a number from 0 to 2"),
        (("q", "--temprature", "1"), 2, "unrecognized arguments"),
        (("q", "-u", "a\x07"), 2, "control or invisible"),
        (("q", "-p", "nobody"), 2, "there is no persona nobody"),
        (("q", "-c", "-u", "nobody"), 3, "nothing is saved of nobody yet"),
        (("q", "-c", "--no-save"), 2, "--no-save keeps no history"),
    ],
)
def test_wrong_usage_ends_with_its_code_and_a_sentence(
    offline: Stage, words: tuple[str, ...], code: int, sentence: str
) -> None:
    done = offline.pipe("", "ask", *words)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert offline.files() == []


def test_failure_of_the_provider_ends_with_4(stage: Stage, server: Loopback) -> None:
    server.answer(FAULTS["401"], FAULTS["cut_clean"])
    failed = stage.pipe("", "ask", "q", "--json")
    assert failed.code == 4
    assert "refused the key" in json.loads(failed.out).pop("error")
    assert "refused the key (it comes from OPENAI_API_KEY)" in failed.err
    assert KEY not in failed.err
    assert stage.files() == []
    broken = stage.pipe("", "ask", "q")
    assert (broken.code, broken.out) == (4, "partial \n")
    assert "what came is kept and marked incomplete\n" in broken.err  # and no command is named that nobody can type
    assert stage.sessions()[0]["messages"][2]["status"] == "incomplete"


@pytest.mark.parametrize("out", ["", ">out"])
def test_what_is_said_beside_an_answer_is_broken_between_words(stage: Stage, server: Loopback, out: str) -> None:
    server.answer(FAULTS["cut_clean"])
    argv = ["sh", "-c", f'"$@" {out}', "sh", *CHATCMD, "ask", "q"]
    with Terminal(argv, env=stage.environ, columns=40) as terminal:
        assert terminal.wait() == 4
        said = terminal.output
    assert "stopped before it said that the answer was complete; try again; what came" in " ".join(said.split())
    assert max(len(line) for line in said.splitlines() if "/" not in line) <= 40  # a path is not broken


@pytest.mark.parametrize("came", [True, False])
def test_interrupt_ends_it_with_130_and_what_came_is_saved(stage: Stage, server: Loopback, *, came: bool) -> None:
    gate = gated(["half ", "never"])
    server.answer(gate if came else FAULTS["hang_headers"])
    with stage.open_pipe("ask", "q", "-u", "u") as pipe:
        pipe.stdin.close()
        server.wait_for_request()
        if came:
            gate.release()
            assert pipe.shows("half ")
        pipe.program.send_signal(signal.SIGINT)
        assert pipe.program.wait(10) == 130
        assert b"Traceback" not in pipe.stderr.read()
    statuses = [each["messages"][2]["status"] for each in stage.sessions()]
    assert statuses == (["interrupted"] if came else [])
    assert [each["ended_by"] for each in stage.sessions()] == (["signal"] if came else [])


def test_bytes_that_are_no_utf_8_are_asked_as_replacement_characters(stage: Stage) -> None:
    done = stage.pipe(b"\xef\xbb\xbfa\xffb\n", "ask", "几\udcff")
    assert done.code == 0
    assert stage.requests == [said("几\ufffd\n\na\ufffdb")]


def test_interrupt_while_it_reads_standard_input_ends_it_with_130(offline: Stage) -> None:
    with offline.open_pipe("ask") as pipe:
        pipe.type("a pipe does not hold so much: it is being read " * 5000)
        pipe.program.send_signal(signal.SIGINT)
        assert pipe.program.wait(10) == 130
        assert b"Traceback" not in pipe.stderr.read()
    assert offline.files() == []
