"""What a function returns: responses, schemas, or other data."""

from __future__ import annotations

from functools import cached_property
from typing import TypeAlias

from msgspec import field

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation
from fapi_lint.project.kept import kept
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function, Scope
from fapi_lint.project.traversal import own_nodes

Shape: TypeAlias = tuple[Class, bool]
"""A schema, and whether it is a list of them."""

_CONSTRUCTORS = frozenset(["model_validate", "model_validate_json", "model_construct", "from_orm", "parse_obj"])
"""Class methods of Pydantic that make an instance."""
_DEPTH = 3
"""How many functions are followed into the functions that they call."""


class Returns(Part):
    """The values that a function returns."""

    function: Function
    depth: int = 0
    called: dict[tuple[Function, int], Returns] = field(default_factory=dict)
    """What is known of the functions that are called on the way, by their depth: one may be called in many places."""

    @cached_property
    def values(self) -> list[o.Expr]:
        """What stands behind `return`, in source order; bare ones and `return None` left out."""
        statements = [node for node in own_nodes(self.function.scope.body) if isinstance(node, o.Return)]
        return [node.value for node in statements if node.value is not None and not is_none(node.value)]

    @cached_property
    def ends(self) -> bool:
        """Whether every path ends with `raise` or a value."""
        return _ends(self.function.scope.body) and len(self.values) == sum(
            isinstance(node, o.Return) for node in own_nodes(self.function.scope.body)
        )

    @property
    def always_raises(self) -> bool:
        return not self.values and self.ends

    @cached_property
    def has_response(self) -> bool:
        """Whether a value is a response, or may be one by the name of what makes it."""
        return any(self.is_response(value) for value in self.values)

    @cached_property
    def has_data(self) -> bool:
        """Whether a value is surely no response."""
        return any(_is_data(value) or self._shape(self.function.scope, value) is not None for value in self.values)

    @cached_property
    def shape(self) -> Shape | None:
        """The one schema, or list of it, that is returned on every path; None if that is not certain."""
        if not self.values or not self.ends:
            return None
        shapes = {self._shape(self.function.scope, value) for value in self.values}
        return shapes.pop() if len(shapes) == 1 else None

    # --- responses ---------------------------------------------------------------------------------

    def is_response(self, expr: o.Expr) -> bool:
        match expr:
            case o.Await():
                return self.is_response(expr.value)
            case o.IfExp():
                return self.is_response(expr.body) or self.is_response(expr.orelse)
            case o.Operation(operator="or" | "and"):
                return any(self.is_response(operand) for operand in expr.operands)
            case o.Name():
                return self._is_named_response(expr.id)
            case o.Call():
                return self._makes_response(expr)
        return False

    @kept
    def _is_named_response(self, name: str) -> bool:
        scope, http = self.function.scope, self.project.http
        return any(
            (binding.value is not None and self._makes_response(binding.value))
            or http.annotates_response(scope, binding.annotation)
            for binding in scope.bindings.get(name, ())
        )

    def _makes_response(self, expr: o.Expr) -> bool:
        if isinstance(expr, o.Await):
            return self._makes_response(expr.value)
        if not isinstance(expr, o.Call):
            return False
        scope, http = self.function.scope, self.project.http
        callee = self.project.types.callee(scope, expr.func) or self.project.resolver.resolve(scope, expr.func)
        if isinstance(callee, Function):
            if callee.node.returns is not None:
                return http.annotates_response(callee.enclosing, callee.node.returns)
            return self.depth < _DEPTH and self._called(callee).has_response
        if isinstance(callee, Class):
            return http.kind_of(callee) == "response"
        if isinstance(callee, External) and http.kind_of(callee) is not None:
            return True
        # `templates.TemplateResponse(…)`, `oauth.google.authorize_redirect(…)`: other libraries make responses too.
        name = o.last_name(expr.func)
        return any(word in name.lower() for word in ("response", "redirect", "render"))

    def _called(self, function: Function) -> Returns:
        key = (function, self.depth + 1)
        if key not in self.called:
            self.called[key] = Returns(self.project, function, self.depth + 1, self.called)
        return self.called[key]

    # --- schemas -----------------------------------------------------------------------------------

    def _shape(self, scope: Scope, expr: o.Expr) -> Shape | None:
        match expr:
            case o.Await():
                return self._shape(scope, expr.value)
            case o.Name():
                bindings = scope.bindings.get(expr.id, ())
                value = bindings[0].value if len(bindings) == 1 else None
                return None if value is None or isinstance(value, o.Name) else self._shape(scope, value)
            case o.Comprehension(kind="list"):
                return self._list(self._instance(scope, expr.items[0]))
            case o.Collection(kind="list") if expr.items:
                shapes = {self._instance(scope, item) for item in expr.items}
                return self._list(shapes.pop()) if len(shapes) == 1 else None
            case o.Call():
                schema = self._instance(scope, expr)
                if schema is not None:
                    return schema, False
                callee = self.project.types.callee(scope, expr.func)
                return self._annotated(callee) if isinstance(callee, Function) else None
        return None

    def _list(self, schema: Class | None) -> Shape | None:
        return None if schema is None else (schema, True)

    def _instance(self, scope: Scope, expr: o.Expr) -> Class | None:
        """The schema that `X(…)` or `X.model_validate(…)` makes an instance of."""
        if not isinstance(expr, o.Call):
            return None
        func = expr.func
        if isinstance(func, o.Attribute) and func.attr in _CONSTRUCTORS:
            func = func.value
        schema = self.project.schemas.named(scope, func)
        return None if schema is None or schema.is_generic or schema.is_root else schema.class_

    def _annotated(self, function: Function) -> Shape | None:
        """What a function of the application says it returns, where that is a schema or a list of one."""
        scope, annotation = function.enclosing, parse_annotation(function.node.returns)
        if function.node.decorators or function.node.is_generator:
            return None
        many = isinstance(annotation, o.Subscript) and len(annotation.items) == 1
        if isinstance(annotation, o.Subscript):
            container = self.project.resolver.resolve(scope, annotation.value)
            if not many or not isinstance(container, External) or container.name not in ("list", "List"):
                return None
            annotation = parse_annotation(annotation.items[0])
        schema = self.project.schemas.named(scope, annotation)
        return None if schema is None else (schema.class_, many)


def _is_data(expr: o.Expr) -> bool:
    """A literal of some kind."""
    return isinstance(expr, (o.Dict, o.Collection, o.Comprehension, o.String, o.Number, o.Compare))


def _ends(body: tuple[o.Stmt, ...]) -> bool:
    """Whether a block never runs into what follows it."""
    match body[-1] if body else None:
        case o.Return() | o.Raise():
            return True
        case o.If() as branch:
            return bool(branch.orelse) and _ends(branch.body) and _ends(branch.orelse)
        case o.With() as block:
            return _ends(block.body)
        case o.Try() as block:
            if _ends(block.final):
                return True
            bodies = [block.orelse or block.body, *(handler.body for handler in block.handlers)]
            return all(_ends(inner) for inner in bodies)
    return False
