"""Keys: where they may stand, and what a key looks like."""

import re
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.errors import SettingsError
from chatcmd.language import _
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.secret import Secret

KEY_FILE = "openai_key"
GATEWAY_FILE = "configs"
EXAMPLE = '{"api": "sk-..."}'


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
        command = f"chmod 600 {shlex.quote(str(path))}"
        warnings.append(
            _("{file}: others on this machine can read it (mode {mode:04o}); run: {command}").format(
                file=shown, mode=mode, command=command
            )
        )


def _parse(data: bytes, shown: str, *, needed: bool) -> tuple[Key, ...]:
    """Read {"api": "sk-..."}, a list of keys in its place, or the bare key; `needed` is for a file of nothing else."""
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
        return (key(bare.strip("\"'"), _place(shown, _line(text, text.index(bare)))),)
    api = _api(text, shown)
    if api is None:
        if needed:
            raise SettingsError(
                _('{file} line {line}: has no "api"; write it like {example}').format(
                    file=shown, line=1, example=EXAMPLE
                )
            )
        return ()
    given = api if isinstance(api, list) else [api]
    if not given:
        raise SettingsError(
            _("{file} line {line}: the list of keys is empty; put a key there").format(file=shown, line=1)
        )
    return tuple(key(one, _place(shown, _line_of(text, one))) for one in given)


def _place(shown: str, line: int) -> Origin:
    return Origin("file", _("{file} line {line}").format(file=shown, line=line))


def _api(text: str, shown: str) -> Any:
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        found = re.search(r"byte (\d+)", str(error))
        line = text.encode().count(b"\n", 0, int(found[1])) + 1 if found else 1
        raise SettingsError(
            _("{file} line {line}: is not JSON; write it like {example}").format(file=shown, line=line, example=EXAMPLE)
        ) from None
    return content.get("api") if isinstance(content, dict) else content


def _line_of(text: str, value: Any) -> int:
    """Find the line of a value as JSON writes it, else of the word api, else the first."""
    written = msgspec.json.encode(value).decode()
    place = text.find(written) if isinstance(value, str) and value else -1
    return _line(text, place if place >= 0 else max(text.find('"api"'), 0))


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
