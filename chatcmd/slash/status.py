"""/status: where one is."""

from chatcmd.app import App
from chatcmd.provider.proxy import proxy_for
from chatcmd.settings.url import host_of
from chatcmd.slash.registry import command


@command("status", "", "who talks to whom, where from, and where it is kept")
async def status(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    session, settings = app.talk.session, app.settings
    if settings["offline"]:
        service = "none: the offline demo answers"
    else:
        reached, _ = settings.service(session.model)
        key = f"key from {reached.key.origin}" if reached.key else "no key needed"
        before = proxy_for(reached.base_url, reached.proxy, app.environ)
        proxy = f", proxy {host_of(before.url)} from {before.origin}" if before else ""
        service = f"{host_of(reached.base_url)} (from {settings.address_origin(session.model)}; {key}{proxy})"
    origin = settings.origin("model") if session.model == settings["model"] else "the session"
    where = "not kept (--no-save)"
    if app.library is not None:
        where = settings.root.name(app.library.path_of(session.user, session.id))
    rows = [
        ("user", session.user),
        ("persona", f"{session.persona.name}: {session.persona.content}"),
        ("model", f"{session.model} (from {origin})"),
        ("service", service),
        ("turns", str(len(session.turns))),
        ("session", where),
        ("root", f"{settings.root.path} (from {settings.root.origin})"),
    ]
    app.screen.table(rows, (), wrap=True)
