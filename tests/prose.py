"""What in a source is prose that a person reads outside gettext, and how gettext is misused: an AST walk.

Prose is a text in which a blank stands between two words of two letters or more, or between such a word and a value
that is filled in; the program's own name and flags are no words. So is any text with Chinese words in it, and a single
word that is handed to the screen. Not looked at is what nobody reads as a sentence: docstrings, annotations,
assertions, patterns handed to `re`, what gettext takes, what a report says was being done, commands as they are typed,
SQL, HTML's own words.
"""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

GETTEXT = {"_": 1, "marked": 1, "ngettext": 2}
"""The calls that take a message, and how many of their first arguments are one."""

SHOWING = {"show", "note", "fail", "table"}
"""The screen's methods: a word in what they are given directly, or in a tuple or list of it, is read as it stands."""

_VALUE = "\0"
"""Stands for what is filled in."""

_WORD = rf"(?<![\w-])(?:(?!chatcmd\b)[^\W\d_]{{2,}}|{_VALUE})"
_ONE = re.compile(_WORD.replace(f"|{_VALUE}", ""))
_EDGE = r"[(\"'`【「]*"
_STOP = r"[,.;:!?)\"'`】」]*"
_BESIDE = re.compile(rf"{_WORD}{_STOP}\s+{_EDGE}{_WORD}")
_FIELD = re.compile(r"\{\w*(?:![ars])?(?::[^{}]*)?\}|%(?:\(\w+\))?[srd]")
_CHINESE = re.compile("[\u3400-\u9fff]{2}")
_CALL = re.compile(rf"(?:chatcmd history (?:[a-z]+|{_VALUE})|/[a-z]+)(?: (?:restore|--[a-z]+|{_VALUE}))*")
_SQL = re.compile(r"\b(?:SELECT|FROM|WHERE|ORDER|INSERT|DELETE|UPDATE|CREATE|PRAGMA|BEGIN|AND|AS|IN|NULL|DESC)\b")
_TAG = re.compile(r"</?[a-z]+(?: [^<>]*)?>|<!DOCTYPE html>")
_NAMES = {"class_", "rel"}
"""Attributes of HTML that nobody reads."""


class Found(NamedTuple):
    """A place that a test should name: its line, the name that the text is given at the top level, and the text."""

    line: int
    owner: str
    text: str


def is_prose(text: str) -> bool:
    """Tell whether a text reads as words of a sentence; NUL characters stand for values, as `{name}` and `%s` do."""
    text = _FIELD.sub(_VALUE, text)
    if _CHINESE.search(text):
        return True
    if _CALL.fullmatch(text) or _SQL.search(text):
        return False
    text = _TAG.sub("", text)
    return any(not re.fullmatch(rf"{_VALUE}\W*{_VALUE}", match[0]) for match in _BESIDE.finditer(text))


def outside(source: str) -> list[Found]:
    """Find the prose of a source that does not pass gettext."""
    found = []
    for top in ast.parse(source).body:
        found += [Found(node.lineno, _owner(top), text) for node, text in _texts(top) if is_prose(text)]
        for call in ast.walk(top):
            if isinstance(call, ast.Call) and _shows(call.func):
                shown = [word for argument in call.args for word in _shown(argument)]
                found += [Found(call.lineno, _owner(top), word) for word in shown if not is_prose(word)]
    return found


def misused(source: str) -> list[Found]:
    """Find calls of gettext that no catalogue can serve: of a text made before, in an f-string, or of another `_`."""
    tree = ast.parse(source)
    found = [
        Found(node.lineno, _owner(top), ast.unparse(node))
        for top in tree.body
        for node in ast.walk(top)
        if isinstance(node, ast.Call) and not _looked_up(node)
    ]
    found += [
        Found(node.lineno, "_", "inside an f-string, where no message is looked for")
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) and any(_messages(part) for part in ast.walk(node))
    ]
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]
    found += [Found(node.lineno, "_", "hides _") for node in functions if _calls_gettext(node) and _binds_it(node)]
    return found


