"""envs/settings.toml: its values, each with the line that it stands on. The only file that knows tomllib."""

import re
import tomllib
from typing import Any

from chatcmd.errors import SettingsError
from chatcmd.language import _
from chatcmd.settings.table import Path, Table

_PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:\\.|[^"\\])*"|'
    r"'[^']*'|"
    r"#[^\n]*|"
    r"[\[\]{}=,\n]|"
    r"[^\[\]{}=,\n\"'#]+",
    re.DOTALL,
)
"""Texts of the four kinds, comments, the signs that matter here, and what is between them."""


def parse(data: bytes, file: str) -> Table:
    """Read a settings file; `file` is how messages name it. Raises SettingsError with the line of the fault."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            _("{file} line {line}: is not UTF-8 text; save the file as UTF-8").format(file=file, line=line)
        ) from None
    try:
        return Table(tomllib.loads(text), _lines(text), file)
    except tomllib.TOMLDecodeError as error:
        what, _at, where = str(error).rpartition(" (at ")
        found = re.match(r"line (\d+)", where)
        line = int(found[1]) if found else text.count("\n") + 1  # else it says: end of document
        raise SettingsError(
            _("{file} line {line}: is not TOML ({fault}); correct that line").format(file=file, line=line, fault=what)
        ) from None
    except RecursionError:
        raise SettingsError(_("{file}: is not TOML (nested too deeply); write it plainer").format(file=file)) from None
    except ValueError:  # of int(), which refuses thousands of digits
        raise SettingsError(
            _("{file}: is not TOML (a number has too many digits); write it shorter").format(file=file)
        ) from None


def _lines(text: str) -> dict[Path, int]:
    """Find the line of every value and table of a text that is TOML, those inside lists and inline tables too."""
    finder, line = _Finder(), 1
    for piece in _PIECE.findall(text + "\n"):
        if not piece.startswith("#"):
            finder.take(piece, line)
        line += piece.count("\n")
    return finder.lines


class _Finder:
    """Follows a text piece by piece; `_around` are the lists (with a place in them) and inline tables that are open."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._header: Path = ()
        self._at: Path = ()
        self._around: list[tuple[Path, int | None]] = []
        self._words, self._begun, self._in_value = "", 1, False
        self._headers: dict[Path, int] = {}

    def take(self, piece: str, line: int) -> None:
        if self._in_value:
            self._value(piece, line)
        elif piece == "\n":
            if self._words.startswith("["):
                self._header = self._note(self._headed(), self._begun)
            self._words = ""
        elif piece == "=":
            self._at = self._note(self._header + _keys(self._words), self._begun)
            self._in_value, self._words = True, ""
        elif self._words or piece.strip():
            self._begun = self._begun if self._words else line
            self._words += piece

    def _value(self, piece: str, line: int) -> None:
        if piece == "\n" and not self._around:
            self._in_value, self._words = False, ""
        if not piece.strip():
            return
        path, place = self._around[-1] if self._around else ((), None)
        if piece in ("]", "}"):
            self._at, _place = self._around.pop()
        elif piece == ",":
            self._words = ""
            if place is not None:
                self._open(path, place + 1)
                del self._around[-2]
        elif piece == "=" and self._around:
            self._at = self._note(path + _keys(self._words), line)
        elif piece in ("[", "{"):
            self._note(self._at, line)
            self._words = ""
            self._open(self._at, 0 if piece == "[" else None)
        else:
            self._words += piece
            if place is not None:
                self._note(self._at, line)

    def _open(self, path: Path, place: int | None) -> None:
        self._around.append((path, place))
        self._at = path if place is None else (*path, place)

    def _headed(self) -> Path:
        """Read the header of a table; those of a list of tables are counted."""
        words = self._words.strip()
        path = _keys(words.strip("[]"))
        if not words.startswith("[["):
            return path
        self._headers[path] = place = self._headers.get(path, -1) + 1
        return (*path, place)

    def _note(self, path: Path, line: int) -> Path:
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], line)
        return path


def _keys(text: str) -> Path:
    """Read a dotted key, quotes and escapes and all."""
    found: list[str] = []
    inside: Any = tomllib.loads(f"{text} = 0")
    while isinstance(inside, dict):
        ((name, inside),) = inside.items()
        found.append(name)
    return tuple(found)
