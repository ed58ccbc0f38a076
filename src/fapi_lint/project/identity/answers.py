"""What tests read of the JSON of answers, where a UUID is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.symbols import Scope

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow

_DEEP = 4
"""How many names in a row are followed."""


def is_answered(flow: Flow, scope: Scope, expr: o.Node, depth: int = 0) -> bool:
    """Whether an expression is `response.json()` or `json.loads(…)`, something in it, or a list of such."""
    if isinstance(expr, o.Comprehension):
        return expr.kind != "dict" and _lists_answers(flow, scope, expr)
    while isinstance(expr, (o.Subscript, o.Await)):
        expr = expr.value
    if isinstance(expr, o.Name) and depth < _DEEP:
        found = scope.lookup(expr.id)
        where, bindings = found if found is not None else (scope, [])
        if len(bindings) == 1 and isinstance(bindings[0].node, o.Param):
            given = flow.project.fixtures.values(where.owner, bindings[0].node)
            return bool(given) and all(value and is_answered(flow, inner, value, depth + 1) for inner, value in given)
        values = [None if binding.definition else binding.value for binding in bindings]
        return bool(values) and all(value and is_answered(flow, where, value, depth + 1) for value in values)
    return isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute) and expr.func.attr in ("json", "loads")


def _lists_answers(flow: Flow, scope: Scope, expr: o.Comprehension) -> bool:
    """`[user["id"] for user in response.json()]`"""
    pairs = [(generator.target, generator.iter) for generator in expr.generators]
    names = {target.id for target, iter_ in pairs if isinstance(target, o.Name) and is_answered(flow, scope, iter_)}
    item: o.Node = expr.items[0]
    while isinstance(item, o.Subscript):
        item = item.value
    return isinstance(item, o.Name) and item.id in names


def is_text_of_key(flow: Flow, scope: Scope, expr: o.Node, depth: int = 0) -> bool:
    """Whether an expression is an identifier from an answer: `response.json()["id"]`, or a name for that."""
    if isinstance(expr, o.Subscript):
        key = expr.items[0]
        return isinstance(key, o.String) and key.value in flow.names and is_answered(flow, scope, expr.value)
    found = scope.lookup(expr.id) if isinstance(expr, o.Name) and depth < _DEEP else None
    if found is None or len(found[1]) != 1:
        return False
    where, (binding,) = found
    if isinstance(binding.node, o.Param):
        given = flow.project.fixtures.values(where.owner, binding.node)
        return bool(given) and all(value and is_text_of_key(flow, inner, value, depth + 1) for inner, value in given)
    is_assigned = isinstance(binding.statement, (o.Assign, o.AnnAssign)) and isinstance(binding.node, o.Name)
    return is_assigned and binding.value is not None and is_text_of_key(flow, where, binding.value, depth + 1)
