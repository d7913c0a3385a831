"""The rights to folders and files: a history is its owner's alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from chatcmd.errors import reason
from chatcmd.history.disk import FILE_MODE, FOLDER_MODE
from chatcmd.history.verify.finding import Finding
from chatcmd.history.verify.saved import named
from chatcmd.language import _, ngettext


def rights(folder: Path, wide: list[str], *, is_wide: bool, repair: bool) -> Iterator[Finding]:
    """Tell, in one, that others had rights to a folder or those files of it; and take them away."""
    if not (is_wide or wide):
        return
    advice = _("--repair leaves them to you alone")
    found = Finding(str(folder), "rights", _what(wide, is_wide=is_wide), advice)
    if repair:
        try:
            for name in wide:
                _narrow(folder / name, FILE_MODE)
            _narrow(folder, FOLDER_MODE)
            found = replace(found, repaired=True, advice=_("they are yours alone now"))
        except OSError as error:
            found = replace(found, advice=_("they stay as they are: {reason}").format(reason=reason(error)))
    yield found


def _what(wide: list[str], *, is_wide: bool) -> str:
    if not wide:
        return _("others have rights to this folder")
    sentence = (
        ngettext(
            "others have rights to this folder and {n:,} file in it ({names})",
            "others have rights to this folder and {n:,} files in it ({names})",
            len(wide),
        )
        if is_wide
        else ngettext(
            "others have rights to {n:,} file in it ({names})",
            "others have rights to {n:,} files in it ({names})",
            len(wide),
        )
    )
    return sentence.format(n=len(wide), names=named(sorted(wide)))


def _narrow(path: Path, mode: int) -> None:
    """Change the rights of what is there now, and never of what a link leads to."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:  # it has been mended under another name, or gone
        return
    try:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)
