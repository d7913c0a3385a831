"""Keys that a command or a keyring gives, asked for while nothing else has the terminal."""

from collections.abc import Iterable, Iterator

from chatcmd.settings.keys import Key
from chatcmd.settings.settings import Settings


async def ask_for_keys(settings: Settings, models: Iterable[str]) -> None:
    """Ask for the keys of these models' services, where they have to be asked for; raises UsageError."""
    if settings["offline"]:
        return
    for model in models:
        for service in settings.services(model)[0]:
            if service.key is not None and not service.key.secret.at_hand:
                from chatcmd.settings.asked import Asked

                assert isinstance(service.key.secret, Asked), "any other is at hand"
                await service.key.secret.ask()


def stop_asking(settings: Settings) -> None:
    """End what is still being asked, as for a model that was changed to in the chat."""
    for key in _every(settings):
        key.secret.stop()


def _every(settings: Settings) -> Iterator[Key]:
    yield from settings.keys
    for named in settings.providers.values():
        yield from named.keys
