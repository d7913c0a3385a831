"""envs/settings.toml: its values, each with the line that it stands on. The only file that knows tomllib."""

import re
import tomllib
from typing import Any

from msgspec import Struct

from chatcmd.errors import SettingsError
from chatcmd.language import _

Path = tuple[str, ...]

_PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:\\.|[^"\\])*"|'
    r"'[^']*'|"
    r"#[^\n]*|"
    r"[\[\]{}=\n]|"
    r"[^\[\]{}=\n\"'#]+",
    re.DOTALL,
)
"""Texts of the four kinds, comments, the signs that matter here, and what is between them."""


class Table(Struct, frozen=True):
    """A TOML table: its values, and how to name the place of each; `lines` holds every key of the file."""

    values: dict[str, Any]
    lines: dict[Path, int]
    file: str
    path: Path = ()

    def place(self, *keys: str) -> str:
        """Name file and line of a key of this table, or of the table itself; of an inline table, where that begins."""
        path = (*self.path, *keys)
        while path and path not in self.lines:
            path = path[:-1]
        return _("{file} line {line}").format(file=self.file, line=self.lines.get(path, 1))

    def table(self, name: str) -> "Table":
        """Return a table inside this one; raises SettingsError where that name holds something else."""
        inside, path = self.values.get(name, {}), (*self.path, name)
        if not isinstance(inside, dict):
            raise SettingsError(
                _("{place}: {name} must be a table; write it as [{path}]").format(
                    place=self.place(name), name=name, path=".".join(path)
                )
            )
        return Table(inside, self.lines, self.file, path)


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
    """Find the line of every key and table of a text that is TOML."""
    lines: dict[Path, int] = {}
    header: Path = ()
    statement, begun, depth, line = "", 1, 0, 1

    def note(path: Path) -> Path:
        for end in range(1, len(path) + 1):
            lines.setdefault(path[:end], begun)
        return path

    for piece in _PIECE.findall(text + "\n"):
        if piece == "\n" and depth == 0:
            words = statement.strip()
            if words.startswith("["):
                header = note(_keys(words.strip("[]")))
            statement = ""
        elif piece == "=" and depth == 0:
            note(header + _keys(statement))
            statement = "="
        elif not piece.startswith("#"):
            begun = begun if statement.strip() else line
            statement += piece
            depth += (piece in "[{") - (piece in "]}")
        line += piece.count("\n")
    return lines


def _keys(text: str) -> Path:
    """Read a dotted key, quotes and escapes and all."""
    found: list[str] = []
    inside: Any = tomllib.loads(f"{text} = 0")
    while isinstance(inside, dict):
        ((name, inside),) = inside.items()
        found.append(name)
    return tuple(found)
