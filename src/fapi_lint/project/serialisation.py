"""What response schemas read of the objects that they are made from.

Pydantic reads the attribute that each field is called after, or its alias; FastAPI validates whatever a handler returns
that way: https://fastapi.tiangolo.com/tutorial/response-model/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation, union_members
from fapi_lint.project.origins import Objects, Result, Struct, Values, many, one
from fapi_lint.project.schemas import Schema, SchemaField
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable

if TYPE_CHECKING:
    from fapi_lint.project.object_flow import ObjectFlow
    from fapi_lint.project.object_walk import Summary, Walk

Arguments: TypeAlias = "dict[str, tuple[Scope, o.Node]]"
"""What the type parameters of a generic schema stand for."""

_CONTAINERS = frozenset(["list", "List", "Sequence", "Iterable", "set", "Set", "Collection", "tuple", "Tuple"])
_TRANSPARENT = frozenset(["Optional", "Annotated"])


class Serialisation:
    """Reads by schemas."""

    def __init__(self, objects: ObjectFlow) -> None:
        self.objects = objects
        self.project = objects.project

    def respond(self, walk: Walk, summary: Summary) -> None:
        """What FastAPI reads of the values that a handler returns."""
        for route in self.project.routes.by_handler.get(summary.function, ()):
            located = route.argument("response_model")
            scope, annotation = walk.function.enclosing, walk.function.node.returns
            node: o.Node | None = annotation
            if located is not None:
                scope, node = located.scope, located.expr
            elif self.project.versions.fastapi.is_below(0, 89):
                continue
            if node is None or is_none(node):
                continue
            for returned in summary.returns:
                walk.state = returned.state.copy()
                self.read(walk, returned.values, scope, node)

    def is_schema(self, scope: Scope, node: o.Node) -> bool:
        """Whether an expression names a schema, or a type made of some."""
        return any(class_ in self.project.schemas.by_class for class_ in self.project.schemas.named_in(scope, node))

    def read(
        self,
        walk: Walk,
        values: Values,
        scope: Scope,
        annotation: o.Node | None,
        arguments: Arguments | None = None,
        outer: tuple[Schema, ...] = (),
    ) -> None:
        """Validate values as `annotation` says."""
        rows = frozenset(value for value in values if isinstance(value, Result))
        values = (values - rows) | many(one(rows))
        if not any(isinstance(value, (Objects, Struct)) for value in values):
            return
        members = [member for member in union_members(annotation) if not is_none(member)]
        if len(members) != 1:
            return
        member = members[0]
        if isinstance(member, o.Subscript):
            self._generic(walk, values, scope, member, arguments or {}, outer)
            return
        if isinstance(member, o.Name) and arguments and member.id in arguments:
            where, node = arguments[member.id]
            self.read(walk, values, where, node, None, outer)
            return
        symbol = self.project.resolver.resolve(scope, member)
        if isinstance(symbol, Variable) and symbol.value is not None and not isinstance(symbol.value, o.Call):
            self.read(walk, values, symbol.scope, symbol.value, arguments, outer)
        elif isinstance(symbol, Class):
            self._schema(walk, values, symbol, {}, outer)

    def _generic(
        self, walk: Walk, values: Values, scope: Scope, node: o.Subscript, given: Arguments, outer: tuple[Schema, ...]
    ) -> None:
        symbol = self.project.resolver.resolve(scope, node.value)
        if isinstance(symbol, External):
            if symbol.name in _CONTAINERS and node.items:
                self.read(walk, one(values), scope, node.items[0], given, outer)
            elif symbol.name in _TRANSPARENT and node.items:
                self.read(walk, values, scope, node.items[0], given, outer)
        elif isinstance(symbol, Class):
            self._schema(walk, values, symbol, self._arguments(symbol, scope, node, given), outer)

    def _arguments(self, class_: Class, scope: Scope, node: o.Subscript, given: Arguments) -> Arguments:
        found: Arguments = {}
        for name, item in zip(self._parameters(class_), node.items, strict=False):
            known = given.get(item.id) if isinstance(item, o.Name) else None
            found[name] = known or (scope, item)
        return found

    def _parameters(self, class_: Class) -> list[str]:
        for base in class_.node.bases:
            if isinstance(base.value, o.Subscript):
                return [item.id for item in base.value.items if isinstance(item, o.Name)]
        return []

    def _schema(
        self, walk: Walk, values: Values, class_: Class, arguments: Arguments, outer: tuple[Schema, ...]
    ) -> None:
        schema = self.project.schemas.by_class.get(class_)
        if schema is None or schema.is_root or self._prepares(schema):
            return
        for value in values:
            if isinstance(value, Struct) and not value.many:
                for name, field in schema.fields.items():
                    self.read(walk, value.get(name), field.scope, field.annotation, arguments, outer)
            elif isinstance(value, Objects) and not value.many:
                self._attributes(walk, value, schema, arguments, outer)

    def _attributes(
        self, walk: Walk, value: Objects, schema: Schema, arguments: Arguments, outer: tuple[Schema, ...]
    ) -> None:
        for field in schema.fields.values():
            name = self._attribute(field)
            if not name:
                continue
            obstacle = None
            path = (*value.path, name)
            if schema in outer:
                obstacle = f"`{schema.name}` contains itself, so that there is no end to what must be loaded"
            place = field.place
            facts = walk.facts(value.origin)
            self.objects.read(walk, value.origin, path, facts, place, obstacle)
            if obstacle is None:
                inner = self.objects.attribute(walk, value, name)
                self.read(walk, inner, field.scope, field.annotation, arguments, (*outer, schema))

    def _attribute(self, field: SchemaField) -> str:
        """The attribute that a field is read from; empty if that cannot be seen."""
        for keyword in ("validation_alias", "alias"):
            alias = field.argument(keyword)
            if alias is not None:
                return alias.expr.value or "" if isinstance(alias.expr, o.String) else ""
        return field.name

    def _prepares(self, schema: Schema) -> bool:
        """Whether a validator of the schema changes what it is made from before the fields are read."""
        for ancestor in schema.ancestors:
            for method in ancestor.methods:
                for decorator in method.node.decorators:
                    text = ancestor.module.slice(decorator)
                    if ("model_validator" in text and "after" not in text) or "root_validator" in text:
                        return True
            if isinstance(self.project.resolver.class_member(ancestor, "model_validate"), Function):
                return True
        return False

    def construct(self, walk: Walk, class_: Class, func: o.Expr, arguments: list[tuple[o.Arg, Values]]) -> None:
        """`Page(items=posts)` validates its arguments."""
        schema = self.project.schemas.by_class.get(class_)
        if schema is None or self._prepares(schema):
            return
        given = self._arguments(class_, walk.scope, func, {}) if isinstance(func, o.Subscript) else {}
        for arg, values in arguments:
            field = schema.fields.get(arg.keyword)
            if field is not None:
                self.read(walk, values, field.scope, parse_annotation(field.annotation), given)
