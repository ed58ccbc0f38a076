"""FastAPI's dependencies: what `Depends(…)` names, and what has dependencies itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.part import Part
from fapi_lint.project.search import search
from fapi_lint.project.symbols import Class, Function, Scope, Variable

MARKERS = frozenset(["Depends", "Security"])


class Marker(Struct, frozen=True, eq=False):
    """A `Depends(…)` or `Security(…)`."""

    call: o.Call
    scope: Scope
    """Where its names are resolved."""
    annotated: o.Node | None = None
    """The type that it stands by."""

    @property
    def dependency(self) -> o.Expr | None:
        """What it names."""
        return self.call.given("dependency", 0)

    @property
    def called(self) -> o.Node | None:
        """What FastAPI calls; for `Depends()` the class that annotates the parameter."""
        return self.dependency or self.annotated


class Dependencies(Part):
    """Everything in an application that FastAPI calls to get a parameter's value."""

    def __contains__(self, definition: Function | Class) -> bool:
        """Whether a function or class is a dependency, by how it is used or by what it asks for."""
        return definition in self.named or (
            isinstance(definition, Function)
            and any(any(self.markers(definition, param)) for param in definition.node.params)
        )

    def serves(self, definition: Function | Class) -> bool:
        """Whether it is FastAPI that calls a dependency: nothing else does, or some `Depends(…)` names it."""
        return definition in self.named or (definition in self and not self._is_called(definition))

    def _is_called(self, definition: Function | Class) -> bool:
        """Whether the application calls a function itself, handing over what it asks for."""
        if definition.parent is not None:
            return False
        for site in self.project.references.of(definition).sites:
            is_own = site.module is definition.module and site.start == definition.node.name_start
            if not is_own and site.module.text.startswith("(", site.start + len(definition.name)):
                return True
        return False

    def encloses(self, scope: Scope) -> bool:
        """Whether a block is part of what FastAPI calls: inside of a function or class that is a dependency."""
        owner = scope.owner
        while owner is not None:
            if self.serves(owner):
                return True
            owner = owner.parent
        return False

    @cached_property
    def named(self) -> set[Function | Class]:
        """The functions and classes that some `Depends(…)` names, directly or as an instance."""
        found: set[Function | Class] = set()
        resolver = self.project.resolver
        for module in self.project.modules:
            for sighting in search(module, *MARKERS):
                marker = self.marker(sighting.scope, sighting.node)
                if marker is None:
                    continue
                symbol = resolver.made_by(resolver.resolve(marker.scope, o.called(marker.dependency)))
                if isinstance(symbol, (Function, Class)):
                    found.add(symbol)
        return found

    def function_of(self, marker: Marker | None) -> Function | None:
        """The function whose result a `Depends(…)` gives: `__call__()` for `Depends(Current())`."""
        if marker is None or marker.dependency is None:
            return None
        return self.project.types.function(self.project.types.callee(marker.scope, marker.dependency))

    def injected(self, function: Function, param: o.Param) -> Marker | None:
        """The `Depends(…)` that names what FastAPI passes for a parameter, which then is no part of the request."""
        return next((m for m in self.markers(function, param) if m.dependency is not None), None)

    def markers(self, function: Function, param: o.Param) -> Iterator[Marker]:
        """Each `Depends(…)` of a parameter: its default, or in its annotation, which may be an alias."""
        scope: Scope = function.enclosing
        annotation = parse_annotation(param.annotation)
        annotated = annotation.items[0] if isinstance(annotation, o.Subscript) else annotation
        found = [self.marker(scope, param.default, annotated)]
        if isinstance(annotation, (o.Name, o.Attribute)):
            alias = self.project.resolver.resolve(scope, annotation)
            if isinstance(alias, Variable):
                scope, annotation = alias.scope, alias.value
        if isinstance(annotation, o.Subscript):
            found += [self.marker(scope, item, annotation.items[0]) for item in annotation.items]
        return (marker for marker in found if marker is not None)

    def marker(self, scope: Scope, expr: o.Node | None, annotated: o.Node | None = None) -> Marker | None:
        """The `Depends(…)` that an expression is, standing by a type."""
        symbol = self.project.resolver.external(scope, expr.func) if isinstance(expr, o.Call) else None
        if not isinstance(expr, o.Call) or symbol is None or not symbol.is_from("fastapi", *MARKERS):
            return None
        return Marker(expr, scope, annotated)
