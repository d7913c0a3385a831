"""The one folder that holds everything: where it is, and that only its owner can read it."""

import os
import stat
from collections.abc import Mapping
from errno import ENAMETOOLONG
from pathlib import Path

from msgspec import Struct

from chatcmd.errors import SettingsError, reason
from chatcmd.language import _, marked
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

    def name(self, path: Path) -> str:
        """Name a path so that it can be opened from where one is."""
        return self.show(path) if self.origin.kind == "file" else str(path)

    def show(self, path: Path) -> str:
        """Name a path below the root shortly, as messages do."""
        return str(path.relative_to(self.path)) if path.is_relative_to(self.path) else str(path)

    def read(self, path: Path) -> bytes | None:
        """Read a file of envs/, None where there is none; raises SettingsError.

        A link out of envs/ is not followed: a folder that someone else made could link to a key of ours, and name
        its own address beside it. What is no plain file could keep us waiting for ever.
        """
        shown = self.show(path)
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise SettingsError(_("{file}: is no plain file; put a file in its place").format(file=shown))
            if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.envs)):
                raise SettingsError(
                    _("{file}: is a link that leads out of envs/; put the file itself there").format(file=shown)
                )
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(
                _("{file}: cannot be read ({reason}); make it a file that you can read").format(
                    file=shown, reason=reason(error)
                )
            ) from None


def find_root(flag: str | None, environ: Mapping[str, str], current: Path) -> Root:
    """Find the root: flag, CHATCMD_ROOT, the current folder if it holds envs/, else the user's data folder."""
    if flag is not None:
        return _named(flag, Origin("flag", "--root"), current)
    if named := environ.get("CHATCMD_ROOT"):
        return _named(named, Origin("environment", "CHATCMD_ROOT"), current)
    if os.path.isdir(current / "envs"):  # noqa: PTH112 - Path's own raises where the folder may not be looked into
        return Root(current, Origin("file", marked("the current folder, which holds envs/")))
    from platformdirs import user_data_path

    return Root(user_data_path("chatcmd", appauthor=False), Origin("default", marked("the user's data folder")))


def _named(text: str, origin: Origin, current: Path) -> Root:
    refusal = SettingsError(
        _("{origin} names {text!r}, which is no folder; name a folder, it is made when needed").format(
            origin=origin, text=text
        )
    )
    try:
        path = Path(os.path.normpath(current / Path(text).expanduser()))
        nearest = next(each for each in (path, *path.parents) if each.exists())
        is_folder = nearest.is_dir()
    except (OSError, RuntimeError) as error:
        if isinstance(error, RuntimeError) or error.errno == ENAMETOOLONG:  # a user that there is not, or no name
            raise refusal from None
        sentence = _("{origin} names {text!r}, which cannot be looked at ({reason}); name a folder that can be read")
        raise SettingsError(sentence.format(origin=origin, text=text, reason=reason(error).lower())) from None
    if not text or not is_folder:
        raise refusal
    return Root(path, origin)
