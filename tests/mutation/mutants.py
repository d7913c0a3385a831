"""Small faults put into a module, one at a time: what a test that watches it would notice (pure)."""

import ast
import copy
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from tests.mutation.changes import changes, shown


class Mutant(Struct, frozen=True):
    """One fault: its line, what was done (numbered from the second place on where it can be done), and the module."""

    line: int
    what: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.line}: {self.what}"


def what_of(name: str) -> str:
    """Take the line off a mutant's name: the rest is the same when the mutant has moved."""
    return name.partition(": ")[2]


Path = Sequence[tuple[str, int | None]]
"""The way to a node: the names of fields, each with a place where it holds a list."""

_SAID = {"_", "ngettext", "marked"}
"""What is said to people is held by other tests, word for word."""


def mutants(source: str) -> Iterator[Mutant]:
    """Make every mutant of a module; what is a text for people stays."""
    tree = ast.parse(source)
    _without_words(tree)
    parts = [ast.unparse(each) for each in tree.body]
    seen: Counter[str] = Counter()
    for path, node, line, statement in _walked(tree, [], 0, ""):
        for changed, change in changes(node):
            (_body, place), *way = path
            assert place is not None
            made = _changed(tree.body[place], way, change)
            if made is None or made == parts[place]:
                continue
            what = changed if isinstance(node, ast.stmt) else f"{changed}, in `{statement}`"
            seen[what] += 1
            number = f" ({seen[what]})" if seen[what] > 1 else ""
            yield Mutant(line, what + number, "\n".join([*parts[:place], made, *parts[place + 1 :]]))


def _walked(node: ast.AST, path: Path, line: int, statement: str) -> Iterator[tuple[Path, ast.AST, int, str]]:
    """Walk the nodes that may be changed, outermost first, each with the line and the statement that it is in."""
    if _is_said(node):
        return
    line, statement = getattr(node, "lineno", line), shown(node) if isinstance(node, ast.stmt) else statement
    yield path, node, line, statement
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_comment", "bases"):
            continue
        for place, each in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(each, ast.AST):
                place_in = (name, place if isinstance(value, list) else None)
                yield from _walked(each, [*path, place_in], line, statement)


def _changed(statement: ast.stmt, path: Path, change: ast.AST | list[ast.stmt] | None) -> str | None:
    """Write a statement with one node changed, the way to which is given; None where that is no Python."""
    made = ast.Module([copy.deepcopy(statement)], [])
    parent: ast.AST = made
    whole: Path = [("body", 0), *path]
    name, place = whole[-1]
    for field, number in whole[:-1]:
        value = getattr(parent, field)
        parent = value if number is None else value[number]
    if place is None:
        setattr(parent, name, change)
    elif isinstance(change, list):
        getattr(parent, name)[place : place + 1] = change
    else:
        getattr(parent, name)[place] = change
    try:
        source = ast.unparse(ast.fix_missing_locations(made))
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError, TypeError):
        return None
    return source


def _without_words(tree: ast.AST) -> None:
    """Take out what only explains."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            left = [each for each in body if not _is_text(each)]
            node.body = left or [ast.Pass()]  # type: ignore[attr-defined]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_said(node: ast.AST) -> bool:
    """Tell what is said to people, or lists what a module gives."""
    if isinstance(node, ast.Assign):
        return any(isinstance(each, ast.Name) and each.id == "__all__" for each in node.targets)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SAID
