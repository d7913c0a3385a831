"""The line of every value of a settings file and of a key file, however it is laid out."""

import json as plain_json
from typing import Any

from hypothesis import given, strategies as st

from chatcmd.settings import json, toml

LEAF = st.one_of(st.integers(-9, 9), st.booleans(), st.text("a\"'\\#[]{},=: \t汉", max_size=6))
NAME = st.text("ab.\"'\\=#[]{}, 汉", max_size=4)
VALUE = st.recursive(LEAF, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(NAME, inside, max_size=4))


class Written:
    """A value as text, with line breaks where the layout says so, and the line of each value in it."""

    def __init__(self, value: Any, breaks: Any, *, is_toml: bool, head: str = "") -> None:
        self.text = head
        self.lines: dict[tuple[str | int, ...], int] = {}
        self._breaks, self._is_toml = breaks, is_toml
        self._write(value, ("x",) if is_toml else ())

    def _write(self, value: Any, path: tuple[str | int, ...]) -> None:
        self.lines[path] = self.text.count("\n") + 1
        if isinstance(value, list):
            self._several("[", [(number, each) for number, each in enumerate(value)], "]", path, broken=True)
        elif isinstance(value, dict):
            self._several("{", list(value.items()), "}", path, broken=not self._is_toml)
        else:
            self.text += plain_json.dumps(value, ensure_ascii=False)

    def _several(self, begin: str, values: list[Any], end: str, path: tuple[str | int, ...], *, broken: bool) -> None:
        self.text += begin + self._gap(broken=broken)
        for place, (name, value) in enumerate(values):
            if isinstance(name, str):
                self.text += plain_json.dumps(name, ensure_ascii=False)
                self.text += " = " if self._is_toml else self._gap(broken=True) + ":" + self._gap(broken=True)
            self._write(value, (*path, name))
            self.text += self._gap(broken=broken) + ("," if place < len(values) - 1 else "") + self._gap(broken=broken)
        self.text += end

    def _gap(self, *, broken: bool) -> str:
        if not broken or not self._breaks.draw(st.booleans()):
            return " "
        return " # ] } , =\n" if self._is_toml else "\n"


@given(VALUE, st.data())
def test_every_value_of_a_key_file_is_named_by_its_line(value: Any, data: st.DataObject) -> None:
    written = Written(value, data, is_toml=False)
    read, table = json.parse(written.text, "file")
    assert read == value
    assert table.lines == written.lines


@given(VALUE, st.data())
def test_every_value_of_a_settings_file_is_named_by_its_line(value: Any, data: st.DataObject) -> None:
    written = Written(value, data, is_toml=True, head="# x\nx = ")
    table = toml.parse(f"{written.text} # y\n[z]\ny = 1\n".encode(), "file")
    after = written.text.count("\n") + 2
    assert table.values["x"] == value
    assert table.lines == written.lines | {("z",): after, ("z", "y"): after + 1}


def test_tables_of_a_list_are_counted() -> None:
    text = "[[a.b]]\nc = 1\n[[ a . b ]] # x\n\nc = [2,\n3]\nd = {e = 4, f.g = [5]}\n[a.h]\ni = 1\n"
    table = toml.parse(text.encode(), "file")
    asked = [("a", "b", 0, "c"), ("a", "b", 1), ("a", "b", 1, "c", 1), ("a", "b", 1, "d", "f", "g", 0), ("a", "h", "i")]
    assert [table.place(*path) for path in asked] == [f"file line {line}" for line in (2, 3, 6, 7, 9)]
    assert table.place("a", "b", 7, "nowhere") == "file line 1"
