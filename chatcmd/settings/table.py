"""A table of a settings file: its values, and how to name the place of each."""

from typing import Any

from msgspec import Struct

from chatcmd.errors import SettingsError
from chatcmd.language import _

Path = tuple[str | int, ...]
"""The way to a value: names of tables and values, and places in lists, counted from 0."""


class Table(Struct, frozen=True):
    """A table, its values, and the way to it; `lines` holds every value of the file."""

    values: dict[str, Any]
    lines: dict[Path, int]
    file: str
    path: Path = ()

    def place(self, *keys: str | int) -> str:
        """Name file and line of a value of this table, or of the table itself."""
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
                    place=self.place(name), name=name, path=".".join(map(str, path))
                )
            )
        return Table(inside, self.lines, self.file, path)
