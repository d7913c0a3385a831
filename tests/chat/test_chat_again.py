"""Questions that are asked again: what one sees of it at a terminal and in a pipe, what it costs, and how to leave."""

import json
import re
from pathlib import Path

import pytest

from tests.chat.stage import Stage, said, spoken
from tests.loopback import FAULTS, Exchange, Loopback, Reply, say, status
from tests.terminal_driver import Terminal

ALONE = {"NO_COLOR": "1", "CHATCMD_BAR": "false"}


def busy(seconds: str) -> Reply:
    return status(503, {"error": {"message": "busy"}}, {"Retry-After": seconds})


def begin(terminal: Terminal) -> None:
    terminal.expect("Your name:")
    terminal.line("u")
    terminal.expect("【u】")


def host(server: Loopback) -> str:
    return server.base_url.split("/")[2]


@pytest.mark.faults(14, 15)
def test_a_failure_that_passes_is_told_once_counted_down_and_then_answered(stage: Stage, server: Loopback) -> None:
    server.answer(busy("2"), say("fine"))
    with stage.terminal(env=ALONE) as terminal:
        begin(terminal)
        terminal.line("q")
        terminal.expect("asked again in 2 s; Ctrl-C stops")
        terminal.expect("asked again in 1 s; Ctrl-C stops")
        terminal.expect("【ChatGPT】fine")
        terminal.expect("【u】")
        told = f"{host(server)} failed (503): busy; asked again in 2 s (try 2 of 3)"
        terminal.expect_screen(lambda text: text.endswith(f"【u】q\n{told}\n【ChatGPT】fine\n【u】"))
        terminal.line("0")
        assert terminal.wait() == 0
    [session] = stage.sessions()
    assert spoken(session) == said("q", "fine")
    assert len(server.chats) == 2


@pytest.mark.faults(14, 22)
def test_ctrl_c_ends_a_countdown_and_the_question_is_there_again(stage: Stage, server: Loopback) -> None:
    server.answer(FAULTS["429ra90"], say("fine"))
    with stage.terminal(env=ALONE) as terminal:
        begin(terminal)
        terminal.line("q")
        terminal.expect("asked again in 90 s; Ctrl-C stops")
        terminal.send("\x03")
        terminal.expect("stopped before the first word")
        terminal.expect_screen(lambda text: text.endswith("【u】q"))
        assert len(server.chats) == 1
        terminal.send("\r")
        terminal.expect("【ChatGPT】fine")
        terminal.line("0")
        assert terminal.wait() == 0
    [session] = stage.sessions()
    assert spoken(session) == said("q", "fine")


@pytest.mark.faults(14)
def test_a_wait_that_is_too_long_is_told_and_not_begun(stage: Stage, server: Loopback) -> None:
    server.answer(FAULTS["429ra600"])
    with stage.terminal(env=ALONE) as terminal:
        begin(terminal)
        terminal.line("q")
        terminal.expect("try again in 600 s")
        terminal.expect_screen(lambda text: text.endswith("【u】q"))
        assert "asked again" not in terminal.text
    assert len(server.chats) == 1


def test_a_terminal_without_drawing_says_it_in_lines(stage: Stage, server: Loopback) -> None:
    server.answer(busy("0"), say("fine"))
    with stage.terminal(env=ALONE | {"TERM": "dumb"}) as terminal:
        terminal.line("u")
        terminal.line("q")
        terminal.expect(
            f"【ChatGPT】\n{host(server)} failed (503): busy; asked again in 0 s (try 2 of 3)\n【ChatGPT】fine\n"
        )


@pytest.mark.faults(14, 15)
def test_a_pipe_says_it_beside_the_answer_and_waits_no_longer_than_eight_seconds(
    stage: Stage, server: Loopback
) -> None:
    server.answer(busy("0"), busy("0"), say("fine"), FAULTS["429ra90"], say("never"))
    done = stage.pipe("q\nr\n", "-u", "u")
    assert done.code == 4
    assert done.out == "【u】q\n【ChatGPT】fine\n【u】r\n"
    assert [line.partition("; ")[2] for line in done.err.splitlines()[:2]] == [
        "asked again in 0 s (try 2 of 3)",
        "asked again in 0 s (try 3 of 3)",
    ]
    assert "try again in 90 s" in done.err
    assert len(server.chats) == 4


def test_ask_for_json_is_asked_again_too(stage: Stage, server: Loopback) -> None:
    server.answer(busy("0"), say("fine"))
    done = stage.pipe("", "ask", "--json", "q")
    assert json.loads(done.out)["answer"] == "fine"
    assert "asked again in 0 s (try 2 of 3)" in done.err


