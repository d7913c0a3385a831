"""Damage to real data: steps that flip, cut, splice and put what is hostile in the place of what was there."""

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.words import HOSTILE

Step = tuple[str, int, int]
"""One step of damage: its kind, and two numbers below SCALE that tell where and with what."""

SCALE = 2**16
LARGEST = 300_000
"""Bytes of a case: steps that would make it larger leave it as it is."""

_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?|[A-Za-z_][A-Za-z_0-9]*|[^\s\w"]|[^\x00-\x7f]+')


def damaged(samples: Sequence[bytes], steps: int = 8) -> st.SearchStrategy[bytes]:
    """Damage samples by up to so many steps; with none they come as they are."""
    number = st.integers(0, SCALE - 1)
    step = st.tuples(st.sampled_from(tuple(_STEPS)), number, number)
    return st.tuples(number, st.lists(step, max_size=steps)).map(lambda drawn: done(samples, *drawn))


def soup(samples: Sequence[bytes], pieces: int = 40) -> st.SearchStrategy[bytes]:
    """Mix the samples' own words with hostile ones, in no order."""
    words = tuple({word: None for sample in samples for word in _words(sample)[:2000]})
    all_of_them = (b"\n", b" ", *words, *HOSTILE)
    places = st.lists(st.integers(0, len(all_of_them) - 1), max_size=pieces)
    return places.map(lambda drawn: b"".join(all_of_them[place] for place in drawn))


def documents(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Make JSON of any shape with the names that the samples have."""
    names = tuple(dict.fromkeys(name for sample in samples for name in _names(sample))) or ("a",)
    texts = st.one_of(st.sampled_from(names), st.text(max_size=5))
    leaves: st.SearchStrategy[Any] = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.sampled_from((2**63, 2**64, 10**400, -(2**70))),
        st.floats(),
        texts,
    )
    content = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=5), max_leaves=25
    )
    return content.map(lambda value: json.dumps(value).encode())


def done(samples: Sequence[bytes], number: int, steps: Sequence[Step]) -> bytes:
    """Take a sample and go through the steps."""
    data = samples[number * len(samples) // SCALE]
    for kind, place, what in steps:
        changed = _STEPS[kind](data, place, what, samples)
        data = changed if len(changed) <= LARGEST else data
    return data


def _flip(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    at = _at(data, place)
    return data[:at] + bytes((byte ^ 1 << what % 8) for byte in data[at : at + 1]) + data[at + 1 :]


def _set(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    at = _at(data, place)
    return data[:at] + bytes((what % 256,)) + data[at + 1 :]


def _cut(data: bytes, place: int, _what: int, _samples: Sequence[bytes]) -> bytes:
    return data[: _at(data, place)]


def _delete(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    at = _at(data, place)
    return data[:at] + data[at + 1 + what % 60 :]


def _repeat(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    at = _at(data, place)
    end = at + 1 + what % 200
    return data[:end] + data[at:]


def _insert(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    at = _at(data, place)
    return data[:at] + _hostile(what) + data[at:]


def _splice(data: bytes, place: int, what: int, samples: Sequence[bytes]) -> bytes:
    """Go on in the middle of another sample."""
    other = samples[what % len(samples)]
    return data[: _at(data, place)] + other[_at(other, what) :]


def _replace(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    """Put something hostile in the place of a word."""
    begin, end = _word_at(data, place)
    return data[:begin] + _hostile(what) + data[end:]


def _grow(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    """Put something hostile inside a word, as behind the quotation mark of a text."""
    begin, end = _word_at(data, place)
    at = min(begin + 1, end)
    return data[:at] + _hostile(what).strip(b'"') + data[at:]


def _swap(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    """Let two words change places: types come to stand where others belong."""
    (begin, end), (first, last) = sorted((_word_at(data, place), _word_at(data, what)))
    if end > first:
        return data
    return data[:begin] + data[first:last] + data[end:first] + data[begin:end] + data[last:]


def _double(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    """Give a member's name twice, the second time with something hostile in it."""
    begin, end = _word_at(data, place)
    return data[:begin] + data[begin:end] + b": " + _hostile(what) + b", " + data[begin:]


def _nest(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    """Put brackets around a word, one or very many."""
    begin, end = _word_at(data, place)
    times = (1, 2, 40, 500, 2000, 20_000)[what % 6]
    opening, closing = ((b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"))[what // 6 % 3]
    return data[:begin] + opening * times + data[begin:end] + closing * times + data[end:]


def _lines(data: bytes, place: int, what: int, _samples: Sequence[bytes]) -> bytes:
    """Take a line away, double it, or put it elsewhere."""
    lines = data.split(b"\n")
    line = lines.pop(place * len(lines) // SCALE)
    for _time in range(what % 3):
        lines.insert(what % (len(lines) + 1), line)
    return b"\n".join(lines)


_STEPS: dict[str, Callable[[bytes, int, int, Sequence[bytes]], bytes]] = {
    "flip": _flip,
    "set": _set,
    "cut": _cut,
    "delete": _delete,
    "repeat": _repeat,
    "insert": _insert,
    "splice": _splice,
    "replace": _replace,
    "grow": _grow,
    "swap": _swap,
    "double": _double,
    "nest": _nest,
    "lines": _lines,
}


def _at(data: bytes, place: int) -> int:
    return place * len(data) // SCALE


def _hostile(what: int) -> bytes:
    return HOSTILE[what % len(HOSTILE)]


def _word_at(data: bytes, place: int) -> tuple[int, int]:
    """Find the word that stands at a place, or the next one behind it."""
    spans = _spans(data)
    return spans[place * len(spans) // SCALE] if spans else (0, 0)


@lru_cache(maxsize=64)
def _spans(data: bytes) -> tuple[tuple[int, int], ...]:
    return tuple(found.span() for found in _TOKEN.finditer(data))


def _words(data: bytes) -> list[bytes]:
    return [data[begin:end] for begin, end in _spans(data)]


def _names(data: bytes) -> list[str]:
    found = re.findall(rb'"(\w{1,30})"\s*:', data)
    return [each.decode("utf-8", "replace") for each in found]
