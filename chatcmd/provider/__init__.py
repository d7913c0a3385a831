"""The model's side: what is asked of it, and how to reach it before it is loaded."""

import asyncio
import gc
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chatcmd.provider.offline import Demo
from chatcmd.provider.request import Provider, Request
from chatcmd.settings.option import OPTIONS
from chatcmd.settings.settings import Service

if TYPE_CHECKING:
    from chatcmd.provider.compatible import Compatible

DEFAULT_TIMEOUT = OPTIONS["timeout"].default

__all__ = ["Provider", "Providers", "Request"]


class Providers:
    """The connections of one run: one client a service, made once and kept from turn to turn.

    `demo` answers where there is no network: the demo model, unless another one is given.
    """

    def __init__(self, environ: Mapping[str, str], demo: Provider | None = None) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._connected: dict[Service, Compatible] = {}
        self._demo = demo or Demo()

    def demo(self) -> Provider:
        return self._demo

    async def reach(self, service: Service, timeout: float) -> Provider:  # noqa: ASYNC109 - the provider's own clock
        """Return the provider of a service, with its longest silence in seconds; raises UsageError for a bad proxy."""
        if service not in self._connected:
            await asyncio.to_thread(self.connect, service)
        self._connected[service].timeout = timeout
        return self._connected[service]

    async def close(self) -> None:
        for provider in list(self._connected.values()):  # a thread may still be adding one
            await provider.close()

    def connect(self, service: Service) -> None:
        """Load the SDK, and make its client; raises UsageError for a bad proxy."""
        with self._lock:
            if service in self._connected:
                return
            for variable in [name for name in os.environ if name.startswith("OPENAI_")]:
                del os.environ[variable]  # the SDK would take keys, hosts and headers from them unasked
            from chatcmd.provider import compatible

            gc.freeze()  # the SDK's 76,000 objects stay: walking them takes 50 ms, now and then in mid-answer
            self._connected[service] = compatible.Compatible(service, self._environ, DEFAULT_TIMEOUT)
