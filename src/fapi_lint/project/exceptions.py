"""The application's own exceptions: where they are raised, and what catches or answers them.

How FastAPI turns exceptions into responses: https://fastapi.tiangolo.com/tutorial/handling-errors/.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from functools import cached_property

from fapi_lint.outline import nodes as o
from fapi_lint.project.entity import ClassEntity
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.search import Sighting, other_names, search
from fapi_lint.project.start import Start
from fapi_lint.project.symbols import Class, External, Function, Symbol

_ANSWERED = ("HTTPException", "WebSocketException", "RequestValidationError")
"""FastAPI and Starlette come with handlers for these."""
_COMMAND_LINE = frozenset(["click", "typer"])
_CATCH_ALL = ("Exception", "BaseException")
_HANDLES_ALL = (*_CATCH_ALL, "500", "HTTP_500_INTERNAL_SERVER_ERROR", "INTERNAL_SERVER_ERROR")
"""What Starlette's handler of last resort is registered for."""
_INVALID = ("AssertionError", "ValueError")
"""What Pydantic makes a validation error of."""
_PASSES_ON = ("call_next", "self.app", "get_route_handler", "original_route_handler")
"""What a middleware or a route class calls with every request."""
_TREATS = (o.Assign, o.Call, o.Dict, o.Collection, o.Compare, o.Handler, o.Case)


class ExceptionClass(ClassEntity):
    """An exception that the application defines."""

    @cached_property
    def is_answered_by_framework(self) -> bool:
        """An `HTTPException` and the like, or one of a command line library."""
        return any(base.name in _ANSWERED or base.package in _COMMAND_LINE for base in self.foreign)

    @cached_property
    def raises_another(self) -> bool:
        """Its `__init__` raises, so that it never gets as far as being raised itself."""
        init = next((method for method in self.class_.methods if method.name in ("__init__", "__new__")), None)
        return init is not None and "raise " in init.body_text


class Exceptions(Part):
    """All exceptions of an application, and what becomes of them."""

    @cached_property
    def all(self) -> list[ExceptionClass]:
        """Every exception that is not defined inside a function, tests and scripts left out."""
        return [
            ExceptionClass(self.project, class_)
            for class_ in self.project.classes
            if class_.node.bases and self.project.purposes.is_application(class_.module) and self.is_exception(class_)
        ]

    @cached_property
    def by_class(self) -> dict[Class, ExceptionClass]:
        return {exception.class_: exception for exception in self.all}

    def is_exception(self, class_: Class) -> bool:
        """Whether a class inherits an exception: a built-in one, or a foreign one by its name."""
        return any(map(_is_exception, self.project.resolver.foreign(class_)))

    def is_http(self, symbol: Symbol | None) -> bool:
        """Whether this is `HTTPException`, a subclass, or an instance that a module makes."""
        resolver = self.project.resolver
        return any(base.name == "HTTPException" for base in resolver.foreign(resolver.made_by(symbol)))

    @cached_property
    def reach_clients(self) -> bool:
        """Whether there is a FastAPI application that handlers could be registered with."""
        return any("FastAPI(" in module.text for module in self._modules)

    # --- what becomes of them ----------------------------------------------------------------------

    def raised(self, class_: Class) -> list[Sighting]:
        """Where the application raises an exception; where the same function or Pydantic catches it is left out."""
        raised = [sighting for sighting in self.mentions(class_) if self._is_raised(sighting)]
        if raised and any(base.name in _INVALID for base in self.project.resolver.foreign(class_)):
            return [sighting for sighting in raised if not self._is_in_schema(sighting)]
        return raised

    def _is_in_schema(self, sighting: Sighting) -> bool:
        owner = sighting.scope.owner
        return isinstance(owner, Function) and owner.parent in self.project.schemas.by_class

    def is_early(self, sighting: Sighting) -> bool:
        """Whether no request can lead there, because it only runs at the start of a process."""
        owner = sighting.scope.owner
        if isinstance(owner, Function):
            return self._start.runs(owner)
        return not any(isinstance(parent, o.Assign) for parent in sighting.parents)  # Another place raises that.

    @cached_property
    def _start(self) -> Start:
        return Start(self.project)

    def is_treated(self, class_: Class) -> bool:
        """Whether some part of the application deals with an exception, or with a base of it.

        It is caught, registered with a handler, compared with, or handed to a function or a table that may do so.
        """
        return any(
            any(map(_is_treatment, self.mentions(base)))
            or any(f"{base.name}.__subclasses__()" in module.text for module in self._modules)
            if isinstance(base, Class)
            else self._is_foreign_treated(base)
            for base in self.project.resolver.mro(class_)
        )

    @kept
    def mentions(self, class_: Class) -> list[Sighting]:
        """Where the application names a class, imports left out."""
        return [
            sighting
            for module in self.project.references.mentioning(class_.name)
            if self.project.purposes.is_application(module)
            for sighting in search(module, class_.name, *other_names([module]).get(class_.name, ()))
            if isinstance(sighting.node, (o.Name, o.Attribute))
            and not isinstance(sighting.parent, o.Attribute)
            and self._may_mean(sighting, class_)
        ]

    def _may_mean(self, sighting: Sighting, class_: Class) -> bool:
        """Whether this is the class: what is called so and nobody knows may be it, another name must be known to be."""
        symbol = self.project.resolver.resolve(sighting.scope, sighting.node)
        if o.dotted(sighting.node).rpartition(".")[2] != class_.name:
            return symbol is class_
        return symbol is class_ or symbol is None or (isinstance(symbol, External) and symbol.name == class_.name)

    @cached_property
    def catches_all(self) -> bool:
        """Whether nothing gets past the application: a handler for `Exception`, or a middleware that catches it."""
        if any(name in self._handled for name in _HANDLES_ALL):
            return True
        return any(
            catches(sighting.node)
            for module in self._modules
            for sighting in search(module, *_PASSES_ON)
            if isinstance(sighting.node, o.Try)
        )

    @cached_property
    def _modules(self) -> list[Module]:
        return [module for module in self.project.modules if self.project.purposes.is_application(module)]

    @cached_property
    def _handled(self) -> set[str]:
        """The foreign exceptions that have handlers, by their last names, and status codes that have."""
        found: set[str] = set()
        for module in self._modules:
            for sighting in search(module, "exception_handler", "add_exception_handler", "exception_handlers"):
                for key in _registered(sighting.node):
                    found.add(str(key.value) if isinstance(key, o.Number) else o.dotted(key).rpartition(".")[2])
        return found

    def is_answered(self, *names: str) -> bool:
        """Whether a foreign exception of one of these names has a handler."""
        return not self._handled.isdisjoint(names)

    def _is_foreign_treated(self, base: External) -> bool:
        """Whether a foreign base has a handler, or is caught by name somewhere. Catching `Exception` says little."""
        if base.name in self._handled:
            return True
        if base.package == "builtins" and base.name in ("object", *_CATCH_ALL):
            return False
        if base.package != "builtins" and self._may_install_handlers(base.package):
            return True
        catches = re.compile(rf"except\b[^:\n]*\b{re.escape(base.name)}\b")
        return any(catches.search(module.text) for module in self._modules if base.name in module.text)

    def _may_install_handlers(self, package: str) -> bool:
        """Whether a foreign package is used where the application is made, and may bring handlers of its own."""
        imports = re.compile(rf"^\s*(?:from|import)\s+{re.escape(package)}\b", re.MULTILINE)
        return any("FastAPI(" in module.text and imports.search(module.text) for module in self._modules)

    def _is_raised(self, sighting: Sighting) -> bool:
        parents = sighting.parents[:-1] if sighting.call is not None else sighting.parents
        inner = sighting.call or sighting.node
        while parents and isinstance(parents[-1], o.IfExp) and inner is not parents[-1].test:
            inner, parents = parents[-1], parents[:-1]
        statement = parents[-1] if parents else None
        if isinstance(statement, o.Assign) and len(parents) < len(sighting.parents):
            target = statement.targets[0]
            return isinstance(target, o.Name) and bool(re.search(rf"raise\s+{target.id}\b", sighting.module.text))
        if not isinstance(statement, o.Raise):
            return False
        return not any(
            isinstance(parent, o.Try) and parents[index + 1] in parent.body and catches(parent)
            for index, parent in enumerate(parents)
        )


