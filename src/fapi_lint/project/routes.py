"""Routes: how they are declared, at which paths, and what handles them.

https://fastapi.tiangolo.com/reference/apirouter/ has the decorators and their arguments. Websockets are no routes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.grouping import grouped
from fapi_lint.project.module import Module
from fapi_lint.project.nouns import is_plural, snake_words
from fapi_lint.project.part import Part
from fapi_lint.project.returns import Returns
from fapi_lint.project.routers import Router, blocks
from fapi_lint.project.search import around
from fapi_lint.project.symbols import Function, Scope, Symbol
from fapi_lint.project.values import Located, has_unseen_arguments, literal_text, spread_entry
from fapi_lint.source.place import Place

_METHODS = frozenset(["get", "put", "post", "delete", "options", "head", "patch", "trace"])
_DECLARES = re.compile(r"\.(?:get|put|post|delete|options|head|patch|trace|api_route|add_api_route)\b")
_CALLS = re.compile(r"\.add_api_route\(|\)\(")
_NESTED = re.compile(r"\n[ \t]+@")
"""What a function holds that declares routes: a decorator."""


_PARAMETER = re.compile(r"\{[^{}]*\}")


class Route(Part):
    """A path operation. `call` is `router.get("/x", …)`, `router.add_api_route(…)`, or the call of a wrapper."""

    scope: Scope
    """Where the names of `call` are resolved."""
    call: o.Call
    decorator: o.Decorator | None
    """None where the route is registered by a call."""
    router: Router
    verb: str
    """The router's method: `"get"`, `"api_route"`, `"add_api_route"`."""
    handler: Function | None
    """None where it is no function of the application."""
    wrapper: Symbol | None
    """What is called instead of the router's method: `protected_route` of `@protected_route(router.get, "/x")`."""

    @property
    def module(self) -> Module:
        return self.scope.module

    @property
    def place(self) -> Place:
        """The decorator, or the call that registers."""
        return self.module.place(self.call if self.decorator is None else self.decorator)

    @property
    def is_wrapped(self) -> bool:
        """Declared through a function that calls the router's method with what it is given."""
        return not (isinstance(self.call.func, o.Attribute) and self.call.func.attr == self.verb)

    def argument(self, keyword: str) -> Located | None:
        """The value passed as `keyword`, also through `**shared` where `shared` is a literal dict."""
        arg = self.call.given(keyword)
        return spread_entry(self.project, self.scope, self.call, keyword) if arg is None else Located(arg, self.scope)

    @cached_property
    def has_unknown_arguments(self) -> bool:
        """A `**kwargs` that cannot be seen through."""
        return has_unseen_arguments(self.project, self.scope, self.call)

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """`("GET",)`; empty where they are not literal."""
        if self.verb in _METHODS:
            return (self.verb.upper(),)
        located = self.argument("methods")
        if located is None:
            return () if self.has_unknown_arguments else ("GET",)
        items = located.expr.items if isinstance(located.expr, o.Collection) else ()
        names = [item.value.upper() for item in items if isinstance(item, o.String) and item.value is not None]
        return tuple(names) if len(names) == len(items) else ()

    @cached_property
    def path_argument(self) -> Located | None:
        """The path as it is written."""
        named = self.argument("path")
        if named is not None:
            return named
        for arg in self.call.positional:
            if _method(arg.value) is None:
                return Located(arg.value, self.scope)
        return None

    @cached_property
    def path(self) -> str:
        """The path without the prefixes; `…` stands for what is not literal."""
        located = self.path_argument
        return "" if located is None else literal_text(self.project, located.scope, located.expr)

    @cached_property
    def full_paths(self) -> tuple[str, ...]:
        """The path with its prefixes, once per place where the router is included."""
        return tuple(prefix + self.path for prefix in self.router.prefixes)

    @property
    def label(self) -> str:
        """The route as messages name it: `GET /users/{user_id}`."""
        return f"{'|'.join(self.methods)} {self.full_paths[0] or '/'}"

    @cached_property
    def response_model(self) -> Located | None:
        """What it answers with: the response model, or what the handler says it returns, from FastAPI 0.89 on."""
        located, handler = self.argument("response_model"), self.handler
        returns = None if handler is None else handler.node.returns
        if located is None and handler is not None and returns is not None:
            return None if self.project.versions.fastapi.is_below(0, 89) else Located(returns, handler.enclosing)
        return located

    @cached_property
    def returns(self) -> Returns | None:
        """What the handler returns."""
        return None if self.handler is None else Returns(self.project, self.handler)

    @cached_property
    def has_other_response(self) -> bool:
        """Whether a response class that holds no JSON is set, or one that is unknown, here or for the router."""
        http = self.project.http
        for located in (self.argument("response_class"), self.router.argument("default_response_class")):
            if located is not None:
                return not http.is_json(self.project.resolver.resolve(located.scope, located.expr))
        return False

    def accepts(self, keyword: str) -> bool:
        """Whether an argument may be added: a wrapper, or a method of the application's own router, must pass it on."""
        declared = self.wrapper if self.is_wrapped else None
        if declared is None and self.router.class_ is not None:
            declared = self.project.resolver.class_member(self.router.class_, self.verb)
        if isinstance(declared, Function):
            return any(param.name == keyword or param.kind == "**" for param in declared.node.params)
        return not self.is_wrapped

    def __repr__(self) -> str:
        return f"<Route {self.label}>"


