"""Decorators of the application: which function they put in place of what they decorate, and when that calls it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.awaiting import hindrance
from fapi_lint.project.asynchrony.surroundings import leaf, parameter
from fapi_lint.project.asynchrony.threads import threaded
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Function, Scope
from fapi_lint.project.traversal import ancestors, paths, return_values

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_ASKING = ("iscoroutine", "isawaitable", "isasyncgen", "isgenerator")
"""A decorator that asks for these does something else with a coroutine function."""
_LOOKING = frozenset(
    ["getattr", "getdoc", "getmodule", "getsource", "hasattr", "id", "repr", "signature", "str", "update_wrapper"]
) | {"wraps"}
"""What may be given a function without calling it."""
_DESCRIBING = frozenset(["__annotations__", "__defaults__", "__dict__", "__doc__", "__module__", "__name__"]) | {
    "__qualname__"
}


class DecoratedCall(Struct, frozen=True, eq=False):
    """`function(*args, **kwargs)` in a wrapper; `parents` are the nodes around it, innermost first."""

    node: o.Call
    parents: tuple[o.Node, ...]
    in_thread: bool = False
    """It is `await run_in_threadpool(function, *args, **kwargs)`."""


class Decorating(Struct, frozen=True, eq=False):
    """A decorator that puts a wrapper in place of a function, and what the wrapper does with that."""

    function: Function
    """What the decorator's name means: the decorator, or what makes one."""
    wrapper: Function
    calls: tuple[DecoratedCall, ...]


class Decorators(Part):
    """Looks into the decorators that an application defines."""

    def of(self, function: Function, decorator: o.Decorator) -> Decorating | str | None:
        """What a decorator does with a function; why that cannot be told; None if it is none of the application's."""
        symbol = self._named(function, decorator)
        return None if symbol is None else self._read(symbol, isinstance(decorator.value, o.Call))

    @kept
    def _read(self, symbol: Function, made: bool) -> Decorating | str:
        """What a decorator does; `made`: what the function makes, when it is called, is the decorator."""
        return _Reader(self.project, symbol).read(made=made)

    def _named(self, function: Function, decorator: o.Decorator) -> Function | None:
        symbol = self.project.resolver.resolve(function.enclosing, decorator.func)
        if not isinstance(symbol, Function) or symbol.is_method or len(symbol.enclosing.bindings[symbol.name]) > 1:
            return None
        return symbol

    def on(self, function: Function) -> list[Decorating]:
        """The decorators that are known to put a wrapper around a function."""
        found = (self.of(function, decorator) for decorator in function.node.decorators)
        return [decorating for decorating in found if isinstance(decorating, Decorating)]

    def decorated(self, decorating: Decorating) -> list[tuple[Function, o.Decorator]]:
        """What a decorator is put on."""
        return self._decorated[decorating.function]

    def by_wrapper(self, wrapper: Function) -> Decorating | None:
        """The decorator that a function is the wrapper of."""
        return self._wrappers.get(wrapper)

    @cached_property
    def _decorated(self) -> dict[Function, list[tuple[Function, o.Decorator]]]:
        uses = (use for function in self.project.functions for use in _decorators_in(function))
        named = ((self._named(*use), use) for use in uses)
        return grouped((symbol, use) for symbol, use in named if symbol is not None)

    @cached_property
    def _wrappers(self) -> dict[Function, Decorating]:
        found = (self.of(*uses[0]) for uses in self._decorated.values())
        return {decorating.wrapper: decorating for decorating in found if isinstance(decorating, Decorating)}


def _decorators_in(function: Function) -> Iterator[tuple[Function, o.Decorator]]:
    for decorator in function.node.decorators:
        yield function, decorator
    if function.module.text.find("@", function.node.body_start, function.node.end) >= 0:
        for nested in function.scope.all_functions():
            yield from _decorators_in(nested)


