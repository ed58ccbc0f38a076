"""Relationships of their own kind: dynamic ones, and those that the body of no class shows.

Each read of one with `lazy="dynamic"` is a `Query`, which no asynchronous session executes; `map_imperatively(…)` and
`Post.author_name = association_proxy(…)` may load what nothing follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.search import Sighting
from fapi_lint.project.symbols import Function

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_CHAINED = frozenset(["distinct", "filter", "filter_by", "join", "limit", "offset", "options", "order_by", "where"])
_ENDING = frozenset(["all", "count", "first", "one", "one_or_none"])
_ITERATING = frozenset(["list", "set", "sorted", "tuple"])
_UNQUERIED = frozenset(["add", "append", "extend", "remove"])
_MAPPING = "map_imperatively"
_EAGER = frozenset(["immediate", "joined", "noload", "raise", "raise_on_sql", "selectin", "subquery", "write_only"])
_ASSIGNED = re.compile(r"^[A-Z]\w*\.\w+ *=", re.MULTILINE)


# --- dynamic ones ------------------------------------------------------------------------------------


def dynamic_names(project: Project) -> set[str]:
    """What the dynamic relationships of an application are called, those of a `backref()` included."""
    found = set()
    for relationship in project.models.relationships:
        located = relationship.argument("lazy")
        if located is not None and o.text(located.expr) == "dynamic":
            found.add(relationship.name)
        call = None if relationship.backref is None else relationship.backref.value
        if isinstance(call, o.Call) and call.args and o.text(call.given("lazy")) == "dynamic":
            found.add(o.text(call.args[0].value) or "")
    return found - {""}


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


# --- those outside of classes ------------------------------------------------------------------------


def mappings(project: Project) -> Iterator[tuple[Sighting, o.Expr, o.Expr | None]]:
    """The calls, with the class and the properties that each is given."""
    for sighting in project.references.sightings(_MAPPING):
        call = sighting.node
        if not (isinstance(call, o.Call) and isinstance(call.func, o.Attribute) and call.func.attr == _MAPPING):
            continue
        class_ = call.given("class_", 0)
        if class_ is not None:
            yield sighting, class_, call.given("properties", 2)


def lazy_relationships(project: Project) -> Iterator[tuple[Module, o.Node, str]]:
    """What may load a relationship when it is first read, and nothing follows: where, and a clause that says so."""
    for sighting, class_, properties in mappings(project):
        if properties is not None and (not isinstance(properties, o.Dict) or _has_lazy(properties)):
            module = sighting.module
            text = f"`{module.slice(class_)}` is mapped imperatively: nobody sees where its relationships are loaded"
            yield module, sighting.node, text
    for module in project.modules:
        for statement in module.outline.body if _ASSIGNED.search(module.text) else ():
            target = statement.targets[0] if isinstance(statement, o.Assign) else None
            if not isinstance(statement, o.Assign) or not isinstance(target, o.Attribute):
                continue
            if _loads(project, module, target, statement.value):
                text = f"`{module.slice(target)}` is set outside of its class: nobody sees what it loads"
                yield module, statement, text


def _loads(project: Project, module: Module, target: o.Attribute, value: o.Expr) -> bool:
    """Whether what an attribute of a model is set to may load relationships when it is read or called."""
    model = project.models.named(module.scope, target.value)
    if model is None:
        return False
    if any("association_proxy" in o.dotted(node) for node in o.walk(value)) or _has_lazy(value):
        return True
    named = (project.resolver.resolve(module.scope, node) for node in o.walk(value) if isinstance(node, o.Name))
    code = [value, *(node for symbol in named if isinstance(symbol, Function) for node in symbol.node.body)]
    names = model.relationships.keys() | {name for owner, name in project.pairings.incoming if owner in model.ancestors}
    return any(isinstance(node, o.Attribute) and node.attr in names for node in o.walk(*code))


def _has_lazy(expr: o.Expr) -> bool:
    calls = [node for node in o.walk(expr) if isinstance(node, o.Call)]
    lazy = [call.argument("lazy") for call in calls if o.dotted(call.func).rpartition(".")[2] == "relationship"]
    return any(not (given and o.text(given.value) in _EAGER) for given in lazy)
