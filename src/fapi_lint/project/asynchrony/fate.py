"""Where a value goes: awaited, handed on, or used as what a coroutine is not."""

from __future__ import annotations

import enum
from typing import Any

from fapi_lint.outline import nodes as o
from fapi_lint.project.symbols import Scope
from fapi_lint.project.traversal import Parents, ancestors, paths
from fapi_lint.project.words import mentions, needles

# fmt: off
_CONSUMERS = frozenset([
    "bool", "len", "list", "tuple", "set", "frozenset", "sorted", "dict", "int", "float", "str", "sum", "any", "all",
    "enumerate", "iter", "next", "reversed", "range", "abs", "round",
])
"""Builtins that have no use for a coroutine, and keep nothing that could still be awaited."""
# fmt: on
_OWN_ATTRIBUTES = frozenset(["close", "send", "throw"])
"""What a coroutine object has; `cr_…` and dunder names too."""


class Fate(enum.Enum):
    """What becomes of a value."""

    AWAITED = enum.auto()
    HANDED_ON = enum.auto()
    """Stored, passed, returned: somebody may await it, or nobody; not to be decided here."""
    ASSIGNED = enum.auto()
    """Bound to one local name: its uses decide."""
    RETURNED = enum.auto()
    """Returned: from an `async def` that promises something else, that is no coroutine to await again."""
    DROPPED = enum.auto()
    """Nobody will ever await it."""
    MISUSED = enum.auto()
    """Used as something that a coroutine is not: that fails, or is always true."""


def fate(node: o.Node, parents: Parents, scope: Scope) -> Fate:
    """What becomes of the value of `node`, as far as its own statement tells."""
    while parents is not None:
        parent, parents = parents
        found = _step(node, parent, scope)
        if found is not None:
            return found
        node = parent
    return Fate.HANDED_ON


def _step(node: Any, parent: Any, scope: Scope) -> Fate | None:
    """The fate of a value inside `parent`; None if the value is the parent's value too."""
    handler = _STEPS.get(type(parent))
    return Fate.HANDED_ON if handler is None else handler(node, parent, scope)


def _attribute(node: Any, parent: o.Attribute, scope: Scope) -> Fate:
    own = parent.attr in _OWN_ATTRIBUTES or parent.attr.startswith(("cr_", "__"))
    return Fate.HANDED_ON if own else Fate.MISUSED


def _arg(node: Any, parent: o.Arg, scope: Scope) -> Fate | None:
    return Fate.MISUSED if parent.star else None


def _call(node: Any, parent: o.Call, scope: Scope) -> Fate:
    if parent.func is node:
        return Fate.MISUSED
    func = parent.func
    consumes = isinstance(func, o.Name) and func.id in _CONSUMERS and scope.lookup(func.id) is None
    return Fate.MISUSED if consumes and not scope.module.scope.stars else Fate.HANDED_ON


def _operation(node: Any, parent: o.Operation, scope: Scope) -> Fate | None:
    if parent.operator == "or" or (parent.operator == "and" and node is parent.operands[-1]):
        return None
    return Fate.MISUSED


def _subscript(node: Any, parent: o.Subscript, scope: Scope) -> Fate:
    return Fate.MISUSED if node is parent.value else Fate.HANDED_ON


def _conditional(node: Any, parent: o.IfExp, scope: Scope) -> Fate | None:
    return Fate.MISUSED if node is parent.test else None


def _test(node: Any, parent: o.If | o.While, scope: Scope) -> Fate:
    return Fate.MISUSED if node is parent.test else Fate.HANDED_ON


def _iterated(node: Any, parent: o.For | o.Generator, scope: Scope) -> Fate:
    tested = isinstance(parent, o.Generator) and node in parent.ifs
    return Fate.MISUSED if tested or node is parent.iter else Fate.HANDED_ON


def _entered(node: Any, parent: o.WithItem, scope: Scope) -> Fate:
    return Fate.MISUSED if node is parent.value else Fate.HANDED_ON


def _simple(node: Any, parent: o.Simple, scope: Scope) -> Fate:
    return Fate.MISUSED if parent.keyword == "assert" and node is parent.parts[0] else Fate.HANDED_ON