def catches(statement: o.Try, *names: str) -> bool:
    """Whether a `try` catches everything for good, or exceptions of these names."""
    for handler in statement.handlers:
        items = handler.exception.items if isinstance(handler.exception, o.Collection) else (handler.exception,)
        caught = {o.dotted(item).rpartition(".")[2] for item in items}
        if handler.exception is None or not caught.isdisjoint((*names, *_CATCH_ALL)):
            return not any(
                isinstance(node, o.Raise) and (node.exc is None or o.dotted(node.exc) == handler.name)
                for node in o.walk(*handler.body)
            )
    return False


def _is_treatment(sighting: Sighting) -> bool:
    """Whether a class that is named there is caught, compared or handed on, and not made, inherited or annotated."""
    if sighting.call is not None:
        return False
    around = (parent for parent in sighting.parents if isinstance(parent, _TREATS))
    return any(not isinstance(parent, o.Handler) or _holds(parent.exception, sighting.node) for parent in around)


def _holds(outer: o.Node | None, inner: o.Node) -> bool:
    return outer is not None and outer.start <= inner.start and inner.end <= outer.end


def _registered(node: o.Node) -> Iterator[o.Expr]:
    """What a call or a dict registers handlers for; the application's own exceptions are seen as mentions anyway."""
    table: o.Expr | None = None
    if isinstance(node, o.Call):
        if isinstance(node.func, o.Attribute) and node.func.attr in ("exception_handler", "add_exception_handler"):
            argument = node.given("exc_class_or_status_code", 0)
            if argument is not None:
                yield argument
        table = node.given("exception_handlers")
    elif isinstance(node, o.Dict):
        entries = zip(node.keys, node.values, strict=True)
        table = next((v for k, v in entries if o.text(k) == "exception_handlers"), None)
    elif isinstance(node, (o.Assign, o.AnnAssign)):
        table = node.value
    if isinstance(table, o.Dict):
        yield from (key for key in table.keys if key is not None)


def _is_exception(base: External) -> bool:
    if base.package == "builtins":
        known = getattr(builtins, base.name, None)
        return isinstance(known, type) and issubclass(known, Exception) and not issubclass(known, Warning)
    return base.name.endswith(("Exception", "Error")) and base.name[:1].isupper()
