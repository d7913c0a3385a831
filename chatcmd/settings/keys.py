"""Keys: where they may stand, and what a key looks like."""

import re
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
        return (key(given, Origin("environment", "OPENAI_API_KEY")),)
    for name in (KEY_FILE, GATEWAY_FILE):
        path = root.envs / name
        if keys := _read(path, root.show(path), warnings):
            return keys
    return ()


def key(text: Any, origin: Origin) -> Key:
    """Check that a text can be a key; raises SettingsError that names its place and never the text."""
    if not isinstance(text, str) or not text:
        raise SettingsError(f"{origin}: holds no key; put the key there as text")
    if any(char.isspace() for char in text):
        blank = "a line break" if "\n" in text or "\r" in text else "a space"
        raise SettingsError(f"{origin}: the key has {blank} in it; copy it again, without any")
    if not (text.isascii() and text.isprintable()):
        raise SettingsError(f"{origin}: this is no key yet (a key is plain letters and digits); put your own there")
    return Key(Secret(text), origin)


def warn_if_open(path: Path, shown: str, warnings: list[str]) -> None:
    """Note a file that others on this machine can read or change."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        warnings.append(f"{shown}: others on this machine can read it (mode {mode:04o}); run: chmod 600 {shown}")


def _read(path: Path, shown: str, warnings: list[str]) -> tuple[Key, ...]:
    """Read a key file: {"api": "sk-..."}, a list of keys in its place, or the bare key."""
    try:
        data = path.read_bytes()
        warn_if_open(path, shown, warnings)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SettingsError(f"{shown}: cannot be read ({error.strerror}); make it a file that you can read") from None
    text = data.decode("utf-8-sig", "replace").strip()
    if not text:
        raise SettingsError(f"{shown} line 1: is empty; put the key there, or remove the file")
    if text[0] not in "{[":
        return (key(text.strip("\"'"), Origin("file", f"{shown} line 1")),)
    return _from_json(text, shown)


def _from_json(text: str, shown: str) -> tuple[Key, ...]:
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        found = re.search(r"byte (\d+)", str(error))
        line = text.encode().count(b"\n", 0, int(found[1])) + 1 if found else 1
        raise SettingsError(f'{shown} line {line}: is not JSON; write it like {{"api": "sk-..."}}') from None
    api = content.get("api") if isinstance(content, dict) else content
    if api is None:
        return ()
    given = api if isinstance(api, list) else [api]
    if not given:
        raise SettingsError(f"{shown} line 1: the list of keys is empty; put a key there")
    line = next((number for number, row in enumerate(text.splitlines(), 1) if '"api"' in row), 1)
    return tuple(key(one, Origin("file", f"{shown} line {line}")) for one in given)
