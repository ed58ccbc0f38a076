"""FastAPI applications and routers: where they are made, and under which prefixes they end up.

What is called like a router is not one: its class must be `APIRouter`, `FastAPI` or a subclass of them, by how it is
made, annotated or returned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.graph import reachable
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.search import Sighting, search
from fapi_lint.project.symbols import Class, External, Function, Member, Parameter, Scope, Symbol, Variable
from fapi_lint.project.traversal import assigned, own_nodes
from fapi_lint.project.values import Located, dict_entry, followed, literal_text

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_INFERRING = tuple(f"{package}.inferring_router.InferringRouter" for package in ("fastapi_utils", "fastapi_restful"))
"""Routers that take the response model from the annotation."""
_MOST_PREFIXES = 16
"""A router included in more places than this is followed to the first ones only."""


Round: TypeAlias = Mapping[str, Located]
"""The names that a loop binds, and what they hold in one of its rounds."""


class Router(Part):
    """A FastAPI application or router."""

    class_: Class | None
    """The application's own subclass of `APIRouter` or `FastAPI`."""
    call: Located | None
    """What makes it, where that is known."""

    def argument(self, keyword: str) -> Located | None:
        """The value passed as `keyword` when the router is made."""
        arg = self.call.expr.given(keyword) if self.call is not None and isinstance(self.call.expr, o.Call) else None
        return Located(arg, self.call.scope) if arg is not None and self.call is not None else None

    @property
    def infers_response_model(self) -> bool:
        """Whether it is one of those that take the response model from the annotation."""
        if self.call is None or not isinstance(self.call.expr, o.Call):
            return False
        made = self.project.resolver.external(self.call.scope, self.call.expr.func)
        return made is not None and made.dotted in _INFERRING

    @cached_property
    def own_prefix(self) -> str:
        prefix = self.argument("prefix")
        return "" if prefix is None else literal_text(self.project, prefix.scope, prefix.expr)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What stands before the paths of its routes, once per place where it is included; `…` is not literal."""
        return self.project.routers.prefixes_of(self)

    def is_served_by(self, app: Router) -> bool:
        """Whether this is `app`, or is included there, however indirectly."""
        inclusions = self.project.routers.inclusions
        return app in reachable([self], lambda router: [each.parent for each in inclusions.get(router, ())])


class Inclusion(Struct, frozen=True, eq=False):
    """`parent.include_router(router, prefix=…)`."""

    parent: Router
    prefix: str


class Routers(Part):
    """All routers of an application."""

    _known: dict[tuple[Scope, str], Router | None] = field(default_factory=dict)
    _made: dict[tuple[str, int], Router] = field(default_factory=dict)
    _prefixes: dict[Router, tuple[str, ...]] = field(default_factory=dict)

    def prefixes_of(self, router: Router) -> tuple[str, ...]:
        def found() -> tuple[str, ...]:
            inclusions = self.inclusions.get(router, ())[:_MOST_PREFIXES]
            longer = (outer + each.prefix for each in inclusions for outer in self.prefixes_of(each.parent))
            return tuple(
                prefix + router.own_prefix for prefix in islice(longer if inclusions else [""], _MOST_PREFIXES)
            )

        return self.project.descent.once(self._prefixes, router, found, meanwhile=(router.own_prefix,))

    def is_router_class(self, symbol: Symbol | None) -> bool:
        """Whether this is `APIRouter`, `FastAPI` or a subclass."""
        if isinstance(symbol, External):
            return symbol.is_from("fastapi", "APIRouter", "FastAPI") or symbol.dotted in _INFERRING
        return isinstance(symbol, Class) and any(map(self.is_router_class, self.project.resolver.foreign(symbol)))

    def of(self, scope: Scope, expr: o.Node | None) -> Router | None:
        """The router that an expression holds; None unless that is certain."""
        name = o.dotted(expr)
        if not name:
            return self._of_value(scope, expr)

        def found() -> Router | None:
            return self._of_symbol(self.project.resolver.resolve(scope, expr)) or (
                self._of_instance(scope, expr) if isinstance(expr, o.Attribute) else self._among(scope, name)
            )

        # A name that leads back to itself holds nothing.
        return self.project.descent.once(self._known, (scope, name), found, meanwhile=None)

    def _of_value(self, scope: Scope, expr: o.Node | None) -> Router | None:
        match expr:
            case o.Await():
                return self._of_value(scope, expr.value)
            case o.Call():
                symbol = self.project.resolver.resolve(scope, expr.func)
                if self.is_router_class(symbol):
                    return self._router(scope.module, expr, symbol, Located(expr, scope))
                return self._returned(symbol) if isinstance(symbol, Function) else None
            case o.Name() | o.Attribute() if o.dotted(expr):
                return self.of(scope, expr)
            case o.Attribute():
                return self._of_instance(scope, expr)
            case o.IfExp():
                return self._of_value(scope, expr.body) or self._of_value(scope, expr.orelse)
        return None

    def _of_symbol(self, symbol: Symbol | None) -> Router | None:
        match symbol:
            case Member():
                return self._of_symbol(symbol.definition)
            case Variable():
                if symbol.value is not None and (router := self._of_value(symbol.scope, symbol.value)) is not None:
                    return router
                annotated = self._annotated(symbol.scope, symbol.node, symbol.annotation)
                return annotated or self._among(symbol.scope, symbol.name)
            case Parameter():
                if symbol.node.annotation is None:
                    return self._passed(symbol)
                return self._annotated(symbol.function.enclosing, symbol.node, symbol.node.annotation)
        return None

    def _passed(self, parameter: Parameter) -> Router | None:
        """The one router that the application calls a function with: `register_routes(app)`."""
        function, name = parameter.function, parameter.node.name
        if isinstance(function.parent, Class):
            return None
        index = function.node.params.index(parameter.node)
        found = set()
        for sighting in self.project.references.sightings(function.name):
            call = sighting.node
            if not isinstance(call, o.Call) or (argument := call.given(name, index)) is None:
                continue
            if self.project.resolver.resolve(sighting.scope, call.func) is function:
                found.add(self.of(sighting.scope, argument))
        return found.pop() if len(found) == 1 else None

    def _among(self, scope: Scope, name: str) -> Router | None:
        """The one router that a name is bound to among other things: `import app.models`, `app = Middleware(app)`."""
        where, bindings = scope.lookup(name) or (scope, [])
        values = (binding.value for binding in bindings if binding.value is not None)
        found = {router for value in values if (router := self._of_value(where, value)) is not None}
        return found.pop() if len(found) == 1 else None

    def _annotated(self, scope: Scope, node: o.Node, annotation: o.Expr | None) -> Router | None:
        symbol = self.project.resolver.resolve(scope, parse_annotation(annotation))
        return self._router(scope.module, node, symbol, None) if self.is_router_class(symbol) else None

    def _returned(self, function: Function) -> Router | None:
        """The router that a function makes and returns."""
        text = function.module.text
        if "Router" not in text and "FastAPI" not in text:
            return None
        for node in own_nodes(function.scope.body):
            if isinstance(node, o.Return) and node.value is not None:
                router = self._of_value(function.scope, node.value)
                if router is not None:
                    return router
        return self._annotated(function.enclosing, function.node, function.node.returns)

    def _of_instance(self, scope: Scope, expr: o.Attribute) -> Router | None:
        """`self.router`, or the attribute of an object whose class is known."""
        owner = self.class_of(scope, expr.value)
        if owner is None:
            return None
        member = self.project.resolver.class_member(owner, expr.attr)
        if isinstance(member, Member):
            return self._of_symbol(member.definition)
        for ancestor in self.project.resolver.own(owner):
            for method in ancestor.methods:
                first = method.node.params[0].name if method.node.params else ""
                binding = re.compile(rf"\b{first}\.{expr.attr}\s*[:=]")
                if not binding.search(method.module.text, method.node.start, method.node.end):
                    continue
                for node in own_nodes(method.scope.body):
                    if any(o.dotted(target) == f"{first}.{expr.attr}" for target in assigned(node)):
                        return self._of_value(method.scope, node.value)
        return None

    def class_of(self, scope: Scope, expr: o.Expr) -> Class | None:
        """The class of what an expression holds: `self`, an annotated parameter, `Controller()`."""
        symbol = self.project.resolver.resolve(scope, o.called(expr))
        if isinstance(expr, o.Call):
            return symbol if isinstance(symbol, Class) else None
        if isinstance(symbol, Parameter):
            owner = symbol.function.parent
            if isinstance(owner, Class) and symbol.node is symbol.function.node.params[0]:
                return owner
            symbol = self.project.resolver.resolve(symbol.function.enclosing, symbol.node.annotation)
        elif isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
            symbol = self.project.resolver.resolve(symbol.scope, symbol.value.func)
        else:
            return None
        return symbol if isinstance(symbol, Class) else None

    def _router(self, module: Module, node: o.Node, symbol: Symbol | None, call: Located | None) -> Router:
        key = (module.path, node.start)
        if key not in self._made:
            self._made[key] = Router(self.project, symbol if isinstance(symbol, Class) else None, call)
        return self._made[key]

    @cached_property
    def inclusions(self) -> dict[Router, list[Inclusion]]:
        """Where each router is included, as far as both sides are known."""
        found: dict[Router, list[Inclusion]] = {}
        for module in self.project.modules:
            for sighting in search(module, "include_router"):
                call, scope = sighting.node, sighting.scope
                if not (isinstance(call, o.Call) and isinstance(call.func, o.Attribute)):
                    continue
                child = call.given("router", 0)
                if call.func.attr != "include_router" or child is None:
                    continue
                parent, prefix = self.of(scope, call.func.value), call.given("prefix")
                for names in _rounds(self.project, sighting) if parent is not None else ():
                    given = _in_round(self.project, scope, child, names)
                    router = self.of(given.scope, given.expr)
                    if router is not None and parent is not None:
                        text = _in_round(self.project, scope, prefix, names) if prefix is not None else None
                        shown = "" if text is None else literal_text(self.project, text.scope, text.expr)
                        found.setdefault(router, []).append(Inclusion(parent, shown))
        return found

    @cached_property
    def descriptions(self) -> set[Router]:
        """Those whose routes document what others serve: `callbacks=router.routes`, `webhooks=router`.

        https://fastapi.tiangolo.com/advanced/openapi-callbacks/
        """
        found: set[Router] = set()
        for module in self.project.modules:
            for sighting in search(module, "callbacks", "webhooks"):
                arguments = sighting.node.args if isinstance(sighting.node, o.Call) else ()
                for value in (arg.value for arg in arguments if arg.keyword in ("callbacks", "webhooks")):
                    if isinstance(value, o.Attribute) and value.attr == "routes":
                        value = value.value
                    router = self.of(sighting.scope, value)
                    if router is not None:
                        found.add(router)
        return found

    def mounted_in(self, app: Router) -> set[Router]:
        """The applications that one serves by `app.mount(path, …)`, however indirectly, itself included."""
        return reachable([app], lambda each: self._mounts.get(each, ()))

    @cached_property
    def _mounts(self) -> dict[Router, set[Router]]:
        found: dict[Router, set[Router]] = {}
        for module in self.project.modules:
            for sighting in search(module, "mount"):
                call, scope = sighting.node, sighting.scope
                mounted = call.given("app", 1) if isinstance(call, o.Call) else None
                if isinstance(call, o.Call) and isinstance(call.func, o.Attribute) and mounted is not None:
                    outer, inner = self.of(scope, call.func.value), self.of(scope, mounted)
                    if outer is not None and inner is not None:
                        found.setdefault(outer, set()).add(inner)
        return found


def blocks(scope: Scope, mark: re.Pattern[str]) -> Iterator[Scope]:
    """The scope and those nested in it; a function whose body has no such mark stays encoded."""
    yield scope
    for class_ in scope.classes:
        yield from blocks(class_.scope, mark)
    for function in scope.functions:
        if mark.search(scope.module.text, function.node.close, function.node.end):
            yield from blocks(function.scope, mark)


# --- loops -------------------------------------------------------------------------------------------


def _rounds(project: Project, sighting: Sighting) -> Iterator[Round]:
    """The rounds of the innermost loop around a place; one without names where there is no loop, or it is unknown."""
    loop = next((parent for parent in reversed(sighting.parents) if isinstance(parent, o.For)), None)
    items = [] if loop is None else _items(project, Located(loop.iter, sighting.scope))
    if loop is None or not items:
        yield {}
    for item in items:
        yield _bound(loop.target, item) if loop is not None else {}


def _in_round(project: Project, scope: Scope, expr: o.Expr, names: Round) -> Located:
    """What an expression of a loop's body is in a round: `module.router`, `route["prefix"]`."""
    if isinstance(expr, o.Name):
        return names.get(expr.id, Located(expr, scope))
    if isinstance(expr, o.Attribute) and isinstance(expr.value, o.Name) and expr.value.id in names:
        held = names[expr.value.id]
        return Located(o.Attribute(expr.start, expr.end, held.expr, expr.attr), held.scope)
    if isinstance(expr, o.Subscript) and isinstance(expr.value, o.Name) and expr.value.id in names:
        held, key = names[expr.value.id], expr.items[0]
        entry = dict_entry(project, held.scope, held.expr, key.value or "") if isinstance(key, o.String) else None
        return entry or Located(expr, scope)
    return Located(expr, scope)


def _items(project: Project, over: Located) -> list[Located]:
    """What a literal, or a name bound to one, is iterated over; empty where that cannot be seen."""
    expr, scope = over.expr, over.scope
    if isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute) and expr.func.attr == "items":
        held = followed(project, Located(expr.func.value, scope))
        if not isinstance(held.expr, o.Dict):
            return []
        pairs = zip(held.expr.keys, held.expr.values, strict=True)
        tuples = (o.Collection(v.start, v.end, "tuple", (k, v)) for k, v in pairs if k is not None)
        return [Located(each, held.scope) for each in tuples]
    held = followed(project, over)
    return [Located(item, held.scope) for item in held.expr.items] if isinstance(held.expr, o.Collection) else []


def _bound(target: o.Expr, item: Located) -> Round:
    if isinstance(target, o.Name):
        return {target.id: item}
    items = item.expr.items if isinstance(item.expr, o.Collection) else ()
    if not isinstance(target, o.Collection) or len(target.items) != len(items):
        return {}
    pairs = zip(target.items, items, strict=True)
    return {name.id: Located(part, item.scope) for name, part in pairs if isinstance(name, o.Name)}