def _texts(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Walk what is under a node, passing over what is no prose by its place."""
    if isinstance(node, ast.JoinedStr):
        yield node, "".join(str(part.value) if isinstance(part, ast.Constant) else _VALUE for part in node.values)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _texts(part.value)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node, node.value
        return
    for child in _looked_at(node):
        yield from _texts(child)


def _shows(function: ast.expr) -> bool:
    """Tell whether what is called is a method of the screen."""
    return (
        isinstance(function, ast.Attribute)
        and re.search(rf"(?:^|\W)_?screen\.(?:{'|'.join(SHOWING)})$", ast.unparse(function)) is not None
    )


def _shown(node: ast.AST) -> Iterator[str]:
    """Find the single words in an argument of the screen, passing over what is computed."""
    if isinstance(node, ast.Tuple | ast.List):
        for part in node.elts:
            yield from _shown(part)
    elif isinstance(node, ast.JoinedStr | ast.Constant):
        yield from (text for _node, text in _texts(node) if _ONE.search(_FIELD.sub(_VALUE, text)))
    elif isinstance(node, ast.IfExp):
        yield from _shown(node.body)
        yield from _shown(node.orelse)


def _looked_at(node: ast.AST) -> list[ast.AST]:
    """List the parts of a node that may hold prose."""
    parts = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Assert) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return []
    if isinstance(node, ast.Call):
        return [part for part in parts if part not in node.args[: _taken(node)] and not _is_name(part)]
    if isinstance(node, ast.AnnAssign):
        return [part for part in parts if part is not node.annotation]
    if isinstance(node, ast.arg):
        return []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [part for part in parts if part is not node.returns]
    return parts


def _taken(call: ast.Call) -> int:
    """Count the first arguments of a call that need no look: messages, patterns, and what goes into reports."""
    function = call.func
    if (function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)) == "OurFault":
        return 2
    if isinstance(function, ast.Name):
        return {**GETTEXT, "AssertionError": 1}.get(function.id, 0)
    is_pattern = (
        isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re"
    )
    return 1 if is_pattern else 0


def _is_name(node: ast.AST) -> bool:
    """Tell whether what a call is given by name are names itself, of classes or links."""
    return isinstance(node, ast.keyword) and node.arg in _NAMES


def _looked_up(call: ast.Call) -> bool:
    """Tell whether a call of gettext has a literal, or what looks a marked one up; other calls take what they like."""
    if not isinstance(call.func, ast.Name) or call.func.id not in GETTEXT:
        return True
    if call.func.id == "ngettext" and not all(isinstance(argument, ast.Constant) for argument in call.args[:2]):
        return False
    made = (ast.JoinedStr, ast.BinOp, ast.IfExp, ast.BoolOp)
    return not any(
        isinstance(argument, made)
        or (isinstance(argument, ast.Call) and any(isinstance(part, ast.Constant) for part in ast.walk(argument.func)))
        for argument in call.args[: GETTEXT[call.func.id]]
    )


def _messages(node: ast.AST) -> list[ast.expr]:
    """List the literal messages of a node, if it is a call of gettext."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in GETTEXT:
        return []
    return [argument for argument in node.args if isinstance(argument, ast.Constant)]


def _calls_gettext(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in GETTEXT
        for part in ast.walk(node)
    )


def _binds_it(node: ast.AST) -> bool:
    """Tell whether a name `_` of its own is bound inside: Python would then find no other."""
    parts = list(ast.walk(node))
    names = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return "_" in names | {part.arg for part in parts if isinstance(part, ast.arg)}


def _owner(top: ast.stmt) -> str:
    """Name what a top-level statement defines."""
    if isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return top.name
    targets = top.targets if isinstance(top, ast.Assign) else [top.target] if isinstance(top, ast.AnnAssign) else []
    targets = [part for each in targets for part in (each.elts if isinstance(each, ast.Tuple) else [each])]
    return next((target.id for target in targets if isinstance(target, ast.Name)), "")
