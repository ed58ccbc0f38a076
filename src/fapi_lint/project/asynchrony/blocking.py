"""Whether a function surely never waits: for a network, a file, a database or a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.coroutines import paths
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_BUILTINS = frozenset(
    [
        *("abs", "all", "any", "bool", "bytes", "callable", "chr", "dict", "divmod", "enumerate", "filter", "float"),
        *("format", "frozenset", "getattr", "hasattr", "hash", "id", "int", "isinstance", "issubclass", "len", "list"),
        *("map", "max", "min", "ord", "range", "repr", "reversed", "round", "set", "sorted", "str", "sum", "tuple"),
        *("type", "zip", "ValueError", "TypeError", "KeyError", "RuntimeError"),
    ]
)
_METHODS = frozenset(
    [
        *("append", "capitalize", "casefold", "copy", "dict", "encode", "endswith", "format", "hex", "isoformat"),
        *("items", "join", "keys", "lower", "lstrip", "model_copy", "model_dump", "model_dump_json", "model_validate"),
        *("replace", "rstrip", "split", "splitlines", "startswith", "strip", "strftime", "timestamp", "title", "upper"),
        *("url_for", "url_path_for", "values"),
    ]
)
"""Methods of strings, containers, dates, schemas and requests; nothing else is likely to bear their names."""
_PURE = frozenset(["base64", "dataclasses", "datetime", "enum", "itertools", "json", "math", "operator", "uuid"])
_RESPONSES = frozenset(
    [
        *("HTTPException", "HTMLResponse", "JSONResponse", "ORJSONResponse", "PlainTextResponse", "RedirectResponse"),
        *("Response", "jsonable_encoder"),
    ]
)
_DEEP = 3


class Blocking:
    """Looks into functions for what may block."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def is_free(self, handler: Function) -> bool:
        """Whether a route handler may run in the event loop, because nothing in it or in what it is given waits.

        What a synchronous session has loaded may load more when it is read.
        """
        return self._never_blocks(handler, 0) and not self._is_given_objects(handler, 0)

    def _never_blocks(self, function: Function, depth: int) -> bool:
        scope = function.scope
        for node, _ in paths(scope.body, o.Call, o.With, o.Yield, o.While):
            if not isinstance(node, o.Call) or not self._is_pure(scope, node, depth):
                return False
        return True

    def _is_pure(self, scope: Scope, call: o.Call, depth: int) -> bool:
        symbol = self.project.resolver.resolve(scope, call.func)
        if isinstance(symbol, External):
            if symbol.package == "builtins":
                return symbol.name in _BUILTINS
            return symbol.package in _PURE or (symbol.package in ("fastapi", "starlette") and symbol.name in _RESPONSES)
        if isinstance(symbol, Class):
            return "__init__" not in symbol.scope.bindings and symbol not in self.project.models.by_class
        if isinstance(symbol, Function):
            plain = not symbol.node.decorators and not symbol.node.is_async and depth < _DEEP
            return plain and self._never_blocks(symbol, depth + 1)
        return isinstance(call.func, o.Attribute) and call.func.attr in _METHODS

    def _is_given_objects(self, function: Function, depth: int) -> bool:
        """Whether a dependency, at any depth, works with a synchronous session."""
        for param in function.node.params:
            for node in o.walk(*(part for part in (param.annotation, param.default) if part is not None)):
                if self._is_marker_of_session(function.enclosing, node, depth):
                    return True
            if isinstance(param.annotation, (o.Name, o.Attribute)):
                alias = self.project.resolver.resolve(function.enclosing, param.annotation)
                if isinstance(alias, Variable) and alias.value is not None:
                    for node in o.walk(alias.value):
                        if self._is_marker_of_session(alias.scope, node, depth):
                            return True
        return False

    def _is_marker_of_session(self, scope: Scope, node: o.Node, depth: int) -> bool:
        if not isinstance(node, o.Call) or o.dotted(node.func).rpartition(".")[2] not in ("Depends", "Security"):
            return False
        given = node.argument("dependency", 0)
        symbol = self.project.resolver.resolve(scope, given.value) if given is not None else None
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
            symbol = self.project.resolver.resolve(symbol.scope, symbol.value.func)  # `HTTPBearer()`
        if given is not None and not isinstance(symbol, (External, Function)):
            symbol = self.project.types.function(self.project.types.of(scope, given.value))
        if not isinstance(symbol, Function):
            return given is not None and not isinstance(symbol, External)
        if depth > _DEEP or self.project.async_closures.touches(symbol):
            return True
        # Its session may be one that it never names: that of the module of a service, or of the model itself.
        may_load = not symbol.node.is_async and self.project.mapped_values.returned(symbol) is not None
        return (may_load and not self._never_blocks(symbol, 0)) or self._is_given_objects(symbol, depth + 1)
