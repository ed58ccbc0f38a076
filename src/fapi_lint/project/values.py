"""What expressions hold, as far as it can be seen: literal dicts, shared arguments, `Annotated` metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import union_members
from fapi_lint.project.symbols import Scope, Variable
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """An expression with the scope that its names are resolved in."""

    expr: o.Expr
    scope: Scope

    @property
    def place(self) -> Place:
        return self.scope.module.place(self.expr)


def own_statements(body: tuple[o.Stmt, ...]) -> Iterator[o.Stmt]:
    """The statements that a class body runs, those under `if` (not `TYPE_CHECKING`) and `try` included."""
    for statement in body:
        if isinstance(statement, o.If):
            if o.dotted(statement.test).rpartition(".")[2] != "TYPE_CHECKING":
                yield from own_statements(statement.body)
            yield from own_statements(statement.orelse)
        elif isinstance(statement, o.Try):
            yield from own_statements(statement.body)
        else:
            yield statement


def dict_items(project: Project, scope: Scope, expr: o.Expr) -> dict[str, Located] | None:
    """The entries of a literal dict, `dict(…)`, or a name bound to one of them; None if they cannot all be seen."""
    where = scope
    if not isinstance(expr, (o.Dict, o.Call)):
        symbol = project.resolver.resolve(scope, expr)
        if not isinstance(symbol, Variable) or symbol.value is None:
            return None
        expr, where = symbol.value, symbol.scope
    if isinstance(expr, o.Dict):
        found: dict[str, Located] = {}
        for key, value in zip(expr.keys, expr.values, strict=True):
            if not isinstance(key, o.String) or key.value is None:
                return None
            found[key.value] = Located(value, where)
        return found
    if isinstance(expr, o.Call) and o.dotted(expr.func) == "dict" and all(arg.keyword for arg in expr.args):
        return {arg.keyword: Located(arg.value, where) for arg in expr.args}
    return None


def dict_entry(project: Project, scope: Scope, expr: o.Expr, keyword: str) -> Located | None:
    items = dict_items(project, scope, expr)
    return None if items is None else items.get(keyword)


def annotated_calls(project: Project, scope: Scope, expr: o.Node | None) -> Iterator[Located]:
    """The calls inside `Annotated[X, call(…)]`, the alias followed."""
    for member in union_members(expr):
        where = scope
        symbol = project.resolver.resolve(scope, member) if isinstance(member, (o.Name, o.Attribute)) else None
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Subscript):
            member, where = symbol.value, symbol.scope
        if isinstance(member, o.Subscript):
            wrapper = project.resolver.external(where, member.value)
            if wrapper is not None and wrapper.name == "Annotated":
                for item in member.items[1:]:
                    if isinstance(item, o.Call):
                        yield Located(item, where)
