"""Which model an expression stands for that is no name of one: `self.model`, a parameter, `cls`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.symbols import Class

if TYPE_CHECKING:
    from fapi_lint.project.objects.walk import Walk


class SharedModels:
    """The models that stand behind the names of one function, which may serve several."""

    def __init__(self, walk: Walk, classes: Mapping[str, Class]) -> None:
        """`classes` are what parameters stand for."""
        self.walk = walk
        self._classes = {name: class_ for name, class_ in classes.items() if len(walk.scope.bindings[name]) == 1}
        self.are_shared = bool(self._classes) or walk.receiver not in (None, walk.function.parent)
        """Whether the function does for other models what it does for these."""

    def shared(self, node: o.Node) -> Class | None:
        """What `self.model` is for the receiver, or a parameter that a class is given for."""
        if isinstance(node, o.Name) and node.id in self._classes:
            return self._classes[node.id]
        if self.walk.receiver is None:
            return None
        if isinstance(node, o.Name):
            values = [binding.value for binding in self.walk.scope.bindings.get(node.id, ())]
            if not values or not all(isinstance(value, o.Attribute) for value in values):
                return None
        attributes = self.walk.project.model_attributes
        return None if attributes.of(self.walk.scope, node) is None else attributes.own(self.walk.receiver)

    def own(self, node: o.Node) -> Class | None:
        """`cls` in a class method of a schema, or of a model that no other model inherits."""
        owner, params, project = self.walk.function.parent, self.walk.function.node.params, self.walk.project
        if not isinstance(node, o.Name) or not isinstance(owner, Class) or not params or node.id != params[0].name:
            return None
        if owner not in project.schemas.by_class and [m.class_ for m in project.models.users_of(owner)] != [owner]:
            return None
        return owner if "classmethod" in self.walk.function.decorator_names else None

    def named(self, node: o.Node) -> Class | None:
        """The class that an expression names, or stands for."""
        shared = self.shared(node) or self.own(node)
        if shared is not None:
            return shared
        root = node
        while isinstance(root, o.Attribute):
            root = root.value
        if isinstance(root, o.Name) and root.id in self.walk.state.names:
            return None
        symbol = self.walk.project.resolver.resolve(self.walk.scope, node)
        return symbol if isinstance(symbol, Class) else None
