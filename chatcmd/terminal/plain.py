"""Lines from a pipe, or from a terminal without a line editor."""

import asyncio
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from io import BufferedReader
from typing import BinaryIO, TextIO

from chatcmd.errors import Exit
from chatcmd.terminal import EndOfInput, ReaderGone
from chatcmd.terminal.clean import clean_line

CHUNK = 65536


class PlainKeyboard:
    """Reads lines of bytes; `prompts`, if given, is where a person is asked for them."""

    def __init__(self, lines: BinaryIO, prompts: TextIO | None) -> None:
        self.interactive = prompts is not None
        # Below Python's buffer, whose lock a thread that still waits at the end would hold: Python aborts on that.
        self._lines = lines.raw if isinstance(lines, BufferedReader) else lines
        self._prompts = prompts
        self._unread = b""
        self._arriving: asyncio.Future[bytes | None] | None = None
        self._first = True

    async def line(
        self,
        prompt: str,
        *,
        text: str = "",
        offers: Sequence[str] | None = None,  # noqa: ARG002 - only an editor can complete
        secret: bool = False,
    ) -> str:
        """Read a line; invalid UTF-8 becomes U+FFFD, and what was to be edited is told."""
        back = f"(given back: {clean_line(text)})\n" if text else ""
        with switched_off(termios.ECHO, self._lines) if secret else nullcontext():
            self._prompt(back + prompt)
            raw = await self._read()
        if secret:
            self._prompt("\n")  # the one that was typed did not show either
        if not raw:
            raise EndOfInput
        line = raw.decode("utf-8-sig" if self._first else "utf-8", "replace")
        self._first = False
        return line.removesuffix("\n").removesuffix("\r")

    async def rest(self) -> str:
        """Read all that is left of the input, less its last line's ending."""
        raw = await self._begin_to_read(self._all) or b""
        return raw.decode("utf-8-sig", "replace").removesuffix("\n").removesuffix("\r")

    def answering(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _prompt(self, text: str) -> None:
        if self._prompts is not None:
            try:
                self._prompts.write(text)
                self._prompts.flush()
            except OSError:  # the terminal has vanished
                raise ReaderGone(Exit.HANGUP) from None

    async def _read(self) -> bytes:
        """Wait for a line; one that nobody waits for any more, after Ctrl-C, is there for whoever asks next."""
        if self._arriving is None:
            self._arriving = self._begin_to_read(self._next_line)
        line = await asyncio.shield(self._arriving)
        self._arriving = None
        if line is None:
            raise ReaderGone(Exit.HANGUP)
        return line

    def _begin_to_read(self, read: Callable[[], bytes | None]) -> asyncio.Future[bytes | None]:
        """Read in a thread of its own: one that is still waiting at the end must not keep us."""
        loop = asyncio.get_running_loop()
        arriving: asyncio.Future[bytes | None] = loop.create_future()

        def arrive(data: bytes | None) -> None:
            if not arriving.done():
                arriving.set_result(data)

        def work() -> None:
            data = read()
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(arrive, data)

        threading.Thread(target=work, daemon=True, name="read a line").start()
        return arriving

    def _next_line(self) -> bytes | None:
        """Read up to a line's end, or what there is at the end of input; None when the terminal has vanished."""
        pieces = [self._unread]
        while b"\n" not in pieces[-1]:
            try:
                piece = self._lines.read(CHUNK)
            except OSError:
                return None
            if not piece:
                break
            pieces.append(piece)
        line, end, self._unread = b"".join(pieces).partition(b"\n")
        return line + end

    def _all(self) -> bytes | None:
        pieces = []
        while piece := self._lines.read(CHUNK):
            pieces.append(piece)
        return b"".join(pieces)


@contextmanager
def switched_off(modes: int, stream: BinaryIO | TextIO) -> Iterator[None]:
    """Switch local modes of a terminal, such as ECHO, off for a while; where there is none, nothing changes."""
    try:
        before = termios.tcgetattr(stream.fileno())
        without = [*before]
        without[3] = before[3] & ~modes
        termios.tcsetattr(stream.fileno(), termios.TCSANOW, without)
    except (termios.error, OSError):
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal has vanished
            termios.tcsetattr(stream.fileno(), termios.TCSANOW, before)