Declaration: TypeAlias = tuple[o.Call, Router, str, "Symbol | None"]
"""The call that declares a route, its router, the router's method, and what wraps it."""


class Routes(Part):
    """All routes of an application."""

    @cached_property
    def all(self) -> list[Route]:
        """Every route, in file and source order; those of tests included, those that only document left out."""
        found = (
            route for module in self.project.modules if _DECLARES.search(module.text) for route in self._in(module)
        )
        served = [route for route in found if route.router not in self.project.routers.descriptions]
        return sorted(served, key=lambda route: (route.module.path, route.place.start))

    @cached_property
    def by_handler(self) -> dict[Function, list[Route]]:
        return grouped((route.handler, route) for route in self.all if route.handler is not None)

    @cached_property
    def handler_names(self) -> Counter[str]:
        """How many handlers bear each name."""
        return Counter(handler.name for handler in self.by_handler)

    @cached_property
    def by_module(self) -> dict[Module, list[Route]]:
        return grouped((route.module, route) for route in self.all)

    @cached_property
    def by_path(self) -> dict[str, list[Route]]:
        """Routes by `path_key` of each of their paths."""
        return grouped((path_key(path), route) for route in self.all for path in route.full_paths)

    def is_collection(self, route: Route) -> bool:
        """Whether the items below a route's path can be changed, or read where the path lists them or is a plural:
        `/users` and `/users/{id}`."""
        for path in map(path_key, route.full_paths):
            items = {method for item in self.by_path.get(path + "/{}", ()) for method in item.methods}
            lists = any("GET" in other.methods for other in self.by_path[path])
            is_several = lists or is_plural("_".join(snake_words(path.rpartition("/")[2])))
            if items & {"PUT", "PATCH", "DELETE"} or (is_several and "GET" in items):
                return True
        return False

    def _in(self, module: Module) -> Iterator[Route]:
        for scope in blocks(module.scope, _NESTED):
            for function in scope.functions:
                for decorator in function.node.decorators:
                    declared = self._declared(scope, decorator.value)
                    if declared is not None:
                        call, router, verb, wrapper = declared
                        yield Route(self.project, scope, call, decorator, router, verb, function, wrapper)
        yield from self._registered(module)

    def _registered(self, module: Module) -> Iterator[Route]:
        """Routes without a decorator: `router.add_api_route("/x", handler)` and `router.get("/x")(handler)`."""
        for sighting in around(module, (match.start() for match in _CALLS.finditer(module.text))):
            node, scope = sighting.node, sighting.scope
            if not isinstance(node, o.Call):
                continue
            if isinstance(node.func, o.Attribute) and node.func.attr == "add_api_route":
                router = self.project.routers.of(scope, node.func.value)
                endpoint = node.given("endpoint", 1)
                if router is not None:
                    handler = None if endpoint is None else self._function(scope, endpoint)
                    yield Route(self.project, scope, node, None, router, "add_api_route", handler, None)
            elif isinstance(node.func, o.Call) and len(node.args) == 1:
                declared = self._declared(scope, node.func)
                if declared is not None:
                    call, router, verb, wrapper = declared
                    handler = self._function(scope, node.args[0].value)
                    yield Route(self.project, scope, call, None, router, verb, handler, wrapper)

    def _function(self, scope: Scope, expr: o.Expr) -> Function | None:
        symbol = self.project.resolver.resolve(scope, expr)
        if symbol is None and isinstance(expr, o.Attribute):
            owner = self.project.routers.class_of(scope, expr.value)
            symbol = None if owner is None else self.project.resolver.class_member(owner, expr.attr)
        return symbol if isinstance(symbol, Function) else None

    def _declared(self, scope: Scope, expr: o.Expr) -> Declaration | None:
        """What a decorator declares: `router.get("/x")`, or `wrapper(router.get, "/x")`."""
        if not isinstance(expr, o.Call):
            return None
        method = _method(expr.func)
        if method is not None:
            router = self.project.routers.of(scope, method.value)
            return None if router is None else (expr, router, method.attr, None)
        for arg in expr.args:
            method = _method(arg.value)
            if method is not None:
                router = self.project.routers.of(scope, method.value)
                if router is not None:
                    return expr, router, method.attr, self.project.resolver.resolve(scope, expr.func)
        return None


def path_key(path: str) -> str:
    """A path without the names of its parameters and a slash at its end: `/users/{}`."""
    return _PARAMETER.sub("{}", path).rstrip("/")


def _method(expr: o.Expr) -> o.Attribute | None:
    """An expression as the method of a router, by its name."""
    if isinstance(expr, o.Attribute) and (expr.attr in _METHODS or expr.attr == "api_route"):
        return expr
    return None
