"""Sessions that route handlers open themselves, and the dependencies that would give them one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.surroundings import leaf
from fapi_lint.project.inference import signatures
from fapi_lint.project.inference.type import Type
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable
from fapi_lint.project.traversal import paths
from fapi_lint.project.words import mentions, needles
from fapi_lint.source.place import Place

_SESSIONS = signatures.SYNC_SESSIONS | signatures.ASYNC_SESSIONS
_MANAGERS = frozenset(["asynccontextmanager", "contextmanager"])
_MAKING = frozenset(signatures.MAKERS) | signatures.REGISTRIES


class OpenedSession(Struct, frozen=True, eq=False):
    """`SessionLocal()` in a route handler."""

    handler: Function
    call: o.Call
    maker: Variable | None
    """The session maker; None where anything else is called."""

    @property
    def module(self) -> Module:
        return self.handler.module

    @property
    def place(self) -> Place:
        return self.module.place(self.call)


class OpenedSessions(Part):
    """All sessions that are opened where FastAPI could inject one."""

    @cached_property
    def all(self) -> list[OpenedSession]:
        """Every session that a handler in a judged file opens, in file and source order."""
        handlers = [
            handler
            for handler in self.project.routes.by_handler
            if self.project.is_judged(handler.module) and self.project.purposes.is_application(handler.module)
        ]
        if not handlers:
            return []
        opening = {function.name for function in (*self._managers, *(function for function, _ in self._dependencies))}
        words = needles(self._makers | _SESSIONS | opening)
        found = [
            opened
            for handler in handlers
            if mentions(handler.node, words)
            for opened in (*self._opened(handler, handler.scope), *self._managed(handler))
        ]
        return sorted(found, key=lambda opened: opened.place)

    @cached_property
    def _makers(self) -> frozenset[str]:
        """The names of session makers, those that imports give them included."""
        names: set[str] = set()
        for module in self.project.modules:
            if not any(word in module.text for word in _MAKING):
                continue
            for name, bindings in module.scope.bindings.items():
                calls = (binding.value for binding in bindings)
                if any(isinstance(call, o.Call) and leaf(call.func) in _MAKING for call in calls):
                    names.add(name)
        for module in self.project.modules:
            names |= module.scope.renamed(names | _SESSIONS)
        return frozenset(names)

    @cached_property
    def _managers(self) -> frozenset[Function]:
        """The application's own context managers that open a session and hand it out, and functions that return one."""
        words = needles(self._makers | _SESSIONS)
        return frozenset(
            function
            for function in self.project.functions
            if (function.decorator_names & _MANAGERS if function.node.is_generator else mentions(function.node, words))
            and (any(self._opened(function, function.scope)) or self._opens_by_attribute(function))
            and any(
                self.project.sessions.kind(self.project.types.of(function.scope, node.value))
                for node, _ in paths(function.scope.body, o.Yield if function.node.is_generator else o.Return)
                if node.value is not None
            )
        )

    def _opens_by_attribute(self, function: Function) -> bool:
        """`self._session_maker()`"""
        calls = (node for node, _ in paths(function.scope.body, o.Call) if isinstance(node.func, o.Attribute))
        return any(_is_maker(self.project.types.callee(function.scope, node.func)) for node in calls)

    def _managed(self, handler: Function) -> Iterator[OpenedSession]:
        """What context managers open, and dependencies that the handler runs itself: `async for db in get_db():`."""
        makers: dict[Function, Variable | None] = {**dict.fromkeys(self._managers), **dict(self._dependencies)}
        names = {function.name for function in makers}
        for node, _ in paths(handler.scope.body, o.Call) if names else ():
            callee = self.project.types.callee(handler.scope, node.func) if leaf(node.func) in names else None
            if isinstance(callee, Function) and callee in makers:
                yield OpenedSession(handler, node, makers[callee])

    def _opened(self, function: Function, scope: Scope) -> Iterator[OpenedSession]:
        for node, _ in paths(scope.body, o.Call):
            name = leaf(node.func)
            if name == "begin" and isinstance(node.func, o.Attribute) and leaf(node.func.value) in self._makers:
                if _is_maker(self.project.types.callee(scope, node.func.value)):
                    yield OpenedSession(function, node, None)
            elif name in self._makers or name in _SESSIONS:
                callee = self.project.types.callee(scope, node.func)
                if _is_maker(callee):
                    symbol = self.project.resolver.resolve(scope, node.func)
                    yield OpenedSession(function, node, symbol if isinstance(symbol, Variable) else None)
                elif (isinstance(callee, External) and callee.is_orm and callee.name in _SESSIONS) or (
                    isinstance(callee, Class) and self.project.sessions.kind(callee) is not None
                ):
                    yield OpenedSession(function, node, None)

    # --- dependencies ------------------------------------------------------------------------------

    def dependency(self, opened: OpenedSession) -> Function | None:
        """The one dependency that does nothing but open a session of the same maker, yield it and close it."""
        maker = opened.maker
        if maker is None:
            return None
        found = [function for function, variable in self._dependencies if _key(variable) == _key(maker)]
        return found[0] if len(found) == 1 else None

    @cached_property
    def _dependencies(self) -> list[tuple[Function, Variable]]:
        found = []
        for function in self.project.dependencies.named:
            if not isinstance(function, Function) or not function.node.is_generator or function.parent is not None:
                continue
            scope = function.scope
            calls = [opened for opened in self._opened(function, scope) if opened.maker is not None]
            others = {node.func.attr for node, _ in paths(scope.body, o.Call) if isinstance(node.func, o.Attribute)}
            if len(calls) == 1 and calls[0].maker is not None and others <= {"close", "rollback"}:
                found.append((function, calls[0].maker))
        return found

    def alias(self, dependency: Function) -> Variable | None:
        """`SessionDep = Annotated[Session, Depends(get_db)]`, where there is one."""
        for module in self.project.modules:
            if "Annotated" not in module.text:
                continue
            for name, bindings in module.scope.bindings.items():
                value = bindings[-1].value
                if isinstance(value, o.Subscript) and leaf(value.value) == "Annotated" and len(value.items) == 2:
                    marker = self.project.dependencies.marker(module.scope, value.items[1])
                    given = None if marker is None else self.project.resolver.resolve(module.scope, marker.dependency)
                    if given is dependency and not name.startswith("_"):
                        return Variable(module, name, module.scope, bindings[-1].node)
        return None


def _is_maker(callee: object) -> bool:
    """Whether what is called is a session maker, or a registry of sessions."""
    return isinstance(callee, Type) and isinstance(callee.symbol, External) and callee.name in _MAKING


def _key(variable: Variable) -> tuple[str, str]:
    return variable.module.path, variable.name
