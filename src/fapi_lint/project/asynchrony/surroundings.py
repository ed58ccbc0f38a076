"""What stands around a name: whether it is bound there, shadowed, or an argument of something."""

from __future__ import annotations

from collections.abc import Iterable

from fapi_lint.outline import nodes as o
from fapi_lint.project.symbols import Function
from fapi_lint.project.traversal import Parents, ancestors

_OVERRIDES = "dependency_overrides"
_BINDING = frozenset([o.AnnAssign, o.For, o.WithItem, o.Generator, o.NamedExpr])


def leaf(expr: o.Node | None) -> str:
    """The last name of a dotted one."""
    if isinstance(expr, o.Subscript):
        expr = expr.value
    return o.last_name(expr)


def root(expr: o.Node) -> str:
    return o.dotted(expr).partition(".")[0]


def parameter(function: Function, call: o.Call, arg: o.Arg, first: int) -> o.Param | None:
    """The parameter that takes an argument; `first` arguments are somebody else's."""
    if arg.star:
        return None
    params = function.node.params
    if arg.keyword:
        return next((param for param in params if param.name == arg.keyword and not param.kind.startswith("*")), None)
    index = call.args.index(arg) - first + (function.is_method and not function.is_static)
    if any(other.star for other in call.args[: call.args.index(arg)]) or index >= len(params):
        return None
    return params[index] if params[index].kind in ("positional", "normal") else None


def is_target(node: o.Node, above: Parents) -> bool:
    """Whether a name or attribute is assigned to, not read."""
    while above is not None:
        parent, above = above
        kind = type(parent)
        if kind is o.Assign:
            return any(node is target for target in parent.targets)
        if kind in _BINDING:
            return node is parent.target
        if kind is o.Simple:
            return bool(parent.keyword == "del")
        if kind is not o.Collection and kind is not o.Starred:
            return False
        node = parent
    return False


def is_shadowed(name: str, above: Parents) -> bool:
    """Whether a lambda or comprehension around binds the name anew."""
    inside: type | None = None
    while above is not None:
        parent, above = above
        kind = type(parent)
        # The default of a parameter means what is outside: `lambda db=db: …`.
        if kind is o.Lambda and inside is not o.Param and any(param.name == name for param in parent.params):
            return True
        inside = kind
        if kind is o.Comprehension:
            for generator in parent.generators:
                if any(isinstance(n, o.Name) and n.id == name for n in o.walk(generator.target)):
                    return True
    return False


def is_root_shadowed(func: o.Node, parents: Parents) -> bool:
    """Whether a comprehension or lambda around binds the name that a dotted expression starts with."""
    root = func
    while isinstance(root, (o.Attribute, o.Call, o.Subscript)):
        root = root.func if isinstance(root, o.Call) else root.value
    if not isinstance(root, o.Name):
        return False
    in_lambda = any(isinstance(parent, o.Lambda) for parent in ancestors(parents))
    return in_lambda or is_shadowed(root.id, parents)


def is_override(parents: Iterable[o.Node]) -> bool:
    """Whether something within `parents`, innermost first, is a dependency or what takes its place in tests.

    `app.dependency_overrides[get_db] = lambda: db`, `monkeypatch.setitem(app.dependency_overrides, get_db, override)`
    """
    for parent in parents:
        match parent:
            case o.Arg() | o.Collection() | o.Dict():
                continue
            case o.Subscript(value=value):
                return leaf(value) == _OVERRIDES
            case o.Assign(targets=targets):
                return any(leaf(target) == _OVERRIDES for target in targets)
            case o.Compare(operands=operands):
                return any(leaf(operand) == _OVERRIDES for operand in operands)
            case o.Call(func=o.Attribute(value=value), args=args):
                return leaf(value) == _OVERRIDES or any(leaf(arg.value) == _OVERRIDES for arg in args[:1])
        return False
    return False
