"""What is looked at: the root, its settings as far as they can be read, and the flags that came with them."""

import argparse
import os
from collections.abc import Mapping

from msgspec import Struct

from chatcmd.cli.fault import leave_no_trace
from chatcmd.cli.surroundings import current_folder, speak_of
from chatcmd.cli.trust import is_trusted
from chatcmd.errors import SettingsError
from chatcmd.settings.load import load
from chatcmd.settings.option import OPTIONS
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root, find_root
from chatcmd.settings.settings import Settings


class Case(Struct, frozen=True):
    """A root, and its settings, or the sentences that say what is wrong with them; `patience` in seconds.

    `trusted` tells whether what the root sets of addresses, proxies and commands may be used; `asks` that a question is
    wanted. `keyless` says of keys that were asked for in vain, by their origins, why.
    """

    root: Root
    settings: Settings | None
    faults: tuple[str, ...]
    environ: Mapping[str, str]
    trusted: bool
    patience: float
    asks: bool
    keyless: dict[Origin, str] = {}


def case_of(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Case:
    """Find the root and read its settings; raises SettingsError where there is no root."""
    root = find_root(arguments.root, environ, current_folder(arguments.root or environ.get("CHATCMD_ROOT")))
    speak_of(arguments, environ, root)
    flags = {name: value for name, value in vars(arguments).items() if value is not None and name in OPTIONS}
    settings: Settings | None = None
    faults: tuple[str, ...] = ()
    try:
        settings = load(flags, environ, root)
    except SettingsError as error:
        faults = error.sentences
    if settings is not None and not settings["save"]:
        leave_no_trace()
    trusted = settings is None or arguments.trust or is_trusted(settings)
    return Case(root, settings, faults, environ, trusted, arguments.patience, arguments.ask)


def surroundings() -> Mapping[str, str]:
    """Keep the environment as it is now: what the SDK would obey unasked is taken out of it later."""
    return dict(os.environ)
