"""JSON that may be nested deeply, read with room to spare: what can be read can be written from deeper down."""

from collections.abc import Callable
from typing import TypeVar

Data = TypeVar("Data")
Content = TypeVar("Content")

SPARE = 100
"""Calls that a writer may stand deeper in than the reader: levels of JSON and calls count against one limit."""


def decoded(decode: Callable[[Data], Content], data: Data, spare: int = SPARE) -> Content:
    """Decode data so many calls further down; raises what `decode` does, RecursionError too."""
    return decoded(decode, data, spare - 1) if spare else decode(data)
