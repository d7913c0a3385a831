"""The words that a text is found by: scripts without blanks give each two characters that stand beside each other."""

import re
from operator import add
from unicodedata import normalize

_RANGES = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF)),
    *((0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
)
"""Thai and Lao, Burmese, Khmer, kana, Chinese, Hangul: no blank tells where a word begins."""

UNSPACED = "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES)

WORD, RUN = f"[^\\W{UNSPACED}]+", f"[{UNSPACED}]+"
"""Patterns; `re` compiles and keeps them when they are first used, so that starting costs nothing."""

_LATIN_END = "\u0250"
_SIMPLE = "[\x00-\x7f\u2010-\u2027\u3000-\u303f\u4e00-\u9fff\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]*"
_BYTES = bytes(code if chr(code).isalnum() or chr(code) == "_" else 32 for code in bytes(range(128)).lower())
_BYTES += bytes(128)


def folded(text: str) -> str:
    """Return a text as it is compared: in small letters without accents, each character in its place."""
    if text.isascii() or re.fullmatch(_SIMPLE, text):
        return text.lower()
    return text.translate(_folds)


def is_unspaced(char: str) -> bool:
    """Tell whether a character is of a script without blanks."""
    return not char.isascii() and any(first <= ord(char) <= last for first, last in _RANGES)


def is_inside(char: str) -> bool:
    """Tell whether a character can be part of a word that stands between blanks."""
    return (char.isalnum() or char == "_") and not is_unspaced(char)


def terms(text: str) -> str:
    """Take what a folded text is found by, with blanks between: its words; of a run without blanks all neighbours.

    Where such a run begins and ends, its character also stands alone.
    """
    if text.isascii():
        return " ".join(set(text.encode().translate(_BYTES).decode().split()))
    runs = " ".join(re.findall(RUN, text))
    return " ".join({*re.findall(WORD, text), *map(add, runs, runs[1:]), runs[:1], runs[-1:]})


class _Folds(dict[int, str]):
    """How single characters are folded: to one character each, so that places in the text stay what they are."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = normalize("NFKD", char)
        if len(plain) > 1 and plain[0] >= _LATIN_END:
            plain = normalize("NFKC", char)  # only of Latin letters the accents are taken away
        elif len(plain) > 1:
            plain = char if plain[0].isspace() else plain[0]  # an accent by itself is written as one on a blank
        small = plain.casefold()
        self[code] = small if len(small) == 1 else plain if len(plain) == 1 else char
        return self[code]


_folds = _Folds()
