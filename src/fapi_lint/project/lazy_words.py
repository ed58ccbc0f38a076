"""The words by which lazy relationships are read: code that has none of them need not be followed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.links import Links
from fapi_lint.project.routes import Route
from fapi_lint.project.symbols import Class, Function
from fapi_lint.project.words import mentions, needles

if TYPE_CHECKING:
    from fapi_lint.project.project import Project


class LazyWords:
    """The names of lazy relationships, of the properties and methods that read them, and of schemas that do."""

    def __init__(self, project: Project, links: Links) -> None:
        self.project = project
        models = project.models.all
        self.words = {link.name for model in models for link in links.of(model).values() if link.is_lazy}
        self.schemas: set[Class] = set()
        if self.words:
            self._add_properties()
            self._add_schemas()

    def _add_properties(self) -> None:
        """Properties and methods of models, and `association_proxy("tags", "name")`."""
        classes = self.project.models.mapping_classes
        methods = [method for class_ in classes for method in class_.methods]
        for class_ in classes:
            for name, bindings in class_.scope.bindings.items():
                value = bindings[-1].value
                if isinstance(value, o.Call) and value.args and "proxy" in o.dotted(value.func):
                    first = value.args[0].value
                    if isinstance(first, o.String) and first.value in self.words:
                        self.words.add(name)
        size = 0
        while size != len(self.words):
            size, wanted = len(self.words), needles(self.words)
            self.words.update(method.name for method in methods if mentions(method.node, wanted))

    def _add_schemas(self) -> None:
        """Schemas with a field of such a name, and those that hold them."""
        holders: dict[Class, list[Class]] = {}
        pending = []
        for schema in self.project.schemas.all:
            if not self.words.isdisjoint(schema.fields) or "alias" in schema.module.slice(schema.class_.node):
                pending.append(schema.class_)
            for field in schema.fields.values():
                for inner in self.project.schemas.named_in(field.scope, field.annotation):
                    holders.setdefault(inner, []).append(schema.class_)
        while pending:
            class_ = pending.pop()
            if class_ not in self.schemas:
                self.schemas.add(class_)
                pending += holders.get(class_, ())
        self.words.update(schema.name for schema in self.schemas)

    def answers(self, function: Function) -> bool:
        """Whether FastAPI makes one of the schemas from what a handler returns."""
        return any(self._answers(route) for route in self.project.routes.by_handler.get(function, ()))

    def _answers(self, route: Route) -> bool:
        located, handler = route.argument("response_model"), route.handler
        named: Iterable[Class] = ()
        if located is not None:
            named = self.project.schemas.named_in(located.scope, located.expr)
        elif handler is not None:
            named = self.project.schemas.named_in(handler.enclosing, handler.node.returns)
        return any(class_ in self.schemas for class_ in named)
