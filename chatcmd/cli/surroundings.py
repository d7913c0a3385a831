"""Where a command runs: its folder, and the language of its reader."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from chatcmd.errors import SettingsError
from chatcmd.language import _
from chatcmd.settings.language import chosen, setting_of, use
from chatcmd.settings.root import Root


def speak_of(arguments: argparse.Namespace, environ: Mapping[str, str], root: Root) -> None:
    """Speak the language of the run, now that the settings file can be asked too, unless a flag says all."""
    if arguments.language is None:
        use(chosen(None, setting_of(environ, root), environ))


def current_folder(root: str | None) -> Path:
    """Name the current folder, which may have been removed: that matters unless the root is given in full."""
    try:
        return Path.cwd()
    except OSError:
        if root is not None and Path(root).is_absolute():
            return Path("/")
        raise SettingsError(
            _("the current folder is gone; change to another one, or pass --root with a full path")
        ) from None
