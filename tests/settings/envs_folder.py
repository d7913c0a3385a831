"""An envs/ folder of a test, and what it is read into."""

from pathlib import Path
from typing import Any

import pytest

from chatcmd.errors import SettingsError
from chatcmd.settings.load import load
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings

KEY = "sk-CANARY-5d41402abc4b2a76"


def write(folder: Path, **files: str | bytes) -> Root:
    """Write the named files into envs/, for their owner only; `settings` is settings.toml, `key` is openai_key."""
    envs = folder / "envs"
    envs.mkdir(exist_ok=True)
    for name, content in files.items():
        path = envs / {"settings": "settings.toml", "key": "openai_key"}.get(name, name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o600)
    return Root(folder, Origin("flag", "--root"))


def read(
    folder: Path,
    *,
    flags: Any = None,
    environ: Any = None,
    **files: str | bytes,
) -> Settings:
    return load(flags or {}, environ or {}, write(folder, **files))


def faults(
    folder: Path,
    *,
    flags: Any = None,
    environ: Any = None,
    **files: str | bytes,
) -> tuple[str, ...]:
    """Read what is wrong, and return the sentences that say so."""
    with pytest.raises(SettingsError) as caught:
        read(folder, flags=flags, environ=environ, **files)
    assert KEY not in str(caught.value)
    return caught.value.sentences
