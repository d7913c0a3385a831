"""The settings: the root, what is set where, and what of the environment does not count."""

from collections.abc import Iterator

from chatcmd.cli.doctor.case import Case
from chatcmd.cli.doctor.finding import Finding, Status
from chatcmd.errors import ChatcmdError
from chatcmd.language import _, ngettext
from chatcmd.settings.persona import persona_names, persona_of
from chatcmd.settings.settings import Settings
from chatcmd.settings.trust import wants

OBEYED = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
"""Of the variables that the SDK knows, those that count here."""

ELSEWHERE = ("base_url", "provider", "proxy", "model", "persona")
"""Settings that have lines of their own."""


def settings(case: Case) -> Iterator[Finding]:
    """Say what is set, and where."""
    path = str(case.root.path)
    value = path if case.root.path.is_dir() else _("{path} is made when it is needed").format(path=path)
    yield Finding("settings.root", _("root"), "ok", value, str(case.root.origin))
    if case.settings is None:
        yield from _faults(case)
    else:
        yield _file(case)
        yield from _trust(case, case.settings)
        yield from _warnings(case.settings)
        yield _model(case.settings)
        yield _persona(case.settings)
        yield from _others(case.settings)
    yield from _environment(case)


def _faults(case: Case) -> Iterator[Finding]:
    for number, sentence in enumerate(case.faults, 1):
        yield Finding(_numbered("settings.fault", number), _("fault"), "failed", sentence)


def _warnings(found: Settings) -> Iterator[Finding]:
    for number, sentence in enumerate(found.warnings, 1):
        yield Finding(_numbered("settings.warning", number), _("warning"), "warning", sentence)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}.{number}"


def _file(case: Case) -> Finding:
    path, label = case.root.envs / "settings.toml", _("file")
    shown = str(path)
    if not path.exists():
        return Finding("settings.file", label, "ok", _("{path} is not there, and need not be").format(path=shown))
    return Finding("settings.file", label, "ok", shown)


def _trust(case: Case, found: Settings) -> Iterator[Finding]:
    """Say whether what the folder sets was agreed to, where it has to be."""
    label, names = _("trust"), _(", ").join(dict.fromkeys(want.name for want in wants(found)))
    if not names:
        return
    if case.trusted:
        yield Finding(
            "settings.trust", label, "ok", _("it was agreed that this folder may set {names}").format(names=names)
        )
        return
    value = _("nobody has agreed that this folder may set {names}").format(names=names)
    advice = _("start chatcmd there once at a terminal and agree, pass --trust, or name the folder with --root")
    yield Finding("settings.trust", label, "warning", value, advice=advice)


def _model(found: Settings) -> Finding:
    name, label = found["model"], _("model")
    try:
        budget = found.budget(name)
    except ChatcmdError as error:
        return Finding("settings.model", label, "failed", str(error))
    sentence = _("{model}, {window:,} tokens, {reserve:,} of them for the answer")
    value = sentence.format(model=name, window=budget.window, reserve=budget.reserve)
    return Finding("settings.model", label, "ok", value, str(found.origin("model")))


def _persona(found: Settings) -> Finding:
    label, origin = _("persona"), str(found.origin("persona"))
    try:
        name = persona_of(found).name
    except ChatcmdError as error:
        return Finding("settings.persona", label, "failed", str(error))
    n = len(persona_names(found.root))
    value = ngettext("{name}, the only one", "{name}, one of {n:,}", n).format(name=name, n=n)
    return Finding("settings.persona", label, "ok", value, origin)


def _others(found: Settings) -> Iterator[Finding]:
    """Name what else is set; what it is set to may be nobody else's business."""
    said = [(name, origin) for name, origin in found.origins.items() if name not in ELSEWHERE]
    if said:
        each = _("{name} ({origin})")
        value = _(", ").join(each.format(name=name, origin=origin) for name, origin in said)
        yield Finding("settings.others", _("also set"), "ok", value)


def _environment(case: Case) -> Iterator[Finding]:
    """Name the variables that other programs obey, and this one does not."""
    idle = sorted(name for name, value in case.environ.items() if name.startswith("OPENAI_") and value)
    idle = [name for name in idle if name not in OBEYED]
    status: Status = "warning" if idle else "ok"
    value = _("{names}: ignored by chatcmd, whatever other programs do").format(names=_(", ").join(idle))
    if not idle:
        value = _("no OPENAI_ variable is set that chatcmd ignores")
    yield Finding("settings.environment", _("environment"), status, value)
