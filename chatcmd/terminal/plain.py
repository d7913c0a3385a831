"""Lines from a pipe, or from a terminal without a line editor."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO, TextIO

from chatcmd.terminal import EndOfInput
from chatcmd.terminal.clean import clean_line


class PlainKeyboard:
    """Reads lines of bytes; `prompts`, if given, is where a person is asked for them."""

    def __init__(self, lines: BinaryIO, prompts: TextIO | None) -> None:
        self.interactive = prompts is not None
        self._lines = lines
        self._prompts = prompts
        self._first = True

    async def line(self, prompt: str, *, text: str = "", offers: Sequence[str] = (), secret: bool = False) -> str:  # noqa: ARG002
        """Read a line; invalid UTF-8 becomes U+FFFD, and what was to be edited is told."""
        if self._prompts is not None:
            for offer in ("  ".join(offers), f"(given back: {text})" if text else ""):
                if offer:
                    self._prompts.write(clean_line(offer) + "\n")
            self._prompts.write(prompt)
            self._prompts.flush()
        raw = await self._read()
        if not raw:
            raise EndOfInput
        line = raw.decode("utf-8-sig" if self._first else "utf-8", "replace")
        self._first = False
        return line.removesuffix("\n").removesuffix("\r")

    def answering(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def _read(self) -> bytes:
        """Wait for a line in a thread of its own: one that is still waiting at the end must not keep us."""
        loop = asyncio.get_running_loop()
        arrived: asyncio.Future[bytes] = loop.create_future()

        def arrive(line: bytes) -> None:
            if not arrived.done():
                arrived.set_result(line)

        def read() -> None:
            line = self._lines.readline()
            if not loop.is_closed():
                loop.call_soon_threadsafe(arrive, line)

        threading.Thread(target=read, daemon=True, name="read a line").start()
        return await arrived
