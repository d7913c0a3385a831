"""The vocabulary files, and what makes counts of them. The only file that knows tiktoken.

A file holds the tokens in the order of their ranks: first one byte each for their lengths, then their bytes, so that
two C loops read it. `tests/vocabulary` compares it with the published table by its SHA-256.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from struct import Struct

import tiktoken

from chatcmd.conversation.tokens import byte_length

# How each vocabulary splits a text before it merges bytes; published with the vocabularies.
_SPLIT = {
    "cl100k_base": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
    "o200k_base": (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
_SIZE = {"cl100k_base": 100_256, "o200k_base": 199_998}

# tiktoken's matcher of o200k_base runs out of stack on very long runs of blanks (300,000 pass, 1,000,000 do not) and
# prints that to the terminal; such a text is counted by its bytes, which is never too few. A run is looked at from its
# beginning only, or many runs that are just too short would take time by the square of their length.
_LONG_BLANK = re.compile(r"(?<!\s)\s{100000}")

REMEMBERED = 65_536
"""Texts whose counts are kept; a session holds the same strings, so that a count costs a few bytes more."""


def tokens(encoding: str) -> tuple[bytes, ...]:
    """Read a vocabulary: its tokens in the order of their ranks."""
    size = _SIZE[encoding]
    data = files("chatcmd.vocabulary").joinpath(f"{encoding}.bin").read_bytes()
    return Struct("s".join(map(str, data[:size])) + "s").unpack_from(data, size)


def load(encoding: str) -> Callable[[str], int]:
    """Make the function that counts a text's tokens, and remembers."""
    ranks = dict(zip(tokens(encoding), range(_SIZE[encoding]), strict=True))
    bpe = tiktoken.Encoding(encoding, pat_str=_SPLIT[encoding], mergeable_ranks=ranks, special_tokens={})
    bpe._mergeable_ranks = {}  # noqa: SLF001 - a second copy, half of the memory, that only pickling would need

    @lru_cache(REMEMBERED)
    def count(text: str) -> int:
        if _LONG_BLANK.search(text):
            return byte_length(text)
        return len(bpe.encode_ordinary(text))

    return count
