"""JSON that can be read as it is, and printed: what a terminal may take for a command stands in it as an escape."""

import json
import re

import msgspec

from chatcmd.clean import clean

_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def encoded(value: object, *, indent: int = 0) -> str:
    """Encode on one line, or with `indent`; cleaning the text for a terminal does not change what it says."""
    data = msgspec.json.encode(value)
    text = (msgspec.json.format(data, indent=indent) if indent else data).decode()
    return text if clean(text) == text else _BEYOND_ASCII.sub(_escaped, text)


def _escaped(char: re.Match[str]) -> str:
    return json.dumps(char[0])[1:-1] if char[0] != "\x7f" else r"\u007f"
