"""Completion of `@path`: the files and folders that a typed beginning can become."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chatcmd.clean import clean_line
from chatcmd.conversation.mention import starts_word
from chatcmd.language import _, ngettext
from chatcmd.terminal import Offer

MOST = 200
"""Offers that are made for one beginning; more help nobody."""

_TYPED = re.compile(r"""@(?:"(?P<quoted>[^"\n]*)|(?P<bare>(?:\\.|[^\s\\"])*))\Z""")


def offers(before: str) -> Iterator[Offer]:
    """Offer what can stand for the path behind an `@` that starts a word before the cursor.

    Relative to the current folder; `~` is the home folder; what is hidden appears only behind a dot.
    """
    found = _TYPED.search(before)
    if found is None or not starts_word(before, found.start()):
        return
    quoted, bare = found["quoted"], found["bare"]
    written = quoted if quoted is not None else re.sub(r"\\(.)", r"\1", bare)
    folder, _slash, begun = written.rpartition("/")
    place = Path(os.path.expanduser(f"{folder}/" if _slash else "."))  # noqa: PTH111 - Path's raises for ~nobody
    for name, is_folder, size in _entries(place, begun)[:MOST]:
        path = f"{folder}{_slash}{name}{'/' if is_folder else ''}"
        if quoted is None:
            path = re.sub(r"([\s\\\"])", r"\\\1", path)
        elif not is_folder:
            path += '"'
        what = _("folder") if is_folder else ngettext("{n:,} byte", "{n:,} bytes", size).format(n=size)
        yield Offer(path, len(quoted if quoted is not None else bare), what)


def _entries(folder: Path, begun: str) -> list[tuple[str, bool, int]]:
    """List names that begin so, folders first; names that could not be shown as they are cannot be typed either."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(begun) and (begun or name[0] != ".") and clean_line(name) == name:
                    with suppress(FileNotFoundError):  # a link to nowhere
                        found.append((name, entry.is_dir(), entry.stat().st_size))
    except OSError:  # no folder, or one that may not be looked into
        return []
    return sorted(found, key=lambda each: (not each[1], each[0].casefold()))
