"""A user's folder looked at: its name, and what it holds beside sessions."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from chatcmd.conversation.name import checked, decoded
from chatcmd.errors import NameRefused, reason
from chatcmd.history import file
from chatcmd.history.verify.contents import RECALL, Contents
from chatcmd.history.verify.finding import Finding
from chatcmd.history.verify.saved import named, user_of
from chatcmd.history.verify.session import obstacle
from chatcmd.language import _, ngettext

_input = msgspec.json.Decoder(list[str])


def look_into(contents: Contents) -> Iterator[Finding]:
    """Look at a folder, but for its sessions and rights."""
    yield from _name(contents.folder)
    if contents.has_recall:
        yield from _recall(contents.folder / RECALL)
    if kept := sorted(path.name for files in contents.sessions.values() for path in files.kept):
        sentence = ngettext(
            "{n:,} damaged file is kept here ({names}); delete it when you do not need it",
            "{n:,} damaged files are kept here ({names}); delete them when you do not need them",
            len(kept),
        )
        yield Finding(str(contents.folder), "kept", sentence.format(n=len(kept), names=named(kept)))
    if contents.strangers:
        sentence = ngettext(
            "{n:,} file here is none of chatcmd's ({names}), and was not looked at",
            "{n:,} files here are none of chatcmd's ({names}), and were not looked at",
            len(contents.strangers),
        )
        names = named(sorted(contents.strangers))
        yield Finding(str(contents.folder), "stranger", sentence.format(n=len(contents.strangers), names=names))


def twins(folders: Iterable[Contents]) -> Iterator[Finding]:
    """Tell which folders are of one user, and which sessions have one id."""
    of_user: dict[str, list[Path]] = defaultdict(list)
    of_id: dict[str, list[Path]] = defaultdict(list)
    for contents in folders:
        of_user[decoded(contents.folder.name)].append(contents.folder)
        for session_id, files in contents.sessions.items():
            if files.has_saved:
                of_id[session_id].append(files.saved)
    for paths in filter(lambda paths: len(paths) > 1, of_user.values()):
        used = max(paths, key=lambda path: path.name)
        what = _("it is of the same user as {folder}, which alone is used").format(folder=used.name)
        for path in paths:
            if path != used:
                yield Finding(str(path), "twins", what, _("move its sessions there"))
    for those in filter(lambda those: len(those) > 1, of_id.values()):
        paths = [path for path in those if os.path.lexists(path)]  # one may have been set aside since
        for path in paths[1:]:
            what = _("{path} has the same id").format(path=paths[0])
            yield Finding(str(path), "twice", what, _("name them with -u, or delete one of them"))


def _name(folder: Path) -> Iterator[Finding]:
    if user_of(folder) is None:
        what = _("its name is no UTF-8; its sessions can be shown, not continued")
        yield Finding(str(folder), "name", what, _("rename the folder"))
        return
    try:
        checked(decoded(folder.name), "user")
    except NameRefused as error:
        yield Finding(str(folder), "name", str(error), _("rename the folder"))


def _recall(path: Path) -> Iterator[Finding]:
    """Look at the inputs that arrow-up brings back."""
    try:
        if (found := obstacle(path)) is not None:
            yield found
            return
        lines = [line for line in file.read_bytes(path).split(b"\n") if line]
    except OSError as error:
        what = _("it cannot be read: {reason}").format(reason=reason(error))
        yield Finding(str(path), "unreadable", what, _("give yourself the right to read it"))
        return
    if damaged := sum(1 for line in lines if not _is_input(line)):
        sentence = ngettext(
            "{n:,} of its lines cannot be read, and is passed over",
            "{n:,} of its lines cannot be read, and are passed over",
            damaged,
        )
        yield Finding(str(path), "recall", sentence.format(n=damaged))


def _is_input(line: bytes) -> bool:
    try:
        _input.decode(line)
    except ValueError:
        return False
    return True
