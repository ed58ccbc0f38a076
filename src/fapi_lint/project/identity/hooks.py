"""What Pydantic calls with the values of fields: validators and serializers, as methods and in annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.cells import Cell, join
from fapi_lint.project.symbols import Class, Function, Scope

if TYPE_CHECKING:
    from fapi_lint.project.identity.places import Places

_METHODS = frozenset(["field_validator", "validator", "field_serializer"])
_IN_ANNOTATIONS = frozenset(["AfterValidator", "BeforeValidator", "WrapValidator", "PlainValidator", "PlainSerializer"])
_BEFORE = frozenset(["before", "plain", "wrap"])
"""Modes of validators that are given what has not been validated."""


def join_method(places: Places, function: Function) -> None:
    """The value that a validator or serializer is given, and what it gives, belong to the fields that it names."""
    owner = function.parent
    for decorator in function.node.decorators if isinstance(owner, Class) else ():
        call = decorator.value
        assert isinstance(owner, Class)
        if not isinstance(call, o.Call) or o.dotted(call.func).rpartition(".")[2] not in _METHODS:
            continue
        mode = call.argument("mode")
        is_serializer = o.dotted(call.func).endswith("serializer")
        is_raw = isinstance(mode.value, o.String) and mode.value.value in _BEFORE if mode is not None else False
        is_raw = is_raw or call.argument("pre") is not None
        for name in _named(places, owner, call):
            held = places.attribute(owner, name)
            if len(function.node.params) > 1 and (is_serializer or not is_raw):
                join(held, places.parameter(function, function.node.params[1]))
            if not is_serializer:
                join(held, places.returned(function))


def _named(places: Places, owner: Class, call: o.Call) -> Iterator[str]:
    names = [arg.value.value for arg in call.args if isinstance(arg.value, o.String) and not arg.keyword]
    schema = places.project.schemas.by_class.get(owner)
    if "*" in names and schema is not None:
        yield from schema.fields
    yield from (name for name in names if name and name != "*")


def join_annotation(places: Places, cell: Cell, scope: Scope, call: o.Call) -> None:
    """`Annotated[int, AfterValidator(check)]`"""
    name = o.dotted(call.func).rpartition(".")[2]
    if name not in _IN_ANNOTATIONS or not call.args:
        return
    given = cell if name in ("AfterValidator", "PlainSerializer") else None
    gives = places.applied(scope, call.args[0].value, given)
    if name != "PlainSerializer":
        join(cell, gives)
