"""Constraints of schema fields: arguments for the `Field(…)` that a field has, or gets."""

from __future__ import annotations

from collections.abc import Sequence

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Edit
from fapi_lint.fix.text import insert_argument, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.constrained_types import STRINGS_ONLY
from fapi_lint.project.module import Module
from fapi_lint.project.schemas import SchemaField
from fapi_lint.project.values import Located


def field_call(field: SchemaField) -> Located | None:
    """The `Field(…)` that describes the field and is written with it: its default, or inside `Annotated`."""
    return next(
        (
            call
            for call in field.calls
            if call.scope is field.scope
            and isinstance(call.expr, o.Call)
            and o.dotted(call.expr.func).endswith("Field")
            and field.statement.start <= call.expr.start < field.statement.end
        ),
        None,
    )


def takes_constraints(field: SchemaField, arguments: Sequence[str]) -> bool:
    """Whether `constrain` may add these: `Field` takes them, has none of them, and no other call is the default."""
    if any(argument.partition("=")[0] in STRINGS_ONLY for argument in arguments):
        return False
    call = field_call(field)
    if call is None:
        return not isinstance(field.default, o.Call)
    assert isinstance(call.expr, o.Call)
    said = keywords_of(field)
    return not call.expr.has_double_star and said.isdisjoint(argument.partition("=")[0] for argument in arguments)


def keywords_of(field: SchemaField) -> set[str]:
    """The keywords that the field's `Field(…)` is given."""
    call = field_call(field)
    return {arg.keyword for arg in getattr(call and call.expr, "args", ())}


def constrain(made: FixBuilder, field: SchemaField, arguments: Sequence[str]) -> None:
    """The field with arguments (`"max_length=50"`) for its `Field(…)`, which takes over a plain default."""
    file, statement, given = field.module, field.statement, ", ".join(arguments)
    call = field_call(field)
    if call is not None:
        assert isinstance(call.expr, o.Call)
        made.add(insert_argument(file, call.expr, given))
    else:
        library = "sqlmodel" if field.project.models.is_sqlmodel(field.owner) else "pydantic"
        if field.project.schemas.is_v1(field.owner):
            library = "pydantic.v1"
        make_field(made, file, statement, library, given)


def make_field(made: FixBuilder, file: Module, statement: o.AnnAssign, library: str, given: str) -> None:
    """A field that has none with a `Field(…)` of a library, which takes over a plain default."""
    maker, value = made.spell(file, f"{library}.Field", statement.start), statement.value
    if value is None:
        made.add(Edit(file.path, statement.end, statement.end, f" = {maker}({given})"))
    else:
        made.add(replace(file, value, f"{maker}(default={file.slice(value)}, {given})"))
