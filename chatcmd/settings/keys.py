"""Keys: where they may stand, what goes with each, and what a key looks like."""

import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from chatcmd.errors import SettingsError
from chatcmd.language import _
from chatcmd.settings.option import OPTIONS, nearest, whole
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.secret import Secret
from chatcmd.settings.url import Address, Proxy

if TYPE_CHECKING:
    from chatcmd.settings.table import Table

VARIABLE = "OPENAI_API_KEY"
KEY_FILE = "openai_key"
GATEWAY_FILE = "configs"
ENTRY = '{"key": "sk-...", "base_url": "https://host/v1"}'

_IN_ENTRY = ("key", "base_url", "proxy", "weight")
_weight = whole(1, 100)


class Key(msgspec.Struct, frozen=True):
    """A key and where it was given; one may have an address and a proxy of its own, and a weight from 1 to 100.

    One that has to be asked for names the setting that says of whom, and what it says.
    """

    secret: Secret
    origin: Origin
    address: Address | None = None
    proxy: Proxy | None = None
    weight: int = 1
    asked_of: tuple[str, str] | None = None


def find_keys(environ: Mapping[str, str], root: Root, warnings: list[str]) -> tuple[Key, ...]:
    """Find the keys of the default service: OPENAI_API_KEY, which is one, else envs/openai_key, else envs/configs."""
    if given := environ.get(VARIABLE):
        given = given.strip()  # as `$(cat key)` on Windows ends
        if given.startswith(("[", "{")) or "," in given:
            raise SettingsError(
                _("{place}: holds one key only; put several into envs/openai_key").format(place=VARIABLE)
            )
        return (key(given, Origin("environment", VARIABLE)),)
    for name in (KEY_FILE, GATEWAY_FILE):
        path = root.envs / name
        data = root.read(path)
        if data is None:
            continue
        warn_if_open(path, root.show(path), warnings)
        if keys := _parse(data, root.show(path), needed=name == KEY_FILE):
            return keys
    return ()


def keys_in(api: Any, table: "Table", *path: str) -> tuple[Key, ...]:
    """Read a key, {key, base_url, proxy, weight}, or a list of them, which stands in a table under `path`.

    Raises SettingsError with a sentence for each fault, naming its line and never a key.
    """
    given = api if isinstance(api, list) else [api]
    if not given:
        raise SettingsError(_("{place}: the list of keys is empty; put a key there").format(place=table.place(*path)))
    found: list[Key] = []
    faults: list[str] = []
    for number, one in enumerate(given):
        where: tuple[str | int, ...] = (*path, number) if isinstance(api, list) else path
        try:
            each = _entry(one, table, where) if isinstance(one, dict) else key(one, _origin(table.place(*where)))
        except SettingsError as error:
            faults.extend(error.sentences)
            continue
        if any(_way(each) == _way(other) for other in found):
            sentence = _(
                "{place}: the same key stands there twice; keep one, and give it a weight if it is to serve more"
            )
            faults.append(sentence.format(place=each.origin))
        found.append(each)
    if faults:
        raise SettingsError(*faults)
    return tuple(_numbered(found))


def _numbered(found: Sequence[Key]) -> Iterator[Key]:
    """Let each of several keys on one line say which of them it is."""
    places = [each.origin.place for each in found]
    for number, (each, place) in enumerate(zip(found, places, strict=True), 1):
        which = _("{place}, key {number}").format(place=place, number=number)
        yield replace(each, origin=_origin(which)) if places.count(place) > 1 else each


def key(text: Any, origin: Origin) -> Key:
    """Check that a text can be a key; raises SettingsError that names its place and never the text."""
    if not isinstance(text, str) or not text:
        raise SettingsError(_("{place}: holds no key; put the key there as text").format(place=origin))
    if any(char.isspace() for char in text):
        if "\n" in text or "\r" in text:
            raise SettingsError(
                _("{place}: the key has a line break in it; copy it again, without any").format(place=origin)
            )
        raise SettingsError(_("{place}: the key has a space in it; copy it again, without any").format(place=origin))
    if not (text.isascii() and text.isprintable()) or text.endswith("..."):
        raise SettingsError(
            _("{place}: this is no key yet (a key is plain letters and digits); put your own there").format(
                place=origin
            )
        )
    return Key(Secret(text), origin)


def warn_if_open(path: Path, shown: str, warnings: list[str]) -> None:
    """Note a file that others on this machine can read or change."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        import shlex  # noqa: PLC0415 - a start with nothing to warn of need not load it

        command = f"chmod 600 {shlex.quote(str(path))}"
        warnings.append(
            _("{file}: others on this machine can read it (mode {mode:04o}); run: {command}").format(
                file=shown, mode=mode, command=command
            )
        )


def _parse(data: bytes, shown: str, *, needed: bool) -> tuple[Key, ...]:
    """Read {"api": ...}, what stands in its place, or the bare key; `needed` is for a file of nothing else."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(
            _("{file} line {line}: is not UTF-8 text; save the file as UTF-8").format(file=shown, line=1)
        ) from None
    bare = text.strip()
    if not bare:
        raise SettingsError(
            _("{file} line {line}: is empty; put the key there, or remove the file").format(file=shown, line=1)
        )
    if bare[0] not in "{[":
        line = text.count("\n", 0, text.index(bare)) + 1
        return (key(bare.strip("\"'"), _origin(_("{file} line {line}").format(file=shown, line=line))),)
    from chatcmd.settings import json

    value, table = json.parse(text, shown)
    if not isinstance(value, dict):
        return keys_in(value, table)
    if value.get("api") is None:
        if not needed:
            return ()
        raise SettingsError(
            _('{file} line {line}: has no "api"; write it like {example}').format(
                file=shown, line=1, example=json.EXAMPLE
            )
        )
    return keys_in(value["api"], table, "api")


def _entry(entry: dict[str, Any], table: "Table", path: tuple[str | int, ...]) -> Key:
    """Read {key, base_url, proxy, weight}; raises SettingsError with a sentence for each fault."""
    given = {word: value for word, value in entry.items() if value is not None}
    faults = [
        _("{place}: an entry of api has no {name}").format(place=table.place(*path, word), name=word)
        + nearest(word, _IN_ENTRY)
        for word in given
        if word not in _IN_ENTRY
    ]
    checked: dict[str, Any] = {"weight": 1}
    for word, check in (
        ("base_url", OPTIONS["base_url"].check),
        ("proxy", OPTIONS["proxy"].check),
        ("weight", _weight),
    ):
        try:
            if word in given:
                checked[word] = check(given[word] if word != "weight" or type(given[word]) is int else None)
        except ValueError as error:
            place = table.place(*path, word)
            faults.append(_("{place}: {name} {fault}").format(place=place, name=word, fault=error))
    found = None
    try:
        if "key" in given:
            found = key(given["key"], _origin(table.place(*path, "key")))
        else:
            faults.append(
                _('{place}: has no "key"; write it like {example}').format(place=table.place(*path), example=ENTRY)
            )
    except SettingsError as error:
        faults.extend(error.sentences)
    if found is None or faults:
        raise SettingsError(*faults)
    address = Address(checked["base_url"], _origin(table.place(*path, "base_url"))) if "base_url" in checked else None
    proxy = Proxy(checked["proxy"], table.place(*path, "proxy")) if "proxy" in checked else None
    return Key(found.secret, found.origin, address, proxy, checked["weight"])


def _way(key: Key) -> tuple[Secret, str, str]:
    return key.secret, key.address.url if key.address else "", key.proxy.url if key.proxy else ""


def _origin(place: str) -> Origin:
    return Origin("file", place)
