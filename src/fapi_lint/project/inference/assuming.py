"""Types that are inferred while it still turns out what functions are called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference.type import Type
from fapi_lint.project.inference.types import Types
from fapi_lint.project.symbols import Class, Function, Scope

if TYPE_CHECKING:
    from fapi_lint.project.project import Project


class AssumingTypes(Types):
    """Types where parameters that nothing in their signature tells may be assumed to be what they are given."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._assumed: dict[tuple[Function | Class | None, str], Type] = {}
        self._missed: set[tuple[Function | Class | None, str]] = set()
        """What was not yet assumed when something was inferred that is kept."""
        self._state: dict[str, Type] = {}
        """Sessions that `request.state` holds, by what stands behind `request`: `state.db`."""

    def assumed(self, function: Function | Class | None, name: str) -> Type | None:
        key = (function, name)
        found = self._assumed.get(key)
        if found is None and self.memo.is_inferring:
            self._missed.add(key)
        return found

    def assume(self, function: Function, name: str, type_: Type) -> None:
        """Take a parameter for what it is given; what was inferred without knowing is inferred anew."""
        key = (function, name)
        if key in self._missed or key in self._assumed:
            self.forget()
        self._assumed[key] = type_

    def hold(self, tail: str, type_: Type) -> bool:
        """`request.state.db` holds a session wherever it is read; False if it may hold something else as well."""
        if tail not in self._state:
            self.forget()
        return self._state.setdefault(tail, type_) == type_

    def in_state(self, dotted: str) -> Type | None:
        """The session that `request.state.db` holds."""
        return self._state.get(dotted.partition(".")[2])

    def _attribute(self, scope: Scope, expr: o.Attribute) -> Type | None:
        return super()._attribute(scope, expr) or (self.in_state(o.dotted(expr)) if self._state else None)

    def undecorated(self, function: Function) -> Type | None:
        key = ("undecorated", function)
        return self.memo.infer(key, lambda: self.functions.undecorated(function), is_final=True)

    def forget(self) -> None:
        self.memo.known.clear()
        self._missed.clear()