def _added(node: Any, parent: o.AugAssign, scope: Scope) -> Fate:
    return Fate.MISUSED if node is parent.value else Fate.HANDED_ON


def _assigned(node: Any, parent: o.Assign | o.AnnAssign, scope: Scope) -> Fate:
    targets = parent.targets if isinstance(parent, o.Assign) else (parent.target,)
    if node is not parent.value or len(targets) != 1:
        return Fate.HANDED_ON
    if isinstance(targets[0], o.Collection):
        return Fate.MISUSED
    return Fate.ASSIGNED if isinstance(targets[0], o.Name) else Fate.HANDED_ON


_STEPS: dict[type, Any] = {
    o.Await: lambda node, parent, scope: Fate.AWAITED,
    o.Return: lambda node, parent, scope: Fate.RETURNED,
    o.ExprStatement: lambda node, parent, scope: Fate.DROPPED,
    o.Compare: lambda node, parent, scope: Fate.MISUSED,
    o.String: lambda node, parent, scope: Fate.MISUSED,
    o.Attribute: _attribute,
    o.Arg: _arg,
    o.Call: _call,
    o.Operation: _operation,
    o.Subscript: _subscript,
    o.IfExp: _conditional,
    o.If: _test,
    o.While: _test,
    o.For: _iterated,
    o.Generator: _iterated,
    o.WithItem: _entered,
    o.Simple: _simple,
    o.AugAssign: _added,
    o.Assign: _assigned,
    o.AnnAssign: _assigned,
}


def fate_of_local(name: str, assignment: o.Node, parents: Parents, scope: Scope) -> Fate:
    """What becomes of the value that a statement of `scope` binds to a local name.

    `parents` are those of the statement. Nothing is decided about a name that a nested function or lambda sees.
    """
    if name in scope.outer_names or not scope.bindings.get(name) or scope.owner is None:
        return Fate.HANDED_ON
    uses: list[tuple[o.Name, Fate]] = []
    word = needles([name])
    for node, above in paths(scope.body):
        kind = type(node)
        if kind is o.FunctionDef and mentions(node, word):
            return Fate.HANDED_ON
        if kind is o.ClassDef or (kind is o.Name and node.id == "locals"):
            return Fate.HANDED_ON
        if kind is o.Name and node.id == name and not _is_bound(node, above):
            uses.append((node, Fate.HANDED_ON if _in_lambda(above) else fate(node, above, scope)))
    if all(use is Fate.MISUSED for _, use in uses):
        return Fate.MISUSED if uses else Fate.DROPPED
    for statement in _following(assignment, parents, scope):
        inside = [use for node, use in uses if statement.start <= node.start < statement.end]
        if inside:
            return Fate.MISUSED if all(use is Fate.MISUSED for use in inside) else Fate.HANDED_ON
        if any(b.node.start >= statement.start and b.node.end <= statement.end for b in scope.bindings[name]):
            break
    return Fate.HANDED_ON


def _is_bound(node: o.Node, parents: Parents) -> bool:
    """Whether a name stands where it is bound or deleted, not read."""
    while parents is not None:
        parent, parents = parents
        match parent:
            case o.Assign():
                return node in parent.targets
            case o.AnnAssign() | o.For() | o.WithItem() | o.Generator() | o.NamedExpr():
                return node is parent.target
            case o.Simple():
                return parent.keyword == "del"
            case o.Collection() | o.Starred():
                node = parent
            case _:
                return False
    return False


def _in_lambda(parents: Parents) -> bool:
    return any(isinstance(parent, o.Lambda) for parent in ancestors(parents))


def _following(statement: o.Node, parents: Parents, scope: Scope) -> tuple[Any, ...]:
    """The statements after `statement` in its own block."""
    blocks: list[tuple[Any, ...]] = [scope.body]
    if parents is not None:
        holder = parents[0]
        blocks = [value for field in holder.__struct_fields__ if type(value := getattr(holder, field)) is tuple]
    for block in blocks:
        for index, item in enumerate(block):
            if item is statement:
                return block[index + 1 :]
    return ()
