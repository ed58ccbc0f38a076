"""Methods that stand for one another: those that override one, and those that a protocol describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fapi_lint.project.identity.cells import join
from fapi_lint.project.symbols import Class, External, Function

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow


class Overriding:
    """Which methods have the parameters of which others."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._resolver = flow.resolver
        self._described = {
            class_: {function.name for function in class_.scope.functions}
            for class_ in flow.project.classes
            if any(isinstance(base, External) and base.name == "Protocol" for base in self._resolver.bases(class_))
        }
        self._found: dict[Class, list[Class]] = {}

    def join(self) -> None:
        """Let methods that were asked for, and those that stand for them, take and give the same."""
        flow = self._flow
        for function, params in flow.methods():
            for other in self._others(function):
                for param in other.node.params[1:]:
                    if param.name in params:
                        join(flow.parameter(function, params[param.name]), flow.parameter(other, param))
                join(flow.returned(function), flow.returned(other))

    def _others(self, function: Function) -> Iterator[Function]:
        owner = function.parent
        assert isinstance(owner, Class)
        for ancestor in (*self._resolver.mro(owner)[1:], *self._protocols_of(owner)):
            found = ancestor.scope.bindings.get(function.name) if isinstance(ancestor, Class) else None
            definition = found[-1].definition if found else None
            if isinstance(definition, Function):
                yield definition

    def _protocols_of(self, class_: Class) -> list[Class]:
        """The protocols that a class has all methods of."""
        if class_ not in self._found:
            self._found[class_] = [
                protocol
                for protocol, methods in self._described.items()
                if methods and protocol is not class_ and all(self._has(class_, name) for name in methods)
            ]
        return self._found[class_]

    def _has(self, class_: Class, name: str) -> bool:
        return isinstance(self._resolver.class_member(class_, name), Function)
