"""Relationships with `lazy="dynamic"`: each read of one is a `Query`, which no asynchronous session executes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_CHAINED = frozenset(["distinct", "filter", "filter_by", "join", "limit", "offset", "options", "order_by", "where"])
_ENDING = frozenset(["all", "count", "first", "one", "one_or_none"])
_ITERATING = frozenset(["list", "set", "sorted", "tuple"])
_UNQUERIED = frozenset(["add", "append", "extend", "remove"])


def dynamic_names(project: Project) -> set[str]:
    """What the dynamic relationships of an application are called, those of a `backref()` included."""
    found = set()
    for relationship in project.models.relationships:
        located = relationship.argument("lazy")
        if located is not None and _is_dynamic(located.expr):
            found.add(relationship.name)
        call = None if relationship.backref is None else relationship.backref.value
        if isinstance(call, o.Call) and call.args:
            lazy, name = call.argument("lazy"), call.args[0].value
            if lazy is not None and _is_dynamic(lazy.value) and isinstance(name, o.String) and name.value:
                found.add(name.value)
    return found


def _is_dynamic(expr: o.Expr) -> bool:
    return o.text(expr) == "dynamic"


def chain_of(node: o.Attribute, parents: Sequence[o.Node]) -> tuple[o.Node, tuple[o.Node, ...], str] | None:
    """The query that begins with a relationship read, what is around it, and the method that executes it.

    The method is empty where the query is iterated. None for what is neither; a chain without a query is `node`
    itself with the method `"-"`.
    """
    query: o.Node = node
    rest = list(parents)
    while (
        len(rest) > 1 and isinstance(rest[0], o.Attribute) and isinstance(rest[1], o.Call) and rest[1].func is rest[0]
    ):
        name = rest[0].attr
        if name in _UNQUERIED and query is node:
            return node, tuple(rest), "-"
        if name in _ENDING and not rest[1].args:
            return query, tuple(rest), name
        if name not in _CHAINED:
            return None
        query, rest = rest[1], rest[2:]
    parent = rest[0] if rest else None
    if isinstance(parent, o.Attribute) and parent.attr == "statement":
        return node, tuple(rest), "-"
    if isinstance(parent, (o.For, o.Generator)) and parent.iter is query:
        return query, tuple(rest), ""
    if isinstance(parent, o.Arg) and len(rest) > 1 and isinstance(rest[1], o.Call):
        iterates = o.dotted(rest[1].func) in _ITERATING
        return (query, tuple(rest), "") if iterates else None
    return None
