"""The faults that are put into modules: each is one, and Python; what people read is left alone."""

import ast
from pathlib import Path

import pytest

from tests.mutation.explained import EXPLAINED
from tests.mutation.killing import CHECKOUT
from tests.mutation.mutants import mutants
from tests.mutation.report import Result, report
from tests.mutation.watched import WATCHED

CHANGES = {
    "a = b < c": ["a = b <= c", "a = b >= c"],
    "a = b and c": ["a = b or c", "a = c", "a = b"],
    "a = not b": ["a = b"],
    "a = b | c": ["a = b & c", "a = b", "a = c"],
    "a = 0o600": ["a = 385", "a = 383"],
    "a = b if c else d": ["a = b if not c else d", "a = d if c else b"],
    "a = b[c:]": ["a = b[:]"],
    "a = [b for b in c if d]": ["a = [b for b in c]"],
    "a.b = c": ["pass"],
    "a += b": ["a = b", "pass"],
    "raise a": ["pass"],
    "f(a, b)": ["pass", "f(b, a)"],
    "min(a, b)": ["pass"],
    "f(a, b=c)": ["pass", "f(a)"],
    "with a:\n    b = c": ["b = c"],
    "try:\n    b = c\nfinally:\n    d = e": ["b = c"],
    "try:\n    b = c\nexcept E:\n    d = e": ["b = c"],
    "@a\ndef b():\n    c = d": ["def b():\n    c = d"],
    "def a():\n    return b": ["def a():\n    return None"],
    '_("a sentence").format(b)': ["pass"],
    '__all__ = ["a"]': [],
}


@pytest.mark.parametrize("source", CHANGES)
def test_every_way_to_be_wrong_is_tried(source: str) -> None:
    assert [each.source for each in mutants(source)] == CHANGES[source]


def test_each_mutant_is_python_and_another_one() -> None:
    source = (CHECKOUT / "chatcmd" / "history" / "disk.py").read_text("utf-8")
    made = list(mutants(source))
    assert len({each.name for each in made}) == len(made) > 100
    assert all(ast.parse(each.source) for each in made[::10])


def test_what_is_watched_and_explained_is_there() -> None:
    assert {module for module, _what in EXPLAINED} <= WATCHED.keys()
    assert all(Path(CHECKOUT, test).is_file() for watch in WATCHED.values() for test in watch.tests)


def test_the_report_tells_an_explained_mutant_from_a_missing_test() -> None:
    result = Result("disk", 3, 1, 0, ["7: this | that", "9: other"], ["this | that", "other"], 1)
    page = report([result], {("disk", "other"): "no one can"})
    assert "| disk | 3 | 1 | 0 | 2 | 1 |" in page
    assert r"| 7: this \| that | **a test is missing** |" in page
    assert "| 9: other | no one can |" in page
