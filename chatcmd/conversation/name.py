"""Names of users and personas, and the folder names that they become.

A folder name is the name itself wherever that is safe on every common file system, else with the unsafe characters as
`%XX` of their UTF-8 bytes, so that it stays readable and the name can be read back. `%~` and six hexadecimal digits are
added where another name differs only in case or Unicode form.
"""

import unicodedata
from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import quote, unquote

from chatcmd.errors import NameRefused

MAX_CHARACTERS = 64
MAX_BYTES = 200
"""Of a folder name: file systems commonly allow 255, and a twin's mark and an ending need some."""

_UNSAFE = frozenset('<>:"/\\|?*%')
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # Persian, Indic scripts and emoji need them


def checked(name: str, what: str) -> str:
    """Return the name in its canonical form (NFC, no blanks around it), or raise NameRefused with the reason."""
    canonical = unicodedata.normalize("NFC", name).strip()
    if not canonical.strip(_JOINERS):
        raise NameRefused(f"a {what}'s name cannot be empty; give it at least one visible character")
    if len(canonical) > MAX_CHARACTERS or len(encoded(canonical).encode()) > MAX_BYTES:
        raise NameRefused(f"a {what}'s name can have {MAX_CHARACTERS} characters, and this one is too long; shorten it")
    if any(unicodedata.category(char) in _HIDDEN and char not in _JOINERS for char in canonical):
        raise NameRefused(f"a {what}'s name cannot hold control or invisible characters; type it anew without them")
    return canonical


def encoded(name: str) -> str:
    """Turn a name into one safe, readable folder name."""
    safe = "".join(quote(char, safe="") if char in _UNSAFE else char for char in name)
    if safe.split(".")[0].rstrip().casefold() in _RESERVED or safe[0] == ".":
        safe = f"%{ord(safe[0]):02X}{safe[1:]}"
    if safe[-1] in ". ":
        safe = f"{safe[:-1]}%{ord(safe[-1]):02X}"
    return safe


def decoded(folder: str) -> str:
    """Read the name back from a folder name."""
    return unicodedata.normalize("NFC", unquote(folder.split("%~", maxsplit=1)[0]))


def folder_for(name: str, existing: Iterable[str]) -> str:
    """Choose the folder of a name among those that exist: its own, or a new one that no other is a twin of."""
    plain = encoded(name)
    marked = f"{plain}%~{sha256(name.encode()).hexdigest()[:6]}"
    folders = {unicodedata.normalize("NFC", folder) for folder in existing}
    if marked in folders:
        return marked
    if plain in folders:
        return plain
    twins = {_twin(folder.split("%~")[0]) for folder in folders}
    return marked if _twin(plain) in twins else plain


def _twin(folder: str) -> str:
    """Fold what some file system folds: case and Unicode form."""
    return unicodedata.normalize("NFKC", folder.casefold())
