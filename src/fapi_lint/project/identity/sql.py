"""What SQL makes of identifiers: rows of columns, and functions that keep them or do not go with UUIDs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.cells import Cell, join, listed, record
from fapi_lint.project.identity.sql_text import sql_of, text_rows
from fapi_lint.project.symbols import External, Scope, Variable

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow

_CHANGES = frozenset(["insert", "update", "delete"])
# fmt: off
CHAINING = frozenset([
    "filter", "where", "having", "options", "join", "outerjoin", "select_from", "group_by", "limit", "offset",
    "distinct", "with_for_update", "execution_options", "returning", "on_conflict_do_nothing", "add_columns",
    "correlate", "union", "union_all", "prefix_with", "populate_existing", "subquery", "cte",
    "unique", "yield_per", "all", "fetchall", "fetchmany", "mappings", "with_entities",
    "with_only_columns", "on_conflict_do_update", "join_from", "tuples", "slice",
])
ROWS = frozenset(["first", "one", "one_or_none", "fetchone"])
SCALARS = frozenset(["scalar_one", "scalar_one_or_none", "scalar_subquery", "as_scalar"])
_SQL_ANY = frozenset([
    "and_", "or_", "not_", "exists", "text", "selectinload", "joinedload", "subqueryload", "contains_eager",
    "load_only", "literal_column", "func", "defer", "undefer", "inspect", "aliased", "lateral", "true", "false",
    "null",
])
_SQL_SAME = frozenset([
    "coalesce", "col", "desc", "asc", "distinct", "label", "nullslast", "nulls_last", "all_", "any_", "literal",
    "bindparam", "case", "array_agg", "array", "unnest", "func_array", "if_", "ifnull", "values",
    "type_coerce", "first_value",
])
# fmt: on


def table_of(flow: Flow, scope: Scope, expr: o.Node | None) -> Cell | None:
    """The columns of the `Table` that a statement is for: `insert(post_tags)`, `post_tags.insert()`."""
    while isinstance(expr, o.Call):
        func, callee = expr.func, flow.resolver.external(scope, expr.func)
        if expr.args and callee is not None and callee.is_orm and callee.name in _CHANGES:
            expr = expr.args[0].value
        else:
            expr = func.value if isinstance(func, o.Attribute) else None
    symbol = flow.resolver.resolve(scope, expr) if isinstance(expr, (o.Name, o.Attribute)) else None
    return flow.tables.get((symbol.scope, symbol.name)) if isinstance(symbol, Variable) else None


def row(call: o.Call, values: list[Cell | None]) -> Cell | None:
    """The rows that a query for columns gives; None where no identifiers are asked for."""
    if not any(values):
        return None
    cell = Cell().be("tuple")
    for index, (arg, value) in enumerate(zip(call.args, values, strict=True)):
        part = cell.part(str(index))
        join(part, value)
        name = arg.value.attr if isinstance(arg.value, o.Attribute) else ""
        if isinstance(arg.value, o.Call) and o.dotted(arg.value.func).endswith("label") and arg.value.args:
            label = arg.value.args[0].value
            name = label.value or "" if isinstance(label, o.String) else ""
        if name:
            join(cell.part(name), part)
    return listed(cell)


def scalar(flow: Flow, row: Cell) -> Cell:
    """The value of a row's first column; what is no row is that itself."""
    value = row.root.parts.get("0")
    if value is None:
        value = Cell()
        flow.scalars.append((row, value))
    return value


def in_sql(flow: Flow, scope: Scope, call: o.Call, callee: External, values: list[Cell | None]) -> Cell | None:
    name = callee.name
    if name == "text" and call.args:
        found = flow.resolver.resolve(scope, call.args[0].value)
        text = found.value if isinstance(found, Variable) else call.args[0].value
        return text_rows(flow, sql_of(scope.module, text)) if isinstance(text, o.String) else None
    if name in ("select", "delete", "update", "insert", "query"):
        return row(call, values)
    if name == "tuple_":
        return record(*values)
    if name in _SQL_SAME:
        result: Cell | None = None
        for value in values:
            result = join(result, value)
        return result
    if name in ("max", "min", "sum", "avg"):
        for value in values:
            flow.fact(value, scope, call, f"`{name}()` in SQL", is_number=True)
        return None
    if name == "cast" and len(call.args) == 2:
        type_ = flow.resolver.external(scope, call.args[1].value)
        if type_ is None or type_.name in ("Integer", "BigInteger", "Numeric", "Float", "SmallInteger"):
            flow.fact(values[0], scope, call, "a `cast()` in SQL", is_number=True)
        elif flow.is_on_sqlite:
            flow.fact(values[0], scope, call, "a `cast()` to what is text without hyphens on SQLite")
        return None
    if name in _SQL_ANY or name == "count" or not callee.dotted.startswith("sqlalchemy.func"):
        return None
    for value in values:
        flow.fact(value, scope, call, f"`{name}()` in SQL", is_number=True)
    return None
