"""Who answers: the ways to a model, what is asked of them, and how each is."""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from chatcmd.conversation.session import Session
from chatcmd.conversation.window import Window
from chatcmd.language import _
from chatcmd.provider import BRIEF, LONG, Clocks, Provider, Providers, Request
from chatcmd.settings.settings import Service, Settings

if TYPE_CHECKING:
    from chatcmd.provider.keys import KeyState


class Services:
    """The services of one run; with `offline` set, the demo or whoever stands in for it answers alone."""

    def __init__(self, environ: Mapping[str, str], providers: Providers | None = None) -> None:
        self._providers = providers or Providers(environ, start=int.from_bytes(os.urandom(2)))

    async def reach(self, settings: Settings, session: Session, model: str, tell: Callable[[str], object]) -> Provider:
        """Reach whoever answers, before the question is recorded; raises UsageError for a bad proxy, or no key.

        It may take a while where a command or a keyring has to be asked for the key, which is told.
        """
        if settings["offline"]:
            return self._providers.demo()
        ways = settings.services(model)[0]
        provider = self._providers.through(ways)
        parent = session.parent.id if session.parent is not None else None
        way = provider.way_of(session.id, parent)
        if way.key is not None and not way.key.secret.at_hand:
            tell(_("asking for the key, as {place} says; Ctrl-C stops").format(place=way.key.origin))
        try:
            await self._providers.reach(way)
        except asyncio.CancelledError:
            if way.key is not None:
                way.key.secret.stop()
            raise
        return provider

    def request(self, settings: Settings, session: Session, model: str, window: Window, *, watched: bool) -> Request:
        """Say what is asked; `watched` when someone sees it, and can leave, while it is waited for another try."""
        return Request(
            model if settings["offline"] else settings.services(model)[1],
            window,
            settings.generation,
            settings["stream"],
            settings.model_named(model).reasons,
            Clocks(settings["connect_timeout"], settings["first_timeout"], settings["timeout"]),
            session.id,
            LONG if watched else BRIEF,
        )

    def ways(self, settings: Settings, model: str) -> "tuple[tuple[Service, KeyState], ...]":
        """Tell how each way to a model is; raises UsageError."""
        return self._providers.through(settings.services(model)[0]).states()

    def way(self, settings: Settings, session: Session) -> Service:
        """Tell which way the next question of a session goes; raises UsageError."""
        return self._providers.through(settings.services(session.model)[0]).way_of(session.id)

    def warm(self, settings: Settings, model: str, session: str, delay: float, then: Callable[[], None]) -> None:
        """Load what the first question needs in the background, after `delay` seconds, and do what comes `then`.

        `session` is empty where none has begun yet.
        """

        def load() -> None:
            with suppress(Exception):  # what is wrong is told when it is needed
                if not settings["offline"]:
                    provider = self._providers.through(settings.services(model)[0])
                    way = provider.way_of(session) if session else provider.next_way()
                    if way.key is None or way.key.secret.at_hand:  # else a command would be run behind the prompt
                        self._providers.connect(way)
                then()

        timer = threading.Timer(delay, load)
        timer.daemon = True
        with suppress(RuntimeError):  # no thread is left: the first question takes longer
            timer.start()

    async def close(self) -> None:
        await self._providers.close()
