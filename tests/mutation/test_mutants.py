"""The faults that are put into modules: each is one, and Python; what people read is left alone."""

import ast
from pathlib import Path

import pytest

from tests.mutation.explained import EXPLAINED
from tests.mutation.killing import CHECKOUT
from tests.mutation.mutants import Mutant, mutants, what_of
from tests.mutation.report import PAGE, Result, report, results
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


@pytest.fixture(scope="module", params=WATCHED)
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(module: str) -> list[Mutant]:
    return list(mutants((CHECKOUT / "chatcmd" / f"{module}.py").read_text("utf-8")))


def test_each_mutant_is_python_and_another_one(made: list[Mutant]) -> None:
    assert len({each.what for each in made}) == len({each.source for each in made}) == len(made) > 100
    assert all(ast.parse(each.source) for each in made[::10])


def test_each_mutant_was_tried_and_those_that_survived_are_those_that_are_explained(
    module: str, made: list[Mutant]
) -> None:
    tried = results()[module]
    explained = {what for name, what in EXPLAINED if name == module}
    assert tried.mutants == len(made), "run it anew"
    assert {what_of(each) for each in tried.survived} == explained
    assert {what_of(each) for each in tried.hung} | explained <= {each.what for each in made}


def test_page_tells_what_came_of_them() -> None:
    assert {module for module, _what in EXPLAINED} <= WATCHED.keys() == results().keys()
    assert PAGE.read_text("utf-8") == report(list(results().values()), EXPLAINED)


def test_tests_that_watch_are_there() -> None:
    assert all(Path(CHECKOUT, test).is_file() for watch in WATCHED.values() for test in watch.tests)


def test_page_tells_an_explained_mutant_from_a_missing_test() -> None:
    result = Result("disk", 4, ["3: until"], ["7: this | that", "9: other"])
    page = report([result], {("disk", "other"): "no one can"})
    assert "| disk | 4 | 1 | 1 | 2 | 1 |" in page
    assert r"| 7: this \| that | **a test is missing** |" in page
    assert "| 9: other | no one can |" in page
    assert page.endswith("| did not end |\n| --- |\n| 3: until |\n")
