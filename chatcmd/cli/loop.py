"""The loop of a command: its end waits for nothing that cannot be ended."""

import asyncio
import socket
import threading
from concurrent.futures import Future
from typing import Any


class Loop(asyncio.SelectorEventLoop):
    """A loop that looks names up in threads which nobody waits for: asyncio's own wait, at its end, for the slowest.

    A system whose name server does not answer may take minutes for one, whatever has become of the question.
    """

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - asyncio's name for it
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """Look a name up; what `socket.getaddrinfo` takes, gives and raises."""
        found: Future[Any] = Future()

        def look_up() -> None:
            if found.set_running_or_notify_cancel():
                try:
                    found.set_result(socket.getaddrinfo(host, port, family, type, proto, flags))
                except Exception as error:  # whoever waits is to hear of it
                    found.set_exception(error)

        threading.Thread(target=look_up, daemon=True, name="look a name up").start()
        return await asyncio.wrap_future(found)
