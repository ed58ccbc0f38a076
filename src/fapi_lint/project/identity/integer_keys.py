"""Primary keys that are integers, each where it is defined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.project.column_types import is_integer_type
from fapi_lint.project.mapped import Column, Table, written_type
from fapi_lint.project.module import Module
from fapi_lint.project.values import Located
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project


class IntegerKey(Struct, frozen=True, eq=False):
    """A key by the name that people know it by: `User.id`, or the `Annotated` alias that makes it one."""

    name: str
    module: Module
    place: Place
    column: Column | None
    """None for a table that no model maps."""


def integer_keys(project: Project) -> list[IntegerKey]:
    """The keys of the application's models and tables. What an alias or a base declares for several is one key."""
    found: dict[Place, IntegerKey] = {}
    for column in project.identifiers.integer_keys:
        alias = column.key_alias
        if alias is None:
            key = IntegerKey(f"{column.owner.name}.{column.name}", column.module, column.place, column)
        else:
            key = IntegerKey(alias.name, alias.module, alias.module.place(alias.node), column)
        found.setdefault(key.place, key)
    return [*found.values(), *(key for table in project.models.tables for key in _keys_of(project, table))]


def _keys_of(project: Project, table: Table) -> list[IntegerKey]:
    if not project.purposes.is_application(table.module) or table.is_view or len(table.primary_keys) != 1:
        return []
    (column,) = table.primary_keys
    located = Located(column, table.variable.scope)
    type_ = written_type(project, located)
    if type_ is None or not is_integer_type(project, type_) or table.is_foreign_key(column):
        return []
    name = f"{table.name or table.variable.name}.{table.column_name(column)}"
    return [IntegerKey(name, table.module, located.place, None)]
