"""What came of asking a service, in findings (pure): how far it was reached, and what it said of key and model."""

from collections.abc import Iterator

from chatcmd import errors
from chatcmd.cli.doctor.finding import Finding, Status
from chatcmd.cli.doctor.ways import Way
from chatcmd.language import _, ngettext
from chatcmd.provider.outcome import Outcome
from chatcmd.settings.option import nearest

ON_THE_KEY = (errors.KeyRefused, errors.Forbidden, errors.QuotaUsedUp, errors.RateLimited)
"""What a service says that was reached, and does not do as the key's owner would."""

_SAID = (*ON_THE_KEY, errors.ModelNotFound)


def told(way: Way, found: Outcome) -> Iterator[Finding]:
    """Say how far it came, one step after the other."""
    if found.connected is None or not (found.sent or found.securing):
        yield Finding(f"{way.id}.connection", _("connection"), "failed", str(found.fault))
        yield untried(way)
        return
    yield _timed(way, "connection", _("connection"), _("reached in {ms:.0f} ms"), found.connected)
    if found.securing:
        yield Finding(f"{way.id}.encryption", _("encryption"), "failed", str(found.fault))
        yield untried(way)
        return
    yield _encryption(way, found)
    if found.fault is not None and not isinstance(found.fault, _SAID):
        yield Finding(f"{way.id}.answer", _("answer"), "failed", str(found.fault))
        yield untried(way)
        return
    if found.answered is not None:
        yield _timed(way, "answer", _("answer"), _("its first byte after {ms:.0f} ms"), found.answered)
    yield _key(way, found)
    if way.model and not isinstance(found.fault, ON_THE_KEY):
        yield _model(way, way.model, found)


def untried(way: Way) -> Finding:
    """Say of a key that it was not tried."""
    key, label = way.service.key, _("key")
    if key is not None:
        value = _("{key}: not tried").format(key=key.secret.masked)
        return Finding(f"{way.id}.key", label, "skipped", value, str(key.origin))
    if way.trouble:
        return Finding(f"{way.id}.key", label, "failed", way.trouble)
    return Finding(f"{way.id}.key", label, "skipped", _("none is sent"))


def _encryption(way: Way, found: Outcome) -> Finding:
    label = _("encryption")
    if found.secured is not None:
        return _timed(way, "encryption", label, _("TLS, with a trusted certificate, in {ms:.0f} ms"), found.secured)
    return Finding(f"{way.id}.encryption", label, "skipped", _("none: the address begins with http:"))


def _key(way: Way, found: Outcome) -> Finding:
    key, label, name = way.service.key, _("key"), f"{way.id}.key"
    if way.trouble:
        return Finding(name, label, "failed", way.trouble)
    refused = isinstance(found.fault, ON_THE_KEY)
    status: Status = "ok"
    if refused:
        status = "warning" if isinstance(found.fault, errors.RateLimited) else "failed"
    if key is None:
        return Finding(name, label, status, str(found.fault) if refused else _("none is needed"))
    origin, advice = str(key.origin), None
    if refused:
        value = _("{key}: {sentence}").format(key=key.secret.masked, sentence=found.fault)
    elif found.asked or (found.models is not None and not found.open):
        value = _("{key} is accepted").format(key=key.secret.masked)
    else:
        status, advice = "skipped", _asking()
        value = _("{key}: the service did not tell whether it accepts it").format(key=key.secret.masked)
    return Finding(name, label, status, value, origin, advice)


def _model(way: Way, model: str, found: Outcome) -> Finding:
    label, name = _("model"), f"{way.id}.model"
    if found.asked:
        if found.fault is not None:
            return Finding(name, label, "failed", str(found.fault))
        return Finding(name, label, "ok", _("{model} answers").format(model=model))
    if found.models is None:
        value = _("{model}: the service did not tell which models it has").format(model=model)
        return Finding(name, label, "skipped", value, advice=_asking())
    n = len(found.models)
    if {model, f"{model}:latest", f"models/{model}"} & {*found.models}:
        value = ngettext("{model} is there, its only one", "{model} is there, one of {n:,}", n)
        return Finding(name, label, "ok", value.format(model=model, n=n))
    value = ngettext("{model} is not the one model that it has", "{model} is not among the {n:,} that it has", n)
    value = value.format(model=model, n=n) + nearest(model, found.models)
    advice = _("choose another with --model, or see with --ask whether it answers to that name all the same")
    return Finding(name, label, "failed", value, advice=advice)


def _asking() -> str:
    return _("--ask finds out with a short question, which costs some tokens")


def _timed(way: Way, what: str, label: str, sentence: str, seconds: float) -> Finding:
    return Finding(f"{way.id}.{what}", label, "ok", sentence.format(ms=seconds * 1000), seconds=seconds)
