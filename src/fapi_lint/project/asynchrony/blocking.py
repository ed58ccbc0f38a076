"""Whether a function surely never waits: for a network, a file, a database or a clock."""

from __future__ import annotations

from fapi_lint.outline import nodes as o
from fapi_lint.project.dependencies import MARKERS, Marker
from fapi_lint.project.kept import kept
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function, Scope
from fapi_lint.project.traversal import paths

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
        *("url_for", "url_path_for", "values", "add_task", "set_cookie", "delete_cookie"),
    ]
)
"""Methods of strings, containers, dates, schemas, requests and responses, hardly of anything else."""
_PURE = frozenset(["base64", "dataclasses", "datetime", "enum", "itertools", "json", "math", "operator", "uuid"])
_RESPONSES = frozenset(
    [
        *("HTTPException", "HTMLResponse", "JSONResponse", "ORJSONResponse", "PlainTextResponse", "RedirectResponse"),
        *("Response", "StreamingResponse", "jsonable_encoder"),
    ]
)
_DEEP = 3


class Blocking(Part):
    """Looks into functions for what may block."""

    def hindrance(self, handler: Function) -> str | None:
        """Why a route handler may not run in the event loop; None if nothing in it or in what it is given waits.

        What a synchronous session has loaded may load more when it is read.
        """
        node = self._waiting(handler, 0)
        if node is not None:
            if isinstance(node, o.Call):
                return f"`{' '.join(handler.module.slice(node.func).split())}()` may block"
            return f"it has a `{type(node).__name__.lower()}`, which may block"
        param = self._given_objects(handler, 0)
        return None if param is None else f"`{param.name}` may load more when it is read"

    @kept
    def _waiting(self, function: Function, depth: int) -> o.Node | None:
        """The first part of a function that may wait."""
        node: o.Node
        scope = function.scope
        for node, _ in paths(scope.body, o.Call, o.With, o.Yield, o.While):
            if not isinstance(node, o.Call) or not self._is_pure(scope, node, depth):
                return node
        return None

    def _is_pure(self, scope: Scope, call: o.Call, depth: int) -> bool:
        func = call.func.value if isinstance(call.func, o.Subscript) else call.func  # `Page[Item](…)`
        symbol = self.project.resolver.resolve(scope, func)
        if isinstance(symbol, External):
            if symbol.package == "builtins":
                return symbol.name in _BUILTINS
            return symbol.package in _PURE or (symbol.package in ("fastapi", "starlette") and symbol.name in _RESPONSES)
        if isinstance(symbol, Class):
            return "__init__" not in symbol.scope.bindings and symbol not in self.project.models.by_class
        if isinstance(symbol, Function) and func is call.func:
            if symbol.node.decorators or depth >= _DEEP:
                return False
            return symbol.node.is_async or self._waiting(symbol, depth + 1) is None
        return isinstance(call.func, o.Attribute) and call.func.attr in _METHODS

    @kept
    def _given_objects(self, function: Function, depth: int) -> o.Param | None:
        """The first parameter whose dependency works, at any depth, with a synchronous session."""
        for param in function.node.params:
            if any(self._gives_objects(marker, depth) for marker in self.project.dependencies.markers(function, param)):
                return param
        return None

    def _gives_objects(self, marker: Marker, depth: int) -> bool:
        """Whether a dependency may give what a session has loaded."""
        scope, given = marker.scope, marker.called
        symbol = self.project.resolver.made_by(self.project.resolver.resolve(scope, given))
        if isinstance(symbol, Class):
            return self._is_made_with_session(symbol, depth)
        if given is not None and not isinstance(symbol, (External, Function)):
            symbol = self.project.types.function(self.project.types.of(scope, given))
        if not isinstance(symbol, Function):
            return given is not None and not isinstance(symbol, External)
        if depth > _DEEP or self.project.async_closures.touches(symbol):
            return True
        # Its session may be one that it never names: that of the module of a service, or of the model itself.
        may_load = not symbol.node.is_async and not self.project.sessions.are_all_async
        may_load = may_load and self.project.mapped_values.returned(symbol) is not None
        may_load = may_load and self._waiting(symbol, 0) is not None
        return may_load or self._given_objects(symbol, depth + 1) is not None

    def _is_made_with_session(self, class_: Class, depth: int) -> bool:
        """Whether what makes an instance is given what is loaded, or anything else that FastAPI gives it."""
        made = self.project.resolver.class_member(class_, "__init__")
        if not isinstance(made, Function):
            text = class_.body_text
            return any(marker in text for marker in MARKERS)
        if depth > _DEEP or self.project.async_closures.touches(made):
            return True
        return self._given_objects(made, depth + 1) is not None
