"""What is asked of a provider, and what a provider is."""

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from msgspec import Struct

from chatcmd.conversation.reply import Delta
from chatcmd.conversation.window import Window


class Request(Struct, frozen=True):
    """One request: the model as its service knows it, the window, and generation settings by our names."""

    model: str
    window: Window
    generation: dict[str, Any]
    stream: bool = True
    reasons: bool = False


class Provider(Protocol):
    """Whoever answers."""

    def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Yield the answer in pieces; end only when it is complete, raise ProviderError otherwise."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
