"""Which fields of schemas take strings of any length, and how long the columns behind them are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.column_types import string_length
from fapi_lint.project.entity import nearest
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.resources import ENVELOPES
from fapi_lint.project.schemas import Schema, SchemaField
from fapi_lint.project.symbols import Class, External, Scope, Symbol, Variable

_INPUT = ("create", "update")
_WRITING = frozenset(["PATCH", "POST", "PUT"])
_LIMITS = frozenset(["const", "enum", "max_length", "min_length", "pattern", "regex"])
"""Arguments of `Field` that constrain a string."""
_CONFIGURED = frozenset(["str_max_length", "str_min_length", "max_anystr_length", "min_anystr_length"])
_VALIDATORS = frozenset(["field_validator", "validator"])
_ANY = "*"


class StringFields(Part):
    """The string fields of the schemas of an application."""

    def unconstrained_in(self, field: SchemaField) -> list[Schema]:
        """The Create and Update schemas in which the field takes any string; its own class comes first."""
        if not self._is_plain(field) or field.owner in self._settings or self.project.models.users_of(field.owner):
            return []
        return [
            schema
            for schema in self._inputs.get(field.owner, ())
            if schema.fields.get(field.name) is field
            and not self._is_validated(schema, field.name)
            and _CONFIGURED.isdisjoint(schema.config.entries)
        ]

    def column_lengths(self, field: SchemaField) -> set[int]:
        """The lengths of the columns of the field's name, in the models that its schemas are named after."""
        resources, owner = self.project.resources, self.project.schemas.by_class.get(field.owner)
        inputs = self._inputs.get(field.owner, ())
        parsed = ((schema.module, resources.parse(schema.name)) for schema in inputs)
        found = {length for module, named in parsed if named for length in self._lengths(module, named.resource, field)}
        if inputs and not found and owner is not None:  # UpdateUserParam says less than UserBase, which it inherits.
            found.update(self._lengths(owner.module, resources.noun_of(owner), field))
        return found

    def _lengths(self, module: Module, resource: str, field: SchemaField) -> Iterator[int]:
        models = self.project.models.by_name
        for model in nearest(module, (*models.get(resource, ()), *models.get(f"{resource}Model", ()))):
            column = model.columns.get(field.name)
            length = None if column is None else string_length(self.project, column)
            if length is not None:
                yield length

    @cached_property
    def _inputs(self) -> dict[Class, list[Schema]]:
        """The Create and Update schemas by the classes that they are and inherit, each class's own one first.

        A synonym does not tell enough: XIn may as well be what a search takes. Nor does a name whose schema is what a
        route answers with, and no body. CreateXRequest counts where requests that write a resource have it as body.
        """
        synonyms = self.project.settings.conventions.schema_synonyms
        resources = self.project.resources
        found: dict[Class, list[Schema]] = {}
        for schema in self.project.schemas.all:
            named = resources.parse(schema.name)
            if named is None or named.role not in _INPUT or named.word in synonyms:
                continue
            written = not _WRITING.isdisjoint(resources.bodies.get(schema.class_, ()))
            if named.word in ENVELOPES and not (written and resources.is_resource(named.resource)):
                continue
            if schema.class_ in resources.bodies or schema.class_ not in resources.answers:
                for class_ in schema.ancestors:
                    schemas = found.setdefault(class_, [])
                    schemas.insert(0 if class_ is schema.class_ else len(schemas), schema)
        return found

    @cached_property
    def _settings(self) -> set[Class]:
        """The classes that settings are made of: an administrator writes what they hold."""
        lines = map(self.project.resolver.mro, self.project.classes)
        settings = [line for line in lines if any(isinstance(b, External) and b.name == "BaseSettings" for b in line)]
        return {base for line in settings for base in line if isinstance(base, Class)}

    # --- the field itself --------------------------------------------------------------------------

    def _is_plain(self, field: SchemaField) -> bool:
        """Whether it is a `str` (or None), and nothing that is written about it says which strings."""
        if list(self._members(field.scope, field.annotation, set())) != [External("builtins.str")]:
            return False
        return not isinstance(field.default, o.Call) or self._says_nothing(field.scope, field.default)

    def _members(
        self, scope: Scope, annotation: o.Node | None, seen: set[tuple[Scope, str]]
    ) -> Iterator[Symbol | None]:
        """What a union is made of, None left out and aliases followed once; None for what `Annotated` constrains."""
        for member in self.project.resolver.union_members(scope, annotation):
            if is_none(member):
                continue
            if not isinstance(member, o.Subscript):
                symbol = self.project.resolver.resolve(scope, member)
                if not isinstance(symbol, Variable):
                    yield symbol
                elif (key := (symbol.scope, symbol.name)) not in seen:
                    seen.add(key)
                    yield from self._members(symbol.scope, symbol.value, seen)
                continue
            is_annotated = self.project.resolver.foreign_name(scope, member.value) == "Annotated"
            if is_annotated and all(self._says_nothing(scope, item) for item in member.items[1:]):
                yield from self._members(scope, member.items[0], seen)
            else:
                yield None

    def _says_nothing(self, scope: Scope, call: o.Expr) -> bool:
        """Whether it is a `Field(…)` without constraints."""
        if not isinstance(call, o.Call):
            return isinstance(call, o.String)
        is_field = any(self.project.resolver.is_from(scope, call, each, "Field") for each in ("pydantic", "sqlmodel"))
        return is_field and all(arg.keyword not in _LIMITS and not arg.star for arg in call.args)

    # --- validators --------------------------------------------------------------------------------

    def _is_validated(self, schema: Schema, name: str) -> bool:
        return any(not self._validated_by(class_).isdisjoint((name, _ANY)) for class_ in schema.ancestors)

    @kept
    def _validated_by(self, class_: Class) -> frozenset[str]:
        """The fields that the validators of a class body check; `*` for all, or unknown ones."""
        calls = [decorator.value for method in class_.methods for decorator in method.node.decorators]
        # check = validator("name", allow_reuse=True)(function)
        assigned = [statement.value for statement in class_.node.body if isinstance(statement, o.Assign)]
        calls += [value.func for value in assigned if isinstance(value, o.Call)]
        return frozenset(name for call in calls for name in self._checked(class_.scope, call))

    def _checked(self, scope: Scope, expr: o.Expr) -> Iterator[str]:
        if isinstance(expr, o.Call) and self.project.resolver.foreign_name(scope, expr) in _VALIDATORS:
            for arg in expr.args:
                if not arg.keyword:
                    yield arg.value.value if isinstance(arg.value, o.String) and arg.value.value else _ANY
