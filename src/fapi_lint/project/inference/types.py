"""The types of expressions.

A value whose assignments disagree, or one of which is unknown, is unknown: None. Nothing is guessed from names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.inference.annotations import NO_VARIABLES, Annotations
from fapi_lint.project.inference.attributes import Attributes
from fapi_lint.project.inference.calls import Calls
from fapi_lint.project.inference.decoration import Decoration
from fapi_lint.project.inference.functions import Functions
from fapi_lint.project.inference.generics import Generics
from fapi_lint.project.inference.memo import Memo
from fapi_lint.project.inference.parameters import Parameters
from fapi_lint.project.inference.type import MANAGERS, Callee, Type, agreed, awaited, iterated, with_self
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Binding, Class, Function, Member, Scope, Symbol, Variable

if TYPE_CHECKING:
    from fapi_lint.project.project import Project


class Types:
    """Infers the types of expressions in the scopes of an application."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.resolver = project.resolver
        self.memo = Memo(project.descent)
        self.generics = Generics(self)
        self.annotations = Annotations(self)
        self.parameters = Parameters(self)
        self.attributes = Attributes(self)
        self.decoration = Decoration(self)
        self.functions = Functions(self)
        self.calls = Calls(self)

    # --- what others ask most ----------------------------------------------------------------------

    def of_annotation(
        self, scope: Scope, expr: o.Node | None, variables: Mapping[str, Type] = NO_VARIABLES
    ) -> Type | None:
        """The type that an annotation means; `variables` are type variables that are known."""
        return self.annotations.type_of(scope, expr, variables)

    def of_parameter(self, function: Function, param: o.Param) -> Type | None:
        """The type of a parameter inside its function."""
        return self.parameters.type_of(function, param)

    def attribute(self, type_: Type, name: str) -> Type | None:
        """The type of an attribute's value."""
        return self.attributes.type_of(type_, name)

    def callee(self, scope: Scope, func: o.Node) -> Callee | None:
        """What a call of `func` runs."""
        return self.calls.callee(scope, func)

    def function(self, callee: Callee | None) -> Function | None:
        """The function of the application that a call runs, the `__call__` of an instance too."""
        return self.calls.function(callee)

    def returned(self, function: Function) -> Type | None:
        """What calling a function gives, decorators and `async` applied: a coroutine, a generator, a value."""
        return self.functions.returned(function)

    def undecorated(self, function: Function) -> Type | None:
        """What a call gives if its decorators are left out: what pytest takes from a fixture."""
        return self.functions.undecorated(function)

    def assumed(self, function: Function | Class | None, name: str) -> Type | None:
        """The type of a parameter that nothing in its signature tells."""
        return None

    # --- expressions -------------------------------------------------------------------------------

    def of(self, scope: Scope, expr: o.Node | None) -> Type | None:
        """The type of an expression evaluated in `scope`."""
        if isinstance(expr, o.Name):
            return self._name(scope, expr)
        if isinstance(expr, o.Attribute):
            return self._attribute(scope, expr)
        if isinstance(expr, o.Call):
            if isinstance(expr.func, o.Attribute) and expr.func.attr in ("get", "pop", "setdefault") and expr.args:
                given = self.parameters.of_keyword(scope, expr.func.value, expr.args[0].value)
                if given is not None:
                    return given
            return self.calls.type_of(scope, expr)
        if isinstance(expr, o.Subscript) and len(expr.items) == 1:
            return self.parameters.of_keyword(scope, expr.value, expr.items[0])
        if isinstance(expr, o.Await):
            return awaited(self.of(scope, expr.value))
        if isinstance(expr, o.IfExp):
            return self.of_any(scope, (expr.body, expr.orelse))
        if isinstance(expr, o.Operation) and expr.operator in ("or", "and"):
            return self.of_any(scope, expr.operands)
        if isinstance(expr, o.NamedExpr):
            return self.of(scope, expr.value)
        return None

    def _attribute(self, scope: Scope, expr: o.Attribute) -> Type | None:
        value = self.of(scope, expr.value)
        return self.held(self.calls.named(scope, expr)) if value is None else self.attribute(value, expr.attr)

    def of_any(self, scope: Scope, exprs: Iterable[o.Expr]) -> Type | None:
        """The one type of all expressions, None literals left out."""
        return agreed(self.of(scope, expr) for expr in exprs if not is_none(expr))

    def entered(self, type_: Type | None) -> Type | None:
        """What `with` or `async with` binds."""
        if type_ is None:
            return None
        if type_.is_standard(*MANAGERS):
            return type_.arg
        if isinstance(type_.symbol, Class):
            for name in ("__aenter__", "__enter__"):
                enter = self.resolver.class_member(type_.symbol, name)
                if isinstance(enter, Function):
                    result = with_self(self.returned(enter), type_.symbol)
                    return awaited(result) if enter.node.is_async else result
        return type_ if any(base.is_orm for base in self.resolver.foreign(type_.symbol)) else None

    # --- names -------------------------------------------------------------------------------------

    def _name(self, scope: Scope, expr: o.Name) -> Type | None:
        where, bindings = scope.lookup(expr.id) or (scope, ())
        if bindings and not isinstance(bindings[-1].node, o.Alias):
            return self.variable(where, expr.id)
        symbol = self.resolver.resolve(where, expr)
        return self.variable(symbol.scope, symbol.name) if isinstance(symbol, Variable) else None

    def held(self, symbol: Symbol | None) -> Type | None:
        """The type of what a variable or an attribute of a class holds."""
        if isinstance(symbol, Variable):
            return self.variable(symbol.scope, symbol.name)
        if isinstance(symbol, Member):
            return self.attributes.of_class(symbol.owner, symbol.name)
        return None

    def variable(self, scope: Scope, name: str) -> Type | None:
        """The type of a name by all the statements of its scope that bind it."""
        is_final = scope.is_module or scope.is_class
        return self.memo.infer((scope, name), lambda: self._bound(scope, name), is_final=is_final)

    def _bound(self, scope: Scope, name: str) -> Type | None:
        bindings = [
            b
            for b in scope.bindings.get(name, ())
            if not (is_none(b.value) and b.annotation is None) or self.assumed(scope.owner, name) is not None
        ]
        for binding in bindings:
            if binding.annotation is not None and not isinstance(binding.node, o.Param):
                return self.of_annotation(scope, binding.annotation)
        if scope.is_module and _is_global_elsewhere(scope.module, name):
            return None
        return agreed(self.each(scope, bindings))

    def each(self, scope: Scope, bindings: Iterable[Binding]) -> Iterator[Type | None]:
        """The types of what a name of a scope is bound to, one by one."""
        return (self._binding(scope, binding) for binding in bindings)

    def _binding(self, scope: Scope, binding: Binding) -> Type | None:
        statement = binding.statement
        if isinstance(binding.node, o.Param):
            return self.of_parameter(scope.owner, binding.node) if isinstance(scope.owner, Function) else None
        if isinstance(statement, o.WithItem) and statement.target is binding.node:
            return self.entered(self.of(scope, statement.value))
        if isinstance(statement, o.For) and statement.target is binding.node:
            return iterated(self.of(scope, statement.iter))
        value = binding.value or _unpacked(binding)
        if value is not None and binding.definition is None:
            return self.of_any(scope, _alternatives(value, binding.node))
        return None


