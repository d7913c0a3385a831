"""Server-sent events, read from bytes as they come (pure).

Lines end with LF, CR LF or CR as the HTML standard has it; U+2028 and its like do not end a line.
"""

from collections.abc import Iterator

from msgspec import Struct

LONGEST = 8 * 1024 * 1024
"""Bytes of one event that are still taken; a server that sends more is not heard out."""


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
        self._type = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes; raises TooLong."""
        self._rest += chunk
        while (line := self._line()) is not None:
            if not line:
                if self._data:
                    yield self._event()
            else:
                self._field(line)
        if self._size + len(self._rest) > LONGEST:
            raise TooLong

    def end(self) -> Iterator[Event]:
        """Tell that no more bytes come: a last event without its blank line still counts."""
        if self._rest:
            self._field(bytes(self._rest).rstrip(b"\r"))
            self._rest.clear()
        if self._data:
            yield self._event()

    def _line(self) -> bytes | None:
        """Cut one whole line off; a CR at the very end waits for its LF."""
        rest = self._rest
        newline = rest.find(b"\n", self._searched)
        carriage = rest.find(b"\r", self._searched, newline if newline >= 0 else len(rest))
        end = newline if carriage < 0 else carriage
        if end < 0 or end == carriage == len(rest) - 1:
            self._searched = len(rest) if end < 0 else end
            return None
        line = bytes(rest[:end])
        del rest[: end + (2 if rest[end : end + 2] == b"\r\n" else 1)]
        self._searched = 0
        return line

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value)
        elif name == b"event":
            self._type = value

    def _event(self) -> Event:
        event = Event(self._type.decode("utf-8", "replace"), b"\n".join(self._data))
        self._data, self._type, self._size = [], b"", 0
        return event
