"""Classes that are mapped imperatively: `registry.map_imperatively(Product, products, properties={…})`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.search import Sighting, search

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_MAPPING = "map_imperatively"
_EAGER = frozenset(["immediate", "joined", "noload", "raise", "raise_on_sql", "selectin", "subquery", "write_only"])


def lazy_relationships(project: Project) -> Iterator[tuple[Sighting, str]]:
    """The classes mapped with relationships that may be loaded when they are first read: nothing follows those."""
    for module in project.references.mentioning(_MAPPING):
        for sighting in search(module, _MAPPING):
            call = sighting.node
            if not (isinstance(call, o.Call) and isinstance(call.func, o.Attribute) and call.func.attr == _MAPPING):
                continue
            properties, class_ = call.argument("properties", 2), call.argument("class_", 0)
            if class_ is not None and properties is not None and _may_be_lazy(properties.value):
                yield sighting, module.slice(class_.value)


def _may_be_lazy(properties: o.Expr) -> bool:
    if not isinstance(properties, o.Dict):
        return True
    calls = [node for node in o.walk(properties) if isinstance(node, o.Call)]
    lazy = [call.argument("lazy") for call in calls if o.dotted(call.func).rpartition(".")[2] == "relationship"]
    return any(not (given and o.text(given.value) in _EAGER) for given in lazy)
