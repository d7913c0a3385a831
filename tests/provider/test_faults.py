"""Every way in which a server can fail an answer, over real sockets: what came before, and what is said."""

import pytest

from chatcmd.provider.answer import LONGEST_ANSWER
from chatcmd.provider.compatible import Compatible
from tests.loopback import FAULTS, Exchange, Loopback, Reply, chunk, event, flood, raw, sse, status
from tests.provider.asking import QUICK, ask, connected, request
from tests.replies import CLOSING, EVENT_STREAM, OPENING, STOP, framed, head

CUT = "did not come to an end: the answer was cut at 4,194,304 characters; ask for a shorter one, or set max_tokens"
MALFORMED = "sent a piece of the answer that cannot be read (malformed JSON); try again"
BROKE = "the connection to HOST broke off in the middle of the answer; try again"
STOPPED = "HOST stopped before it said that the answer was complete; try again"

# The text that arrived, the finish reason, the error and its sentence.
OUTCOMES: dict[str, tuple[str, str | None, str, str]] = {
    "rst_mid": ("partial ", None, "BrokenOff", BROKE),
    "cut_chunked": ("partial ", None, "BrokenOff", BROKE),
    "short_len": ("partial ", None, "BrokenOff", BROKE),
    "cut_clean": ("partial ", None, "BrokenOff", STOPPED),
    "eof_nolen": ("partial ", None, "BrokenOff", STOPPED),
    "last_no_blank": ("partial ", "stop", "", ""),
    "no_done": ("partial ", "stop", "", ""),
    "bad_json": ("partial ", None, "BrokenOff", f"HOST {MALFORMED}"),
    "bad_utf8": ("partial ", None, "BrokenOff", f"HOST {MALFORMED}"),
    "data_list": ("partial ", None, "BrokenOff", f"HOST {MALFORMED}"),
    "data_empty": ("partial ", None, "BrokenOff", f"HOST {MALFORMED}"),
    "err_obj": (
        "partial ", None, "ServerFailed", "HOST reports an error in the answer: The server is overloaded; try again"
    ),
    "err_str": ("partial ", None, "ServerFailed", "HOST reports an error in the answer: upstream is busy; try again"),
    "err_event": ("partial ", None, "ServerFailed", "HOST reports an error in the answer: upstream is busy; try again"),
    "200html": (
        "",
        None,
        "NotAnAnswer",
        "HOST sent no chat answer but a web page, perhaps of a proxy or a login (text/html); check base_url and proxy",
    ),
    "200errjson": (
        "",
        None,
        "NotAnAnswer",
        "HOST sent no chat answer (application/json): upstream is busy; check base_url, or try again",
    ),
    "401": (
        "", None, "KeyRefused", "HOST refused the key (it comes from envs/openai_key line 1); put a valid one there"
    ),
    "403": (
        "",
        None,
        "Forbidden",
        ("HOST forbids this: Country, region, or territory not supported; "
        "check what the key (from envs/openai_key line 1) may use, and from where"),
    ),
    "500for_good": (
        "",
        None,
        "ServerFailed",
        "HOST failed (500): The server had an error while processing your request; try again",
    ),
    "404": (
        "",
        None,
        "ModelNotFound",
        ("HOST does not have the model gpt-4o or this address: The model `gpt-4o` does not exist or you do not have "
        "access to it; check /model and base_url"),
    ),
    "400ctx": (
        "",
        None,
        "ContextTooLong",
        ("HOST finds the request too long for gpt-4o: This model's maximum context length is 4096 tokens. However, "
        "your messages resulted in 5000 tokens. Please reduce the length of the messages; shorten it, or set the "
        "model's window in envs/settings.toml"),
    ),
    "429quota": (
        "",
        None,
        "QuotaUsedUp",
        ("the quota of the key (from envs/openai_key line 1) is used up at HOST: You exceeded your current quota, "
        "please check your plan and billing details; look at the account there, or use another key"),
    ),
    "429ra1": (
        "",
        None,
        "RateLimited",
        "HOST gets too many requests: Rate limit reached for requests. Please try again in 1s; try again in 1 s",
    ),
    "429ra90": (
        "",
        None,
        "RateLimited",
        "HOST gets too many requests: Rate limit reached for requests. Please try again in 90s; try again in 90 s",
    ),
    "429ra600": (
        "",
        None,
        "RateLimited",
        "HOST gets too many requests: Rate limit reached for requests. Please try again in 600s; try again in 600 s",
    ),
    "500": (
        "",
        None,
        "ServerFailed",
        "HOST failed (500): The server had an error while processing your request; try again",
    ),
    "502html": ("", None, "ServerFailed", "HOST failed (502); try again"),
    "flaky1": (
        "",
        None,
        "ServerFailed",
        "HOST failed (500): The server had an error while processing your request; try again",
    ),
    "307out": (
        "",
        None,
        "RequestRefused",
        "HOST redirects to elsewhere.invalid, and no question follows it there; correct base_url",
    ),
    "empty_choices": ("partial answer", "stop", "", ""),
    "null_delta": ("partial answer", "stop", "", ""),
    "no_choices": ("partial answer", "stop", "", ""),
    "len": ("partial ", "length", "", ""),
    "filter": ("partial ", "content_filter", "", ""),
    "huge_line": ("partial " + "x" * (LONGEST_ANSWER - 8), None, "BrokenOff", f"HOST {CUT}"),
    "flood": (
        "partial " + ("0123456789abcde\n" * (LONGEST_ANSWER // 16))[: LONGEST_ANSWER - 8],
        None,
        "BrokenOff",
        f"HOST {CUT}",
    ),
    "lone_surrogate": ("partial \N{REPLACEMENT CHARACTER}", "stop", "", ""),
}  # fmt: skip

SILENT = {"hang_headers": "", "hang_mid": "partial "}
ENDLESS = {"slow1"}  # it comes to an end only when its user stops it: see test_connections


def test_every_fault_has_an_outcome() -> None:
    assert FAULTS.keys() == OUTCOMES.keys() | SILENT.keys() | ENDLESS


@pytest.mark.parametrize("name", OUTCOMES)
@pytest.mark.faults(4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 20, 21, 27)
async def test_fault_is_told_and_what_came_before_it_is_kept(name: str, server: Loopback, provider: Compatible) -> None:
    server.answer(FAULTS[name])
    heard = await ask(provider, request())
    host = server.base_url.split("/")[2]
    text, finish, raised, sentence = OUTCOMES[name]
    assert heard.text == text
    assert (heard.finish, heard.raised) == (finish, raised)
    assert heard.sentence == sentence.replace("HOST", host)
    assert len(server.chats) == 1
    assert (await ask(provider, request())).text == "Hello."


@pytest.mark.parametrize("name", SILENT)
@pytest.mark.faults(2, 3)
async def test_silence_is_given_up_after_the_time_that_was_set(name: str, server: Loopback) -> None:
    server.answer(FAULTS[name])
    async with connected(server.base_url) as provider:
        heard = await ask(provider, request(clocks=QUICK))
    host = server.base_url.split("/")[2]
    assert (heard.text, heard.raised) == (SILENT[name], "TimedOut")
    silent = "was silent for 0.2 seconds; try again, or set a longer timeout"
    never = "sent no word of an answer in 0.2 seconds; try again, or set a longer first_timeout"
    assert heard.sentence == f"{host} {silent if heard.text else never}"


def dripping(first: bytes, again: bytes) -> Reply:
    """Send something, then the same small thing for ever, faster than any time-out."""

    def reply(exchange: Exchange) -> None:
        exchange.send(first)
        while True:
            exchange.until(lambda: False, 0.02)
            exchange.send(again)

    return reply


DRIPS = {
    "pings_only": (EVENT_STREAM, framed(b": ping\n\n"), ""),
    "pings_after_text": (EVENT_STREAM + framed(OPENING), framed(b": ping\n\n"), "partial "),
    "an_event_that_never_ends": (EVENT_STREAM + framed(OPENING + b"data: "), framed(b"x"), "partial "),
    "blanks": (EVENT_STREAM, framed(b"\n"), ""),
    "headers_that_never_end": (b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n", ""),
    "a_refusal_that_never_ends": (
        head(500, {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"}),
        framed(b"x"),
        "",
    ),
}


@pytest.mark.parametrize("name", DRIPS)
async def test_bytes_without_an_event_do_not_keep_a_silent_server_alive(name: str, server: Loopback) -> None:
    first, again, text = DRIPS[name]
    server.answer(dripping(first, again))
    async with connected(server.base_url) as provider:
        heard = await ask(provider, request(clocks=QUICK))
    assert (heard.text, heard.raised) == (text, "TimedOut")


async def test_a_refusal_of_any_length_is_read_only_at_its_start(server: Loopback, provider: Compatible) -> None:
    def endless(exchange: Exchange) -> None:
        exchange.send(head(500, {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"}))
        while True:
            exchange.send(framed(b"no! " * 16_384))

    server.answer(endless)
    heard = await ask(provider, request())
    assert heard.raised == "ServerFailed"
    assert "(500): no! no! " in heard.sentence
    server.wait_for(server.closed_by_peer.is_set)


MORE: dict[str, tuple[Reply, str, str, str]] = {
    "nothing_at_all": (raw(b""), "", "Unreachable", "closed the connection without an answer; try again"),
    "not_http": (raw(b"SSH-2.0-OpenSSH\r\n"), "", "Unreachable", "closed the connection without an answer; try again"),
    "reset_before_headers": (raw(b"", "rst"), "", "Unreachable", "closed the connection without an answer; try again"),
    "finish_then_cut": (sse(OPENING + STOP, close="fin"), "partial ", "", ""),
    "finish_then_reset": (sse(OPENING + STOP, close="rst"), "partial ", "", ""),
    "finish_then_error": (sse(OPENING + STOP + event({"error": "late"})), "partial ", "", ""),
    "finish_then_garbage": (sse(OPENING + STOP + b"data: {\n\n"), "partial ", "", ""),
    "done_then_garbage": (sse(OPENING + CLOSING + b"data: {\n\n"), "partial ", "", ""),
    "done_then_too_much": (sse(OPENING + CLOSING + b"x" * 9_000_000), "partial ", "", ""),
    "done_without_a_finish_reason": (sse(OPENING + b"data: [DONE]\n\n"), "partial ", "", ""),
    "error_as_finish_reason": (
        sse(OPENING + event(chunk({"content": "x"}, "error")) + CLOSING), "partial x", "ServerFailed", "with an error"
    ),
    "error_beside_a_choice": (
        sse(OPENING + event(chunk({"content": ""}, "error", error={"code": 502, "message": "Provider gone"}))),
        "partial ",
        "ServerFailed",
        ": Provider gone; try again",
    ),
    "error_event_in_plain_words": (
        sse(OPENING + b"event: error\ndata: no memory left\n\n"), "partial ", "ServerFailed", ": no memory left; try"
    ),
    "error_event_without_words": (
        sse(OPENING + b"event: error\ndata: {}\n\n"), "partial ", "ServerFailed", ": it gives no reason; try"
    ),
    "a_huge_event": (
        sse(OPENING + b"data: " + b"x" * 9_000_000), "partial ", "BrokenOff", "sent more than 8,388,608 bytes at once"
    ),
    "a_huge_document": (
        status(200, b" {" + b" " * 9_000_000), "", "BrokenOff", "sent more than 8,388,608 bytes at once"
    ),
    "empty_events_without_end": (
        sse(OPENING + b"data:\n" * 150_000), "partial ", "BrokenOff", "sent more than 8,388,608 bytes at once"
    ),
    "deeply_nested": (
        sse(OPENING + b"data: " + b"[" * 100_000 + b"\n\n"), "partial ", "BrokenOff", MALFORMED
    ),
    "bad_gzip": (
        status(200, b"no gzip", {"Content-Encoding": "gzip"}), "", "BrokenOff", "sent bytes that cannot be unpacked"
    ),
    "web_page_as_stream": (
        status(200, "<!DOCTYPE html><p>Hi", content_type="text/event-stream"), "", "NotAnAnswer", "(text/event-stream)"
    ),
    "plain_words": (status(200, "hello"), "", "NotAnAnswer", "but something else (text/plain); check"),
    "no_content_type": (raw(b"HTTP/1.0 200 OK\r\n\r\nhello"), "", "NotAnAnswer", "something else (no content type)"),
    "json_of_another_kind": (status(200, {"models": []}), "", "NotAnAnswer", "(application/json): it gives no reason"),
    "json_with_detail": (status(200, {"detail": "Not here"}), "", "NotAnAnswer", "(application/json): Not here; check"),
    "no_choice": (status(200, {"choices": []}), "", "NotAnAnswer", "(application/json): it gives no reason; check"),
    "whole_answer_to_a_stream": (
        status(200, {"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}), "whole", "", ""
    ),
    "whole_answer_without_an_end": (
        status(200, {"choices": [{"message": {"content": "whole"}}]}), "whole", "BrokenOff", "without saying that it is"
    ),
    "redirect_to_nonsense": (
        status(301, b"", {"Location": "http://[::1"}), "", "RequestRefused", "redirects to another address, and no"
    ),
    "redirect_to_a_path": (status(308, b"", {"Location": "/v2"}), "", "RequestRefused", "redirects to another address"),
    "not_modified": (status(304), "", "RequestRefused", "redirects to another address"),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
async def test_what_else_can_come_is_told_apart(name: str, server: Loopback, provider: Compatible) -> None:
    reply, text, raised, words = MORE[name]
    server.answer(reply)
    heard = await ask(provider, request())
    assert (heard.text, heard.raised) == (text, raised)
    assert words in heard.sentence
    assert len(server.chats) == 1
    assert (await ask(provider, request())).text == "Hello."


@pytest.mark.parametrize("name", ["200html", "200errjson", "cut_clean", "401", "500"])
async def test_an_answer_in_one_piece_fails_in_the_same_words(
    name: str, server: Loopback, provider: Compatible
) -> None:
    server.answer(FAULTS[name], FAULTS[name])
    streamed = await ask(provider, request())
    whole = await ask(provider, request(stream=False))
    assert (whole.sentence, whole.text) == (streamed.sentence, streamed.text)


async def test_an_answer_as_long_as_allowed_is_whole(server: Loopback, provider: Compatible) -> None:
    server.answer(flood(LONGEST_ANSWER - 65_536))
    heard = await ask(provider, request())
    assert (len(heard.text), heard.raised, heard.finish) == (8 + LONGEST_ANSWER - 65_536, "", "stop")


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
async def test_an_answer_is_the_same_however_it_is_cut(step: int, server: Loopback, provider: Compatible) -> None:
    body = b"".join(event(chunk({"content": piece})) for piece in ("1+1", "=几？ ", "😀\u2028\u0085", "\r\n"))
    server.answer(sse(body + CLOSING, step=step))
    assert (await ask(provider, request())).text == "1+1=几？ 😀\u2028\u0085\r\n"
