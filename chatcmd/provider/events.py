"""Server-sent events, read from bytes as they come (pure).

Lines end with LF, CR LF or CR as the HTML standard has it; U+2028 and its like do not end a line. Two things differ
from it: a last event without its blank line counts, and so does an event whose data is empty.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

LONGEST = 8 * 1024 * 1024
"""Bytes of one event that are still taken; a server that sends more is not heard out."""

_LINE_COST = 64
"""Bytes that a line of data takes besides its own, so that empty ones count too."""

BOM = b"\xef\xbb\xbf"
_END = re.compile(rb"[\r\n]")


class Event(Struct, frozen=True):
    """One event: its type ("" for the usual one) and its data."""

    type: str
    data: bytes


class TooLong(ValueError):
    """An event longer than LONGEST."""


class Events:
    """Feed it bytes, and it gives the events that they complete."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0
        self._begun = False
        self._type = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes; raises TooLong."""
        self._rest += chunk
        while (line := self._line()) is not None:
            yield from self._take(line)
        if self._size + len(self._rest) > LONGEST:
            raise TooLong

    def end(self) -> Iterator[Event]:
        """Tell that no more bytes come: a last event without its blank line still counts."""
        rest = bytes(self._rest).removesuffix(b"\r")
        self._rest.clear()
        if rest:
            yield from self._take(rest)
        yield from self._take(b"")

    def _line(self) -> bytes | None:
        """Cut one whole line off; a CR at the very end waits for its LF.

        No byte is searched twice, and a bytearray gives up its front in constant time: the cost is linear.
        """
        rest = self._rest
        found = _END.search(rest, self._searched)
        if found is None or (found.start() == len(rest) - 1 and rest.endswith(b"\r")):
            self._searched = len(rest) if found is None else found.start()
            return None
        end = found.start()
        line = bytes(rest[:end])
        del rest[: end + (2 if rest[end : end + 2] == b"\r\n" else 1)]
        self._searched = 0
        return line

    def _take(self, line: bytes) -> Iterator[Event]:
        if not self._begun:
            self._begun = True
            line = line.removeprefix(BOM)
        if line:
            self._field(line)
            return
        if self._data:
            yield Event(self._type.decode("utf-8", "replace"), b"\n".join(self._data))
        self._data, self._type, self._size = [], b"", 0

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value) + _LINE_COST
        elif name == b"event":
            self._type = value
