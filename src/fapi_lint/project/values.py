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
_LONGEST_TEXT = 100_000


class Located(Struct, frozen=True, eq=False):
    """An expression with the scope that its names are resolved in."""

    expr: o.Expr
    scope: Scope

    @property
    def place(self) -> Place:
        return self.scope.module.place(self.expr)


def followed(project: Project, located: Located) -> Located:
    """The value of the variable that an expression names; any other expression itself."""
    is_name = isinstance(located.expr, (o.Name, o.Attribute))
    symbol = project.resolver.resolve(located.scope, located.expr) if is_name else None
    if isinstance(symbol, Variable) and symbol.value is not None:
        return Located(symbol.value, symbol.scope)
    return located


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


def spread_entry(project: Project, scope: Scope, call: o.Call, keyword: str) -> Located | None:
    """The value that a call is passed as `keyword` through `**shared`, where `shared` is a literal dict."""
    found = (dict_entry(project, scope, arg.value, keyword) for arg in call.args if arg.star == "**")
    return next((entry for entry in found if entry is not None), None)


def has_unseen_arguments(project: Project, scope: Scope, call: o.Call) -> bool:
    """Whether a call has a `**kwargs` that cannot be seen through."""
    return any(arg.star == "**" and dict_items(project, scope, arg.value) is None for arg in call.args)


def annotated_calls(
    project: Project, scope: Scope, expr: o.Node | None, seen: set[tuple[Scope, str]] | None = None
) -> Iterator[Located]:
    """The calls inside `Annotated[X, call(…)]`, outermost first; `Optional` is seen through, and every alias once."""
    seen = set() if seen is None else seen
    for member in union_members(expr):
        symbol = project.resolver.resolve(scope, member) if isinstance(member, (o.Name, o.Attribute)) else None
        if (
            isinstance(symbol, Variable)
            and isinstance(symbol.value, (o.Subscript, o.Operation))
            and (symbol.scope, symbol.name) not in seen
        ):
            seen.add((symbol.scope, symbol.name))
            yield from annotated_calls(project, symbol.scope, symbol.value, seen)
        if not isinstance(member, o.Subscript):
            continue
        wrapper, items = project.resolver.foreign_name(scope, member.value), member.items
        if wrapper == "Annotated":
            yield from (Located(item, scope) for item in items[1:] if isinstance(item, o.Call))
            items = items[:1]
        if wrapper in ("Annotated", "Optional", "Union"):
            for item in items:
                yield from annotated_calls(project, scope, item, seen)


def literal_text(project: Project, scope: Scope, expr: o.Node) -> str:
    """The text of an expression; `…` stands for every part that is not literal."""
    return _text(project, scope, expr, {})


def _text(project: Project, scope: Scope, expr: o.Node, known: dict[tuple[Scope, str], str]) -> str:
    """The same; `known` are the texts of names, for a name may stand in it more often than anybody can count."""
    match expr:
        case o.String(value=str() as text):
            return text
        case o.String():
            return _interpolated(project, scope, expr, known)
        case o.Operation(operator="+"):
            return _joined([_text(project, scope, operand, known) for operand in expr.operands])
        case o.Name() | o.Attribute():
            symbol = project.resolver.resolve(scope, expr)
            symbol = symbol.definition if isinstance(symbol, Member) else symbol
            if isinstance(symbol, Variable) and isinstance(symbol.value, (o.String, o.Operation)):
                key = symbol.scope, symbol.name
                if key not in known:
                    known[key] = UNKNOWN_TEXT  # Of a name that is made of itself.
                    known[key] = _text(project, symbol.scope, symbol.value, known)
                return known[key]
    return UNKNOWN_TEXT


def _joined(texts: list[str]) -> str:
    """Texts as one; nobody asks for one that is too long to be written down."""
    return "".join(texts) if sum(map(len, texts)) <= _LONGEST_TEXT else UNKNOWN_TEXT


def _interpolated(project: Project, scope: Scope, expr: o.String, known: dict[tuple[Scope, str], str]) -> str:
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
            texts.append(UNKNOWN_TEXT if part is None else _text(project, scope, part, known))
    return _joined(texts)
