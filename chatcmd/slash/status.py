"""/status: where one is."""

from math import ceil
from typing import TYPE_CHECKING

from chatcmd.app import App
from chatcmd.language import _, marked
from chatcmd.provider.proxy import proxy_for
from chatcmd.settings.settings import Service
from chatcmd.settings.url import host_of
from chatcmd.slash.registry import command

if TYPE_CHECKING:
    from chatcmd.provider.keys import KeyState

STATES = {
    "ready": marked("{key} (from {origin}): ready"),
    "cooling": marked("{key} (from {origin}): could not answer just now, rests for {seconds} s"),
    "aside": marked("{key} (from {origin}): was refused, tried again in {seconds} s"),
}
"""How a key is, by the kind of its state."""


@command("status", "", marked("who talks to whom, where from, and where it is kept"), group="session")
async def status(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    session, settings = app.talk.session, app.settings
    origin = settings.origin("model") if session.model == settings["model"] else _("the session")
    where = _("not kept (--no-save)")
    if app.library is not None:
        where = settings.root.name(app.library.path_of(session.user, session.id))
    come_from = _("{value} (from {origin})")
    rows = [
        (_("user"), session.user),
        (_("persona"), _("{name}: {text}").format(name=session.persona.name, text=session.persona.content)),
        (_("model"), come_from.format(value=session.model, origin=origin)),
        (_("service"), _service(app)),
        *_keys(app),
        (_("turns"), str(len(session.turns))),
        (_("title"), session.title or "-"),
        (_("session"), where),
        (_("root"), come_from.format(value=settings.root.path, origin=settings.root.origin)),
    ]
    app.screen.table(rows, (), wrap=True)


def _keys(app: App) -> list[tuple[str, str]]:
    """Tell how each of several keys is; one alone is named with its service."""
    if app.settings["offline"]:
        return []
    ways = app.services.ways(app.settings, app.talk.session.model)
    rows = [(_("key {n}").format(n=number), _key(*way)) for number, way in enumerate(ways, 1)]
    return rows if len(rows) > 1 else []


def _key(service: Service, state: "KeyState") -> str:
    sentence = _(STATES[state.kind])
    key = service.key
    return sentence.format(
        key=key.secret.masked if key else _("none"),
        origin=key.origin if key else host_of(service.base_url),
        seconds=ceil(state.seconds),
    )


def _service(app: App) -> str:
    """Say which service answers, with which key, through which proxy, and where each was given."""
    session, settings = app.talk.session, app.settings
    if settings["offline"]:
        return _("none: the offline demo answers")
    reached = app.services.way(settings, session)
    before = proxy_for(reached.base_url, reached.proxy, app.environ)
    sentence = {
        (True, True): _("{host} (from {origin}; key {key} from {key_origin}, proxy {proxy} from {proxy_origin})"),
        (True, False): _("{host} (from {origin}; key {key} from {key_origin})"),
        (False, True): _("{host} (from {origin}; no key needed, proxy {proxy} from {proxy_origin})"),
        (False, False): _("{host} (from {origin}; no key needed)"),
    }[reached.key is not None, before is not None]
    return sentence.format(
        host=host_of(reached.base_url),
        origin=reached.address_origin,
        key=reached.key.secret.masked if reached.key else "",
        key_origin=reached.key.origin if reached.key else "",
        proxy=host_of(before.url) if before else "",
        proxy_origin=before.origin if before else "",
    )
