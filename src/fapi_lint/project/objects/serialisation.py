"""What response schemas read of the objects that they are made from.

Pydantic reads the attribute that each field is called after, or its alias; FastAPI validates whatever a handler returns
that way: https://fastapi.tiangolo.com/tutorial/response-model/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, only_member, parse_annotation, union_members
from fapi_lint.project.mapped import Model
from fapi_lint.project.objects.links import Link, Path
from fapi_lint.project.objects.origins import UNKNOWN, Objects, Other, Record, Result, Values, many, one
from fapi_lint.project.schemas import Schema, SchemaField
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.objects.flow import ObjectFlow
    from fapi_lint.project.objects.summary import State, Summary
    from fapi_lint.project.objects.walk import Walk

Arguments: TypeAlias = "dict[str, tuple[Scope, o.Node]]"
"""What the type parameters of a generic schema stand for."""

Reading: TypeAlias = "tuple[Path, Place, str | None, frozenset[str] | None]"
"""Attributes that are read one after the other, the field that does, what hinders loading them, if so, and whether the
last one is read of what it leads to as well, and so on."""

_DEPTH = 8
_MOST = 500
"""Attributes at any depth that a schema may read: schemas that contain each other crosswise read a power of them."""
_CONTAINERS = frozenset(["list", "List", "Sequence", "Iterable", "set", "Set", "Collection", "tuple", "Tuple"])
_MAPPINGS = frozenset(["dict", "Dict", "Mapping"])
_TRANSPARENT = frozenset(["Optional", "Annotated"])


class Serialisation:
    """Reads by schemas."""

    def __init__(self, objects: ObjectFlow) -> None:
        self.objects = objects
        self.project = objects.project
        self._paths: dict[Any, list[Reading]] = {}
        self._active: list[Schema] = []

    def respond(self, walk: Walk, summary: Summary) -> None:
        """What FastAPI reads of the values that a handler returns."""
        for route in self.project.routes.by_handler.get(summary.function, ()):
            located = route.response_model
            if located is None or is_none(located.expr):
                continue
            scope, node = located.scope, located.expr
            for returned in summary.returns:
                walk.state = returned.state.copy()
                expr = returned.node.value if isinstance(returned.node, o.Return) else None
                classes = self.project.schemas.named_in(scope, node)
                self.objects.doubts.serialised(walk, expr, returned.values, classes)
                self.read(walk, returned.values, scope, node)

    def is_schema(self, scope: Scope, node: o.Node | None) -> bool:
        """Whether an expression names a schema, or a type made of some."""
        return any(class_ in self.project.schemas.by_class for class_ in self.project.schemas.named_in(scope, node))

    def read(
        self,
        walk: Walk,
        values: Values,
        scope: Scope,
        annotation: o.Node | None,
        arguments: Arguments | None = None,
    ) -> None:
        """Validate values as `annotation` says."""
        rows = frozenset(value for value in values if isinstance(value, Result))
        values = (values - rows) | many(one(rows))
        if not any(isinstance(value, (Objects, Record)) for value in values):
            return
        members = [member for member in union_members(annotation) if not is_none(member)]
        if len(members) != 1:
            self._one_of(walk, values, scope, members, arguments)
            return
        member = members[0]
        if isinstance(member, o.Subscript):
            self._generic(walk, values, scope, member, arguments or {})
            return
        if isinstance(member, o.Name) and arguments and member.id in arguments:
            where, node = arguments[member.id]
            self.read(walk, values, where, node, None)
            return
        symbol = self.project.resolver.resolve(scope, member)
        if isinstance(symbol, Variable) and symbol.value is not None and not isinstance(symbol.value, o.Call):
            self.read(walk, values, symbol.scope, symbol.value, arguments)
        elif isinstance(symbol, Class):
            self._schema(walk, values, symbol, {})

    def _generic(self, walk: Walk, values: Values, scope: Scope, node: o.Subscript, given: Arguments) -> None:
        symbol = self.project.resolver.resolve(scope, node.value)
        if isinstance(symbol, External):
            if symbol.name in _MAPPINGS and len(node.items) == 2:
                inner = (v for value in values if isinstance(value, Record) for _, each in value.fields for v in each)
                self.read(walk, frozenset(inner), scope, node.items[1], given)
            elif symbol.name == "Union":
                self._one_of(walk, values, scope, node.items, given)
            elif symbol.name in _CONTAINERS and node.items:
                self.read(walk, one(values), scope, node.items[0], given)
            elif symbol.name in _TRANSPARENT and node.items:
                self.read(walk, values, scope, node.items[0], given)
        elif isinstance(symbol, Class):
            self._schema(walk, values, symbol, self._arguments(symbol, scope, node, given))

    def _one_of(
        self, walk: Walk, values: Values, scope: Scope, nodes: Iterable[o.Node], given: Arguments | None
    ) -> None:
        """One of several types, which may be any of them."""
        before = self._doubting(walk, values)
        for node in nodes:
            self.read(walk, values, scope, node, given)
        walk.state = before

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

    def _schema(self, walk: Walk, values: Values, class_: Class, arguments: Arguments) -> None:
        schema = self.project.schemas.by_class.get(class_)
        if schema is None or schema.is_root:
            return
        if self._prepares(schema):
            before = self._doubting(walk, values)
            self._read_before(walk, values, schema)
            self._fields(walk, values, schema, arguments)
            walk.state = before
            return
        self._fields(walk, values, schema, arguments)

    def _doubting(self, walk: Walk, values: Values) -> State:
        """From now on it is not sure that values are read; what is known until now is what is to go on with."""
        before = walk.state
        walk.state = before.copy()
        for value in values:
            if isinstance(value, Objects):
                walk.make_opaque(value)
        return before

    def _read_before(self, walk: Walk, values: Values, schema: Schema) -> None:
        """What validators of the schema read themselves: `@model_validator(mode="before")`."""
        objects = frozenset(value for value in values if isinstance(value, Objects))
        for ancestor in schema.ancestors:
            for method in ancestor.methods:
                params = [param.name for param in method.node.params]
                if len(params) > 1 and any("validator" in ancestor.module.slice(d) for d in method.node.decorators):
                    self.objects.pass_on(
                        walk, self.objects.summary(method), {params[1]: (method.node.params[1], objects)}
                    )

    def _fields(self, walk: Walk, values: Values, schema: Schema, arguments: Arguments) -> None:
        for value in values:
            if isinstance(value, Record) and not value.many:
                for name, field in schema.fields.items():
                    self.read(walk, value.get(name), field.scope, field.annotation, arguments)
            elif isinstance(value, Objects) and not value.many:
                facts, model = walk.facts(value.origin), self.objects.model_of(value)
                for field in schema.fields.values() if walk.state.gone and not value.path else ():
                    self.objects.doubts.gone(walk, value.origin, self._attribute(field), field.place)
                if model is not None or value.origin.model is None:
                    for path, place, obstacle, beside in self.paths(schema, model, arguments):
                        self.objects.read(walk, value.origin, value.path + path, facts, place, obstacle, beside)

    def paths(self, schema: Schema, model: Model | None, arguments: Arguments) -> list[Reading]:
        """What a schema reads of an object of a model, at any depth."""
        key = (schema.class_, model, tuple((name, node.start, scope) for name, (scope, node) in arguments.items()))

        def readings() -> list[Reading]:
            self._active.append(schema)
            try:
                found = list(self._found(schema, model, arguments))
            finally:
                self._active.pop()
            if len(found) > _MOST:
                many = f"`{schema.name}` reads more than {_MOST} attributes of what it contains"
                found = [(path, place, obstacle or many, None) for path, place, obstacle, _ in found if len(path) == 1]
            return found

        return self.project.descent.once(self._paths, key, readings, meanwhile=[])

    def _found(self, schema: Schema, model: Model | None, arguments: Arguments) -> Iterator[Reading]:
        links = self.objects.links.of(model)
        volatile = {} if model is None else self.objects.stale.volatile.columns(model)
        for field in schema.fields.values():
            name = self._attribute(field)
            link = links.get(name)
            if name in volatile and link is None:
                yield (name,), field.place, None, None
                continue
            if not name:
                continue
            if model is not None and link is None and self.objects.property_of(model, name) is None:
                if name in self.objects.links.below(model):
                    yield (name,), field.place, None, None
                continue
            found = self._inner(field.scope, field.annotation, arguments)
            inner = None if found is None else self.project.schemas.by_class.get(found[0])
            if inner is not None and inner in self._active:
                repeats = inner is schema and link is not None and self._repeats(schema, link)
                endless = f"`{inner.name}` contains itself, so that there is no end to what is read"
                yield (name,), field.place, *((None, frozenset[str]()) if repeats else (endless, None))
                continue
            yield (name,), field.place, None, None
            if inner is None or found is None:
                continue
            if (link is not None and link.target is not None) or model is None:
                target = None if link is None else link.target
                for path, place, obstacle, beside in self.paths(inner, target, found[1]):
                    if len(path) < _DEPTH:
                        yield (name, *path), place, obstacle, beside

    def _repeats(self, schema: Schema, link: Link) -> bool:
        """Whether `recursion_depth` loads all that a schema which contains itself reads: a link to more of the same."""
        sqlalchemy = self.project.versions.sqlalchemy
        if link.target is not link.source or not (sqlalchemy.lowest is None or sqlalchemy.at_least(2, 0)):
            return False
        links = self.objects.links.of(link.source)
        names = {self._attribute(field) for field in schema.fields.values()} - {link.name}
        return all(name and name not in links and self.objects.property_of(link.source, name) is None for name in names)

    def _inner(self, scope: Scope, annotation: o.Node | None, given: Arguments) -> tuple[Class, Arguments] | None:
        """The one schema in an annotation, with what its type parameters stand for."""
        member = only_member(annotation)
        if isinstance(member, o.Name) and member.id in given:
            return self._inner(*given[member.id], {})
        symbol = self.project.resolver.resolve(scope, member.value if isinstance(member, o.Subscript) else member)
        if isinstance(symbol, Class):
            inner = self._arguments(symbol, scope, member, given) if isinstance(member, o.Subscript) else {}
            schema = self.project.schemas.by_class.get(symbol)
            return None if schema is None or schema.is_root or self._prepares(schema) else (symbol, inner)
        if isinstance(symbol, External) and isinstance(member, o.Subscript) and member.items:
            known = symbol.name in _CONTAINERS | _TRANSPARENT
            return self._inner(scope, member.items[0], given) if known else None
        if isinstance(symbol, Variable) and symbol.value is not None and not isinstance(symbol.value, o.Call):
            return self._inner(symbol.scope, symbol.value, {})
        return None

    def _attribute(self, field: SchemaField) -> str:
        """The attribute that a field is read from; empty if that cannot be seen."""
        for keyword in ("validation_alias", "alias"):
            alias = field.argument(keyword)
            if alias is not None:
                return o.text(alias.expr) or ""
        return field.name

    def _prepares(self, schema: Schema) -> bool:
        """Whether a validator, or `getter_dict`, changes what the schema is made from before the fields are read."""
        if "getter_dict" in schema.config.entries:
            return True
        for ancestor in schema.ancestors:
            for method in ancestor.methods:
                for decorator in method.node.decorators:
                    text = ancestor.module.slice(decorator)
                    if ("model_validator" in text and "after" not in text) or "root_validator" in text:
                        return True
            if isinstance(self.project.resolver.class_member(ancestor, "model_validate"), Function):
                return True
        return False

    def construct(self, walk: Walk, class_: Class, func: o.Expr, arguments: list[tuple[o.Arg, Values]]) -> Values:
        """`Page(items=posts)` validates its arguments; a field that says nothing of what it holds keeps them.

        So do the fields of a dataclass.
        """
        schema = self.project.schemas.by_class.get(class_)
        if schema is None:
            return _held(class_, arguments)
        if self._prepares(schema):
            return UNKNOWN
        given = self._arguments(class_, walk.scope, func, {}) if isinstance(func, o.Subscript) else {}
        kept = []
        for arg, values in arguments:
            field = schema.fields.get(arg.keyword)
            if field is not None:
                classes = self.project.schemas.named_in(field.scope, field.annotation)
                self.objects.doubts.serialised(walk, arg.value, values, classes)
                self.read(walk, values, field.scope, parse_annotation(field.annotation), given)
                inner = any(self.is_schema(where, node) for where, node in given.values())
                if not inner and not self.is_schema(field.scope, field.annotation):
                    kept.append((arg.keyword, values))
        return _record(kept)


def _held(class_: Class, arguments: list[tuple[o.Arg, Values]]) -> Values:
    """What the fields of a dataclass or of a named tuple hold."""
    is_dataclass = any("dataclass" in class_.module.slice(decorator) for decorator in class_.node.decorators)
    is_tuple = any(o.dotted(base.value).rpartition(".")[2] == "NamedTuple" for base in class_.node.bases)
    if not (is_dataclass or is_tuple) or any(arg.star for arg, _ in arguments):
        return UNKNOWN
    names = [name for name, found in class_.scope.bindings.items() if found[-1].annotation is not None]
    positional = [values for arg, values in arguments if not arg.keyword]
    kept = [(arg.keyword, values) for arg, values in arguments if arg.keyword]
    return _record([*zip(names, positional, strict=False), *kept])


def _record(fields: list[tuple[str, Values]]) -> Values:
    holds = any(not isinstance(value, Other) for _, values in fields for value in values)
    return frozenset([Record(tuple(fields))]) if holds else UNKNOWN
