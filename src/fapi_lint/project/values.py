"""What expressions hold, as far as it can be seen: literal dicts, shared arguments, `Annotated` metadata."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import union_members
from fapi_lint.project.symbols import Member, Scope, Variable
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

UNKNOWN_TEXT = "…"


class Located(Struct, frozen=True, eq=False):
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


def annotated_calls(project: Project, scope: Scope, expr: o.Node | None, depth: int = 0) -> Iterator[Located]:
    """The calls inside `Annotated[X, call(…)]`, outermost first; aliases and `Optional` are seen through."""
    for member in union_members(expr):
        symbol = project.resolver.resolve(scope, member) if isinstance(member, (o.Name, o.Attribute)) else None
        if isinstance(symbol, Variable) and isinstance(symbol.value, (o.Subscript, o.Operation)) and depth < 8:
            yield from annotated_calls(project, symbol.scope, symbol.value, depth + 1)
        if not isinstance(member, o.Subscript):
            continue
        wrapper = project.resolver.external(scope, member.value)
        items = member.items
        if wrapper is not None and wrapper.name == "Annotated":
            yield from (Located(item, scope) for item in items[1:] if isinstance(item, o.Call))
            items = items[:1]
        if wrapper is not None and wrapper.name in ("Annotated", "Optional", "Union"):
            for item in items:
                yield from annotated_calls(project, scope, item, depth)


def literal_text(project: Project, scope: Scope, expr: o.Node) -> str:
    """The text of an expression; `…` stands for every part that is not literal."""
    match expr:
        case o.String(value=str() as text):
            return text
        case o.String():
            return _interpolated(project, scope, expr)
        case o.Operation(operator="+"):
            return "".join(literal_text(project, scope, operand) for operand in expr.operands)
        case o.Name() | o.Attribute():
            symbol = project.resolver.resolve(scope, expr)
            symbol = symbol.definition if isinstance(symbol, Member) else symbol
            if isinstance(symbol, Variable) and isinstance(symbol.value, (o.String, o.Operation)):
                return literal_text(project, symbol.scope, symbol.value)
    return UNKNOWN_TEXT


def _interpolated(project: Project, scope: Scope, expr: o.String) -> str:
    try:
        tree = ast.parse(scope.module.slice(expr), mode="eval").body
    except SyntaxError:
        return UNKNOWN_TEXT
    if not isinstance(tree, ast.JoinedStr):
        return UNKNOWN_TEXT
    inserted = sum(isinstance(value, ast.FormattedValue) for value in tree.values)
    parts = iter(expr.parts if len(expr.parts) == inserted else ())
    texts = []
    for value in tree.values:
        if isinstance(value, ast.Constant):
            texts.append(str(value.value))
        else:
            part = next(parts, None)
            texts.append(UNKNOWN_TEXT if part is None else literal_text(project, scope, part))
    return "".join(texts)
