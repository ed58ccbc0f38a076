"""Where the application answers: responses and HTTP exceptions that it makes, and the status codes it sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from http import HTTPStatus
from typing import Literal, TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.search import search
from fapi_lint.project.symbols import Class, External, Function, Parameter, Scope, Symbol, Variable
from fapi_lint.project.values import Located

Kind: TypeAlias = Literal["exception", "response"]

_JSON = ("JSONResponse", "ORJSONResponse", "UJSONResponse")
_RESPONSES = (
    *_JSON,
    "Response",
    "FileResponse",
    "HTMLResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "StreamingResponse",
)
_POSITIONS = {"exception": 0, "response": 1}
"""Where the status code stands among the positional arguments."""


class HttpCall(Part):
    """A call that makes an HTTP exception or a response, `super().__init__(…)` in a subclass of them included."""

    scope: Scope
    call: o.Call
    class_: Class | External
    kind: Kind

    @property
    def module(self) -> Module:
        return self.scope.module

    @cached_property
    def status(self) -> o.Arg | None:
        """The status code that is passed, as far as the signature is known."""
        initializer = self._initializer
        if initializer is None:
            return self.call.argument("status_code", _POSITIONS[self.kind])
        names = [param.name for param in initializer.node.params if param.kind in ("positional", "normal")]
        if "status_code" in names:
            return self.call.argument("status_code", names.index("status_code") - 1)
        return self.call.argument("status_code")

    @property
    def is_super(self) -> bool:
        """`super().__init__(…)`"""
        return isinstance(self.call.func, o.Attribute) and self.call.func.attr == "__init__"

    @property
    def is_plain(self) -> bool:
        """Whether the arguments are those of FastAPI's class: no `__init__` of the application's own."""
        return self._initializer is None

    @cached_property
    def status_value(self) -> int | None:
        """The status code as a number: a literal, `status.HTTP_404_NOT_FOUND`, `HTTPStatus.NOT_FOUND`."""
        value = None if self.status is None else self.status.value
        if isinstance(value, o.Number):
            return value.value
        symbol = self.project.resolver.named(self.scope, value)  # a variable may have been assigned something else
        dotted = symbol.dotted.removesuffix(".value") if isinstance(symbol, External) else ""
        if constant := re.fullmatch(r"(?:fastapi|starlette)\.status\.HTTP_(\d{3})_\w+", dotted):
            return int(constant[1])
        name = dotted.removeprefix("http.HTTPStatus.")
        return HTTPStatus[name].value if name in HTTPStatus.__members__ else None

    @property
    def _initializer(self) -> Function | None:
        """The application's own `__init__`."""
        if isinstance(self.class_, External):
            return None
        found = self.project.resolver.class_member(self.class_, "__init__")
        return found if isinstance(found, Function) else None


class StatusCode(Part):
    """An integer that stands where the application says which status it answers."""

    scope: Scope
    number: o.Number

    @property
    def module(self) -> Module:
        return self.scope.module


