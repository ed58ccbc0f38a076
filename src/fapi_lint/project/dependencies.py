"""FastAPI's dependencies: what `Depends(…)` names, and what has dependencies itself."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.search import search
from fapi_lint.project.symbols import Class, Function, Scope, Variable

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_MARKERS = ("Depends", "Security")


class Dependencies(Struct, eq=False, dict=True):
    """Everything in an application that FastAPI calls to get a parameter's value."""

    project: Project

    def __contains__(self, definition: Function | Class) -> bool:
        """Whether a function or class is a dependency, by how it is used or by what it asks for."""
        return definition in self.named or (isinstance(definition, Function) and self._asks(definition))

    def encloses(self, scope: Scope) -> bool:
        """Whether a block is part of a dependency: inside of a function or class that is one."""
        owner = scope.owner
        while owner is not None:
            if owner in self:
                return True
            owner = owner.parent
        return False

    @cached_property
    def named(self) -> set[Function | Class]:
        """The functions and classes that some `Depends(…)` names, directly or as an instance."""
        found: set[Function | Class] = set()
        for module in self.project.modules:
            for sighting in search(module, *_MARKERS):
                if not self._is_marker(sighting.scope, sighting.node):
                    continue
                assert isinstance(sighting.node, o.Call)
                argument = sighting.node.argument("dependency", 0)
                value = None if argument is None else argument.value
                symbol = self.project.resolver.resolve(
                    sighting.scope, value.func if isinstance(value, o.Call) else value
                )
                if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
                    symbol = self.project.resolver.resolve(symbol.scope, symbol.value.func)
                if isinstance(symbol, (Function, Class)):
                    found.add(symbol)
        return found

    def _asks(self, function: Function) -> bool:
        """Whether a parameter is `Depends(…)`, by its default, its annotation or an alias of one."""
        for param in function.node.params:
            scope, annotation = function.enclosing, param.annotation
            if self._is_marker(scope, param.default):
                return True
            if isinstance(annotation, (o.Name, o.Attribute)):
                alias = self.project.resolver.resolve(scope, annotation)
                if isinstance(alias, Variable):
                    scope, annotation = alias.scope, alias.value
            if annotation is not None and any(self._is_marker(scope, node) for node in o.walk(annotation)):
                return True
        return False

    def gives(self, scope: Scope, param: o.Param) -> bool:
        """Whether the default of a parameter is `Depends(function)`, so that its value is no part of the request."""
        default = param.default
        return isinstance(default, o.Call) and bool(default.args) and self._is_marker(scope, default)

    def _is_marker(self, scope: Scope, node: o.Node | None) -> bool:
        if not isinstance(node, o.Call):
            return False
        symbol = self.project.resolver.external(scope, node.func)
        return symbol is not None and symbol.is_from("fastapi", *_MARKERS)
