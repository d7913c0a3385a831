"""A folder that someone is in, its envs/, and a home of their own for all that is started in it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.terminal_driver import CHATCMD, Finished, Terminal, run

KEY = "sk-CANARY-70efdf2ec9b08607"


class Folder:
    """A current folder with envs/; `home` is where what was agreed to is kept."""

    def __init__(self, place: Path, **files: str) -> None:
        self.path, self.home = place / "here", place / "home"
        self.home.mkdir()
        (self.path / "envs").mkdir(parents=True)
        self.write(**files)

    @property
    def record(self) -> Path:
        return self.home / ".local" / "share" / "chatcmd" / "trusted.json"

    @property
    def environ(self) -> dict[str, str]:
        return {"HOME": str(self.home)}

    def write(self, **files: str) -> None:
        """Write files of envs/; `settings` is settings.toml, `key` is openai_key."""
        for name, content in files.items():
            path = self.path / "envs" / {"settings": "settings.toml", "key": "openai_key"}.get(name, name)
            path.write_text(content, "utf-8")
            path.chmod(0o600)

    def copy(self, path: Path) -> None:
        """Copy one of the program's own examples."""
        shutil.copy(path, self.path / "envs")

    def pipe(
        self, *words: str, typed: str = "", env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Finished:
        return run([*CHATCMD, *words], typed.encode(), env=self.environ | dict(env or {}), cwd=cwd or self.path)

    def terminal(
        self, *words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, **more: Any
    ) -> Terminal:
        return Terminal([*CHATCMD, *words], env=self.environ | dict(env or {}), cwd=cwd or self.path, **more)
