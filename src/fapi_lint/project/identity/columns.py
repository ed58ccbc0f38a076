"""What columns hold the same: foreign keys and what they refer to, and what relationships join."""

from __future__ import annotations

import re

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.cells import Cell, join
from fapi_lint.project.identity.flow import Flow
from fapi_lint.project.mapped import ForeignKey, Table
from fapi_lint.project.pairing import column_name
from fapi_lint.project.symbols import Class
from fapi_lint.project.values import Located

_JOIN_TEXT = re.compile(r"([\w.]+)\.(\w+)\s*\)*\s*==\s*(?:foreign\(|remote\(|\s)*([\w.]+)\.(\w+)")
_NUMBER_TEXT = re.compile(r"([\w.]+)\.(\w+)\s*\)*\s*[=!<>]=?\s*\d")


def join_columns(flow: Flow) -> None:
    models, tables = flow.project.models, {}
    for table in models.tables:
        cell = flow.variable(table.variable.scope, table.variable.name)
        flow.tables[table.variable.scope, table.variable.name] = cell
        for call in table.columns:
            part = cell.part(table.column_name(call))
            part.tell("table_columns", (table, call))
            tables[table.name, table.column_name(call)] = part
    for table in models.tables:
        for call in table.columns:
            part = flow.variable(table.variable.scope, table.variable.name).part(table.column_name(call))
            _join_table_column(flow, table, call, part, tables)
    for column in models.columns:
        for key in column.foreign_keys:
            _refer(flow, flow.column(column), key, column.module, tables)
    for class_ in models.mapping_classes:
        _join_constraints(flow, class_, tables)
    for relationship in models.relationships:
        condition = relationship.argument("primaryjoin")
        if condition is not None and isinstance(condition.expr, o.String):
            text = condition.expr.value or ""
            for left, one, right, other in _JOIN_TEXT.findall(text):
                cells = [*_named(flow, left, one), *_named(flow, right, other)]
                if len(cells) == 2:
                    join(*cells)
            for owner, name in _NUMBER_TEXT.findall(text):
                for held in _named(flow, owner, name):
                    flow.fact(held, condition.scope, condition.expr, "a number in a `primaryjoin`", is_number=True)
        elif condition is not None:
            expr = condition.expr.body if isinstance(condition.expr, o.Lambda) else condition.expr
            flow.value(condition.scope, expr)


def _named(flow: Flow, owner: str, name: str) -> list[Cell | None]:
    """What `User.id` in a text holds, if there is such a model."""
    models = flow.project.models.by_name.get(owner.rpartition(".")[2], ())
    return [flow.attribute(model.class_, name) for model in models[:1]]


def _join_table_column(
    flow: Flow, table: Table, call: o.Call, part: Cell, tables: dict[tuple[str | None, str], Cell]
) -> None:
    scope = table.variable.scope
    for arg in call.positional:
        if isinstance(arg.value, o.Call) and table.is_call_of(arg.value, "ForeignKey") and arg.value.args:
            key = ForeignKey(Located(arg.value.args[0].value, scope), arg.value)
            _refer(flow, part, key, table.module, tables)


def _refer(flow: Flow, cell: Cell, key: ForeignKey, module: object, tables: dict[tuple[str | None, str], Cell]) -> None:
    """A foreign key holds what it refers to."""
    expr = key.target.expr
    if key.text is None:
        target = flow.value(key.target.scope, expr)
        join(cell, target)
        if target is None:
            flow.unknown_references.append(key.target.place)
        return
    table, _, name = key.text.rpartition(".")
    table = table.rpartition(".")[2]
    if (table, name) in tables:
        join(cell, tables[table, name])
    owners = flow.project.pairings.owners(table, flow.project.purposes.of(key.target.scope.module))
    found = [c for model in owners for c in model.columns.values() if column_name(c) == name]
    for column in found:
        join(cell, flow.column(column))
    if not found and (table, name) not in tables:
        flow.unknown_references.append(key.target.place)


def _join_constraints(flow: Flow, class_: Class, tables: dict[tuple[str | None, str], Cell]) -> None:
    """`ForeignKeyConstraint(["a"], ["t.a"])`"""
    for binding in class_.scope.bindings.get("__table_args__", ()):
        for node in o.walk(binding.value) if binding.value is not None else ():
            if not isinstance(node, o.Call) or not o.dotted(node.func).endswith("ForeignKeyConstraint"):
                continue
            lists = [arg.value for arg in node.args if isinstance(arg.value, o.Collection)]
            for local, remote in zip(lists[0].items, lists[1].items, strict=False) if len(lists) == 2 else ():
                name = local.value if isinstance(local, o.String) else o.dotted(local)
                columns = [c for c in flow.project.models.columns_of(class_) if c.name == name]
                for column in columns:
                    key = ForeignKey(Located(remote, class_.scope))
                    _refer(flow, flow.column(column), key, class_.module, tables)
