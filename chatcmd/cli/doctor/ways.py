"""Which services there are to ask: that of the model, one for each key, and every [providers.NAME]."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from chatcmd.cli.doctor.finding import Finding
from chatcmd.errors import KeyMissing, UsageError
from chatcmd.language import _
from chatcmd.settings.keys import Key
from chatcmd.settings.origin import Origin
from chatcmd.settings.secret import Secret
from chatcmd.settings.settings import Service, Settings


class Way(Struct, frozen=True):
    """A service to ask, below a heading; `id` begins those of its findings, `model` is what it is to have (None: any).

    `trouble` says why it cannot be asked with a key.
    """

    id: str
    heading: str
    service: Service
    model: str | None = None
    trouble: str | None = None


def ways(settings: Settings) -> Iterator[Way | Finding]:
    """Give what there is to ask, the model's own first; what cannot be asked at all is said to be so."""
    model = settings["model"]
    own = settings.split(model)[0]
    yield from _ways_to(settings, model, "service", _("service of {model}").format(model=model))
    for name in settings.providers:
        if name != own:
            yield from _ways_to(settings, f"{name}/", f"providers.{name}", f"[providers.{name}]")
    if own is not None and settings.keys:
        without = settings.changed("provider", None, settings.origin("provider"))
        yield from _ways_to(without, "", "default", _("service outside [providers]"))


def _ways_to(settings: Settings, model: str, prefix: str, heading: str) -> Iterator[Way | Finding]:
    trouble = None
    try:
        services, bare = settings.services(model)
    except KeyMissing as error:
        trouble = str(error)
        services, bare = _without_key(settings, model)
    except UsageError as error:
        yield Finding(f"{prefix}.key", _("service"), "failed", str(error))
        return
    for number, service in enumerate(services, 1):
        several = len(services) > 1
        yield Way(
            f"{prefix}.{number}" if number > 1 else prefix,
            _("{service}, key {number} of {n}").format(service=heading, number=number, n=len(services))
            if several
            else heading,
            service,
            bare or None,
            trouble,
        )


def _without_key(settings: Settings, model: str) -> tuple[tuple[Service, ...], str]:
    """Resolve a model's name as if there were a key, and leave that out: its service can be reached all the same."""
    stand_in = (Key(Secret("-"), Origin("file", "")),)
    provider, _bare = settings.split(model)
    providers = settings.providers
    if provider is not None:
        providers = {**providers, provider: replace(providers[provider], keys=stand_in)}
    services, bare = replace(settings, keys=stand_in, providers=providers).services(model)
    return tuple(replace(service, key=None) for service in services), bare
