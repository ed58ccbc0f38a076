"""What the names of a loop hold, round by round: `for prefix, router in {"/users": users}.items()`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.search import Sighting
from fapi_lint.project.symbols import Scope
from fapi_lint.project.values import Located, dict_entry, followed

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

Round: TypeAlias = Mapping[str, Located]
"""The names that a loop binds, and what they hold in one of its rounds."""


def rounds(project: Project, sighting: Sighting) -> Iterator[Round]:
    """The rounds of the innermost loop around a place; one without names where there is no loop, or it is unknown."""
    loop = next((parent for parent in reversed(sighting.parents) if isinstance(parent, o.For)), None)
    items = [] if loop is None else _items(project, Located(loop.iter, sighting.scope))
    if loop is None or not items:
        yield {}
    for item in items:
        yield _bound(loop.target, item) if loop is not None else {}


def in_round(project: Project, scope: Scope, expr: o.Expr, names: Round) -> Located:
    """What an expression of a loop's body is in a round: `module.router`, `route["prefix"]`."""
    if isinstance(expr, o.Name):
        return names.get(expr.id, Located(expr, scope))
    if isinstance(expr, o.Attribute) and isinstance(expr.value, o.Name) and expr.value.id in names:
        held = names[expr.value.id]
        return Located(o.Attribute(expr.start, expr.end, held.expr, expr.attr), held.scope)
    if isinstance(expr, o.Subscript) and isinstance(expr.value, o.Name) and expr.value.id in names:
        held, key = names[expr.value.id], expr.items[0]
        entry = dict_entry(project, held.scope, held.expr, key.value or "") if isinstance(key, o.String) else None
        return entry or Located(expr, scope)
    return Located(expr, scope)


def _items(project: Project, over: Located) -> list[Located]:
    """What a literal, or a name bound to one, is iterated over; empty where that cannot be seen."""
    expr, scope = over.expr, over.scope
    if isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute) and expr.func.attr == "items":
        held = followed(project, Located(expr.func.value, scope))
        if not isinstance(held.expr, o.Dict):
            return []
        pairs = zip(held.expr.keys, held.expr.values, strict=True)
        tuples = (o.Collection(v.start, v.end, "tuple", (k, v)) for k, v in pairs if k is not None)
        return [Located(each, held.scope) for each in tuples]
    held = followed(project, over)
    return [Located(item, held.scope) for item in held.expr.items] if isinstance(held.expr, o.Collection) else []


def _bound(target: o.Expr, item: Located) -> Round:
    if isinstance(target, o.Name):
        return {target.id: item}
    items = item.expr.items if isinstance(item.expr, o.Collection) else ()
    if not isinstance(target, o.Collection) or len(target.items) != len(items):
        return {}
    pairs = zip(target.items, items, strict=True)
    return {name.id: Located(part, item.scope) for name, part in pairs if isinstance(name, o.Name)}
