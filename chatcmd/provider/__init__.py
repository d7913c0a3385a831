"""The model's side: what is asked of it, and how to reach it before it is loaded."""

import asyncio
import gc
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chatcmd.provider.request import BRIEF, LONG, Clocks, Provider, Request
from chatcmd.settings.settings import Service

if TYPE_CHECKING:
    from chatcmd.provider.compatible import Compatible
    from chatcmd.provider.persistent import Persistent

__all__ = ["BRIEF", "LONG", "Clocks", "Provider", "Providers", "Request"]


class Providers:
    """The connections of one run: one client a service, made once and kept from turn to turn.

    `demo` answers where there is no network: the demo model, unless another one is given. Of several keys `start` says
    which one the first session gets: most runs have but one.
    """

    def __init__(self, environ: Mapping[str, str], demo: Provider | None = None, *, start: int = 0) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._connected: dict[Service, Compatible] = {}
        self._persistent: dict[tuple[Service, ...], Persistent] = {}
        self._demo = demo
        self._start = start

    def demo(self) -> Provider:
        from chatcmd.provider.offline import Demo  # noqa: PLC0415 - few runs are offline

        self._demo = self._demo or Demo()
        return self._demo

    def through(self, services: tuple[Service, ...]) -> "Persistent":
        """Return the one provider that answers by any of these services, and remembers which can."""
        from chatcmd.provider.persistent import Persistent

        return self._persistent.setdefault(services, Persistent(services, self.reach, self._start))

    async def reach(self, service: Service) -> Provider:
        """Return the provider of one service; raises UsageError for a bad proxy."""
        if service not in self._connected:
            await asyncio.to_thread(self.connect, service)
        return self._connected[service]

    async def close(self) -> None:
        for provider in list(self._connected.values()):  # a thread may still be adding one
            await provider.close()

    def connect(self, service: Service) -> None:
        """Load the SDK, and make its client; raises UsageError for a bad proxy."""
        with self._lock:
            if service in self._connected:
                return
            from chatcmd.provider import unasked  # noqa: PLC0415 - the first prompt need not wait for it

            unasked.forget()
            from chatcmd.provider import compatible

            gc.freeze()  # the SDK's 76,000 objects stay: walking them takes 50 ms, now and then in mid-answer
            self._connected[service] = compatible.Compatible(service, self._environ)
