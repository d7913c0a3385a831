"""Keys that a command or a keyring gives, asked for while nothing else has the terminal."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress

from chatcmd.clean import clean_line
from chatcmd.language import _
from chatcmd.settings.keys import Key
from chatcmd.settings.settings import Settings

TOLD_AFTER = 2.0
"""Seconds after which it is said what is waited for."""


async def ask_for_keys(settings: Settings, models: Iterable[str]) -> None:
    """Ask for the keys of these models' services, where they have to be asked for; raises UsageError."""
    if settings["offline"]:
        return
    for model in models:
        for service in settings.services(model)[0]:
            if service.key is not None:
                await ask_for(service.key)


async def ask_for(key: Key) -> None:
    """Ask for a key where it has to be asked for; raises SettingsError."""
    if key.secret.at_hand:
        return
    from chatcmd.settings.asked import Asked

    assert isinstance(key.secret, Asked), "any other is at hand"
    loop = asyncio.get_running_loop()
    telling = loop.call_later(TOLD_AFTER, _tell, str(key.origin))
    try:
        await key.secret.ask()
    finally:
        telling.cancel()


def _tell(place: str) -> None:
    if sys.stderr.isatty():
        sentence = _("asking for the key, as {place} says; Ctrl-C stops").format(place=place)
        with suppress(OSError):
            sys.stderr.write(clean_line(sentence) + "\r\n")
            sys.stderr.flush()


def stop_asking(settings: Settings) -> None:
    """End what is still being asked, as for a model that was changed to in the chat."""
    for key in _every(settings):
        key.secret.stop()


def _every(settings: Settings) -> Iterator[Key]:
    yield from settings.keys
    for named in settings.providers.values():
        yield from named.keys
