"""envs/settings.toml: its values, each with the line that it stands on. The only file that knows tomllib."""

import re
import tomllib
from typing import Any

from msgspec import Struct

from chatcmd.errors import SettingsError


class Table(Struct, frozen=True):
    """A TOML table: its values, and how to name the place of each."""

    values: dict[str, Any]
    text: str
    file: str
    header: str = ""

    def place(self, key: str) -> str:
        """Name file and line of a key of this table."""
        return f"{self.file} line {_line_of(self.text, self.header, key)}"

    def table(self, name: str) -> "Table":
        """Return a table inside this one; raises SettingsError where that name holds something else."""
        inside = self.values.get(name, {})
        if not isinstance(inside, dict):
            raise SettingsError(f"{self.place(name)}: {name} must be a table; write it as [{name}]")
        header = f"{self.header}.{name}" if self.header else name
        return Table(inside, self.text, self.file, header)


def parse(data: bytes, file: str) -> Table:
    """Read a settings file; `file` is how messages name it. Raises SettingsError with the line of the fault."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{file} line {line}: is not UTF-8 text; save the file as UTF-8") from None
    try:
        return Table(tomllib.loads(text), text, file)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error) or "nested too deeply"
        found = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", reason)
        where, what = (f" line {found[2]}", found[1]) if found else ("", reason)
        raise SettingsError(f"{file}{where}: is not TOML ({what}); correct that line") from None


def _line_of(text: str, header: str, key: str) -> int:
    """Find the line of a key, or of its table; 1 where it is written in a way that a person would not."""
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            current = stripped.strip("[] ").replace('"', "").replace("'", "").replace(" ", "")
            if current == (f"{header}.{key}" if header else key).replace(" ", ""):
                return number
        elif current == header.replace(" ", "") and re.match(rf"""["']?{re.escape(key)}["']?\s*[.=]""", stripped):
            return number
    return 1
