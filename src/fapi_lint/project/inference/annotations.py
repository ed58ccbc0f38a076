"""What annotations mean: aliases and type variables are followed, wrappers looked through."""

from __future__ import annotations

from collections.abc import Mapping

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, union_members
from fapi_lint.project.inference import signatures
from fapi_lint.project.inference.aspect import Aspect
from fapi_lint.project.inference.type import Type, agreed, canonical
from fapi_lint.project.symbols import Class, External, Scope, Variable

NO_VARIABLES: Mapping[str, Type] = {}
_WRAPPERS = frozenset(["Annotated", "Optional", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly"])


class Annotations(Aspect):
    """Reads the annotations of an application."""

    def type_of(self, scope: Scope, expr: o.Node | None, variables: Mapping[str, Type] = NO_VARIABLES) -> Type | None:
        """The type that an annotation means; None for a union of several.

        `variables` are type variables that are known.
        """
        members = [member for member in union_members(expr) if not is_none(member)]
        if len(members) != 1:
            return None
        member = members[0]
        if isinstance(member, o.Name) and member.id in variables:
            return variables[member.id]
        if isinstance(member, (o.Name, o.Attribute)):
            return self._name(scope, member)
        if isinstance(member, o.Subscript):
            return self._generic(scope, member, variables)
        return None

    def _name(self, scope: Scope, expr: o.Name | o.Attribute) -> Type | None:
        symbol = self.resolver.resolve(scope, expr)
        if isinstance(symbol, External):
            return Type(canonical(symbol))
        if isinstance(symbol, Class):
            return Type(symbol)
        if not isinstance(symbol, Variable) or symbol.value is None:
            return None
        if not isinstance(symbol.value, o.Call):
            is_alias = len(symbol.scope.bindings.get(symbol.name, ())) <= 1
            return self._stands_for(symbol, symbol.value) if is_alias else None
        if o.dotted(symbol.value.func).endswith("TypeVar"):
            bound = symbol.value.given("bound")
            return None if bound is None else self._stands_for(symbol, bound)
        # `db: SessionLocal` names what makes the session, and means what it makes.
        made = self.types.variable(symbol.scope, symbol.name)
        if made is None or not isinstance(made.symbol, External) or not made.symbol.is_orm:
            return None
        return made.arg if made.name in signatures.MAKERS else None

    def _stands_for(self, symbol: Variable, expr: o.Expr) -> Type | None:
        """The type of what an alias or a type variable stands for; None if that is made of itself."""
        key = ("alias", symbol.scope, symbol.name)
        return self.types.memo.infer(key, lambda: self.type_of(symbol.scope, expr))

    def _generic(self, scope: Scope, expr: o.Subscript, variables: Mapping[str, Type]) -> Type | None:
        base = self._name(scope, expr.value) if isinstance(expr.value, (o.Name, o.Attribute)) else None
        if base is None or not expr.items:
            return None
        is_alias = isinstance(base.symbol, External) and base.symbol.is_from("dishka", "FromDishka")
        if is_alias or base.is_standard(*_WRAPPERS):
            return self.type_of(scope, expr.items[0], variables)
        if base.is_standard("Union"):
            return agreed(self.type_of(scope, item, variables) for item in expr.items if not is_none(item))
        items = expr.items[-1:] if base.is_standard("Callable") else expr.items
        return Type(base.symbol, tuple(self.type_of(scope, item, variables) for item in items))