class _Reader:
    """Reads one decorator."""

    def __init__(self, project: Project, function: Function) -> None:
        self.project = project
        self.function = function

    def read(self, made: bool) -> Decorating | str:
        name, text = self.function.name, self.function.module.text
        node = self.function.node
        if any(text.find(word, node.start, node.end) >= 0 for word in _ASKING):
            return f"`@{name}` asks whether what it decorates is a coroutine"
        decorator = _given_back(self.function) if made else self.function
        if decorator is not None and _gives_itself(decorator):
            return f"nobody can tell who calls what `@{name}` marks"
        wrapper = None if decorator is None else _given_back(decorator)
        if decorator is None or wrapper is None:
            return f"nobody can tell what `@{name}` puts in place of what it decorates"
        if wrapper.node.is_generator:
            return f"the wrapper of `@{name}` is a generator"
        others = [param for param in decorator.node.params[1:] if param.default is None and param.kind[:1] != "*"]
        if not decorator.node.params or others or decorator.node.is_async or self.function.node.is_async:
            return f"nobody can tell what `@{name}` takes"
        found = self.calls(decorator, wrapper)
        return found if isinstance(found, str) else Decorating(self.function, wrapper, tuple(found))

    def calls(self, decorator: Function, wrapper: Function) -> list[DecoratedCall] | str:
        """The calls of what is decorated; what else is done with it, if that matters."""
        name, param = self.function.name, decorator.node.params[0].name
        found = []
        if len(decorator.scope.bindings[param]) > 1:
            return f"`@{name}` binds `{param}` anew"
        for scope, node, parents in _names(decorator.scope, param):
            parent = parents[0] if parents else None
            if isinstance(parent, o.Call) and parent.func is node:
                reason = self.hindrance(parent, parents[1:], scope, wrapper)
                if reason is not None:
                    return f"`@{name}` calls what it decorates {reason}"
                found.append(DecoratedCall(parent, parents[1:]))
            elif (call := threaded(self.project.resolver, scope, node, parents)) is not None:
                if scope is not wrapper.scope:
                    return f"`@{name}` calls what it decorates outside of its wrapper"
                found.append(DecoratedCall(call, parents[2:], in_thread=True))
            elif not self.is_harmless(scope, param, parents, 0):
                return f"`@{name}` does more with what it decorates than calling it"
        return found or f"`@{name}` does not call what it decorates"

    def hindrance(self, call: o.Call, parents: tuple[o.Node, ...], scope: Scope, wrapper: Function) -> str | None:
        if scope is not wrapper.scope:
            return "outside of its wrapper"
        for parent in parents:
            for item in parent.items if isinstance(parent, o.With) and not parent.is_async else ():
                entered = leaf(o.called(item.value)).lower()
                if "lock" in entered or "semaphore" in entered:
                    return "under a lock that belongs to threads"
        return hindrance(call, parents, scope)

    def is_harmless(self, scope: Scope, name: str, parents: tuple[o.Node, ...], depth: int) -> bool:
        """Whether a use of a function only looks at it."""
        parent = parents[0] if parents else None
        if isinstance(parent, o.Attribute):
            stored = len(parents) > 1 and isinstance(parents[1], o.Assign) and parent in parents[1].targets
            return parent.attr in _DESCRIBING or stored
        if isinstance(parent, o.String):
            return True
        call = parents[1] if isinstance(parent, o.Arg) and not parent.star and len(parents) > 1 else None
        if not isinstance(parent, o.Arg) or not isinstance(call, o.Call):
            return False
        if leaf(call.func) in _LOOKING:
            return True
        callee = self.project.resolver.resolve(scope, call.func)
        if not isinstance(callee, Function) or callee.is_method or depth > 2 or parent.keyword:
            return False
        param = parameter(callee, call, parent, 0)
        uses = _names(callee.scope, param.name) if param is not None else ()
        return param is not None and all(self.is_harmless(s, param.name, above, depth + 1) for s, _, above in uses)


def _given_back(function: Function) -> Function | None:
    """The one nested function that a function returns, by name and nowhere else named."""
    scope = function.scope
    returned = return_values(scope.body)
    names = {value.id for value in returned if isinstance(value, o.Name)}
    nested = [inner for inner in scope.functions if inner.name in names]
    if len(nested) != 1 or len(names) != 1 or not all(isinstance(value, o.Name) for value in returned):
        return None
    (inner,) = nested
    uses = len(list(_names(scope, inner.name)))
    return inner if uses == len(returned) and len(scope.bindings[inner.name]) == 1 else None


def _gives_itself(decorator: Function) -> bool:
    """Whether a decorator gives back what it decorates."""
    returned = return_values(decorator.scope.body)
    first = decorator.node.params[0].name if decorator.node.params else ""
    return bool(returned) and all(isinstance(value, o.Name) and value.id == first for value in returned)


def _names(scope: Scope, name: str) -> Iterator[tuple[Scope, o.Name, tuple[o.Node, ...]]]:
    """The places at or below a scope where a name of that scope stands, with the nodes around."""
    for node, above in paths(scope.body, o.Name):
        if node.id == name:
            yield scope, node, tuple(ancestors(above))
    for nested in scope.all_functions():
        if name not in nested.scope.bindings:
            yield from _names(nested.scope, name)


def keywords_handed_on(wrapper: Function, name: str, decorating: Decorating) -> Iterator[o.Node]:
    """Where a wrapper gives its `**kwargs` to anything but what it is put around."""
    own = [call.node for call in decorating.calls]
    for _, node, parents in _names(wrapper.scope, name):
        match parents:
            case (o.Subscript(), *_) | (o.String(), *_) | (o.Operation(), *_) | (o.Compare(), *_):
                continue
            case (o.Attribute(attr="get" | "pop" | "setdefault" | "keys"), *_):
                continue
            case (o.Arg(star="**"), o.Call() as call, *_) if call in own:
                continue
        yield node