def _unpacked(binding: Binding) -> o.Expr | None:
    """What a name gets of several: `users, tags = UserRepository(db), TagRepository(db)`."""
    statement = binding.statement
    if not isinstance(statement, o.Assign) or not isinstance(statement.value, o.Collection):
        return None
    values = statement.value.items
    for target in statement.targets:
        names = target.items if isinstance(target, o.Collection) else ()
        if len(names) == len(values) and not any(isinstance(node, o.Starred) for node in (*names, *values)):
            return next((value for name, value in zip(names, values, strict=True) if name is binding.node), None)
    return None


def _alternatives(value: o.Expr, target: o.Node) -> Sequence[o.Expr]:
    """What a statement binds to a name besides what it is already: `db = db or SessionLocal()`."""
    parts: Sequence[o.Expr] = (value,)
    if isinstance(value, o.Operation) and value.operator in ("or", "and"):
        parts = value.operands
    elif isinstance(value, o.IfExp):
        parts = (value.body, value.orelse)
    name = o.dotted(target)
    return [part for part in parts if not (isinstance(part, o.Name) and part.id == name)] or parts


def _is_global_elsewhere(module: Module, name: str) -> bool:
    """Whether a function of the module declares the variable `global`, and so may assign it."""
    return "global " in module.text and re.search(rf"\bglobal\b[^\n]*\b{name}\b", module.text) is not None
