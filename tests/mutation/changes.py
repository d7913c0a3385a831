"""The ways in which one node of a program can be wrong, each with the words that say so (pure)."""

import ast
import copy
from collections.abc import Callable, Iterator

Change = tuple[str, ast.AST | list[ast.stmt] | None]
"""What to say of a change, and what takes the node's place: a node, statements, or nothing."""

_OPPOSITE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_INSTEAD: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_SHOWN = 90


def changes(node: ast.AST) -> Iterator[Change]:
    """Give every change of a node."""
    for kind, made in _MAKERS.items():
        if isinstance(node, kind):
            yield from made(node)
    if isinstance(node, ast.stmt):
        yield from _statement(node)


def _statement(node: ast.stmt) -> Iterator[Change]:
    """Leave a statement out; a `raise` or `return` in its place would be a fault of its own."""
    if isinstance(
        node, ast.Expr | ast.AugAssign | ast.Raise | ast.Delete | ast.If | ast.For | ast.While | ast.AsyncFor
    ) or (
        isinstance(node, ast.Assign) and all(isinstance(each, ast.Attribute | ast.Subscript) for each in node.targets)
    ):
        yield f"without `{_first(node)}`", [ast.Pass()]
    elif isinstance(node, ast.Return) and node.value is None:
        yield "goes on after `return`", [ast.Pass()]
    elif isinstance(node, ast.Continue | ast.Break):
        yield f"without `{_first(node)}`", [ast.Pass()]


def _compare(node: ast.Compare) -> Iterator[Change]:
    for place, operator in enumerate(node.ops):
        for other in _OPPOSITE[type(operator)]:
            changed = copy.deepcopy(node)
            changed.ops[place] = other()
            yield _instead(node, changed), changed


def _boolean(node: ast.BoolOp) -> Iterator[Change]:
    changed = ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    yield _instead(node, changed), changed
    for place in range(len(node.values)):
        left = node.values[:place] + node.values[place + 1 :]
        changed_to = left[0] if len(left) == 1 else ast.BoolOp(node.op, left)
        yield _instead(node, changed_to), changed_to


def _unary(node: ast.UnaryOp) -> Iterator[Change]:
    yield _instead(node, node.operand), node.operand


def _binary(node: ast.BinOp) -> Iterator[Change]:
    if (other := _INSTEAD.get(type(node.op))) is not None:
        changed = ast.BinOp(node.left, other(), node.right)
        yield _instead(node, changed), changed
    for side in (node.left, node.right):
        yield _instead(node, side), side


def _constant(node: ast.Constant) -> Iterator[Change]:
    value = node.value
    others: tuple[str | bytes | float, ...] = ()
    if isinstance(value, bool):
        others = (not value,)
    elif isinstance(value, int):
        others = (value + 1, value - 1)
    elif isinstance(value, float):
        others = (value + 1, -value)
    elif isinstance(value, str):
        others = (value + "x", "") if value else ("x",)
    elif isinstance(value, bytes):
        others = (value + b"x", b"") if value else (b"x",)
    for other in others:
        yield _instead(node, ast.Constant(other)), ast.Constant(other)


def _return(node: ast.Return) -> Iterator[Change]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield f"returns None, not `{shown(node.value)}`", ast.Return(ast.Constant(None))


def _condition(node: ast.If | ast.While | ast.IfExp) -> Iterator[Change]:
    if not isinstance(node.test, ast.Compare | ast.UnaryOp):  # those are turned round themselves
        changed = copy.deepcopy(node)
        changed.test = ast.UnaryOp(ast.Not(), changed.test)
        yield f"`not` before `{shown(node.test)}`", changed


def _with(node: ast.With | ast.AsyncWith) -> Iterator[Change]:
    for place, item in enumerate(node.items):
        if item.optional_vars is None:
            changed = copy.deepcopy(node)
            del changed.items[place]
            yield f"without `with {shown(item)}`", changed if changed.items else changed.body


def _try(node: ast.Try) -> Iterator[Change]:
    for place, handler in enumerate(node.handlers):
        changed = copy.deepcopy(node)
        del changed.handlers[place]
        kind = shown(handler.type) if handler.type else ""
        yield f"without `except {kind}`", changed if changed.handlers or changed.finalbody else changed.body
    if node.finalbody:
        changed = copy.deepcopy(node)
        changed.finalbody = []
        yield "without `finally`", changed if changed.handlers else changed.body


def _call(node: ast.Call) -> Iterator[Change]:
    either_way = ast.unparse(node.func) in ("min", "max")
    if len(node.args) > 1 and not either_way and not any(isinstance(each, ast.Starred) for each in node.args):
        changed = copy.deepcopy(node)
        changed.args[:2] = changed.args[1::-1]
        yield _instead(node, changed), changed
    for place in range(len(node.keywords)):
        changed = copy.deepcopy(node)
        del changed.keywords[place]
        yield f"`{shown(node.func)}()` without {node.keywords[place].arg}", changed


def _choice(node: ast.IfExp) -> Iterator[Change]:
    changed = ast.IfExp(node.test, node.orelse, node.body)
    yield _instead(node, changed), changed


def _comprehension(node: ast.comprehension) -> Iterator[Change]:
    for place, condition in enumerate(node.ifs):
        changed = copy.deepcopy(node)
        del changed.ifs[place]
        yield f"without `if {shown(condition)}`", changed


def _slice(node: ast.Slice) -> Iterator[Change]:
    for name in ("lower", "upper"):
        if getattr(node, name) is not None:
            changed = copy.deepcopy(node)
            setattr(changed, name, None)
            yield _instead(node, changed), changed


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[Change]:
    for place, decorator in enumerate(node.decorator_list):
        changed = copy.deepcopy(node)
        del changed.decorator_list[place]
        yield f"without `@{shown(decorator)}`", changed


def _added(node: ast.AugAssign) -> Iterator[Change]:
    changed = ast.Assign([node.target], node.value)
    yield _instead(node, changed), changed


_MAKERS: dict[type[ast.AST] | tuple[type[ast.AST], ...], Callable[..., Iterator[Change]]] = {
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Constant: _constant,
    ast.Return: _return,
    (ast.If, ast.While, ast.IfExp): _condition,
    (ast.With, ast.AsyncWith): _with,
    ast.Try: _try,
    ast.Call: _call,
    ast.IfExp: _choice,
    ast.comprehension: _comprehension,
    ast.Slice: _slice,
    (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef): _function,
    ast.AugAssign: _added,
}


def _instead(node: ast.AST, changed: ast.AST) -> str:
    return f"`{shown(changed)}`, not `{shown(node)}`"


def _first(node: ast.AST) -> str:
    return shown(node).partition("\n")[0]


def shown(node: ast.AST) -> str:
    """Write a node on one line, cut where it is long."""
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split("\n")[0].split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
