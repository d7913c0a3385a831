"""Read the settings: flag, environment, envs/, default, in that order, once."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from chatcmd.errors import SettingsError
from chatcmd.settings.keys import find_keys, key, warn_if_open
from chatcmd.settings.option import OPTIONS, nearest, whole
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Named, Settings
from chatcmd.settings.url import Proxy, is_loopback

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
        for variable in option.variables:
            if text := environ.get(variable):
                take(option.name, text, Origin("environment", variable))
    _unknown_variables(environ, warnings)
    for name, value in flags.items():
        take(name, value, Origin("flag", _flag(name, value)))
    keys = _gather(faults, lambda: find_keys(environ, root, warnings)) or ()
    if faults:
        raise SettingsError(*faults)
    settings = Settings(root, values, origins, keys, named, windows)
    _refuse_idle_address(settings)
    return replace(settings, warnings=(*warnings, *_unencrypted(settings)))


def _flag(name: str, value: Any) -> str:
    return f"--{'no-' if value is False else ''}{name.replace('_', '-')}"


def _refuse_idle_address(settings: Settings) -> None:
    """Refuse a --base-url that nothing would be sent to."""
    model = settings["model"]
    provider, _ = settings.split(model)
    if provider is not None and settings.origin("base_url").kind == "flag":
        raise SettingsError(
            f"--base-url: the model {model} is one of [providers.{provider}], which has an address of its own; "
            "leave out --base-url, or choose another --model or --provider"
        )


def _unencrypted(settings: Settings) -> list[str]:
    """Warn of each address where key and questions travel in the open."""
    addresses = [(settings.origin("base_url"), settings["base_url"])]
    addresses += [(named.base_url_origin, named.base_url) for named in settings.providers.values()]
    return [
        f"{origin}: {address} is not encrypted; key and questions can be read underway"
        for origin, address in addresses
        if address.lower().startswith("http:") and not is_loopback(address)
    ]


def _gather(faults: list[str], read: Any) -> Any:
    """Run a reader, and keep what is wrong for the list."""
    try:
        return read()
    except SettingsError as error:
        faults.extend(error.sentences)
        return None


def _unknown_variables(environ: Mapping[str, str], warnings: list[str]) -> None:
    known = {option.name: option.variables[-1] for option in OPTIONS.values()} | {"root": "CHATCMD_ROOT"}
    for variable in sorted(environ):
        if variable.startswith("CHATCMD_") and variable not in known.values():
            close = nearest(variable.removeprefix("CHATCMD_").lower(), known, known.__getitem__)
            warnings.append(f"{variable}: there is no such setting{close}")


def _read_file(
    root: Root, take: Any, faults: list[str], warnings: list[str]
) -> tuple[dict[str, Named], dict[str, int]]:
    """Read envs/settings.toml, if it is there, into the values and the two tables."""
    path = root.envs / "settings.toml"
    shown = root.show(path)
    data = _gather(faults, lambda: root.read(path))
    if data is None:
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
        f"{table.place(word)}: [providers.{name}] has no setting {word}{nearest(word, _IN_PROVIDER)}"
        for word in table.values
        if word not in _IN_PROVIDER
    ]
    checked: dict[str, Any] = {}
    for word in ("base_url", "proxy"):
        try:
            if word in table.values:
                checked[word] = OPTIONS[word].check(table.values[word])
        except ValueError as error:
            faults.append(f"{table.place(word)}: {word} {error}")
    if "base_url" not in table.values:
        faults.append(f'{table.place()}: [providers.{name}] needs base_url = "https://host/v1"')
    keys = ()
    if "key" in table.values:
        keys = _gather(faults, lambda: (key(table.values["key"], Origin("file", table.place("key"))),)) or ()
    if faults:
        raise SettingsError(*faults)
    proxy = Proxy(checked["proxy"], table.place("proxy")) if "proxy" in checked else None
    return Named(checked["base_url"], Origin("file", table.place("base_url")), keys, proxy)
