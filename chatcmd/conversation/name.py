"""Names of users and personas, and the folder names that they become.

A folder name is the name itself wherever that is safe on every common file system, else with the unsafe characters as
`%XX` of their UTF-8 bytes, so that it stays readable and the name can be read back. `%~` and six hexadecimal digits are
added, or more of them, where another name differs only in case, Unicode form or joiners.
"""

import re
import unicodedata
from collections.abc import Iterable

from chatcmd.errors import NameRefused
from chatcmd.language import _, marked

MAX_CHARACTERS = 64
MAX_BYTES = 200
"""Of a folder name: file systems commonly allow 255, and a twin's mark and an ending need some."""

_UNSAFE = frozenset('<>:"/\\|?*%')
_PORTS = {f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"}
_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$", *_PORTS}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # Persian, Indic scripts and emoji need them

# Letters, marks and symbols that show nothing: fillers, a blank of Braille, variation selectors; and noncharacters.
# Other unassigned points are allowed, for they are next year's emoji and characters. `re` compiles and keeps it at the
# first name, so that starting costs nothing.
_INVISIBLE = (
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufdd0-\ufdef\ufe00-\ufe0d\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)


NAMED = (marked("user"), marked("persona"))


def checked(name: str, what: str) -> str:
    """Return the name in its canonical form (NFC, no blanks around it), or raise NameRefused with the reason.

    `what` is one of NAMED, as the source writes it.
    """
    what = _(what)
    canonical = unicodedata.normalize("NFC", name).strip()
    if all(char in _JOINERS or char.isspace() for char in canonical):
        raise NameRefused(
            _("a {what}'s name cannot be empty; give it at least one visible character").format(what=what)
        )
    hidden = any(unicodedata.category(char) in _HIDDEN and char not in _JOINERS for char in canonical)
    if hidden or re.search(_INVISIBLE, canonical):
        raise NameRefused(
            _("a {what}'s name cannot hold control or invisible characters; type it anew without them").format(
                what=what
            )
        )
    if len(canonical) > MAX_CHARACTERS or len(encoded(canonical).encode()) > MAX_BYTES:
        raise NameRefused(
            _(
                "a {what}'s name can have {characters} characters and, as a folder, {bytes} bytes, "
                "and this one is too long; shorten it"
            ).format(what=what, characters=MAX_CHARACTERS, bytes=MAX_BYTES)
        )
    return canonical


def encoded(name: str) -> str:
    """Turn a name into one safe, readable folder name."""
    from urllib.parse import quote  # noqa: PLC0415 - few starts meet a name that needs it

    safe = "".join(quote(char, safe="") if char in _UNSAFE else char for char in name)
    if safe.split(".")[0].rstrip().casefold() in _RESERVED or safe[0] == ".":
        safe = f"%{ord(safe[0]):02X}{safe[1:]}"
    if safe[-1] in ". ":
        safe = f"{safe[:-1]}%{ord(safe[-1]):02X}"
    return safe


def decoded(folder: str) -> str:
    """Read the name back from a folder name."""
    name = folder.split("%~", maxsplit=1)[0]
    if "%" in name:
        from urllib.parse import unquote  # noqa: PLC0415 - few starts meet a name that needs it

        name = unquote(name)
    return unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())  # a folder's bytes may be no UTF-8


def folder_for(name: str, existing: Iterable[str]) -> str:
    """Choose the folder of a name among those that exist: its own, or a new one that no other is a twin of."""
    folders = set(existing)
    if own := [folder for folder in folders if decoded(folder) == name]:
        return max(own)
    from hashlib import sha256  # noqa: PLC0415 - a start of a user who is known need not wait for it

    plain, mark = encoded(name), sha256(name.encode()).hexdigest()
    twins = {_twin(folder) for folder in folders}
    choices = (plain, *(f"{plain}%~{mark[:length]}" for length in range(6, 33)))
    return next(folder for folder in choices if _twin(folder) not in twins)


def _twin(folder: str) -> str:
    """Fold what some file system folds: case, Unicode form, and joiners."""
    shown = folder.translate(dict.fromkeys(map(ord, _JOINERS)))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold())
