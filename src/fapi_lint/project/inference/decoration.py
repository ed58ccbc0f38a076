"""What decorators leave of a function: itself, a context manager, or what nobody knows."""

from __future__ import annotations

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference.aspect import Aspect
from fapi_lint.project.symbols import Function, Scope
from fapi_lint.project.traversal import statements

_TRANSPARENT = frozenset(["staticmethod", "classmethod", "abstractmethod", "override", "final", "deprecated"])
_MANAGING = frozenset(["asynccontextmanager", "contextmanager"])
# fmt: off
_REGISTERING = frozenset([
    "get", "post", "put", "patch", "delete", "head", "options", "trace", "api_route", "websocket",
    "on_event", "middleware", "exception_handler",
])
# fmt: on
"""Decorators of FastAPI's routers and applications."""


class Decoration(Aspect):
    """The decorators of an application's functions."""

    def managers(self, function: Function) -> int | None:
        """How many decorators make a context manager of the function; None if one does what nobody knows."""
        found = 0
        for decorator in function.node.decorators:
            symbol = self.resolver.external(function.enclosing, decorator.func)
            if symbol is not None and symbol.name in _MANAGING:
                found += 1
            elif not self._is_transparent(function, decorator):
                return None
        return found

    def is_transparent(self, function: Function) -> bool:
        """Whether the decorators leave alone what a call of the function gives."""
        return all(self._is_transparent(function, decorator) for decorator in function.node.decorators)

    def _is_transparent(self, function: Function, decorator: o.Decorator) -> bool:
        symbol = self.resolver.external(function.enclosing, decorator.func)
        if symbol is not None and (symbol.name in _TRANSPARENT or symbol.is_from("functools", "cache", "lru_cache")):
            return True
        return self.is_route_decorator(function, decorator)

    def is_route_decorator(self, function: Function, decorator: o.Decorator) -> bool:
        """`@router.get(…)` and its like register the function and give it back."""
        func = decorator.func
        if not isinstance(func, o.Attribute) or func.attr not in _REGISTERING:
            return False
        receiver = self.types.of(function.enclosing, func.value)
        family = [] if receiver is None else self.resolver.foreign(receiver.symbol)
        return any(base.is_from("fastapi", "FastAPI", "APIRouter") for base in family)

    def makes_coroutine(self, function: Function) -> bool:
        """Whether calling the function surely gives a coroutine: `async def` that no decorator changes."""
        return _is_coroutine_function(function) and all(
            self._is_transparent(function, decorator) or self.turns_into_coroutine(function.enclosing, decorator)
            for decorator in function.node.decorators
        )

    def turns_into_coroutine(self, scope: Scope, decorator: o.Decorator) -> bool:
        """Whether a decorator of the application puts an `async def` in place of what it decorates."""
        symbol = self.resolver.resolve(scope, decorator.func)
        functions = [symbol] if isinstance(symbol, Function) else []
        for _ in range(2 if isinstance(decorator.value, o.Call) else 1):
            functions = [inner for function in functions for inner in _returned_functions(function)]
        return bool(functions) and all(map(_is_coroutine_function, functions))


def _is_coroutine_function(function: Function) -> bool:
    return function.node.is_async and not function.node.is_generator


def _returned_functions(function: Function) -> list[Function]:
    """The nested functions that a function returns by name."""
    scope = function.scope
    names = [
        node.value.id
        for node in statements(scope.body)
        if isinstance(node, o.Return) and isinstance(node.value, o.Name)
    ]
    return [nested for nested in scope.functions if nested.name in names]
