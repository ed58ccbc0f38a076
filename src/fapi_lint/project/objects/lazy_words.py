"""The words by which lazy relationships are read: code that has none of them need not be followed."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.graph import reachable
from fapi_lint.project.grouping import grouped
from fapi_lint.project.objects.calls import TEMPLATES
from fapi_lint.project.objects.links import Links
from fapi_lint.project.objects.writes import Volatile
from fapi_lint.project.routes import Route
from fapi_lint.project.symbols import Class, Function
from fapi_lint.project.words import mentions, needles

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_WRITING = needles(["commit", "flush"])
_DELETING = needles(["delete"])
_RUNNING = needles(["execute"])
_EXPIRING = needles(["rollback", "expire", "expire_all"])
_COMPUTED = re.compile(r"\.(\w+) *= *\(*[\w.]+\.\1\b")
"""`book.stock = Book.stock + 1`"""
_ANY = needles(["defer", "getattr", "load_only", *TEMPLATES])
"""What may read any attribute of an object, or leave it out of a query."""


class LazyWords:
    """The names of lazy relationships, of the properties and methods that read them, and of schemas that do."""

    def __init__(self, project: Project, links: Links, volatile: Volatile) -> None:
        self.project = project
        models = project.models.all
        self.words = {link.name for model in models for link in links.of(model).values() if link.is_lazy}
        self.schemas: set[Class] = set()
        self.attributes: frozenset[str] = frozenset()
        """The words without those of schemas."""
        eager = {link.name for model in models for link in links.of(model).values() if link.is_eager}
        if self.words:
            self._add_properties()
            self.attributes = frozenset(self.words)
        if eager:
            self.words |= eager
            self._add_properties()
        if self.words:
            self.schemas = self._schemas(self.words)
            self.words.update(schema.name for schema in self.schemas)
        below = {name for model in models for name in links.below(model)}
        if below:
            self.schemas |= self._schemas(below)
            self.words |= below | {schema.name for schema in self.schemas}
        self.volatile = {name for model in models for name in volatile.columns(model)}
        self.written = self._schemas(self.volatile) if self.volatile else set()
        """Schemas that read what an UPDATE changes."""
        self.volatile.update(schema.name for schema in self.written)
        self._wanted = needles(self.volatile)

    def _add_properties(self) -> None:
        """Properties and methods of models, and `association_proxy("tags", "name")`."""
        classes = self.project.models.mapping_classes
        methods = [method for class_ in classes for method in class_.methods]
        for class_ in classes:
            for name, bindings in class_.scope.bindings.items():
                value = bindings[-1].value
                if isinstance(value, o.Call) and value.args and "proxy" in o.dotted(value.func):
                    first = value.args[0].value
                    if o.text(first) in self.words:
                        self.words.add(name)
        size = 0
        while size != len(self.words):
            size, wanted = len(self.words), needles(self.words)
            self.words.update(method.name for method in methods if mentions(method.node, wanted))

    def _schemas(self, words: set[str]) -> set[Class]:
        """Schemas with a field of such a name, and those that hold them."""
        having = [
            schema.class_
            for schema in self.project.schemas.all
            if not words.isdisjoint(schema.fields) or "alias" in schema.module.slice(schema.class_.node)
        ]
        return reachable(having, lambda class_: self._holders.get(class_, ()))

    @cached_property
    def _holders(self) -> dict[Class, list[Class]]:
        """The schemas that hold others."""
        return grouped(
            (inner, schema.class_)
            for schema in self.project.schemas.all
            for field in schema.fields.values()
            for inner in self.project.schemas.named_in(field.scope, field.annotation)
        )

    def concerns(self, function: Function) -> bool:
        """Whether a function may read something by other words: what FastAPI answers, and what was written before."""
        routes = self.project.routes.by_handler.get(function, ())
        if any(self._answers(route, self.schemas) for route in routes):
            return True
        changing = [route for route in routes if route.methods != ("GET",)]
        if any(self._answers(route, self.written) for route in changing):
            return True
        if mentions(function.node, _ANY) or mentions(function.node, _EXPIRING):
            return True
        if mentions(function.node, _WRITING):
            text = function.module.text
            if _COMPUTED.search(text, function.node.body_start, function.node.end):
                return True
        if mentions(function.node, _DELETING) and mentions(function.node, _RUNNING):
            return True
        return (bool(changing) or mentions(function.node, _WRITING)) and mentions(function.node, self._wanted)

    def _answers(self, route: Route, schemas: set[Class]) -> bool:
        located = route.response_model
        named = () if located is None else self.project.schemas.named_in(located.scope, located.expr)
        return any(class_ in schemas for class_ in named)
