"""What the loopback server can answer: well-formed replies, gated ones, and every fault by its name."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, Protocol, TypedDict, Unpack

# All waiting is for something another thread says here: a request, a piece, a release, a hang-up.
CHANGED = threading.Condition()

Close = Literal["fin", "rst", "hold"]
CountText = Callable[[str], int]
CountMessages = Callable[[Sequence[Mapping[str, Any]]], int]


@dataclass(frozen=True)
class Received:
    """One request as it came in.

    `target` is the request line's own word and `path` what it points at: they differ when the client takes
    the server for a proxy. Header names are lower case, `body` is the parsed JSON or None, `connection`
    counts from 1, `at` is `time.monotonic()`.
    """

    method: str
    target: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: Any
    connection: int
    at: float

    @property
    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.body["messages"]
        return found


class Exchange(Protocol):
    """One request, and the way back to the client that sent it; `use` counts this reply's uses, from 1."""

    request: Received
    use: int

    @property
    def elsewhere(self) -> str: ...

    def count(self, messages: Sequence[Mapping[str, Any]]) -> int: ...

    def count_text(self, text: str) -> int: ...

    def send(self, data: bytes, *, last: bool = False) -> None:
        """Write bytes; a client that hangs up after the `last` ones did not leave in mid-answer."""

    def until(self, met: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait for a condition or so many seconds; unwind the reply when either side leaves."""

    def close(self, how: Close) -> None:
        """End the connection, politely or not, or hold it in silence until either side leaves."""


Reply = Callable[[Exchange], None]


class Settings(TypedDict, total=False):
    """How an answer is made: without a finish no finish_reason comes; delay is seconds before each piece."""

    finish: str | None
    usage: bool
    model: str | None
    delay: float
    reasoning: str | None
    count: CountMessages | None


class Say:
    """A whole well-formed answer, streamed when the request asks for a stream, else one JSON document."""

    def __init__(self, pieces: Sequence[str], **settings: Unpack[Settings]) -> None:
        self.pieces = tuple(pieces)
        self.text = "".join(pieces)
        self.finish = settings.get("finish", "stop")
        self.usage = settings.get("usage", True)
        self.model = settings.get("model")
        self.delay = settings.get("delay", 0.0)
        self.reasoning = settings.get("reasoning") or ""
        self._count = settings.get("count")

    def __call__(self, exchange: Exchange) -> None:
        if (exchange.request.body or {}).get("stream"):
            self._stream(exchange)
        else:
            status(200, self._document(exchange))(exchange)

    def _stream(self, exchange: Exchange) -> None:
        body = exchange.request.body
        asked = self.usage and bool((body.get("stream_options") or {}).get("include_usage"))
        common = {"model": self._model(exchange)} | ({"usage": None} if asked else {})
        exchange.send(EVENT_STREAM + framed(event(chunk({"role": "assistant", "content": ""}, **common))))
        if self.reasoning:
            exchange.send(framed(event(chunk({"reasoning_content": self.reasoning}, **common))))
        for piece in self._paced(exchange):
            exchange.send(framed(event(chunk({"content": piece}, **common))))
        ending = [chunk({}, self.finish, **common)] if self.finish else []
        if asked:
            ending.append(chunk({}, **common) | {"choices": [], "usage": self._usage(exchange)})
        exchange.send(b"".join(framed(event(value)) for value in ending) + framed(DONE) + END, last=True)

    def _paced(self, exchange: Exchange) -> Iterator[str]:
        for piece in self.pieces:
            if self.delay:
                exchange.until(_never, self.delay)
            yield piece

    def _document(self, exchange: Exchange) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.text}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        choice = {"index": 0, "message": message, "finish_reason": self.finish, "logprobs": None}
        whole = chunk({}, model=self._model(exchange)) | {"object": "chat.completion", "choices": [choice]}
        return whole | ({"usage": self._usage(exchange)} if self.usage else {})

    def _model(self, exchange: Exchange) -> str:
        return self.model or (exchange.request.body or {}).get("model") or "gpt-3.5-turbo"

    def _usage(self, exchange: Exchange) -> dict[str, int]:
        prompt = (self._count or exchange.count)(exchange.request.messages)
        completion = exchange.count_text(self.reasoning + self.text)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }


class Gated(Say):
    """An answer whose pieces wait for the test; headers come at once, the ending with the last piece."""

    def __init__(self, pieces: Sequence[str], **settings: Unpack[Settings]) -> None:
        super().__init__(pieces, **settings)
        self.sent = 0
        self._released = 0

    def release(self, pieces: int = 1) -> None:
        """Let so many more pieces through, now or as soon as they are asked for."""
        with CHANGED:
            self._released += pieces
            CHANGED.notify_all()

    def wait_sent(self, pieces: int, timeout: float = 10) -> None:
        """Wait until so many pieces in all have left; the client may still have to read the newest."""
        with CHANGED:
            assert CHANGED.wait_for(lambda: self.sent >= pieces, timeout), f"{self.sent} of {pieces} pieces sent"

    def _paced(self, exchange: Exchange) -> Iterator[str]:
        for piece in self.pieces:
            exchange.until(lambda: self._released > self.sent)
            yield piece
            with CHANGED:
                self.sent += 1
                CHANGED.notify_all()


def say(text: str = "", *, pieces: int | Sequence[str] = 3, **settings: Unpack[Settings]) -> Say:
    """Answer with a text, in so many pieces or in these."""
    if isinstance(pieces, int):
        size = max(1, -(-len(text) // pieces))
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert text in {"", "".join(pieces)}, "text and pieces differ"
    return Say(pieces, **settings)


def gated(pieces: Sequence[str], **settings: Unpack[Settings]) -> Gated:
    """Answer piece by piece as the test calls `release()`."""
    return Gated(pieces, **settings)


def status(
    code: int,
    body: str | bytes | dict[str, Any] = b"",
    headers: Mapping[str, str] | None = None,
    content_type: str | None = None,
) -> Reply:
    """Answer with a plain HTTP response; a dict is sent as JSON."""
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else encoded(body)
    kind = content_type or ("application/json" if isinstance(body, dict) else "text/plain; charset=utf-8")
    fields = {"Content-Type": kind, "Content-Length": str(len(data))} | dict(headers or {})
    return lambda exchange: exchange.send(head(code, fields) + data, last=True)


def error(
    code: int,
    message: str,
    type: str = "invalid_request_error",  # noqa: A002  # the API's own name
    error_code: str | None = None,
    param: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Answer with the API's error object."""
    content = {"message": message, "type": type, "param": param, "code": error_code}
    return status(code, {"error": content}, headers)


def raw(data: bytes, close: Close = "fin") -> Reply:
    """Answer with exactly these bytes, status line and all, then close."""

    def reply(exchange: Exchange) -> None:
        exchange.send(data, last=close != "hold")
        exchange.close(close)

    return reply


def sse(body: bytes, *, step: int = 0, close: Close | None = None) -> Reply:
    """Answer with a chunked event stream of exactly this body.

    It is cut every `step` bytes, so that lines and characters are split; with `close` its end is missing.
    """
    size = step or max(1, len(body))
    frames = b"".join(framed(body[start : start + size]) for start in range(0, len(body), size))
    if close:
        return raw(EVENT_STREAM + frames, close)
    return lambda exchange: exchange.send(EVENT_STREAM + frames + END, last=True)


def drip(piece: str, seconds: float) -> Reply:
    """Answer with the same piece for ever, one every so many seconds, until the client has had enough."""

    def reply(exchange: Exchange) -> None:
        exchange.send(EVENT_STREAM + framed(OPENING))
        while True:
            exchange.until(_never, seconds)
            exchange.send(framed(event(chunk({"content": piece}))))

    return reply


def flood(size: int) -> Reply:
    """Answer with so many bytes of text as fast as the client takes them, and a proper end."""
    piece = framed(event(chunk({"content": "0123456789abcde\n" * 4096})))

    def reply(exchange: Exchange) -> None:
        exchange.send(EVENT_STREAM + framed(OPENING))
        for _ in range(0, size, 65536):
            exchange.send(piece)
        exchange.send(framed(CLOSING) + END, last=True)

    return reply


def flaky(failures: int, then: Reply) -> Reply:
    """Answer 500 so many times, then as given; the count is kept by each server."""
    return lambda exchange: (then if exchange.use > failures else FAULTS["500"])(exchange)


def redirect(base_url: str | None = None, code: int = 307) -> Reply:
    """Send the client to another server: to `server.elsewhere` unless one is given."""

    def reply(exchange: Exchange) -> None:
        there = (base_url or exchange.elsewhere) + "/chat/completions"
        status(code, "moved", {"Location": there})(exchange)

    return reply


def too_long(limit: int, prompt: int, reply: int = 0) -> Reply:
    """Refuse a request that does not fit the model's window, in OpenAI's two wordings."""
    found = f"your messages resulted in {prompt} tokens. Please reduce the length of the messages."
    if reply:
        found = (
            f"you requested {prompt + reply} tokens ({prompt} in the messages, {reply} in the completion). "
            "Please reduce the length of the messages or completion."
        )
    message = f"This model's maximum context length is {limit} tokens. However, {found}"
    return error(400, message, error_code="context_length_exceeded", param="messages")


def window_model(limit: int, count: CountMessages, answer: Callable[[Received], str] = lambda _: "ok") -> Reply:
    """Behave as a model with a window: refuse what exceeds it, answer the rest, and report the same count."""

    def reply(exchange: Exchange) -> None:
        body = exchange.request.body
        reserved = body.get("max_completion_tokens") or body.get("max_tokens") or 0
        prompt = count(exchange.request.messages)
        if prompt + reserved > limit:
            too_long(limit, prompt, reserved)(exchange)
        else:
            say(answer(exchange.request), count=count)(exchange)

    return reply


def prompt_tokens(
    messages: Sequence[Mapping[str, Any]], count: CountText, per_message: int = 3, per_name: int = 1
) -> int:
    """Count a request by the published rule for chat models, independently of the program's own code."""
    total = 3  # every reply is primed with three tokens
    for message in messages:
        total += per_message + count(message["role"]) + count(_plain(message.get("content")))
        if message.get("name"):
            total += per_name + count(message["name"])
    return total


def chunk(delta: dict[str, Any] | None, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    """Make one streamed chunk as the API sends it."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    common = {"id": "chatcmpl-loopback", "object": "chat.completion.chunk", "created": 1_700_000_000}
    return common | {"model": "gpt-3.5-turbo", "choices": [choice]} | fields


def event(value: Any) -> bytes:
    """Wrap a JSON value as one server-sent event."""
    return b"data: " + encoded(value) + b"\n\n"


def encoded(value: Any) -> bytes:
    """Encode as readable UTF-8, as the API does; only what UTF-8 cannot hold is escaped."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def framed(data: bytes) -> bytes:
    """Wrap bytes as one chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def head(code: int, fields: Mapping[str, str]) -> bytes:
    """Make a status line and headers."""
    phrase = HTTPStatus(code).phrase
    lines = [f"HTTP/1.1 {code} {phrase}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _plain(content: str | Iterable[Mapping[str, Any]] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.get("text", "") for part in content)


def _never() -> bool:
    return False


DONE = b"data: [DONE]\n\n"
END = b"0\r\n\r\n"
_STREAM_TYPE = {"Content-Type": "text/event-stream; charset=utf-8"}
EVENT_STREAM = head(200, _STREAM_TYPE | {"Transfer-Encoding": "chunked"})
UNSIZED_STREAM = head(200, _STREAM_TYPE | {"Connection": "close"})

# The partial text before a fault, and a regular end that tempts a program to take what went before for whole.
OPENING = event(chunk({"role": "assistant", "content": ""})) + event(chunk({"content": "partial "}))
STOP = event(chunk({}, "stop"))
CLOSING = STOP + DONE
MORE = event(chunk({"content": "answer"})) + CLOSING


def _unknown_model(exchange: Exchange) -> None:
    message = f"The model `{exchange.request.body['model']}` does not exist or you do not have access to it."
    error(404, message, error_code="model_not_found")(exchange)


def _rate_limit(seconds: int) -> Reply:
    message = f"Rate limit reached for requests. Please try again in {seconds}s."
    return error(429, message, "requests", "rate_limit_exceeded", headers={"Retry-After": str(seconds)})


FOR_GOOD = {"X-Should-Retry": "false"}
"""Says that a failure does not pass: whoever gets it need not ask again."""

FAULTS: dict[str, Reply] = {
    # The connection ends badly, or never.
    "hang_headers": raw(b"", "hold"),
    "hang_mid": sse(OPENING, close="hold"),
    "rst_mid": sse(OPENING, close="rst"),
    "cut_chunked": raw(EVENT_STREAM + framed(OPENING) + b"40\r\ndata: ", "fin"),
    "short_len": raw(head(200, _STREAM_TYPE | {"Content-Length": str(len(OPENING) + 100)}) + OPENING, "fin"),
    # It ends well, and yet something is missing.
    "cut_clean": sse(OPENING),
    "eof_nolen": raw(UNSIZED_STREAM + OPENING, "fin"),
    "last_no_blank": sse(OPENING + STOP.removesuffix(b"\n\n")),
    "no_done": sse(OPENING + STOP),
    # The stream holds what is not a chunk.
    "bad_json": sse(OPENING + b'data: {"choices": [\n\n' + CLOSING),
    "bad_utf8": sse(OPENING + event(chunk({"content": "?!"})).replace(b"?!", b"\xff\xfe") + CLOSING),
    "data_list": sse(OPENING + b"data: [1, 2]\n\n" + CLOSING),
    "data_empty": sse(OPENING + b"data:\n\n" + CLOSING),
    "err_obj": sse(
        OPENING + event({"error": {"message": "The server is overloaded", "type": "server_error", "code": None}})
    ),
    "err_str": sse(OPENING + event({"error": "upstream is busy"})),
    "err_event": sse(OPENING + b"event: error\n" + event({"message": "upstream is busy"})),
    # The answer is not an answer.
    "200html": status(200, "<html><body>Please log in</body></html>", content_type="text/html"),
    "200errjson": error(200, "upstream is busy", "server_error"),
    "401": error(401, "Incorrect API key provided: sk-ab***********yz.", error_code="invalid_api_key"),
    "403": error(
        403,
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
    ),
    "404": _unknown_model,
    "400ctx": too_long(4096, 5000),
    "429quota": error(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "429ra1": _rate_limit(1),
    "429ra90": _rate_limit(90),
    "429ra600": _rate_limit(600),
    "500": error(500, "The server had an error while processing your request.", "server_error"),
    "500for_good": error(
        500,
        "The server had an error while processing your request.",
        "server_error",
        headers=FOR_GOOD,
    ),
    "502html": status(502, "<html><h1>502 Bad Gateway</h1></html>", content_type="text/html"),
    "flaky1": flaky(1, say("partial answer")),
    "307out": redirect(),
    # Odd but legal: the answer is whole.
    "empty_choices": sse(event(chunk({}) | {"choices": []}) + OPENING + event({"choices": []}) + MORE),
    "null_delta": sse(OPENING + event(chunk(None)) + MORE),
    "no_choices": sse(OPENING + event({"id": "chatcmpl-loopback", "object": "keepalive"}) + MORE),
    "len": sse(OPENING + event(chunk({}, "length")) + DONE),
    "filter": sse(OPENING + event(chunk({}, "content_filter")) + DONE),
    # Too slow, too much, or not text.
    "slow1": drip("x ", 0.1),
    "flood": flood(64 * 1024 * 1024),
    "huge_line": sse(OPENING + event(chunk({"content": "x" * 5_000_000})) + CLOSING),
    "lone_surrogate": sse(OPENING + event(chunk({"content": "\ud83d"})) + CLOSING),
}
