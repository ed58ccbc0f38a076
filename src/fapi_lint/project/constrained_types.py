"""Types that calls make: `constr(max_length=5)` and its kin, where Pydantic 2 has `Field` for any type.

https://docs.pydantic.dev/latest/api/types/ discourages them, because type checkers cannot read them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.schemas import SchemaField
from fapi_lint.project.symbols import External, Scope

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

TYPES: Mapping[str, str] = {
    "conbytes": "bytes",
    "condate": "datetime.date",
    "condecimal": "decimal.Decimal",
    "confloat": "float",
    "confrozenset": "frozenset",
    "conint": "int",
    "conlist": "list",
    "conset": "set",
    "constr": "str",
}
"""The type that each of them constrains."""
RENAMED: Mapping[str, str] = {"max_items": "max_length", "min_items": "min_length", "regex": "pattern"}
REMOVED = frozenset(["curtail_length", "unique_items"])
STRINGS_ONLY = frozenset(["strip_whitespace", "to_lower", "to_upper"])
"""What `StringConstraints` takes and `Field` does not."""


class ConstrainedType(Part):
    """One such call, in the annotation of a schema's field or of a parameter, or as an alias of a module."""

    scope: Scope
    call: o.Call
    name: str
    """`"constr"`."""
    field: SchemaField | None = None
    param: o.Param | None = None

    @property
    def module(self) -> Module:
        return self.scope.module

    @property
    def label(self) -> str:
        """What it constrains."""
        if self.field is not None:
            return f"`{self.field.owner.name}.{self.field.name}`"
        return "an alias" if self.param is None else f"the parameter `{self.param.name}`"

    @property
    def item(self) -> o.Arg | None:
        """What a collection holds."""
        return self.call.argument("item_type", 0)

    @property
    def is_whole(self) -> bool:
        """Whether it is all that the field may be, apart from None, so that the field may be constrained instead."""
        if self.field is None:
            return False
        members = self.project.resolver.union_members(self.scope, self.field.annotation)
        return [each for each in members if not is_none(each)] == [self.call]


def constrained_types(project: Project) -> list[ConstrainedType]:
    """All of the judged files of an application on Pydantic 2, in file and source order."""
    modules = {module for module in project.judged if any(f"{name}(" in module.text for name in TYPES)}
    found: list[ConstrainedType] = []
    for schema in project.schemas.all:
        if schema.module in modules and schema.pydantic == 2:
            for field in schema.own_fields:
                for node in o.walk(field.annotation):
                    found += _made(project, field.scope, node, field=field)
    for module in modules if project.schemas.pydantic == 2 else ():
        for binding in itertools.chain.from_iterable(module.scope.bindings.values()):
            found += _made(project, module.scope, binding.value)
        for function in module.scope.all_functions():
            for param in function.node.params:
                for node in o.walk(param.annotation) if param.annotation is not None else ():
                    found += _made(project, function.enclosing, node, param=param)
    return sorted(found, key=lambda each: (each.module.path, each.call.start))


def _made(
    project: Project, scope: Scope, node: object, *, field: SchemaField | None = None, param: o.Param | None = None
) -> Iterator[ConstrainedType]:
    if isinstance(node, o.Call):
        symbol = project.resolver.resolve(scope, node.func)
        if isinstance(symbol, External) and symbol.name in TYPES and symbol.dotted in _dotted(symbol.name):
            yield ConstrainedType(project, scope, node, symbol.name, field, param)


def _dotted(name: str) -> tuple[str, str]:
    return f"pydantic.{name}", f"pydantic.types.{name}"
