"""What a command line and its surroundings come to."""

import argparse
import os
from collections.abc import Mapping

from msgspec import Struct

from chatcmd.cli.fault import leave_no_trace
from chatcmd.cli.surroundings import current_folder, speak_of
from chatcmd.history.library import Library
from chatcmd.settings.load import load
from chatcmd.settings.option import OPTIONS
from chatcmd.settings.root import Root, find_root
from chatcmd.settings.settings import Settings


class Run(Struct):
    """The settings of one run, with what they were read from."""

    settings: Settings
    environ: Mapping[str, str]
    root: Root

    @property
    def library(self) -> Library | None:
        """The history, or None when it is not to be kept."""
        return Library(self.root.history) if self.settings["save"] else None


def trusted(run: Run, arguments: argparse.Namespace) -> Run:
    """Return the run when its root may decide where words and keys go, and what is run; raises UsageError."""
    if run.root.origin.kind == "file" and not arguments.trust:
        from chatcmd.settings.trust import wants

        if wants(run.settings):
            from chatcmd.cli import trust

            trust.agree(run.settings)
    return run


def prepare(arguments: argparse.Namespace) -> Run:
    """Find the root and read the settings; raises SettingsError."""
    environ = dict(os.environ)
    root = find_root(arguments.root, environ, current_folder(arguments.root or environ.get("CHATCMD_ROOT")))
    speak_of(arguments, environ, root)
    flags = {name: value for name, value in vars(arguments).items() if value is not None and name in OPTIONS}
    settings = load(flags, environ, root)
    if not settings["save"]:
        leave_no_trace()
    return Run(settings, environ, root)
