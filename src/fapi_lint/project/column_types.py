"""What type a column has: the one written in it, or the one that its annotation stands for.

https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html#mapped-column-derives-the-datatype-and-nullability-from-the-mapped-annotation
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation
from fapi_lint.project.mapped import Column, Model
from fapi_lint.project.symbols import External, Scope, Symbol, Variable
from fapi_lint.project.values import Located, followed

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

INTEGERS = frozenset(
    ["Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT", "SMALLINT", "INT", "TINYINT", "MEDIUMINT"]
)
STRINGS = frozenset(["String", "Unicode", "VARCHAR", "NVARCHAR", "AutoString"])


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
    return project.resolver.resolve(located.scope, o.called(expr))


def is_integer_type(project: Project, located: Located) -> bool:
    """Whether a written column type is one of SQLAlchemy's integers."""
    symbol = type_class(project, generic_type(project, located))
    return isinstance(symbol, External) and symbol.is_orm and symbol.name in INTEGERS


def is_unsized_string(project: Project, located: Located) -> bool:
    """Whether a written type, as `generic_type` gives it, is a string of variable and unlimited length."""
    symbol = type_class(project, located)
    if not isinstance(symbol, External) or not symbol.is_orm or symbol.name not in STRINGS:
        return False
    if not isinstance(located.expr, o.Call):
        return True
    length = located.expr.given("length", 0)
    return is_none(length) if length is not None else not any(arg.star for arg in located.expr.args)


def string_length(project: Project, column: Column) -> int | None:
    """The length of a column of strings: that of its type, its registry's, or a SQLModel field's `max_length`."""
    written = column.type_arg and generic_type(project, column.type_arg)
    if written is None and not project.models.is_sqlmodel(column.owner):
        written = next(iter(registered_types(project, column)), None)
    if written is not None:
        symbol = type_class(project, written)
        if isinstance(symbol, External) and symbol.name in STRINGS and isinstance(written.expr, o.Call):
            length = written.expr.given("length", 0)
            return None if length is None else integer(project, Located(length, written.scope))
        return None
    limit = column.argument("max_length")
    return None if limit is None else integer(project, limit)


def integer(project: Project, located: Located) -> int | None:
    """A literal integer, or a constant."""
    value = followed(project, located).expr
    return value.value if isinstance(value, o.Number) else None


def python_type(project: Project, scope: Scope, annotation: o.Node | None) -> Symbol | None:
    """The class that an annotation stands for, `None` left out; aliases, `Annotated` and `NewType` are seen through."""
    found = list(_members(project, scope, annotation, set()))
    return found[0] if len(found) == 1 else None


def _members(
    project: Project, scope: Scope, annotation: o.Node | None, seen: set[tuple[Scope, str]]
) -> Iterator[Symbol | None]:
    """What the members of an annotation are; every alias is `seen` through once, however often it stands there."""
    for member in project.resolver.union_members(scope, annotation):
        if is_none(member):
            continue
        if isinstance(member, o.Subscript):
            if project.resolver.foreign_name(scope, member.value) == "Annotated":
                yield from _members(project, scope, member.items[0], seen)
            else:
                yield None
            continue
        symbol = project.resolver.resolve(scope, parse_annotation(member))
        value = symbol.value if isinstance(symbol, Variable) else None
        if isinstance(symbol, Variable):
            if (symbol.scope, symbol.name) in seen:
                continue
            seen.add((symbol.scope, symbol.name))
        if isinstance(symbol, Variable) and isinstance(value, (o.Subscript, o.Operation)):
            yield from _members(project, symbol.scope, value, seen)
        elif isinstance(symbol, Variable) and isinstance(value, o.Call) and o.dotted(value.func).endswith("NewType"):
            yield from _members(project, symbol.scope, value.given("tp", 1), seen)
        else:
            yield symbol


def registered_types(project: Project, column: Column) -> list[Located | None]:
    """The types that the registries of a column's models give its annotation; None for one that cannot be seen.

    They are entries of `type_annotation_map`, in a declarative base or passed to what makes the base. That of
    an alias as it is called is taken before that of the class it stands for.
    """
    called = {kind for kind in _aliases(project, column.scope, column.mapped_type) if kind is not None}
    python = {kind for kind in [python_type(project, column.scope, column.mapped_type)] if kind is not None}
    found: list[Located | None] = []
    for model in project.models.users_of(column.owner):
        if model.registry is None:
            found.append(None)
            continue
        entries = list(_registered(project, model, called))
        found += entries if any(entry is not None for entry in entries) else _registered(project, model, python)
    return found


def _aliases(project: Project, scope: Scope, annotation: o.Node | None) -> Iterator[Symbol | None]:
    """What the members of an annotation are called, `None` left out."""
    members = project.resolver.union_members(scope, annotation)
    return (project.resolver.resolve(scope, member) for member in members if not is_none(member))


def _registered(project: Project, model: Model, kinds: set[Symbol]) -> Iterator[Located | None]:
    for located in model.type_maps:
        map_ = followed(project, located)
        if not isinstance(map_.expr, o.Dict):
            yield None
            continue
        for key, value in zip(map_.expr.keys, map_.expr.values, strict=True):
            if key is None:
                yield None
            elif project.resolver.resolve(map_.scope, key) in kinds:
                yield generic_type(project, Located(value, map_.scope))
