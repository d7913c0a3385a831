"""A turn of a real chat: from Enter to the request, from the answer's bytes to the screen and the prompt, memory."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.bench.disk import fill_session
from tests.bench.measure import Bench, Bound, Pair, Row
from tests.bench.process import CHATCMD, PYTHON, Watched, environment, memory_in
from tests.loopback import Exchange, Loopback, Received, chunk, event
from tests.replies import CHANGED, DONE, END, EVENT_STREAM, framed

USER, FIRST, LAST = "小明", "First. ", "Last."
USAGE = {"prompt_tokens": 44, "completion_tokens": 8, "total_tokens": 52}
FOLDED = 1000  # characters that come at once: they are shown as a paste
IMPORTS = "import openai, prompt_toolkit; print(open('/proc/self/status').read())"


class Stamped:
    """An answer that notes when its first word leaves and when its last bytes do; those wait for `finish()`."""

    def __init__(self) -> None:
        self.first = self.last = 0.0
        self._released = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        exchange.send(EVENT_STREAM + framed(event(chunk({"role": "assistant", "content": ""}))))
        self.first = time.monotonic()
        exchange.send(framed(event(chunk({"content": FIRST}))))
        exchange.until(self._released.is_set)
        ending: list[dict[str, Any]] = [chunk({"content": LAST}), chunk({}, "stop")]
        ending.append(chunk({}) | {"choices": [], "usage": USAGE})
        data = b"".join(framed(event(value)) for value in ending) + framed(DONE) + END
        self.last = time.monotonic()
        exchange.send(data, last=True)

    def finish(self) -> None:
        with CHANGED:
            self._released.set()
            CHANGED.notify_all()


class Bare:
    """The least that a client can be: a kept connection on which the same bytes are sent and looked for."""

    def __init__(self, server: Loopback) -> None:
        self._server = server
        self._socket = socket.create_connection(("127.0.0.1", server.port))

    def close(self) -> None:
        self._socket.close()

    def turn(self, like: Received) -> tuple[float, float, float]:
        """Send a request again; return the seconds to it, from its answer's first word, and from its last bytes."""
        lines = [f"{like.method} {like.target} HTTP/1.1", *(f"{name}: {value}" for name, value in like.headers.items())]
        data = "\r\n".join([*lines, "", ""]).encode() + like.raw
        reply, number = Stamped(), len(self._server.requests) + 1
        self._server.answer(reply)
        sent = time.monotonic()
        self._socket.sendall(data)
        first = self._until(FIRST.encode())
        reply.finish()
        last = self._until(END)
        return self._server.wait_for_request(number).at - sent, first - reply.first, last - reply.last

    def _until(self, needle: bytes) -> float:
        seen = b""
        while needle not in seen:
            seen += self._socket.recv(65536)
        return time.monotonic()


@contextmanager
def second_turn(folder: Path, *, question: str, earlier: int = 0) -> Iterator[Pair]:
    """Measure the second turn of a fresh chat each time; the floor is the same request from a bare socket.

    With `earlier` turns the chat goes on with a saved session of that length.
    """
    reused: list[bool] = []
    with Loopback() as server, closing(Bare(server)) as bare:
        environ = environment(folder, OPENAI_API_KEY="sk-benchmark", OPENAI_BASE_URL=server.base_url)

        def ours() -> tuple[float, ...]:
            root = folder / str(len(reused))
            saved = fill_session(root / "history", USER, earlier) if earlier else None
            argv = [CHATCMD, "--root", str(root), "--user", USER, "--model", "gpt-4o" if saved else "gpt-3.5-turbo"]
            with Watched([*argv, *(["--continue"] if saved else [])], environ, folder) as chat:
                chat.until("after turn" if saved else f"【{USER}】")
                _turn(chat, server, "1+1=几")
                times = _turn(chat, server, question)
                reused.append(server.chats[-1].connection == server.chats[-2].connection)
                return (*times, *chat.memory())

        def floor() -> tuple[float, ...]:
            return (*bare.turn(server.chats[-1]), *_memory_of_imports())

        yield Pair(ours, floor, lambda: f"connection reused in {sum(reused)} of {len(reused)}")


def _turn(chat: Watched, server: Loopback, question: str) -> tuple[float, float, float]:
    """Ask; return the seconds from Enter to the request, and from the answer's bytes to the screen and the prompt."""
    reply, number = Stamped(), len(server.requests) + 1
    server.answer(reply)
    chat.type(question)
    chat.until(question[-1] if len(question) < FOLDED else "]")
    entered = chat.type("\r")
    first = chat.until(FIRST.rstrip())
    request = server.wait_for_request(number)
    reply.finish()
    chat.until(LAST)
    prompt = chat.until(f"【{USER}】")
    return request.at - entered, first - reply.first, prompt - reply.last


@cache
def _memory_of_imports() -> tuple[float, float]:
    """Measure once a run: it varies by less than the table shows."""
    if not Path("/proc/self/status").exists():
        return memory_in("VmHWM: nan\nVmRSS: nan")
    done = subprocess.run([PYTHON, "-c", IMPORTS], capture_output=True, text=True, check=True)
    return memory_in(done.stdout)


def _bench(prefix: str, question: str, *, promised: bool = False, earlier: int = 0) -> Bench:
    request, first, prompt = (Bound("more", most) if promised else None for most in (5, 1.5, 6))
    rows = (
        Row(f"{prefix}.request", "ms", "the same bytes on a bare socket", request),
        Row(f"{prefix}.first", "ms", "recv() of a bare socket", first),
        Row(f"{prefix}.prompt", "ms", "recv() of a bare socket", prompt),
        Row(f"{prefix}.peak", "MB", "import openai, prompt_toolkit, once"),
        Row(f"{prefix}.memory", "MB", "import openai, prompt_toolkit, once"),
    )
    return Bench(rows, 11, partial(second_turn, question=question, earlier=earlier))


BENCHES = (
    _bench("turn", "为什么是这样？", promised=True),
    # 4,000 bytes are more than the bound can prove to fit into 4,096 tokens: the vocabulary is loaded.
    _bench("turn.counted", "why " * 1000 + "？"),
    _bench("turn.long", "为什么是这样？", earlier=200),
)
