"""Where an application starts: what it does with a database as it is loaded can be awaited there instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.search import search
from fapi_lint.project.symbols import Function, Scope

_OTHER_WAYS = re.compile(r"\bon_(?:startup|shutdown)\s*=|\badd_event_handler\(")
"""Ways to start that are not understood here; a lifespan would switch them off."""


class Application(Struct, frozen=True, eq=False):
    """The one `FastAPI(…)` of an application, and what it does at its start."""

    module: Module
    call: o.Call
    statement: o.Node
    """The statement of the module that makes it, or that holds what does."""
    lifespan: Function | None
    startup: Function | None
    """The first function under `@app.on_event("startup")`."""


class Starting(Part):
    """Tells what can be moved to the start of the application."""

    def kind(self, module: Module, parents: Sequence[o.Node], scope: Scope) -> Literal["at_start", "at_once"] | None:
        """How a call within `parents`, innermost first, is awaited that is a statement of a module.

        An application awaits it at its start, a test or a program while it is loaded, which no event loop does.
        """
        found = self._kind(module, parents, scope)
        return None if found == "at_start" and self._is_tested else found

    def why_not(self, module: Module, parents: Sequence[o.Node], scope: Scope) -> str:
        """What to add to the reason, if only tests keep a call from being awaited at the start."""
        is_needed = self._is_tested and self._kind(module, parents, scope) == "at_start"
        return ", and tests that make no tables may need it before the application starts" if is_needed else ""

    def _kind(self, module: Module, parents: Sequence[o.Node], scope: Scope) -> Literal["at_start", "at_once"] | None:
        if len(parents) != 1 or not isinstance(parents[0], o.ExprStatement):
            return None
        if not (scope.is_module or self.is_factory(scope)):
            return None
        if all(statement.start != parents[0].start for statement in scope.body):
            return None  # It runs under a condition.
        purpose, application, imports = self.project.purposes.of(module), self.application, self.project.imports
        if purpose == "test" and scope.is_module:
            return "at_once"
        if purpose == "application" and imports.leading_to(module) == {module} and "FastAPI(" not in module.text:
            return "at_once"  # It is run, and imported by nobody.
        if purpose != "application" or application is None:
            return None
        if any(isinstance(n, o.Name) and not scope.is_module and n.id in scope.bindings for n in o.walk(parents[0])):
            return None
        if module is application.module:
            return "at_start"
        is_loaded = module in imports.reachable([application.module])
        return "at_start" if is_loaded and application.module not in imports.reachable([module]) else None

    def is_factory(self, scope: Scope) -> bool:
        """Whether this is the function that makes the application."""
        made, owner = self.application, scope.owner
        return (
            made is not None
            and isinstance(owner, Function)
            and owner.module is made.module
            and owner.node.body_start <= made.call.start < owner.node.end
        )

    @cached_property
    def _is_tested(self) -> bool:
        """Whether tests may need what is done as the application is loaded: they need not run its lifespan."""
        tests = self.project.tests.modules
        clients = any("TestClient(" in module.text or "AsyncClient(" in module.text for module in tests)
        return clients and not any("create_all" in module.text for module in tests)

    @cached_property
    def application(self) -> Application | None:
        """The application, unless there are several, or one that starts in a way that is not known."""
        modules = [module for module in self.project.modules if self.project.purposes.of(module) == "application"]
        is_from = self.project.resolver.is_from
        found = [
            (module, sighting.scope, sighting.node)
            for module in modules
            if "FastAPI(" in module.text
            for sighting in search(module, "FastAPI")
            if isinstance(sighting.node, o.Call) and is_from(sighting.scope, sighting.node, "fastapi", "FastAPI")
        ]
        if len(found) != 1 or any(_OTHER_WAYS.search(module.text) for module in modules):
            return None
        module, scope, call = found[0]
        if call.has_double_star:
            return None
        statement = next(node for node in module.outline.body if node.start <= call.start < node.end)
        given = call.given("lifespan")
        lifespan = self.project.resolver.resolve(scope, given)
        if given is None:
            return Application(module, call, statement, None, self._startup)
        if not isinstance(lifespan, Function) or not lifespan.node.is_async:
            return None
        is_known = lifespan.decorator_names == {"asynccontextmanager"}
        return Application(module, call, statement, lifespan, None) if is_known else None

    @cached_property
    def _startup(self) -> Function | None:
        for module in self.project.modules:
            if "on_event(" not in module.text:
                continue
            for function in module.scope.functions:
                if any(_is_startup(decorator.value) for decorator in function.node.decorators):
                    return function
        return None


def _is_startup(decorator: o.Expr) -> bool:
    if not isinstance(decorator, o.Call) or o.dotted(decorator.func).rpartition(".")[2] != "on_event":
        return False
    event = decorator.given("event_type", 0)
    return o.text(event) == "startup"
