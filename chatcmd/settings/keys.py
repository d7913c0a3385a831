"""Keys: where they may stand, and what a key looks like."""

import re
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.errors import SettingsError
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.secret import Secret

KEY_FILE = "openai_key"
GATEWAY_FILE = "configs"


class Key(msgspec.Struct, frozen=True):
    """A key and where it was given."""

    secret: Secret
    origin: Origin


def find_keys(environ: Mapping[str, str], root: Root, warnings: list[str]) -> tuple[Key, ...]:
    """Find the keys of the default service: OPENAI_API_KEY, else envs/openai_key, else envs/configs."""
    if given := environ.get("OPENAI_API_KEY"):
        return (key(given.strip(), Origin("environment", "OPENAI_API_KEY")),)  # as `$(cat key)` on Windows ends
    for name in (KEY_FILE, GATEWAY_FILE):
        path = root.envs / name
        data = root.read(path)
        if data is None:
            continue
        warn_if_open(path, root.show(path), warnings)
        if keys := _parse(data, root.show(path), needed=name == KEY_FILE):
            return keys
    return ()


def key(text: Any, origin: Origin) -> Key:
    """Check that a text can be a key; raises SettingsError that names its place and never the text."""
    if not isinstance(text, str) or not text:
        raise SettingsError(f"{origin}: holds no key; put the key there as text")
    if any(char.isspace() for char in text):
        blank = "a line break" if "\n" in text or "\r" in text else "a space"
        raise SettingsError(f"{origin}: the key has {blank} in it; copy it again, without any")
    if not (text.isascii() and text.isprintable()) or text.endswith("..."):
        raise SettingsError(f"{origin}: this is no key yet (a key is plain letters and digits); put your own there")
    return Key(Secret(text), origin)


def warn_if_open(path: Path, shown: str, warnings: list[str]) -> None:
    """Note a file that others on this machine can read or change."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        command = f"chmod 600 {shlex.quote(str(path))}"
        warnings.append(f"{shown}: others on this machine can read it (mode {mode:04o}); run: {command}")


def _parse(data: bytes, shown: str, *, needed: bool) -> tuple[Key, ...]:
    """Read {"api": "sk-..."}, a list of keys in its place, or the bare key; `needed` is for a file of nothing else."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{shown} line 1: is not UTF-8 text; save the file as UTF-8") from None
    bare = text.strip()
    if not bare:
        raise SettingsError(f"{shown} line 1: is empty; put the key there, or remove the file")
    if bare[0] not in "{[":
        return (key(bare.strip("\"'"), Origin("file", f"{shown} line {_line(text, text.index(bare))}")),)
    api = _api(text, shown)
    if api is None:
        if needed:
            raise SettingsError(f'{shown} line 1: has no "api"; write it like {{"api": "sk-..."}}')
        return ()
    given = api if isinstance(api, list) else [api]
    if not given:
        raise SettingsError(f"{shown} line 1: the list of keys is empty; put a key there")
    return tuple(key(one, Origin("file", f"{shown} line {_line_of(text, one)}")) for one in given)


def _api(text: str, shown: str) -> Any:
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        found = re.search(r"byte (\d+)", str(error))
        line = text.encode().count(b"\n", 0, int(found[1])) + 1 if found else 1
        raise SettingsError(f'{shown} line {line}: is not JSON; write it like {{"api": "sk-..."}}') from None
    return content.get("api") if isinstance(content, dict) else content


def _line_of(text: str, value: Any) -> int:
    """Find the line of a value as JSON writes it, else of the word api, else the first."""
    written = msgspec.json.encode(value).decode()
    place = text.find(written) if isinstance(value, str) and value else -1
    return _line(text, place if place >= 0 else max(text.find('"api"'), 0))


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
