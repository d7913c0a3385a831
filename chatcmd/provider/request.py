"""What is asked of a provider, and what a provider is."""

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from msgspec import Struct

from chatcmd.conversation.reply import Delta
from chatcmd.conversation.window import Window

BRIEF, LONG = 8.0, 120.0
"""Seconds of waiting in all before other tries: where nobody may be looking, and where someone is who can leave."""


class Clocks(Struct, frozen=True):
    """How long is waited, in seconds: for a connection, for the first word, and for each one that follows."""

    connect: float = 10.0
    first: float = 120.0
    silence: float = 120.0


class Request(Struct, frozen=True):
    """One request: the model as its service knows it, the window, and generation settings by our names.

    `session` is asked with the same key each time; `patience` are the seconds for which a server's
    wish to be asked later is obeyed.
    """

    model: str
    window: Window
    generation: dict[str, Any]
    stream: bool = True
    reasons: bool = False
    clocks: Clocks = Clocks()
    session: str = ""
    patience: float = BRIEF


class Provider(Protocol):
    """Whoever answers."""

    def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Yield the answer in pieces; end only when it is complete, raise ProviderError otherwise."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
