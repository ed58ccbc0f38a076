"""What type a column has: the one written in it, or the one that its annotation stands for.

https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html#mapped-column-derives-the-datatype-and-nullability-from-the-mapped-annotation
"""

from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation, union_members
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External, Scope, Symbol, Variable
from fapi_lint.project.values import Located

INTEGERS = frozenset(
    ["Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT", "SMALLINT", "INT", "TINYINT", "MEDIUMINT"]
)


def generic_type(project: Project, located: Located) -> Located:
    """The type that a written one starts from: `with_variant(…)` taken off, names of the application followed."""
    for _ in range(8):
        expr = located.expr
        if isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute) and expr.func.attr == "with_variant":
            located = Located(expr.func.value, located.scope)
        elif isinstance(expr, (o.Name, o.Attribute)):
            symbol = project.resolver.resolve(located.scope, expr)
            if not isinstance(symbol, Variable) or not isinstance(symbol.value, o.Call):
                return located
            located = Located(symbol.value, symbol.scope)
        else:
            return located
    return located


def type_class(project: Project, located: Located) -> Symbol | None:
    """The class of a written type, called or not: `External("sqlalchemy.String")`."""
    expr = located.expr
    return project.resolver.resolve(located.scope, expr.func if isinstance(expr, o.Call) else expr)


def is_integer_type(project: Project, located: Located) -> bool:
    """Whether a written column type is one of SQLAlchemy's integers."""
    symbol = type_class(project, generic_type(project, located))
    return isinstance(symbol, External) and symbol.is_from("sqlalchemy", *INTEGERS)


def python_type(project: Project, scope: Scope, annotation: o.Node | None) -> Symbol | None:
    """The class that an annotation stands for, `None` left out; aliases, `Annotated` and `NewType` are seen through."""
    found = list(_members(project, scope, annotation))
    return found[0] if len(found) == 1 else None


def _members(project: Project, scope: Scope, annotation: o.Node | None, depth: int = 0) -> Iterator[Symbol | None]:
    for member in union_members(annotation):
        if is_none(member):
            continue
        if isinstance(member, o.Subscript):
            wrapper = project.resolver.external(scope, member.value)
            name = wrapper.name if wrapper is not None else ""
            if name in ("Optional", "Union"):
                for item in member.items:
                    yield from _members(project, scope, item, depth)
            elif name == "Annotated":
                yield from _members(project, scope, member.items[0], depth)
            else:
                yield None
            continue
        symbol = project.resolver.resolve(scope, parse_annotation(member))
        value = symbol.value if isinstance(symbol, Variable) else None
        if isinstance(symbol, Variable) and isinstance(value, (o.Subscript, o.Operation)) and depth < 8:
            yield from _members(project, symbol.scope, value, depth + 1)
        elif isinstance(symbol, Variable) and isinstance(value, o.Call) and o.dotted(value.func).endswith("NewType"):
            base = value.argument("tp", 1)
            yield from _members(project, symbol.scope, base.value if base is not None else None, depth + 1)
        else:
            yield symbol
