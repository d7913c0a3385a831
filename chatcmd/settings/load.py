"""Read the settings: flag, environment, envs/, default, in that order, once."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from chatcmd.conversation.price import Price
from chatcmd.errors import SettingsError
from chatcmd.language import _
from chatcmd.settings.keys import Key, find_keys, key, keys_in, warn_if_open
from chatcmd.settings.option import OPTIONS, nearest, number, whole
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Named, Settings
from chatcmd.settings.url import Proxy, host_of, is_loopback

OPENAI_USER = "openai"
"""Under which name a keyring holds the default service's key; that of [providers.NAME] under NAME."""

_dollars = number(0, 1_000_000)
_IN_PROVIDER = ("base_url", "key", "api", "key_command", "keyring", "proxy")


def load(flags: Mapping[str, Any], environ: Mapping[str, str], root: Root) -> Settings:
    """Compose the settings; `flags` holds what was said on the command line, by option name.

    The first of these that gives a key gives all of them: OPENAI_API_KEY, envs/openai_key, envs/configs, the setting
    `key_command`, the setting `keyring`; the last two are asked when a key is needed, not here.

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
            faults.append(_("{place}: {name} {fault}").format(place=origin, name=name, fault=error))

    named, windows, prices = _read_file(root, take, faults, warnings)
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
    keys = keys or _asked(values, origins, OPENAI_USER)
    settings = Settings(root, values, origins, keys, named, windows, prices=prices)
    _refuse_idle_address(settings)
    return replace(settings, warnings=(*warnings, *_unencrypted(settings), *_left_out(settings)))


def _flag(name: str, value: Any) -> str:
    word = {"language": "lang"}.get(name, name.replace("_", "-"))
    return f"--{'no-' if value is False else ''}{word}"


def _refuse_idle_address(settings: Settings) -> None:
    """Refuse a --base-url that nothing would be sent to."""
    model = settings["model"]
    provider = settings.split(model)[0]
    if provider is not None and settings.origin("base_url").kind == "flag":
        raise SettingsError(
            _(
                "--base-url: the model {model} is one of [providers.{provider}], which has an address of its own; "
                "leave out --base-url, or choose another --model or --provider"
            ).format(model=model, provider=provider)
        )


def _unencrypted(settings: Settings) -> list[str]:
    """Warn of each address where key and questions travel in the open."""
    addresses = [(settings.origin("base_url"), settings["base_url"])]
    addresses += [(named.base_url_origin, named.base_url) for named in settings.providers.values()]
    keys = [*settings.keys, *(key for named in settings.providers.values() for key in named.keys)]
    addresses += [(key.address.origin, key.address.url) for key in keys if key.address]
    return [
        _("{place}: {address} is not encrypted; key and questions can be read underway").format(
            place=origin, address=address
        )
        for origin, address in addresses
        if address.lower().startswith("http:") and not is_loopback(address)
    ]


def _left_out(settings: Settings) -> list[str]:
    """Warn of each key that is made for another address than the one that was said."""
    sentence = _("{place}: this key is for {host} and is left out: {origin} names another address")
    return [
        sentence.format(place=key.origin, host=host_of(key.address.url), origin=settings.origin("base_url"))
        for key in settings.keys
        if key.address and settings.left_out(key)
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
            warnings.append(_("{place}: there is no such setting").format(place=variable) + close)


def _read_file(
    root: Root, take: Any, faults: list[str], warnings: list[str]
) -> tuple[dict[str, Named], dict[str, int], dict[str, Price]]:
    """Read envs/settings.toml, if it is there, into the values and the three tables."""
    path = root.envs / "settings.toml"
    shown = root.show(path)
    data = _gather(faults, lambda: root.read(path))
    if data is None:
        return {}, {}, {}
    from chatcmd.settings import toml

    table = _gather(faults, lambda: toml.parse(data, shown))
    if table is None:
        return {}, {}, {}
    known = [*OPTIONS, "windows", "prices", "providers"]
    for name, value in table.values.items():
        if name in OPTIONS:
            take(name, value, Origin("file", table.place(name)))
        elif name not in known:
            sentence = _("{place}: there is no setting {name}").format(place=table.place(name), name=name)
            faults.append(sentence + nearest(name, known))
    windows = _gather(faults, lambda: _windows(table.table("windows"), faults)) or {}
    prices = _gather(faults, lambda: _prices(table.table("prices"), faults)) or {}
    named = _gather(faults, lambda: _providers(table.table("providers"), faults)) or {}
    if any(each.secret.at_hand for provider in named.values() for each in provider.keys):
        warn_if_open(path, shown, warnings)
    return named, windows, prices


def _windows(table: Any, faults: list[str]) -> dict[str, int]:
    windows = {}
    for model, tokens in table.values.items():
        try:
            windows[model] = whole(256)(tokens)
        except ValueError as error:
            faults.append(
                _("{place}: the window of {model} {fault}").format(place=table.place(model), model=model, fault=error)
            )
    return windows


def _prices(table: Any, faults: list[str]) -> dict[str, Price]:
    prices = {}
    for model, price in table.values.items():
        try:
            prompt, answer = map(_dollars, price if isinstance(price, list) else ())
            prices[model] = Price(prompt, answer)
        except (TypeError, ValueError):
            faults.append(
                _("{place}: the price of {model} must be [PROMPT, ANSWER] in US dollars per million tokens").format(
                    place=table.place(model), model=model
                )
            )
    return prices


def _providers(table: Any, faults: list[str]) -> dict[str, Named]:
    found = {name: _gather(faults, lambda name=name: _provider(table.table(name), name)) for name in table.values}
    return {name: named for name, named in found.items() if named is not None}


def _provider(table: Any, name: str) -> Named:
    """Read one [providers.NAME]; raises SettingsError with a sentence for each fault."""
    header = f"[providers.{name}]"
    faults = [
        _("{place}: {table} has no setting {name}").format(place=table.place(word), table=header, name=word)
        + nearest(word, _IN_PROVIDER)
        for word in table.values
        if word not in _IN_PROVIDER
    ]
    checked: dict[str, Any] = {}
    for word in ("base_url", "proxy", "key_command", "keyring"):
        try:
            if word in table.values:
                checked[word] = OPTIONS[word].check(table.values[word])
        except ValueError as error:
            faults.append(_("{place}: {name} {fault}").format(place=table.place(word), name=word, fault=error))
    if "base_url" not in table.values:
        faults.append(
            _('{place}: {table} needs base_url = "https://host/v1"').format(place=table.place(), table=header)
        )
    keys = _gather(faults, lambda: _given(table, header)) or ()
    if faults:
        raise SettingsError(*faults)
    keys = keys or _asked(checked, {word: Origin("file", table.place(word)) for word in checked}, name)
    proxy = Proxy(checked["proxy"], table.place("proxy")) if "proxy" in checked else None
    return Named(checked["base_url"], Origin("file", table.place("base_url")), keys, proxy)


def _given(table: Any, header: str) -> tuple[Key, ...]:
    """Read the keys that stand in a [providers.NAME]."""
    if "key" in table.values and "api" in table.values:
        sentence = _("{place}: {table} has both key and api; put the key into the list")
        raise SettingsError(sentence.format(place=table.place("api"), table=header))
    if "api" in table.values:
        return keys_in(table.values["api"], table, "api")
    if "key" in table.values:
        return (key(table.values["key"], Origin("file", table.place("key"))),)
    return ()


def _asked(values: Mapping[str, Any], origins: Mapping[str, Origin], user: str) -> tuple[Key, ...]:
    """Make the key that is to be asked for, where none is given: of key_command, else of the keyring."""
    if line := values.get("key_command"):
        from chatcmd.settings import asked

        return (asked.key_from(line, origins["key_command"]),)
    if service := values.get("keyring"):
        from chatcmd.settings import keyring

        return (keyring.key_from(service, user, origins["keyring"]),)
    return ()
