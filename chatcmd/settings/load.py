"""Read the settings: flag, environment, envs/, default, in that order, once."""

from collections.abc import Mapping
from typing import Any

from chatcmd.errors import SettingsError
from chatcmd.settings.keys import find_keys, key, warn_if_open
from chatcmd.settings.option import OPTIONS, nearest, whole
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Named, Settings
from chatcmd.settings.url import is_loopback, proxy_url, service_url

_OTHER_VARIABLES = ("CHATCMD_ROOT",)
_IN_PROVIDER = ("base_url", "key", "proxy")


def load(flags: Mapping[str, Any], environ: Mapping[str, str], root: Root) -> Settings:
    """Compose the settings; `flags` holds what was said on the command line, by option name.

    Raises SettingsError with a sentence for each value that is wrong, naming where it stands and what to do.
    """
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    faults: list[str] = []
    warnings: list[str] = []

    def take(name: str, value: Any, origin: Origin) -> None:
        try:
            values[name], origins[name] = OPTIONS[name].check(value), origin
        except ValueError as error:
            faults.append(f"{origin}: {name} {error}")

    named, windows = _read_file(root, take, faults, warnings)
    for option in OPTIONS.values():
        if text := environ.get(option.environment):
            take(option.name, text, Origin("environment", option.environment))
    _unknown_variables(environ, warnings)
    for name, value in flags.items():
        take(name, value, Origin("flag", _flag(name, value)))
    keys = _gather(faults, lambda: find_keys(environ, root, warnings)) or ()
    if faults:
        raise SettingsError(*faults)
    settings = Settings(root, values, origins, keys, named, windows)
    address = settings["base_url"]
    if address.startswith("http://") and not is_loopback(address):
        warnings.append(
            f"{settings.origin('base_url')}: {address} is not encrypted; key and questions can be read underway"
        )
    return Settings(root, values, origins, keys, named, windows, tuple(warnings))


def _flag(name: str, value: Any) -> str:
    return f"--{'no-' if value is False else ''}{name.replace('_', '-')}"


def _gather(faults: list[str], read: Any) -> Any:
    """Run a reader, and keep what is wrong for the list."""
    try:
        return read()
    except SettingsError as error:
        faults.extend(error.sentences)
        return None


def _unknown_variables(environ: Mapping[str, str], warnings: list[str]) -> None:
    known = [*_OTHER_VARIABLES, *(option.environment for option in OPTIONS.values())]
    warnings.extend(
        f"{variable}: there is no such setting{nearest(variable, known)}"
        for variable in sorted(environ)
        if variable.startswith("CHATCMD_") and variable not in known
    )


def _read_file(
    root: Root, take: Any, faults: list[str], warnings: list[str]
) -> tuple[dict[str, Named], dict[str, int]]:
    """Read envs/settings.toml, if it is there, into the values and the two tables."""
    path = root.envs / "settings.toml"
    shown = root.show(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}, {}
    except OSError as error:
        faults.append(f"{shown}: cannot be read ({error.strerror}); make it a file that you can read")
        return {}, {}
    from chatcmd.settings import toml

    table = _gather(faults, lambda: toml.parse(data, shown))
    if table is None:
        return {}, {}
    known = [*OPTIONS, "windows", "providers"]
    for name, value in table.values.items():
        if name in OPTIONS:
            take(name, value, Origin("file", table.place(name)))
        elif name not in known:
            faults.append(f"{table.place(name)}: there is no setting {name}{nearest(name, known)}")
    windows = _gather(faults, lambda: _windows(table.table("windows"), faults)) or {}
    named = _gather(faults, lambda: _providers(table.table("providers"), faults)) or {}
    if any(provider.keys for provider in named.values()):
        warn_if_open(path, shown, warnings)
    return named, windows


def _windows(table: Any, faults: list[str]) -> dict[str, int]:
    windows = {}
    for model, tokens in table.values.items():
        try:
            windows[model] = whole(256)(tokens)
        except ValueError as error:
            faults.append(f"{table.place(model)}: the window of {model} {error}")
    return windows


def _providers(table: Any, faults: list[str]) -> dict[str, Named]:
    found = {name: _gather(faults, lambda name=name: _provider(table.table(name), name)) for name in table.values}
    return {name: named for name, named in found.items() if named is not None}


def _provider(table: Any, name: str) -> Named:
    """Read one [providers.NAME]; raises SettingsError with a sentence for each fault."""
    faults = [
        f"{table.place(word)}: [providers.{name}] has no setting {word}{nearest(word, list(_IN_PROVIDER))}"
        for word in table.values
        if word not in _IN_PROVIDER
    ]
    checked: dict[str, Any] = {}
    for word, check in (("base_url", service_url), ("proxy", proxy_url)):
        try:
            if word in table.values:
                checked[word] = check(str(table.values[word]))
        except ValueError as error:
            faults.append(f"{table.place(word)}: {word} {error}")
    if "base_url" not in table.values:
        faults.append(f'{table.file}: [providers.{name}] needs base_url = "https://host/v1"')
    keys = ()
    if "key" in table.values:
        keys = _gather(faults, lambda: (key(table.values["key"], Origin("file", table.place("key"))),)) or ()
    if faults:
        raise SettingsError(*faults)
    return Named(checked["base_url"], Origin("file", table.place("base_url")), keys, checked.get("proxy"))
