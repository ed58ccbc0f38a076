"""What calling a function of the application gives: by its annotation, or by what it returns and yields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference.type import ITERABLES, Type, agreed, coroutine, iterated, standard
from fapi_lint.project.symbols import Function
from fapi_lint.project.traversal import paths, return_values

if TYPE_CHECKING:
    from fapi_lint.project.inference.types import Types


class Functions:
    """The results of an application's functions."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.memo = types.memo

    def returned(self, function: Function) -> Type | None:
        """What a call gives, decorators and `async` applied: a coroutine, a generator, a value."""
        return self.memo.infer(function, lambda: self._decorated(function), is_final=True)

    def _decorated(self, function: Function) -> Type | None:
        managers = self.types.decoration.managers(function)
        if managers is None:
            return None
        inner = self.undecorated(function)
        for _ in range(managers):
            inner = standard("ContextManager", iterated(inner))
        return inner

    def undecorated(self, function: Function) -> Type | None:
        """What a call gives if its decorators are left out: what pytest takes from a fixture."""
        node = function.node
        if node.is_generator:
            return self._generator(function)
        if node.returns is not None:
            result = self.types.of_annotation(function.enclosing, node.returns)
        else:
            result = self._inferred(function)
        return coroutine(result) if node.is_async else result

    def _generator(self, function: Function) -> Type | None:
        node = function.node
        annotated = self.types.of_annotation(function.enclosing, node.returns)
        if annotated is not None and not annotated.is_standard(*ITERABLES):
            annotated = None
        item = None if annotated is None else annotated.arg
        if node.returns is None or (annotated is not None and not annotated.args):  # `-> Generator`
            scope = function.scope
            item = agreed(self.types.of(scope, y.value) for y, _ in paths(scope.body, o.Yield))
        return standard("AsyncIterator" if node.is_async else "Iterator", item)

    def _inferred(self, function: Function) -> Type | None:
        """The type of all `return` statements of a function without return annotation."""
        scope = function.scope
        values = return_values(scope.body)
        if not values or not all(values):
            return None
        return self.types.of_any(scope, [value for value in values if value is not None])
