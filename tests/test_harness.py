"""The harness does what it says: the server answers and misbehaves as told, the terminal shows and keeps."""

import asyncio
import gc
import os
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.loopback import FAULTS, Exchange, Loopback, gated, prompt_tokens, raw, say, sse, window_model
from tests.terminal_driver import PYTHON, Terminal, run

QUESTION: list[ChatCompletionMessageParam] = [{"role": "user", "content": "1+1=几"}]

# What the SDK makes of each fault: the text that arrived, the finish reason, and the exception's name.
OUTCOMES = {
    "rst_mid": ("partial ", None, "APIConnectionError"),
    "cut_chunked": ("partial ", None, "APIConnectionError"),
    "short_len": ("partial ", None, "APIConnectionError"),
    "cut_clean": ("partial ", None, ""),
    "eof_nolen": ("partial ", None, ""),
    "last_no_blank": ("partial ", None, ""),
    "no_done": ("partial ", "stop", ""),
    "bad_json": ("partial ", None, "JSONDecodeError"),
    "bad_utf8": ("partial ", None, "UnicodeDecodeError"),
    "data_list": ("partial ", None, "AttributeError"),
    "data_empty": ("partial ", None, "JSONDecodeError"),
    "err_obj": ("partial ", None, "APIError"),
    "err_str": ("partial ", None, "APIError"),
    "err_event": ("partial ", None, ""),
    "200html": ("", None, ""),
    "200errjson": ("", None, ""),
    "401": ("", None, "AuthenticationError"),
    "403": ("", None, "PermissionDeniedError"),
    "404": ("", None, "NotFoundError"),
    "400ctx": ("", None, "BadRequestError"),
    "429quota": ("", None, "RateLimitError"),
    "429ra1": ("", None, "RateLimitError"),
    "429ra90": ("", None, "RateLimitError"),
    "429ra600": ("", None, "RateLimitError"),
    "500": ("", None, "InternalServerError"),
    "500for_good": ("", None, "InternalServerError"),
    "502html": ("", None, "InternalServerError"),
    "flaky1": ("", None, "InternalServerError"),
    "307out": ("", None, "APIStatusError"),
    "empty_choices": ("partial answer", "stop", ""),
    "null_delta": ("partial answer", "stop", ""),
    "no_choices": ("partial answer", "stop", ""),
    "len": ("partial ", "length", ""),
    "filter": ("partial ", "content_filter", ""),
    "huge_line": ("partial " + "x" * 5_000_000, "stop", ""),
    "lone_surrogate": ("partial \ud83d", "stop", ""),
}
ENDLESS = {"hang_headers", "hang_mid", "slow1", "flood"}


