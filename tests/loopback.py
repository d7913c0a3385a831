"""A loopback server that speaks the OpenAI API over real sockets, and misbehaves as a test tells it to."""

import json
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.replies import (
    CHANGED,
    FAULTS,
    Close,
    CountText,
    Exchange,
    Gated,
    Received,
    Reply,
    chunk,
    drip,
    error,
    event,
    flaky,
    flood,
    gated,
    prompt_tokens,
    raw,
    redirect,
    say,
    sse,
    status,
    too_long,
    window_model,
)

__all__ = [
    "FAULTS",
    "Exchange",
    "Gated",
    "Loopback",
    "Received",
    "Reply",
    "chunk",
    "drip",
    "error",
    "event",
    "flaky",
    "flood",
    "gated",
    "prompt_tokens",
    "raw",
    "redirect",
    "say",
    "sse",
    "status",
    "too_long",
    "window_model",
]


class Loopback:
    """A server in threads of its own, ready as soon as it exists and gone without trace after `close()`.

    Chat requests take the scripted replies in order, then `default`. All waiting blocks the calling thread:
    from a coroutine use `asyncio.to_thread(server.wait_for_request, 1)`.

    `count` gives the prompt tokens of a list of messages and `count_text` those of an answer (characters,
    unless a tokenizer is given); `models` is what GET /v1/models lists; `elsewhere` is where "307out" points;
    `closed_by_peer` is set, and `aborts` grows by a time stamp, when a client leaves in mid-answer.
    """

    def __init__(self, count_text: CountText = len, *, default: Reply | None = None) -> None:
        self.count_text = count_text
        self.count: Callable[[Sequence[Mapping[str, Any]]], int] = lambda found: prompt_tokens(found, self.count_text)
        self.default: Reply = default or say("Hello.")
        self.models = ["gpt-3.5-turbo", "gpt-4o"]
        self.elsewhere = "http://elsewhere.invalid/v1"
        self.requests: list[Received] = []
        self.connections = 0
        self.closed_by_peer = threading.Event()
        self.aborts: list[float] = []
        self.closing = False
        self._script: deque[Reply] = deque()
        self._paths: dict[str, Reply] = {}
        self._uses: Counter[Reply] = Counter()
        self._wires: list[_Wire] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self._acceptor = threading.Thread(target=self._accept, name="loopback-accept", daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def chats(self) -> list[Received]:
        """The requests for an answer, without those for the list of models."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    @property
    def open_connections(self) -> int:
        """How many connections the clients keep open now."""
        return sum(not wire.gone for wire in self._wires)

    def answer(self, *replies: Reply) -> None:
        """Append replies to the script; each answers one chat request."""
        self._script.extend(replies)

    def on(self, path: str, reply: Reply) -> None:
        """Answer every request for this path, such as /v1/models, with this reply."""
        self._paths[path] = reply

    def wait_for(self, met: Callable[[], bool], timeout: float = 10) -> None:
        """Wait until something about this server is true, and fail if it does not come true in time."""
        with CHANGED:
            assert CHANGED.wait_for(met, timeout), f"nothing came of it in {timeout} s; {self!r}"

    def wait_for_request(self, number: int = 1, timeout: float = 10) -> Received:
        """Wait for the request of this number, counted from 1 since the start, and return it."""
        self.wait_for(lambda: len(self.requests) >= number, timeout)
        return self.requests[number - 1]

    def close(self) -> None:
        """Hang up on everyone and end every thread; replies that hang are unwound."""
        with CHANGED:
            if self.closing:
                return
            self.closing = True
        # A connection of our own is the one portable way to wake a thread that sits in accept().
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._acceptor.join()
        self._listener.close()
        for wire in self._wires:
            wire.hang_up()
        for wire in self._wires:
            wire.thread.join()

    def respond(self, wire: "_Wire", request: Received) -> None:
        """Choose the reply to a request and carry it out, in the connection's thread."""
        with CHANGED:
            self.requests.append(request)
            reply = self._reply_to(request)
            self._uses[reply] += 1
            wire.use = self._uses[reply]
            CHANGED.notify_all()
        reply(wire)

    def _reply_to(self, request: Received) -> Reply:
        if request.path in self._paths:
            return self._paths[request.path]
        if request.path.endswith("/chat/completions"):
            return self._script.popleft() if self._script else self.default
        if request.path.endswith("/models"):
            listed = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in self.models]
            return status(200, {"object": "list", "data": listed})
        return error(404, f"Unknown request URL: {request.method} {request.path}.")

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with CHANGED:
                if self.closing:
                    connection.close()
                    return
                self.connections += 1
                wire = _Wire(self, connection, self.connections)
                self._wires.append(wire)
                wire.thread.start()
                CHANGED.notify_all()

    def __repr__(self) -> str:
        lines = [f"{request.method} {request.path}" for request in self.requests]
        return f"<Loopback {self.base_url}: {self.connections} connections, {len(self.aborts)} aborts, {lines}>"


