"""Real proxies on this machine, which note what they are asked, and a front that puts TLS before a plain server."""

import asyncio
import base64
import ssl
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Listener:
    """A server in a thread with a loop of its own, ready as soon as it exists and gone without trace after `close()`.

    Its port is asked in plain, or in TLS when it is given a context.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._serving: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._ending = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="listener", daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._begin, "127.0.0.1", 0, ssl=tls))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up on everyone, and end the thread."""
        if not self._loop.is_closed():
            self._run(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        raise NotImplementedError

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def carry(self, reading: Coroutine[Any, Any, None], there: Pair, writer: asyncio.StreamWriter) -> None:
        """Carry what is read one way, and what comes back the other, until either side hangs up."""
        ways = [asyncio.create_task(reading), asyncio.create_task(_carried(there[0], writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        there[1].close()
        writer.close()
        await asyncio.gather(*ways, return_exceptions=True)

    async def onward(self, port: int) -> Pair:
        """Connect to a port of this machine."""
        there, writer = await asyncio.open_connection("127.0.0.1", port)
        self._keep(writer)
        return there, writer

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(writer)
        self._serving.add(self._loop.create_task(self._to_its_end(reader, writer)))

    async def _to_its_end(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            await self.serve(reader, writer)
        writer.close()

    def _keep(self, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        if self._ending:
            writer.transport.abort()

    async def _end(self) -> None:
        """Hang up, by which every task comes to its end by itself; none is cancelled with a connection in its hand."""
        self._ending = True
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._serving)
        for writer in self._writers:
            with suppress(OSError):
                await writer.wait_closed()
        await self._server.wait_closed()


class Encrypted(Listener):
    """TLS before the plain server at a port of this machine."""

    def __init__(self, tls: ssl.SSLContext, port: int) -> None:
        super().__init__(tls)
        self._port = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await self.onward(self._port)
        await self.carry(_carried(reader, there[1]), there, writer)


@dataclass(frozen=True)
class Asked:
    """What a proxy was asked for: the request's method or SOCKS, what it named, and as whom (empty: as nobody)."""

    method: str
    target: str
    user: str


class OpenProxy(Listener):
    """A proxy for HTTP, CONNECT and SOCKS5 on one port, which takes every name for this machine.

    `asked` is what it was asked for, in order; `read` is all that its clients sent, as far as it could read it. With
    a `password` it lets in only who knows it, under whatever name; a `refusal` is what a SOCKS5 client is told: 255
    for no way to sign in, else the number of the failure.
    """

    def __init__(self, *, password: str = "", refusal: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.read = b""
        self._password = password
        self._refusal = refusal
        super().__init__(tls)

    def url(self, scheme: str = "http", sign_in: str = "") -> str:
        """Return its address, with `name:password` or a name to sign in with."""
        return f"{scheme}://{sign_in}{'@' if sign_in else ''}127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        await (self._socks(reader, writer) if first == b"\x05" else self._http(first, reader, writer))

    async def _http(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = first + await reader.readuntil(b"\r\n\r\n")
        method, target, user, password = _request(head)
        if self._password not in ("", password):
            self._note(head, method, target, user)
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n")
            writer.write(b"Content-Length: 0\r\n\r\n")
        elif method == "CONNECT":
            self._note(head, method, target, user)
            there = await self.onward(urlsplit(f"//{target}").port or 443)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self.carry(self._heard(reader, there[1]), there, writer)
        else:
            there = await self.onward(urlsplit(target).port or 80)
            await self.carry(self._requests(head, reader, there[1]), there, writer)

    async def _requests(self, head: bytes, reader: asyncio.StreamReader, onward: asyncio.StreamWriter) -> None:
        """Pass requests on as a server expects them: less the host in the first line, and less what is ours."""
        while True:
            method, target, user, _password = _request(head)
            self._note(head, method, target, user)
            _first, *lines = head.split(b"\r\n")
            path = target.removeprefix(f"http://{urlsplit(target).netloc}")
            kept = [line for line in lines if not line.lower().startswith(b"proxy-")]
            length = next((int(line[15:]) for line in kept if line.lower().startswith(b"content-length:")), 0)
            body = await reader.readexactly(length)
            self.read += body
            onward.write(b"\r\n".join([f"{method} {path} HTTP/1.1".encode(), *kept]) + body)
            head = await reader.readuntil(b"\r\n\r\n")

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        offered = await reader.readexactly((await reader.readexactly(1))[0])
        way = 2 if 2 in offered else 0
        if self._refusal == 255 or (self._password and not way):
            self.asked.append(Asked("SOCKS", "", ""))
            writer.write(b"\x05\xff")
            return
        writer.write(bytes([5, way]))
        user = ""
        if way:
            user = (await reader.readexactly((await reader.readexactly(2))[1])).decode()
            password = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
            right = self._password in ("", password)
            writer.write(b"\x01\x00" if right else b"\x01\x01")
            if not right:
                self.asked.append(Asked("SOCKS", "", user))
                return
        kind = (await reader.readexactly(4))[3]
        length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        named = await reader.readexactly(length)
        port = int.from_bytes(await reader.readexactly(2), "big")
        host = named.decode() if kind == 3 else str(ip_address(named))
        self._note(b"", "SOCKS", f"{host}:{port}", user)
        writer.write(bytes([5, self._refusal, 0, 1]) + bytes(6))
        if not self._refusal:
            there = await self.onward(port)
            await self.carry(self._heard(reader, there[1]), there, writer)

    def _note(self, head: bytes, method: str, target: str, user: str) -> None:
        self.read += head
        self.asked.append(Asked(method, target, user))

    async def _heard(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            self.read += data
            sink.write(data)


def _request(head: bytes) -> tuple[str, str, str, str]:
    """Take a request's method, target, and name and password for the proxy."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ")
    fields = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
    basic = base64.b64decode(fields.get("proxy-authorization", "").removeprefix("Basic ")).decode()
    user, _colon, password = basic.partition(":")
    return method, target, user, password


async def _carried(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
