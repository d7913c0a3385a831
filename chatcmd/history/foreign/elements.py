"""JSON read piece by piece, so that damage costs no more than the piece it is in (pure)."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import msgspec

from chatcmd.history import nested
from chatcmd.language import _

DEEPEST = 500
"""Beginnings that are passed over where there are more inside each other than can be decoded."""

TRIES = 100_000
"""Beginnings of pieces that may turn out to be none, before the rest is given up."""

_OPENING = re.compile(r"\{")
_MEMBER = re.compile(r'("(?:[^"\\]|\\.)*")\s*:\s*(?=\[)')
_SURROGATE = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder(strict=False)


class Damage(msgspec.Struct, frozen=True):
    """Something unreadable, behind the first `after` pieces that could be read."""

    after: int


def decoded(data: bytes | msgspec.Raw) -> Any:
    """Decode JSON; lone surrogates, and bytes that are no UTF-8, become U+FFFD. Raises ValueError."""
    try:
        return nested.decoded(msgspec.json.decode, data)
    except (ValueError, RecursionError):
        pass
    try:
        return _mended(nested.decoded(_DECODER.decode, bytes(data).decode("utf-8-sig", "replace")))
    except RecursionError:
        raise ValueError(_("nested too deeply")) from None


def elements(data: bytes, wanted: Callable[[Any], bool]) -> Iterator[Any]:
    """Decode an array, or a value that stands alone, element by element; those that are damaged come as Damage.

    `wanted` tells an element from the objects inside of one, where its own beginning is damaged.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        found = msgspec.json.decode(data, type=list[msgspec.Raw] if data.lstrip()[:1] == b"[" else msgspec.Raw)
    except (ValueError, RecursionError):
        yield from scanned(data.decode("utf-8", "replace"), wanted)
        return
    for number, raw in enumerate(found if isinstance(found, list) else [found]):
        try:
            yield decoded(raw)
        except ValueError:
            yield Damage(number)


def scanned(text: str, wanted: Callable[[Any], bool]) -> Iterator[Any]:
    """Decode the wanted objects in a text that is not whole; each stretch between them that is lost comes as Damage."""
    place = number = tries = 0
    lost = not text.lstrip().startswith(("[", "{"))
    while (opening := _OPENING.search(text, place)) and tries < TRIES:
        value, end = _decoded_at(text, opening.start())
        place = end
        if not wanted(value):
            lost, tries = True, tries + 1
            continue
        if lost:
            yield Damage(number)
        yield value
        number, lost = number + 1, False
    if lost or not text.rstrip().endswith("]" if text.lstrip().startswith("[") else "}"):
        yield Damage(number)


def members(data: bytes, wanted: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
    """Decode an object of arrays member by member: the name, and the array or, of a damaged one, its wanted objects.

    Behind a damaged array stands a member of its name that is Damage. Raises ValueError when there is no member.
    """
    text = data.decode("utf-8-sig", "replace")
    try:
        found = _mended(nested.decoded(_DECODER.decode, text))
    except RecursionError:
        raise ValueError(_("nested too deeply")) from None
    except ValueError:
        if not _MEMBER.search(text):
            raise
        yield from _scanned_members(text, wanted)
        return
    if not isinstance(found, dict):
        raise ValueError(_("it is not an object"))  # noqa: TRY004 - it is the text that is wrong
    yield from found.items()


def _scanned_members(text: str, wanted: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
    place = 0
    while member := _MEMBER.search(text, place):
        name, _end = _decoded_at(text, member.start(1))
        value, place = _decoded_at(text, member.end())
        if isinstance(value, list):
            yield str(name), value
            continue
        following = _MEMBER.search(text, member.end())
        place = following.start() if following else len(text)
        pieces = scanned(text[member.end() : place], wanted)
        yield str(name), [piece for piece in pieces if not isinstance(piece, Damage)]
        yield str(name), Damage(0)


def _decoded_at(text: str, place: int) -> tuple[Any, int]:
    """Decode the value that begins at a place, and say where it ends; None where there is none."""
    try:
        value, end = _DECODER.raw_decode(text, place)
        return _mended(value), end
    except ValueError:
        return None, place + 1
    except RecursionError:
        inside = islice(_OPENING.finditer(text, place), DEEPEST, None)
        return None, next((opening.start() for opening in inside), len(text))


def _mended(value: Any) -> Any:
    """Replace surrogates that stand alone: JSON can escape them, and UTF-8 cannot hold them."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(each) for name, each in value.items()}
    return value