class Heard:
    """One streamed answer as the SDK tells it."""

    text = ""
    finish: str | None = None
    usage: Any = None

    async def listen(self, client: openai.AsyncOpenAI) -> None:
        stream = await client.chat.completions.create(
            model="gpt-4o", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
        async with stream:
            async for found in stream:
                self.usage = found.usage or self.usage
                for choice in found.choices or []:
                    delta: Any = choice.delta  # null in some streams, whatever the types say
                    self.text += (delta and delta.content) or ""
                    self.finish = choice.finish_reason or self.finish


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
async def client(server: Loopback) -> AsyncIterator[openai.AsyncOpenAI]:
    transport = openai.DefaultAsyncHttpxClient(trust_env=False, follow_redirects=False)
    async with openai.AsyncOpenAI(
        api_key="sk-test", base_url=server.base_url, http_client=transport, max_retries=0
    ) as sdk:
        yield sdk


def ask(server: Loopback, **fields: Any) -> httpx2.Response:
    with httpx2.Client(trust_env=False) as http:
        body = {"model": "gpt-4o", "messages": QUESTION} | fields
        return http.post(server.base_url + "/chat/completions", json=body)


async def test_streamed_answer_arrives_whole_with_usage_over_one_connection(
    server: Loopback, client: openai.AsyncOpenAI
) -> None:
    server.answer(say("1+1=2。", pieces=["1+", "1=", "2。"]), say("再见", finish="length"))
    first, second, third = Heard(), Heard(), Heard()
    for heard in (first, second, third):
        await heard.listen(client)
    assert (first.text, first.finish, second.text, second.finish) == ("1+1=2。", "stop", "再见", "length")
    assert third.text == "Hello."
    assert first.usage.prompt_tokens == prompt_tokens([dict(QUESTION[0])], len) == 3 + 3 + 4 + 5
    assert first.usage.completion_tokens == 6
    assert server.connections == 1
    assert [request.connection for request in server.requests] == [1, 1, 1]
    assert server.requests[0].messages == QUESTION
    assert server.requests[0].headers["authorization"] == "Bearer sk-test"
    assert not server.closed_by_peer.is_set()


def test_answer_without_a_stream_is_one_document(server: Loopback) -> None:
    server.answer(say("hi", reasoning="because"))
    answer = ask(server).json()
    assert answer["choices"][0]["message"] == {
        "role": "assistant",
        "content": "hi",
        "reasoning_content": "because",
    }
    assert answer["usage"]["completion_tokens"] == len("becausehi")


@pytest.mark.parametrize("name", OUTCOMES)
async def test_fault_is_what_its_name_says(name: str, server: Loopback, client: openai.AsyncOpenAI) -> None:
    server.answer(FAULTS[name])
    heard, raised = Heard(), ""
    try:
        await heard.listen(client)
    except (openai.OpenAIError, ValueError, AttributeError) as failure:
        raised = type(failure).__name__
    assert (heard.text, heard.finish, raised) == OUTCOMES[name]


@pytest.mark.parametrize("name", sorted(ENDLESS))
async def test_client_that_leaves_an_endless_answer_is_noticed(
    name: str, server: Loopback, client: openai.AsyncOpenAI
) -> None:
    server.answer(FAULTS[name])
    heard = Heard()
    task = asyncio.create_task(heard.listen(client))
    await asyncio.to_thread(server.wait_for_request)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.to_thread(server.closed_by_peer.wait, 5)
    assert len(server.aborts) == 1


def test_every_fault_is_tried() -> None:
    assert FAULTS.keys() == OUTCOMES.keys() | ENDLESS


def test_flaky_server_recovers_and_redirect_leads_elsewhere(server: Loopback) -> None:
    server.default = FAULTS["flaky1"]
    assert [ask(server).status_code for _ in range(3)] == [500, 200, 200]
    with Loopback() as other:
        server.elsewhere = other.base_url
        server.answer(FAULTS["307out"])
        assert ask(server).headers["location"] == other.base_url + "/chat/completions"
        assert other.requests == []


async def test_gated_answer_waits_for_the_test(server: Loopback, client: openai.AsyncOpenAI) -> None:
    gate = gated(["one ", "two ", "three"])
    server.answer(gate)
    heard = Heard()
    task = asyncio.create_task(heard.listen(client))
    gate.release(2)
    await asyncio.to_thread(gate.wait_sent, 2)
    assert gate.sent == 2
    assert not task.done()
    gate.release()
    await task
    assert (heard.text, heard.finish) == ("one two three", "stop")


def test_window_model_refuses_what_does_not_fit_and_says_the_numbers(server: Loopback) -> None:
    server.default = window_model(40, lambda found: prompt_tokens(found, len), lambda _: "fits")
    assert ask(server).json()["usage"]["prompt_tokens"] == 15
    assert ask(server, max_tokens=25).status_code == 200
    refused = ask(server, max_tokens=26).json()["error"]
    assert refused["code"] == "context_length_exceeded"
    assert re.findall(r"\d+", refused["message"]) == ["40", "41", "15", "26"]


def test_paths_models_and_unknown_addresses_answer(server: Loopback) -> None:
    server.models = ["m1"]
    server.on("/api/version", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"))
    with httpx2.Client(trust_env=False) as http:
        assert http.get(server.base_url + "/models").json()["data"][0]["id"] == "m1"
        assert http.get(f"http://127.0.0.1:{server.port}/api/version").text == "hi"
        assert http.get(server.base_url + "/nothing").status_code == 404
    assert server.chats == []


def test_event_stream_is_cut_where_asked(server: Loopback) -> None:
    server.answer(sse("data: 几\n\n".encode(), step=1))
    assert ask(server).text == "data: 几\n\n"


def test_reply_may_be_any_function(server: Loopback) -> None:
    def echo(exchange: Exchange) -> None:
        say(exchange.request.messages[-1]["content"])(exchange)

    server.default = echo
    assert ask(server).json()["choices"][0]["message"]["content"] == "1+1=几"


def test_closed_server_leaves_no_thread_and_no_descriptor() -> None:
    def open_now() -> int:
        gc.collect()
        return len(os.listdir("/dev/fd"))  # noqa: PTH208  # a Path is no shorter

    descriptors, threads = open_now(), threading.active_count()
    with Loopback(default=FAULTS["hang_mid"]) as server, httpx2.Client(trust_env=False) as http:
        body = {"stream": True}
        with http.stream("POST", server.base_url + "/chat/completions", json=body) as answer:
            server.wait_for_request()
            server.close()
            with pytest.raises(httpx2.RemoteProtocolError):
                answer.read()
        assert not server.closed_by_peer.is_set()
    with Terminal(["cat"]) as terminal:
        terminal.line("x")
        terminal.expect("x")
    with pytest.raises(FileNotFoundError):
        Terminal(["cat"], cwd="/nonexistent")
    assert (open_now(), threading.active_count()) == (descriptors, threads)


def test_terminal_shows_what_is_typed_and_written() -> None:
    with Terminal(["cat"], rows=5, columns=20) as terminal:
        terminal.line("简说 one")
        terminal.expect("简说 one")
        terminal.expect(re.compile(r"\n简说 (\w+)"))
        assert terminal.expect_screen(lambda text: text.count("one") == 2) == "简说 one\n简说 one"
        assert len(terminal.screen) == 5
        with pytest.raises(AssertionError, match=r"did not appear .*\n--- screen\n简说"):
            terminal.expect("one", timeout=0.01)
        terminal.send("\x04")
        assert terminal.wait() == 0


def test_terminal_is_waited_for_by_bytes_and_forgets_what_it_showed() -> None:
    with Terminal(["cat"], rows=5, columns=20) as terminal:
        terminal.line("one")
        terminal.wait_for(lambda: len(terminal.bytes) >= len("one\r\none\r\n"))
        assert terminal.bytes == b"one\r\none\r\n"
        terminal.forget()
        assert (terminal.bytes, terminal.output, terminal.text) == (b"", "", "one\none")
        terminal.line("two")
        terminal.expect("two\ntwo")
        assert terminal.text == "one\none\ntwo\ntwo"
        terminal.wait_for(lambda: False, timeout=0)
        terminal.send("\x04")
        assert terminal.wait() == 0


def test_terminal_output_is_cleaned_and_hostile_sequences_do_not_stop_it() -> None:
    written = r"\x1b[31mre\x1b[0md\x1b]0;title\x07\x1b[>4;2m\x1b[?5A\x1bPq\x1b\\ \x1b[2K\xff\x1b["
    program = rf"import os; os.write(1, b'{written}'); os.write(1, b'1mend')"
    with Terminal([PYTHON, "-c", program]) as terminal:
        terminal.expect("red \ufffdend")
        assert terminal.wait() == 0
        assert terminal.bytes.endswith(b"\xff\x1b[1mend")
        assert "end" in terminal.text


def test_last_word_of_a_long_output_is_not_lost() -> None:
    with Terminal([PYTHON, "-c", "print('x' * 300_000 + 'last')"]) as terminal:
        assert terminal.wait() == 0
        assert terminal.output == "x" * 300_000 + "last\n"
        terminal.expect("last")


def test_modes_tell_what_a_program_leaves_behind() -> None:
    raw_mode = "import tty; tty.setraw(0); print('ready', flush=True); input()"
    with Terminal([PYTHON, "-c", raw_mode]) as terminal:
        terminal.expect("ready")
        assert not terminal.echo_on()
        assert not terminal.canonical()
        terminal.kill()
        assert terminal.wait() == -signal.SIGKILL
        assert terminal.modes() != terminal.first_modes
        assert not terminal.echo_on()
    with Terminal([PYTHON, "-c", "raise SystemExit(143)"]) as terminal:
        assert terminal.wait() == 143
        assert terminal.modes() == terminal.first_modes
        assert terminal.echo_on()


def test_signals_and_window_changes_and_keys_reach_the_program() -> None:
    program = (  # woken by each signal, so that none is missed between looking for it and waiting
        "import os, select, signal\n"
        "awake, wake = os.pipe()\n"
        "os.set_blocking(wake, False)\n"
        "signal.set_wakeup_fd(wake)\n"
        "signal.signal(signal.SIGWINCH, lambda *_: os.write(1, b'%d %d\\n' % tuple(os.get_terminal_size())))\n"
        "signal.signal(signal.SIGTERM, lambda *_: os.write(1, b'terminated\\n'))\n"
        "signal.signal(signal.SIGINT, lambda *_: os.write(1, b'interrupted\\n'))\n"
        "print(open('/dev/tty').isatty(), sorted(os.environ), flush=True)\n"
        "while True:\n"
        "    if 0 in select.select([0, awake], [], [])[0]:\n"
        "        print(ascii(os.read(0, 999).decode().rstrip('\\n')), flush=True)\n"
        "    else: os.read(awake, 99)\n"
    )
    with Terminal([PYTHON, "-c", program], env={"EXTRA": "a b"}) as terminal:
        names = "'EXTRA', 'HOME', 'LANG', 'PATH', 'PROMPT_TOOLKIT_NO_CPR', 'PYTHONPATH', 'TERM'"
        terminal.expect(f"True [{names}]")
        terminal.resize(10, 60)
        terminal.expect("60 10")
        terminal.send("\x03")
        terminal.expect("interrupted")
        terminal.signal(signal.SIGTERM)
        terminal.expect("terminated")
        terminal.paste("a\nb")
        terminal.expect(r"'\x1b[200~a'")
        terminal.line("")
        terminal.expect(r"'b\x1b[201~'")
        terminal.close_master()
        assert terminal.wait() == -signal.SIGHUP


def test_pipes_are_run_to_their_end(tmp_path: Path) -> None:
    program = "import sys, os; print(sys.stdin.read()); print(os.getcwd(), file=sys.stderr); sys.exit(3)"
    done = run([sys.executable, "-c", program], stdin="几".encode(), cwd=tmp_path)
    assert (done.code, done.out, done.err) == (3, "几\n", f"{tmp_path}\n")
    assert done.out_bytes == "几\n".encode()
