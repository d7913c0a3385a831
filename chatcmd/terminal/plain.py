"""Lines from a pipe, or from a terminal without a line editor."""

import asyncio
import os
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from io import BufferedReader
from typing import BinaryIO, TextIO

from chatcmd.clean import clean_line
from chatcmd.errors import Exit, UsageError
from chatcmd.language import _
from chatcmd.terminal import NO_DRAFT, Desk, EndOfInput, Line, ReaderGone
from chatcmd.terminal.block import going_on, unquoted
from chatcmd.terminal.pick import Choice, Shelf

CHUNK = 65536
CONTINUED = "... "
"""What asks a person for the next line of a question."""


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

    def sit_at(self, desk: Desk) -> None:
        """Go on as before: a plain line has no completion, bar or recall."""

    async def line(
        self, prompt: str, *, draft: Line = NO_DRAFT, offers: Sequence[str] | None = None, secret: bool = False
    ) -> Line:
        """Read a line; invalid UTF-8 becomes U+FFFD, and what was to be edited is told.

        A person's question goes on behind a backslash, and in a block between triple quotes; a pipe's is one line.
        """
        line = await self._one(prompt, text=draft.text, secret=secret)
        if not self.interactive or secret or offers is not None:
            return Line(line)
        while (longer := going_on(line)) is not None:
            try:
                line = longer + await self._one(CONTINUED)
            except EndOfInput:
                break
        return Line(unquoted(line))

    async def edit(self, text: str) -> str:
        """Let a person change a text in their editor; raises UsageError."""
        if not self.interactive:
            raise UsageError(_("there is no terminal here for an editor"))
        from chatcmd.terminal.editor import edited  # noqa: PLC0415 - few prompts come to it

        return await edited(text, os.environ)

    def close(self) -> None:
        """Leave the terminal as it is, which is as it was."""

    async def _one(self, prompt: str, *, text: str = "", secret: bool = False) -> str:
        back = _("(given back: {text})").format(text=clean_line(text)) + "\n" if text else ""
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

    def pressing(self, take: Callable[[str], None]) -> AbstractContextManager[None]:  # noqa: ARG002 - lines have none
        return nullcontext()

    async def pick(self, shelf: Shelf, typed: str = "") -> Choice | None:
        """Let one be picked of a numbered list; what is no number is looked for."""
        from chatcmd.terminal.numbered import numbered  # noqa: PLC0415 - few prompts come to it

        if self._prompts is None:
            raise UsageError(_("there is nobody here to pick from a list"))
        return await numbered(shelf, typed, self._prompt, self._one)

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
        try:
            line = await asyncio.shield(self._arriving)
        except Exception:
            self._arriving = None
            raise
        self._arriving = None
        if line is None:
            raise ReaderGone(Exit.HANGUP)
        return line

    def _begin_to_read(self, read: Callable[[], bytes | None]) -> asyncio.Future[bytes | None]:
        """Read in a thread of its own: one that is still waiting at the end must not keep us."""
        arriving: Future[bytes | None] = Future()

        def work() -> None:
            try:
                data = read()
            except Exception as fault:  # whoever waits would wait for ever
                arriving.set_exception(fault)
            else:
                arriving.set_result(data)

        threading.Thread(target=work, daemon=True, name="read a line").start()
        return asyncio.wrap_future(arriving)

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
