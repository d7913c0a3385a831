"""A key file that is JSON: its values, each with the line that it stands on."""

import re
from typing import Any

import msgspec

from chatcmd.errors import SettingsError
from chatcmd.language import _
from chatcmd.settings.table import Path, Table

EXAMPLE = '{"api": "sk-..."}'

_PIECE = re.compile(r'"(?:\\.|[^"\\])*"|[\[\]{}:,\n]|[^\[\]{}:,\n"]+')
"""Texts, the signs of JSON, and what is between them."""


def parse(text: str, file: str) -> tuple[Any, Table]:
    """Read a value, and make the table that names its places; raises SettingsError with the line of the fault."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        found = re.search(r"byte (\d+)", str(error))
        line = text.encode().count(b"\n", 0, int(found[1])) + 1 if found else 1
        raise SettingsError(
            _("{file} line {line}: is not JSON; write it like {example}").format(file=file, line=line, example=EXAMPLE)
        ) from None
    return value, Table(value if isinstance(value, dict) else {}, _lines(text), file)


def _lines(text: str) -> dict[Path, int]:
    """Find the line of every value of a text that is JSON; of one that is given twice the last one counts."""
    lines: dict[Path, int] = {}
    around: list[Path] = []
    at: Path = ()
    line, named = 1, True
    for piece in _PIECE.findall(text):
        if piece in ("[", "{"):
            lines[at] = line
            around.append(at)
            at, named = (*at, 0 if piece == "[" else ""), piece == "["
        elif piece in ("]", "}"):
            at, named = around.pop(), True
        elif piece == ",":
            last = at[-1]
            at, named = (*at[:-1], last + 1 if isinstance(last, int) else ""), isinstance(last, int)
        elif piece == "\n":
            line += 1
        elif not named and piece.startswith('"'):
            at, named = (*at[:-1], msgspec.json.decode(piece, type=str)), True
        elif piece != ":" and not piece.isspace():
            lines[at] = line
    return lines