class _LeftError(Exception):
    """The client hung up, or the test closed the server: whatever was being answered is over."""


class _Wire:
    """One connection: a thread that answers, and one that reads, so that a hang-up is seen at any moment."""

    request: Received
    use = 1

    def __init__(self, server: Loopback, connection: socket.socket, number: int) -> None:
        self.server = server
        self.number = number
        self.gone = False
        self.thread = threading.Thread(target=self._serve, name=f"loopback-{number}", daemon=True)
        self._reader = threading.Thread(target=self._read, name=f"loopback-{number}-read", daemon=True)
        self._socket = connection
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._answering = False
        self._aborted = False
        self._farewell = socket.SHUT_RDWR

    @property
    def elsewhere(self) -> str:
        return self.server.elsewhere

    def count(self, messages: Sequence[Mapping[str, Any]]) -> int:
        return self.server.count(messages)

    def count_text(self, text: str) -> int:
        return self.server.count_text(text)

    def send(self, data: bytes, *, last: bool = False) -> None:
        with CHANGED:
            if self.gone:
                raise _LeftError
            self._answering = not last
        try:
            self._socket.sendall(data)
        except OSError:
            # Not even the last bytes were all taken: the client did leave in mid-answer.
            self._answering = True
            self._leave()
            raise _LeftError from None

    def until(self, met: Callable[[], bool], seconds: float | None = None) -> None:
        with CHANGED:
            CHANGED.wait_for(lambda: met() or self.gone, seconds)
            if self.gone and not met():
                raise _LeftError

    def close(self, how: Close) -> None:
        if how == "hold":
            self.until(lambda: False)
        if how == "rst":
            # A socket that does not linger is reset by close(), provided that nothing said good-bye before.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._farewell = socket.SHUT_RD
        raise _LeftError

    def hang_up(self) -> None:
        """Wake both threads wherever they are, without closing the descriptor under their feet."""
        with suppress(OSError):
            self._socket.shutdown(self._farewell)

    def _serve(self) -> None:
        self._reader.start()
        try:
            while True:
                self.request = self._next_request()
                self._begin()
                self.server.respond(self, self.request)
                self._answering = False
        except _LeftError:
            pass
        finally:
            self._answering = False
            self.hang_up()
            self._reader.join()
            self._socket.close()

    def _begin(self) -> None:
        with CHANGED:
            self._answering = True
            if self.gone:
                self._leave()

    def _next_request(self) -> Received:
        self.until(lambda: b"\r\n\r\n" in self._buffer)
        top = self._buffer.partition(b"\r\n\r\n")[0]
        first, *lines = top.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        start = len(top) + 4
        end = start + int(headers.get("content-length", "0"))
        self.until(lambda: len(self._buffer) >= end)
        with CHANGED:
            content, self._buffer = self._buffer[start:end], self._buffer[end:]
        path = urlsplit(target).path
        return Received(method, target, path, headers, content, _parsed(content), self.number, time.monotonic())

    def _read(self) -> None:
        while data := self._receive():
            with CHANGED:
                self._buffer += data
                CHANGED.notify_all()
        self._leave()

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except OSError:
            return b""

    def _leave(self) -> None:
        with CHANGED:
            self.gone = True
            if self._answering and not self._aborted and not self.server.closing:
                self._aborted = True
                self.server.aborts.append(time.monotonic())
                self.server.closed_by_peer.set()
            CHANGED.notify_all()


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