class Http(Part):
    """All answers of an application."""

    def kind_of(self, symbol: Symbol | None) -> Kind | None:
        """Whether a class is an HTTP exception or a response of FastAPI or Starlette, or inherits one."""
        if isinstance(symbol, Class):
            kinds = map(self.kind_of, self.project.resolver.foreign(symbol))
            return next((kind for kind in kinds if kind is not None), None)
        if isinstance(symbol, External) and symbol.package in ("fastapi", "starlette"):
            if symbol.name == "HTTPException":
                return "exception"
            if symbol.name in _RESPONSES:
                return "response"
        return None

    def is_json(self, symbol: Symbol | None) -> bool:
        """Whether a response class holds data as JSON."""
        return any(base.name in _JSON for base in self.project.resolver.foreign(symbol))

    def annotates_response(self, scope: Scope, annotation: o.Node | None) -> bool:
        """Whether an annotation is a response class."""
        symbol = self.project.resolver.resolve(scope, parse_annotation(annotation))
        return self.kind_of(symbol) == "response"

    @cached_property
    def calls(self) -> list[HttpCall]:
        """Every call in the judged files that makes an HTTP exception or a response, those of tests left out."""
        return [call for module in self._judged for call in self._calls(module)]

    @cached_property
    def status_codes(self) -> list[StatusCode]:
        """Every literal status code that a route, a response or an HTTP exception is given, once; not in tests.

        Where not all files are judged, only those that are given in the judged ones, and by routes.
        """
        found: dict[tuple[str, int], StatusCode] = {}
        for located in self._statuses():
            for number in _numbers(located.expr):
                key = (located.scope.module.path, number.start)
                found.setdefault(key, StatusCode(self.project, located.scope, number))
        return [found[key] for key in sorted(found)]

    def _statuses(self) -> Iterator[Located]:
        for route in self.project.routes.all:
            located = route.argument("status_code")
            if located is not None and self.project.purposes.of(route.module) != "test":
                yield located
        for call in self.calls:
            if call.status is not None:
                yield Located(call.status.value, call.scope)
        for module in self._judged:
            yield from self._assigned(module)
            yield from self._rendered(module)

    # --- searching ---------------------------------------------------------------------------------

    @cached_property
    def _modules(self) -> list[Module]:
        return [module for module in self.project.modules if self.project.purposes.of(module) != "test"]

    @cached_property
    def _judged(self) -> list[Module]:
        return [module for module in self._modules if self.project.is_judged(module)]

    @cached_property
    def _subclasses(self) -> list[Class]:
        return [class_ for class_ in self.project.classes if self.kind_of(class_) is not None]

    @cached_property
    def _names(self) -> frozenset[str]:
        """The names under which the classes are called, aliases of imports included."""
        names = {"HTTPException", *_RESPONSES, *(class_.name for class_ in self._subclasses)}
        for module in self._modules:
            if "fastapi" in module.text or "starlette" in module.text:
                nodes = (binding.node for bindings in module.scope.bindings.values() for binding in bindings)
                names.update(node.asname for node in nodes if isinstance(node, o.Alias) and node.name in names)
        return frozenset(names - {""})

    def _calls(self, module: Module) -> Iterator[HttpCall]:
        supers = ["super"] if any(class_.module is module for class_ in self._subclasses) else []
        for sighting in search(module, *sorted(self._names), *supers):
            if isinstance(sighting.node, o.Call):
                symbol = self._called(sighting.scope, sighting.node)
                kind = self.kind_of(symbol)
                if kind is not None and isinstance(symbol, (Class, External)):
                    yield HttpCall(self.project, sighting.scope, sighting.node, symbol, kind)

    def _called(self, scope: Scope, call: o.Call) -> Symbol | None:
        """The class that a call makes an object of; for `super().__init__(…)` the class above."""
        func = call.func
        if isinstance(func, o.Name):
            return self.project.resolver.resolve(scope, func) if func.id in self._names else None
        if not isinstance(func, o.Attribute):
            return None
        if func.attr == "__init__" and isinstance(func.value, o.Call) and o.dotted(func.value.func) == "super":
            method = scope.owner
            owner = method.parent if isinstance(method, Function) else None
            family = self.project.resolver.mro(owner) if isinstance(owner, Class) else ()
            return family[1] if len(family) > 1 else None
        return self.project.resolver.resolve(scope, func) if func.attr in self._names else None

    def _assigned(self, module: Module) -> Iterator[Located]:
        """The values of `response.status_code = …`, where `response` is one."""
        if ".status_code" not in module.text:
            return
        for sighting in search(module, "status_code"):
            if isinstance(sighting.node, o.Assign):
                for target in sighting.node.targets:
                    if not isinstance(target, o.Attribute) or target.attr != "status_code":
                        continue
                    if self._holds_response(sighting.scope, target.value):
                        yield Located(sighting.node.value, sighting.scope)

    def _rendered(self, module: Module) -> Iterator[Located]:
        """What stands for `status_code` in `templates.TemplateResponse(…, status_code=…)`."""
        if ".TemplateResponse(" not in module.text:
            return
        for sighting in search(module, "TemplateResponse"):
            call, scope = sighting.node, sighting.scope
            if not isinstance(call, o.Call) or not isinstance(call.func, o.Attribute):
                continue
            templates = self.project.resolver.resolve(scope, call.func.value)
            status = call.given("status_code")
            if status is None or not isinstance(templates, Variable) or not isinstance(templates.value, o.Call):
                continue
            if self.project.resolver.foreign_name(templates.scope, templates.value) == "Jinja2Templates":
                yield Located(status, scope)

    def _holds_response(self, scope: Scope, expr: o.Expr) -> bool:
        symbol = self.project.resolver.resolve(scope, expr)
        if isinstance(symbol, Parameter):
            return self.annotates_response(symbol.function.enclosing, symbol.node.annotation)
        return isinstance(symbol, Variable) and self.kind_of(self.project.resolver.made_by(symbol)) == "response"


def _numbers(expr: o.Expr) -> Iterator[o.Number]:
    """The integers that an expression may be."""
    if isinstance(expr, o.Number):
        yield expr
    elif isinstance(expr, o.IfExp):
        yield from _numbers(expr.body)
        yield from _numbers(expr.orelse)
    elif isinstance(expr, o.Operation) and expr.operator == "or":
        for operand in expr.operands:
            yield from _numbers(operand)
