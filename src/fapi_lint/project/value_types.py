"""What Python values a column holds: the type that its `Mapped[…]` says, or would say.

Which types return which values: https://docs.sqlalchemy.org/en/20/core/type_basics.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.column_types import generic_type, python_type, type_class
from fapi_lint.project.mapped import Column, ForeignKey
from fapi_lint.project.pairing import column_name
from fapi_lint.project.symbols import Class, External
from fapi_lint.project.values import Located

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_VALUES = {
    name: target
    for target, names in {
        "builtins.str": (
            "String Text Unicode UnicodeText AutoString CHAR NCHAR VARCHAR NVARCHAR TEXT CLOB CITEXT "
            "TINYTEXT MEDIUMTEXT LONGTEXT"
        ),
        "builtins.int": "Integer BigInteger SmallInteger INTEGER BIGINT SMALLINT INT MEDIUMINT TINYINT",
        "builtins.bool": "Boolean BOOLEAN",
        "builtins.bytes": "LargeBinary BINARY VARBINARY BLOB BYTEA TINYBLOB MEDIUMBLOB LONGBLOB",
        "datetime.datetime": "DateTime DATETIME TIMESTAMP",
        "datetime.date": "Date DATE",
        "datetime.time": "Time TIME",
        "datetime.timedelta": "Interval INTERVAL",
        "typing.Any": "JSON JSONB PickleType",
    }.items()
    for name in names.split()
}
_DECIMALS = frozenset(["Numeric", "NUMERIC", "DECIMAL"])
_FLOATS = frozenset(["Float", "FLOAT", "Double", "DOUBLE", "DOUBLE_PRECISION", "REAL"])
_OVERRIDES = frozenset(["process_result_value", "result_processor", "python_type", "coerce_compared_value", "__new__"])
"""What makes the values of an application's own type others than those of the type it decorates."""
_SPELLABLE = ("builtins", "datetime", "decimal", "typing", "uuid")


class ValueType(Struct, frozen=True, eq=False):
    """A type by its absolute dotted name, or as it is written somewhere; `items` are its arguments."""

    name: str | Located
    items: tuple[ValueType, ...] = ()


def value_type(project: Project, column: Column, depth: int = 0) -> ValueType | None:
    """The type of a column's values, None left out; None where it is not certain.

    A foreign key without a type of its own has the type of what it refers to.
    """
    if column.type_arg is not None:
        return _written(project, column.type_arg)
    if column.mapped_type is not None:
        symbol = python_type(project, column.scope, column.mapped_type)
        spellable = isinstance(symbol, External) and symbol.package in _SPELLABLE
        return ValueType(symbol.dotted) if isinstance(symbol, External) and spellable else None
    if depth > 8 or not column.foreign_keys:
        return None
    referred = _referred(project, column, column.foreign_keys[0])
    return None if referred is None else value_type(project, referred, depth + 1)


def _referred(project: Project, column: Column, key: ForeignKey) -> Column | None:
    """The column that a foreign key refers to."""
    if key.text is None:
        expr = key.target.expr
        model = project.models.named(key.target.scope, expr.value) if isinstance(expr, o.Attribute) else None
        return model.columns.get(expr.attr) if model is not None and isinstance(expr, o.Attribute) else None
    table, _, name = key.text.rpartition(".")
    owners = project.pairings.owners(table.rpartition(".")[2], project.purposes.of(column.module))
    found = {c: None for model in owners for c in model.columns.values() if column_name(c) == name}
    return next(iter(found)) if len(found) == 1 else None


def _written(project: Project, located: Located, depth: int = 0) -> ValueType | None:
    written = generic_type(project, located)
    symbol = type_class(project, written)
    call = written.expr if isinstance(written.expr, o.Call) else None
    if depth > 8:
        return None
    if call is not None and isinstance(call.func, o.Attribute) and call.func.attr == "as_mutable":
        inner = call.given("sqltype", 0)
        return None if inner is None else _written(project, Located(inner, written.scope), depth + 1)
    if isinstance(symbol, Class):
        return _decorated(project, symbol, depth)
    if not isinstance(symbol, External) or not symbol.is_orm:
        return None
    if call is not None and any(arg.star for arg in call.args):
        return None
    name = symbol.name
    if name in _VALUES:
        return ValueType(_VALUES[name])
    if name in ("UUID", "Uuid"):
        return _by_flag(call, "as_uuid", project.models.has_mapped_columns, "uuid.UUID", "builtins.str")
    if name in _DECIMALS or name in _FLOATS:
        return _by_flag(call, "asdecimal", name in _DECIMALS, "decimal.Decimal", "builtins.float")
    if name in ("Enum", "ENUM") and call is not None:
        return _enumerated(project, call, written)
    if name == "ARRAY" and call is not None and not call.argument("dimensions") and not call.argument("as_tuple"):
        item = call.given("item_type", 0)
        inner_type = None if item is None else _written(project, Located(item, written.scope), depth + 1)
        return ValueType("builtins.list", (inner_type,)) if inner_type is not None else None
    return None


def _by_flag(call: o.Call | None, keyword: str, default: bool, yes: str, no: str) -> ValueType | None:
    """What a type returns by an argument that is True or False."""
    given = call.given(keyword, 0 if keyword == "as_uuid" else None) if call is not None else None
    if given is None:
        return ValueType(yes if default else no)
    said = o.dotted(given)
    return ValueType(yes if said == "True" else no) if said in ("True", "False") else None


def _enumerated(project: Project, call: o.Call, written: Located) -> ValueType | None:
    """Members of the class that an `Enum` is of, or strings where those are listed."""
    values = [arg.value for arg in call.positional]
    if values and all(isinstance(value, o.String) for value in values):
        return ValueType("builtins.str")
    symbol = project.resolver.resolve(written.scope, values[0]) if len(values) == 1 else None
    is_enum = isinstance(symbol, Class) and any(base.package == "enum" for base in project.resolver.foreign(symbol))
    return ValueType(Located(values[0], written.scope)) if is_enum else None


def _decorated(project: Project, class_: Class, depth: int) -> ValueType | None:
    """The values of an application's own type: those of the `impl` that a TypeDecorator hands on as they are."""
    own = project.resolver.own(class_)
    if any(ancestor.scope.bindings.keys() & _OVERRIDES for ancestor in own):
        return None
    if not any(base.is_from("sqlalchemy", "TypeDecorator") for base in project.resolver.foreign(class_)):
        return None
    for ancestor in own:
        for binding in ancestor.scope.bindings.get("impl", ()):
            if binding.value is not None:
                return _written(project, Located(binding.value, ancestor.scope), depth + 1)
    return None
