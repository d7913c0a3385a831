"""Connections that are given up before they are ready: the transport forgets them, and they would stay open.

That is so while a server shakes hands for TLS, or a proxy for SOCKS: the transport (httpcore2 2.x) keeps a connection
only once that is done.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any

import httpx2

_opened: ContextVar[list[Any] | None] = ContextVar("opened", default=None)
"""The sockets that were opened for the request of this task."""


@asynccontextmanager
async def closing_what_was_opened(*, but: type[Exception]) -> AsyncIterator[None]:
    """Close what was opened for requests in here when they fail, are cancelled or take too long.

    An exception of the kind `but` is an answer, too: what brought it is left open for the next request.
    """
    opened: list[Any] = []
    token = _opened.set(opened)
    try:
        yield
    except but:
        raise
    except BaseException:
        for stream in opened:
            with suppress(Exception):  # it may be closed by now, in one of many ways
                await stream.aclose()
        raise
    finally:
        _opened.reset(token)


async def watch(request: httpx2.Request) -> None:
    """Take note of what is opened for a request, by the transport's own tracing."""
    request.extensions["trace"] = take_note


async def take_note(event: str, facts: Mapping[str, Any]) -> None:
    """Hear an event of the transport's tracing."""
    opened = _opened.get()
    if opened is not None and event.endswith("connect_tcp.complete"):
        opened.append(facts["return_value"])
