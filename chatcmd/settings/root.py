"""The one folder that holds everything: where it is, and that only its owner can read it."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from chatcmd.errors import SettingsError
from chatcmd.settings.origin import Origin


class Root(Struct, frozen=True):
    """The root folder and how it was found; it need not exist yet."""

    path: Path
    origin: Origin

    @property
    def envs(self) -> Path:
        return self.path / "envs"

    @property
    def history(self) -> Path:
        return self.path / "history"

    def show(self, path: Path) -> str:
        """Name a path below the root shortly, as messages do."""
        return str(path.relative_to(self.path)) if path.is_relative_to(self.path) else str(path)


def find_root(flag: str | None, environ: Mapping[str, str], current: Path) -> Root:
    """Find the root: flag, CHATCMD_ROOT, the current folder if it holds envs/, else the user's data folder."""
    if flag is not None:
        return _named(flag, Origin("flag", "--root"), current)
    if named := environ.get("CHATCMD_ROOT"):
        return _named(named, Origin("environment", "CHATCMD_ROOT"), current)
    if (current / "envs").is_dir():
        return Root(current, Origin("file", "the current folder, which holds envs/"))
    from platformdirs import user_data_path

    return Root(user_data_path("chatcmd", appauthor=False), Origin("default", "the user's data folder"))


def _named(text: str, origin: Origin, current: Path) -> Root:
    path = current / Path(text).expanduser()
    if not text or (path.exists() and not path.is_dir()):
        raise SettingsError(f"{origin} names {text!r}, which is no folder; name a folder, it is made when needed")
    return Root(Path(os.path.normpath(path)), origin)