def test_a_question_that_is_asked_again_is_recorded_once(stage: Stage, server: Loopback) -> None:
    server.answer(busy("90"))
    with stage.terminal(env=ALONE) as terminal:
        begin(terminal)
        terminal.line("q")
        terminal.expect("asked again in 90 s")
        [journal] = stage.root.rglob("*.jsonl")
        events = [json.loads(line)["event"] for line in journal.read_text("utf-8").splitlines()]
        assert events == ["session", "question"]
        terminal.send("\x03")
        terminal.expect("stopped before")


def keys(root: Path, *values: str | dict[str, str]) -> None:
    (root / "envs").mkdir(parents=True)
    file = root / "envs" / "openai_key"
    file.write_text(json.dumps({"api": list(values)}, indent=1))
    file.chmod(0o600)


@pytest.mark.faults(10)
def test_status_shows_how_each_key_is_and_none_in_full(stage: Stage, server: Loopback) -> None:
    values = [f"sk-0123456789-0123456789-{name}" for name in ("AAAA", "BBBB", "CCCC")]

    def respond(exchange: Exchange) -> None:
        used = exchange.request.headers["authorization"][-4:]
        {"AAAA": FAULTS["401"], "BBBB": FAULTS["429ra90"]}.get(used, say("fine"))(exchange)

    server.default = respond
    keys(stage.root, *values)
    del stage.environ["OPENAI_API_KEY"]
    done = stage.pipe("u\nq\n/user v\nq\n/user w\nq\n/status\n")  # whichever key comes first, each is asked
    assert done.code == 0, done.err
    assert done.out.startswith("【u】q\n【ChatGPT】fine\n【v】q\n【ChatGPT】fine\n【w】q\n【ChatGPT】fine\n")
    rows = [re.sub(r" +", " ", line) for line in done.out.splitlines() if line.startswith("key ")]
    assert [re.sub(r"[0-9]+ s$", "N s", row) for row in rows] == [
        "key 1 ••••AAAA (from envs/openai_key line 3): was refused, tried again in N s",
        "key 2 ••••BBBB (from envs/openai_key line 4): could not answer just now, rests for N s",
        "key 3 ••••CCCC (from envs/openai_key line 5): ready",
    ]
    assert "takes over" in done.err
    assert not any(value in done.out + done.err for value in values)


@pytest.mark.faults(17)
def test_a_key_that_cannot_take_over_says_so_in_its_own_words(stage: Stage, server: Loopback) -> None:
    entries = [
        {"key": "sk-0123456789-A", "base_url": server.base_url},
        {"key": "sk-0123456789-B", "base_url": "http://[fd00::1]/v1", "proxy": "http://127.0.0.1:1"},
    ]
    keys(stage.root, *entries)
    del stage.environ["OPENAI_API_KEY"], stage.environ["OPENAI_BASE_URL"]
    server.answer(FAULTS["401"])
    done = stage.pipe("q\nq\n", "-u", "u")
    assert "inside chatcmd" not in done.err
    assert "could take [fd00::1] for another host; name the service" in done.err
    assert done.code == 2


def test_the_sessions_get_the_keys_in_turn_however_late_one_says_who_one_is(stage: Stage, server: Loopback) -> None:
    keys(stage.root, "sk-0123456789-A", "sk-0123456789-B")
    del stage.environ["OPENAI_API_KEY"]
    with stage.terminal(env=ALONE) as terminal:
        begin(terminal)
        terminal.line("q")
        terminal.expect("【u】")
        terminal.line("/status")
        terminal.expect("(from envs/openai_key line 4): ready")  # all was loaded by now
        terminal.line("1")
        begin(terminal)
        terminal.line("q")
        terminal.wait_for(lambda: len(server.chats) == 2)
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
    # Which comes first is drawn at each start, so that many short runs share the keys too.
    assert sorted(request.headers["authorization"][-1] for request in server.chats) == ["A", "B"]


def test_status_says_where_the_address_of_the_key_in_use_was_given(stage: Stage, server: Loopback) -> None:
    keys(stage.root, {"key": "sk-0123456789-A", "base_url": server.base_url})
    del stage.environ["OPENAI_API_KEY"], stage.environ["OPENAI_BASE_URL"]
    done = stage.pipe("/status\n", "-u", "u")
    (row,) = [re.sub(r"  +", " ", line) for line in done.out.splitlines() if line.startswith("service ")]
    host = server.base_url.split("/")[2]
    assert row == f"service {host} (from envs/openai_key line 5; key •••• from envs/openai_key line 4)"
