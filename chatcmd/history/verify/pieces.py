"""What is whole of damaged JSON: values that can be read, at their places (pure).

Our files are indented, and no string holds a line break: behind a value that cannot be read, reading goes on with the
next line that is indented like it. Of a list of messages in any layout, it goes on where the next message begins.
"""

import re
from collections.abc import Callable
from json import JSONDecoder
from typing import Any, NamedTuple

DEEPEST = 50
"""Levels of a value that are looked at; nothing we write is half as deep."""

MOST_LOST = 200
"""Places that cannot be read, after which the rest is given up: it is no session any more."""

MESSAGES = "$.messages"
"""The place of the messages."""

OURS = 2
"""How much further we indent each level."""

_MESSAGE = re.compile(r'\{\s*"role"\s*:')
_SPACE = re.compile(r"[ \t\n\r]*")
_NO_NAME = re.compile(r'[^"\n]*(?=")')
_NO_VALUE = re.compile(r'[^\s{}\[\]"\-0-9tfn,]+\s*')


class _Unreadable(Exception):
    pass


class _Where(NamedTuple):
    """Where a value stands: its place, how many values are around it, and how far the lines there are indented."""

    place: str
    level: int
    indent: int | None

    def within(self, name: str, indent: int | None) -> "_Where":
        return _Where(self.place + name, self.level + 1, indent)


_TOP = _Where("$", 0, None)


