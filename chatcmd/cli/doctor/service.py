"""A service asked: its address, the proxy before it, and what came of asking it."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, TypeVar

from chatcmd import errors
from chatcmd.cli.doctor.case import Case
from chatcmd.cli.doctor.finding import Finding
from chatcmd.cli.doctor.told import told
from chatcmd.cli.doctor.ways import Way
from chatcmd.language import _
from chatcmd.provider import unasked
from chatcmd.provider.proxy import proxy_for
from chatcmd.settings.asked import Asked
from chatcmd.settings.keys import Key
from chatcmd.settings.url import host_of, is_loopback

T = TypeVar("T")


def look_at(case: Case, way: Way) -> Iterator[Finding]:
    """Say what is set of a service, then ask it, and say what came of that."""
    yield Finding(f"{way.id}.address", _("address"), "ok", way.service.base_url, str(way.service.address_origin))
    key = way.service.key
    try:
        yield _proxy(way, case.environ)
        if key is not None and (fault := case.keyless.get(key.origin) or _asked_for(key, case.patience)) is not None:
            yield Finding(f"{way.id}.key", _("key"), "failed", fault)
            return
        unasked.forget()
        from chatcmd.provider import probe  # noqa: PLC0415 - after forget(), and not for --help

        question_for = way.model if case.asks else None
        found = _done(probe.probe(way.service, case.environ, case.patience, question_for=question_for))
    except errors.UsageError as error:  # a proxy or a trust store that cannot be used
        yield Finding(f"{way.id}.connection", _("connection"), "failed", str(error))
    else:
        yield from told(way, found)


def _proxy(way: Way, environ: Mapping[str, str]) -> Finding:
    """Say which proxy stands before a service, or why none does; raises UsageError for one that cannot be used."""
    address, setting = way.service.base_url, way.service.proxy
    proxy = proxy_for(address, setting, environ)
    label, name = _("proxy"), f"{way.id}.proxy"
    if proxy is not None:
        return Finding(name, label, "ok", host_of(proxy.url), proxy.origin)
    without = {name: value for name, value in environ.items() if name.lower() != "no_proxy"}
    try:
        passed_over = proxy_for(address, setting, without)
    except errors.UsageError:
        passed_over = None
    if passed_over is not None:
        value = _("none: NO_PROXY names this host, so that {origin} does not count")
        return Finding(name, label, "ok", value.format(origin=passed_over.origin), "NO_PROXY")
    if is_loopback(address):
        return Finding(name, label, "ok", _("none: it is on this machine"))
    return Finding(name, label, "ok", _("none"))


def _asked_for(key: Key, patience: float) -> str | None:
    """Have a key there that a command or a keyring gives; say what is wrong with it, None when it is there."""
    if isinstance(key.secret, Asked):
        key.secret.wait = patience
    try:
        key.secret.reveal()
    except errors.SettingsError as error:
        return str(error)
    return None


def _done(work: Coroutine[Any, Any, T]) -> T:
    """Do work in a loop of this thread; what a library still waits for in threads of its own is left to itself."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()
