"""Where a value goes: awaited, handed on, or used as what a coroutine is not."""

from __future__ import annotations

import enum
from typing import Any

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.surroundings import is_target
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
    match parent:
        case o.Await():
            return Fate.AWAITED
        case o.Return():
            return Fate.RETURNED
        case o.ExprStatement():
            return Fate.DROPPED
        case o.Compare() | o.String():
            return Fate.MISUSED
        case o.Arg():
            return Fate.MISUSED if parent.star else None
        case o.IfExp():
            return Fate.MISUSED if node is parent.test else None
        case o.Operation():
            is_result = parent.operator == "or" or (parent.operator == "and" and node is parent.operands[-1])
            return None if is_result else Fate.MISUSED
        case o.Assign(targets=(o.Name(),), value=value) | o.AnnAssign(target=o.Name(), value=value) if node is value:
            return Fate.ASSIGNED
        case _:
            return Fate.MISUSED if _misuses(parent, node, scope) else Fate.HANDED_ON


def _misuses(parent: Any, node: Any, scope: Scope) -> bool:
    """Whether something takes a value in it for what a coroutine is not."""
    match parent:
        case o.Attribute(attr=attr):
            return not (attr in _OWN_ATTRIBUTES or attr.startswith(("cr_", "__")))
        case o.Call(func=func):
            consumes = isinstance(func, o.Name) and func.id in _CONSUMERS and scope.lookup(func.id) is None
            return func is node or (consumes and not scope.module.scope.stars)
        case o.Subscript(value=used) | o.WithItem(value=used) | o.AugAssign(value=used) | o.For(iter=used):
            return node is used
        case o.If(test=used) | o.While(test=used):
            return node is used
        case o.Generator(iter=used, ifs=tests):
            return node is used or node in tests
        case o.Simple(keyword="assert"):
            return node is parent.parts[0]
        case o.Assign(targets=(o.Collection(),), value=value) | o.AnnAssign(target=o.Collection(), value=value):
            return node is value
    return False


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
        if kind is o.Name and node.id == name and not is_target(node, above):
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
