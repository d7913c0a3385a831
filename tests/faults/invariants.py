"""What is true whatever happens: the exit codes, the key that nobody sees, the bytes that may reach a terminal."""

import re

from chatcmd.errors import Exit
from tests.hostile import raw_controls

# Made of parts, so that no search of this repository finds it whole.
_PARTS = ("7Qh2Lw9T", "eXk4Rv8J", "mZ3nBc6Y")
KEY = "-".join(("sk", "CANARY", "".join(_PARTS)))

_SHOWN = 4
"""Characters of a key that may be shown behind dots."""
_LEAST = 8
"""Characters in a row of a key that are a leak wherever they stand."""

CODES = frozenset(int(code) for code in Exit)

_SECRET = "".join(_PARTS)[:-_SHOWN].encode()
_PIECES = [_SECRET[start : start + _LEAST] for start in range(len(_SECRET) - _LEAST + 1)]

# Whatever the program itself writes to a terminal: nothing else may come there from wherever a text comes.
_OURS = re.compile(
    rb"\x1b\[(?:(?!(?:\d+;)*8[;m])[\d;]*m"  # colours, and nothing concealed
    rb"|\d*[ABCDM]|[JK]|\?(?:1|12|7|25|2004|2026)[hl]"
    rb"|22;2t|23;2t)"  # the title that was there is kept, and given back
    rb"|\x1b\]2;(?:[uv](?:: [^\x00-\x1f\x7f]*)?)?\x1b\\"  # the title names the user first
)


def traces_of_the_key(data: bytes) -> list[bytes]:
    """Find what of the key stands in these bytes, but for the few last characters that may be shown."""
    return [piece for piece in _PIECES if piece in data]


# The line editor draws with the cursor hidden, and goes one cell back by a backspace.
_EDITED = re.compile(rb"\x1b\[\?25l.*?\x1b\[\?25h", re.DOTALL)


def foreign_to_a_terminal(data: bytes) -> list[str]:
    """Find what reached a terminal that is neither text nor a sequence of ours."""
    edited = _EDITED.sub(lambda found: found[0].replace(b"\b", b""), data)
    return raw_controls(_OURS.sub(b"", edited))


def foreign_to_a_pipe(data: bytes) -> list[str]:
    """Find what went into a pipe that is no text."""
    return raw_controls(data)