def whole_pieces(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """Read what can be read of a saved session, and name the places of the rest (as `$.messages[3].latency`).

    Bytes that are no UTF-8, and halves of characters, become U+FFFD.
    """
    text = data.decode("utf-8-sig", "replace")
    reader = _Reader(text)
    found = reader.top()
    if not _is_messages(found.get("messages")):
        found["messages"] = _elsewhere(found) or reader.messages()
    return found, list(dict.fromkeys(reader.lost))


def _elsewhere(found: dict[str, Any]) -> list[Any] | None:
    """Find the messages under a name that is damaged, and take that away."""
    name = next((name for name, value in found.items() if _is_messages(value)), None)
    return None if name is None else found.pop(name)


def _is_messages(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) and "role" in each for each in value)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lost: list[str] = []
        self._strict = JSONDecoder(parse_int=_integer, parse_constant=lambda _name: None).raw_decode
        self._loose = JSONDecoder(strict=False).raw_decode

    def top(self) -> dict[str, Any]:
        """Read the object that a session is, or a bare list of messages."""
        at = self._past(_SPACE, 0)
        if self.text[at : at + 1] == "[":
            found, _end = self._array(at + 1, _Where(MESSAGES, 0, None))
            if _is_messages(found):
                return {"messages": found}
        return self._object(at + 1, _TOP)[0]

    def messages(self) -> list[Any]:
        """Read messages wherever they begin, for want of the list that holds them."""
        first = _MESSAGE.search(self.text)
        return self._array(first.start(), _Where(MESSAGES, 1, None))[0] if first else []

    def _value(self, at: int, where: _Where) -> tuple[Any, int]:
        """Read a value, whole or in pieces, and tell where it ends; raises _Unreadable."""
        try:
            found, end = self._strict(self.text, at)
            return _characters(found, 0), end
        except (ValueError, RecursionError):
            pass
        begin = self.text[at : at + 1] if where.level <= DEEPEST else ""
        if begin == "{":
            return self._object(at + 1, where)
        if begin == "[":
            return self._array(at + 1, where)
        if begin == '"':
            return self._string(at)
        raise _Unreadable

    def _string(self, at: int) -> tuple[str, int]:
        """Read a string that may hold control characters as they are, but no line break."""
        try:
            found, end = self._loose(self.text, at)
        except ValueError:
            raise _Unreadable from None
        if "\n" in self.text[at:end]:
            raise _Unreadable
        return _characters(found, 0), end

    def _object(self, at: int, where: _Where) -> tuple[dict[str, Any], int]:
        made: dict[str, Any] = {}
        indent = self._indent(at, where)

        def member(at: int) -> tuple[int, bool]:
            at = self._past(_NO_NAME, at)
            if self.text[at : at + 1] != '"':
                raise _Unreadable
            name, at = self._string(at)
            inner, at = where.within(f".{name}", indent), self._past(_SPACE, at)
            if self.text[at : at + 1] != ":":
                raise _Unreadable
            try:
                value, end = self._value(self._past(_SPACE, at + 1), inner)
            except _Unreadable:
                self.lost.append(inner.place)
                return at, False
            if not isinstance(value, dict | list) and not self._ends(end):
                self.lost.append(inner.place)  # what is behind it may belong to it
                return end, False
            made[name] = value
            return end, True

        try:
            return made, self._members(at, "}", where, indent, member)
        except _Unreadable:
            if where is not _TOP:
                raise
            return made, len(self.text)

    def _array(self, at: int, where: _Where) -> tuple[list[Any], int]:
        made: list[Any] = []
        indent = self._indent(at, where)
        count = 0

        def element(at: int) -> tuple[int, bool]:
            nonlocal count
            inner, count = where.within(f"[{count}]", indent), count + 1
            at = self._past(_NO_VALUE, at)
            try:
                value, end = self._value(at, inner)
            except _Unreadable:
                self.lost.append(inner.place)
                if where.place == MESSAGES:
                    made.append(None)  # the others keep their numbers
                return at, False
            made.append(value)
            return end, True

        return made, self._members(at, "]", where, indent, element)

    def _members(
        self, at: int, closing: str, where: _Where, indent: int | None, read: Callable[[int], tuple[int, bool]]
    ) -> int:
        """Read all members of an object or an array, and tell where it ends; raises _Unreadable."""
        while True:
            at = self._past(_SPACE, at)
            if at >= len(self.text):
                return at
            if self.text[at] == closing:
                return at + 1
            try:
                at, is_whole = read(at)
            except _Unreadable:
                is_whole = False
            behind = self._past(_SPACE, at)
            following = self.text[behind : behind + 1]
            if is_whole and following == ",":
                at = behind + 1
            elif is_whole and (following == closing or (following == "{" and closing == "]")):
                at = behind  # before a brace, only the comma is lost
            else:
                at, is_over = self._next(at, closing, where, indent)
                if is_over:
                    return at

    def _next(self, at: int, closing: str, where: _Where, indent: int | None) -> tuple[int, bool]:
        """Tell where the next member of an object or array begins, or, if there is none, where that ends."""
        if len(self.lost) > MOST_LOST:
            return len(self.text), True
        if indent is None and where.place != MESSAGES:
            raise _Unreadable
        if indent is None:
            message = _MESSAGE.search(self.text, at + 1)
            return (message.start(), False) if message else (len(self.text), True)
        shorter = rf"|[ \t]{{0,{indent - 1}}}(?=\S)" if indent else ""
        found = re.compile(rf"\n(?:[ \t]{{{indent}}}(?=[^\s}}\]]){shorter})").search(self.text, at)
        end = found.end() if found else len(self.text)
        message = _MESSAGE.search(self.text, at + 1, end + 1) if closing == "]" else None
        if message is not None:
            return message.start(), False
        if found is not None and len(found.group()) == 1 + indent:
            return end, False
        return end + (self.text[end : end + 1] in ("}", "]")), True

    def _indent(self, at: int, where: _Where) -> int | None:
        """Tell how far the lines of what opened here are indented; None where they are no lines."""
        _, broken, blanks = self.text[at : self._past(_SPACE, at)].rpartition("\n")
        if not broken:
            return None
        if where.indent is not None and len(blanks) <= where.indent:
            return where.indent + OURS  # the first of them is damaged
        return len(blanks)

    def _ends(self, at: int) -> bool:
        return self.text.startswith((",", "}"), self._past(_SPACE, at))

    def _past(self, pattern: re.Pattern[str], at: int) -> int:
        found = pattern.match(self.text, at)
        return found.end() if found else at


def _characters(value: Any, depth: int) -> Any:
    """Put U+FFFD for halves of characters, and nothing for numbers beyond all bounds: no JSON of ours holds them."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, dict):
        return {_characters(name, depth): _characters(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_characters(each, depth + 1) for each in value]
    return None if value in (float("inf"), float("-inf")) else value


def _integer(digits: str) -> int | float | None:
    """Read a whole number as our own reader does, which knows 64 bits."""
    try:
        number = int(digits)
        return number if -(2**63) <= number < 2**64 else float(number)
    except (ValueError, OverflowError):  # thousands of digits
        return None
