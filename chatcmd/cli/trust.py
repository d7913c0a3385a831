"""Asking once before a folder that nobody named decides where words and keys go, or what is run."""

import os
import sys
from pathlib import Path

from platformdirs import user_data_path

from chatcmd.clean import clean_line
from chatcmd.cli.consent import agreed
from chatcmd.errors import NotSaved, SettingsError, UsageError
from chatcmd.history.disk import write_whole
from chatcmd.language import _
from chatcmd.settings.redaction import without_known
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings
from chatcmd.settings.trust import Record, Want, decoded, wants


def agree(settings: Settings) -> None:
    """Ask a person whether the root may decide what it sets, unless it needs not or was asked; raises UsageError.

    Yes holds for as long as these values stay as they are.
    """
    if is_trusted(settings):
        return
    _refuse_foreign_key(settings)
    wanted = wants(settings)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        sentence = _(
            "{folder} is the current folder, nobody named it, and its envs/ sets {names}: start once at a terminal and "
            "agree, pass --trust for this once, or name the folder with --root"
        )
        named = _("{name} ({place})")
        names = _(", ").join(clean_line(named.format(name=want.name, place=want.place)) for want in wanted)
        raise UsageError(sentence.format(folder=clean_line(str(settings.root.path)), names=names))
    if not agreed(_question(settings.root, wanted), yes=False):
        sentence = _("nothing was sent or run; start in another folder, or name one with --root")
        raise UsageError(sentence)
    if settings["save"] and (fault := remember(settings)) is not None:  # --no-save leaves no trace of this either
        sys.stderr.write(clean_line(_("{sentence}; the answer holds for this once").format(sentence=fault)) + "\n")


def is_trusted(settings: Settings) -> bool:
    """Tell whether all that the root sets may be used: it was named, is the user's own, or was agreed to."""
    wanted = wants(settings)
    if not wanted:
        return True
    record = _record_path()
    own = os.path.realpath(settings.root.path) == os.path.realpath(record.parent)
    return own or _read(record).covers(settings.root, wanted)


def remember(settings: Settings) -> str | None:
    """Keep for the next start that what the root sets was agreed to; returns why that could not be."""
    wanted, path = wants(settings), _record_path()
    if wanted:
        try:
            write_whole(path, _read(path).agreed(settings.root, wanted).encoded())
        except NotSaved as error:
            return str(error)
    return None


def _refuse_foreign_key(settings: Settings) -> None:
    """Raise SettingsError where no yes could help: the folder's address would receive a key that is not its own."""
    if settings.providers:  # a session that is gone on with may have a model of one of them
        return
    try:
        settings.services(settings["model"])
    except SettingsError:
        raise
    except UsageError:  # such as no key at all, which may be asked for, too
        pass


def _question(root: Root, wanted: tuple[Want, ...]) -> str:
    head = _("{folder} is the current folder, nobody named it, and its envs/ says where questions and keys go:")
    if any(want.runs for want in wanted):
        head = _("{folder} is the current folder, nobody named it, and its envs/ says what is run and where keys go:")
    rows = [
        _("  {name} = {value}  ({place})").format(
            name=clean_line(want.name), value=clean_line(without_known(want.shown)), place=clean_line(want.place)
        )
        for want in wanted
    ]
    return "\n".join((head.format(folder=clean_line(str(root.path))), *rows, _("Trust it?")))


def _read(path: Path) -> Record:
    try:
        return decoded(path.read_bytes())
    except OSError:
        return Record()


def _record_path() -> Path:
    return user_data_path("chatcmd", appauthor=False) / "trusted.json"
