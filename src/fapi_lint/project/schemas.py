"""Pydantic schemas: their fields, and what they are for.

SQLModel classes without a table are schemas too; settings are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from fapi_lint.config.settings import Role
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation
from fapi_lint.project.entity import ClassEntity
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.schema_config import Config
from fapi_lint.project.symbols import Class, Scope, Variable
from fapi_lint.project.values import Located, followed, own_statements
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.routes import Route

NEUTRAL = "Schema"
"""A synonym that yields to any other word of the name: UserCreateSchema is for creating users."""
_BASES = {
    "fastapi_users": ("BaseUser", "BaseUserCreate", "BaseUserUpdate"),
    "pydantic": ("BaseModel", "RootModel", "GenericModel"),
    "sqlmodel": ("SQLModel",),
}
"""The classes that schemas inherit, by package."""
_NEW_IN_2 = frozenset(
    [
        "AfterValidator", "AliasChoices", "AliasPath", "BeforeValidator", "ConfigDict", "PlainSerializer",
        "RootModel", "StringConstraints", "TypeAdapter", "ValidationInfo", "WrapValidator", "computed_field",
        "field_serializer", "field_validator", "model_serializer", "model_validator",
    ]
)  # fmt: skip
"""Names that only Pydantic 2 exports."""
_SPELLED_IN_2 = re.compile(r"\b(?:from_attributes|json_schema_extra)\b[\"']? *[=:]")
_CALLED_IN_2 = re.compile(r"\.model_(?:dump|validate)\(")
"""What only code for Pydantic 2 says; schemas are used where nobody imports Pydantic."""
_CONSTRAINTS = frozenset(
    ["Field", "StringConstraints", "constr", "conlist", "conint", "confloat", "condecimal", "conset"]
)


class SchemaField(Part):
    """A field where it is written: `name: annotation = default`."""

    owner: Class
    name: str
    statement: o.AnnAssign

    @property
    def module(self) -> Module:
        return self.owner.module

    @property
    def scope(self) -> Scope:
        """Where the names of the annotation and the default are resolved."""
        return self.owner.scope

    @property
    def annotation(self) -> o.Expr:
        """As written, quotes included."""
        return self.statement.annotation

    @property
    def default(self) -> o.Expr | None:
        """What stands behind the `=`: a value, or a call of `Field`."""
        return self.statement.value

    @property
    def place(self) -> Place:
        """The field's name."""
        return Place(self.module.path, self.statement.start, self.statement.start + len(self.name))

    @cached_property
    def calls(self) -> tuple[Located, ...]:
        """The calls that constrain the field: `Field(…)`, `constr(…)`, `StringConstraints(…)`, those of aliases too."""
        default = () if self.default is None else self._constraints(self.scope, self.default, set())
        return (*default, *self._constraints(self.scope, self.annotation, set()))

    def _constraints(self, scope: Scope, expr: o.Node, seen: set[tuple[Scope, str]]) -> Iterator[Located]:
        """Every alias is `seen` through once, however often it stands there."""
        resolver = self.project.resolver
        match parse_annotation(expr):
            case o.Call() as call:
                if resolver.foreign_name(scope, call) in _CONSTRAINTS:
                    yield Located(call, scope)
            case o.Name() | o.Attribute() as name:
                alias = resolver.resolve(scope, name)
                if isinstance(alias, Variable) and alias.value is not None and (alias.scope, alias.name) not in seen:
                    seen.add((alias.scope, alias.name))
                    yield from self._constraints(alias.scope, alias.value, seen)
            case o.Subscript() as subscript:
                if resolver.foreign_name(scope, subscript.value) in ("Annotated", "Optional", "Union"):
                    for item in subscript.items:
                        yield from self._constraints(scope, item, seen)
            case o.Operation(operator="|") as union:
                for operand in union.operands:
                    yield from self._constraints(scope, operand, seen)

    def argument(self, keyword: str) -> Located | None:
        """The value passed as `keyword` to one of `calls`."""
        for located in self.calls:
            assert isinstance(located.expr, o.Call)
            arg = located.expr.given(keyword)
            if arg is not None:
                return Located(arg, located.scope)
        return None

    def limit(self, keyword: str) -> int | None:
        """The integer passed as `keyword` (`"max_length"`), literal or through a constant."""
        located = self.argument(keyword)
        value = None if located is None else followed(self.project, located).expr
        return value.value if isinstance(value, o.Number) else None


class Schema(ClassEntity):
    """A Pydantic class of the application."""

    # --- fields ------------------------------------------------------------------------------------

    @property
    def own_fields(self) -> list[SchemaField]:
        return self.project.schemas.fields_of(self.class_)

    @cached_property
    def fields(self) -> dict[str, SchemaField]:
        """Own and inherited fields by name."""
        return self.inherited(self.project.schemas.fields_of)

    @cached_property
    def parts(self) -> list[Schema]:
        """The schemas that its fields are made of, in their order: `X` of a base `Page[X]` is among them."""
        schemas = self.project.schemas
        found: list[tuple[Scope, o.Node]] = [(field.scope, field.annotation) for field in self.fields.values()]
        for ancestor in self.ancestors:
            for base in ancestor.node.bases:
                if isinstance(base.value, o.Subscript):
                    found += [(ancestor.enclosing, item) for item in base.value.items]
        return [
            schemas.by_class[class_]
            for scope, annotation in found
            for class_ in schemas.named_in(scope, annotation)
            if class_ in schemas.by_class
        ]

    # --- what it is for ----------------------------------------------------------------------------

    @cached_property
    def role(self) -> Role | None:
        """What the name says the schema is for; None where it says nothing, or two things."""
        return self.project.schemas.role_of(self.name)

    @cached_property
    def is_generic(self) -> bool:
        return any(base.name == "Generic" for base in self.foreign)

    @cached_property
    def is_root(self) -> bool:
        """A `RootModel`, which is one value instead of fields."""
        return any(base.name == "RootModel" for base in self.foreign)

    @cached_property
    def acts(self) -> bool:
        """Whether it has coroutines as methods: an object that does things, whose fields Pydantic checks."""
        return any(method.node.is_async for class_ in self.ancestors for method in class_.methods)

    # --- configuration -----------------------------------------------------------------------------

    @cached_property
    def config_statement(self) -> o.Assign | o.AnnAssign | o.ClassDef | None:
        """The class's own `model_config = …` or `class Config:`."""
        for name in ("model_config", "Config"):
            for binding in reversed(self.class_.scope.bindings.get(name, ())):
                if isinstance(binding.statement, (o.Assign, o.AnnAssign, o.ClassDef)):
                    return binding.statement
        return None

    @property
    def config(self) -> Config:
        """All settings, own and inherited."""
        return self.project.schema_configs.of(self.class_)

    @cached_property
    def pydantic(self) -> Literal[1, 2] | None:
        """The major version whose rules the class follows; None if that is not known."""
        return 1 if self.project.schemas.is_v1(self.class_) else self.project.schemas.pydantic

    @cached_property
    def from_attributes(self) -> bool | None:
        """Whether it validates objects by their attributes, own setting or inherited; None if that cannot be seen."""
        config = self.config
        entry = config.entries.get("orm_mode" if self.pydantic == 1 else "from_attributes")
        if entry is None:
            if self.project.models.is_sqlmodel(self.class_):
                return True
            return False if config.is_complete else None
        return (
            entry.expr.id == "True" if isinstance(entry.expr, o.Name) and entry.expr.id in ("True", "False") else None
        )


class Schemas(Part):
    """All schemas of an application."""

    @cached_property
    def all(self) -> list[Schema]:
        """Every schema that is not inside a function, in file and source order."""
        return [Schema(self.project, class_) for class_ in self.project.classes if self._is_schema(class_)]

    @cached_property
    def by_class(self) -> dict[Class, Schema]:
        return {schema.class_: schema for schema in self.all}

    def named(self, scope: Scope, expr: o.Node | None) -> Schema | None:
        """The schema that an expression names."""
        symbol = self.project.resolver.resolve(scope, expr)
        return self.by_class.get(symbol) if isinstance(symbol, Class) else None

    @cached_property
    def by_name(self) -> dict[str, list[Schema]]:
        return grouped((schema.name, schema) for schema in self.all)

    @cached_property
    def fields(self) -> list[SchemaField]:
        """Every field of a schema, once, where it is written."""
        return [schema_field for schema in self.all for schema_field in schema.own_fields]

    def _is_schema(self, class_: Class) -> bool:
        foreign = self.project.resolver.foreign(class_)
        if any(base.name == "BaseSettings" for base in foreign):
            return False
        if not any(base.is_from(package, *names) for base in foreign for package, names in _BASES.items()):
            return False
        return class_ not in self.project.models.by_class

    @cached_property
    def pydantic(self) -> Literal[1, 2] | None:
        """The major version of Pydantic, by what is required or imported; None if neither says."""
        versions = self.project.versions
        if versions.pydantic.at_least(2) or versions.fastapi.at_least(0, 126):
            return 2
        if versions.pydantic.is_below(2) or versions.fastapi.is_below(0, 100):
            return 1
        for module in self.project.modules:
            if _CALLED_IN_2.search(module.text):
                return 2
            if "pydantic" not in module.text:
                continue
            if _SPELLED_IN_2.search(module.text):
                return 2
            for statement in module.outline.body:
                if isinstance(statement, o.ImportFrom) and (
                    statement.module == "pydantic_settings"
                    or (statement.module == "pydantic" and any(alias.name in _NEW_IN_2 for alias in statement.names))
                ):
                    return 2
        return None

    def is_v1(self, class_: Class) -> bool:
        """Whether a class is made by what Pydantic 2 keeps of Pydantic 1, `pydantic.v1`."""
        return any(base.dotted.startswith("pydantic.v1.") for base in self.project.resolver.foreign(class_))

    def role_of(self, name: str) -> Role | None:
        """What the name of a schema says that it is for."""
        conventions = self.project.settings.conventions
        for role, suffix in conventions.schema_suffixes.by_role().items():
            if ends_with_word(name, suffix):
                return role
        prefixed: Role | None = next(
            (role for prefix, role in conventions.schema_prefixes.items() if _starts_with(name, prefix)), None
        )
        for suffix, role in conventions.schema_synonyms.items():
            if ends_with_word(name, suffix):
                # UserCreateSchema is for creating users, whatever "Schema" stands for.
                other = self.role_of(name.removesuffix(suffix)) or prefixed
                return role if other in (None, role) else None
        return prefixed

    # --- use ---------------------------------------------------------------------------------------

    @cached_property
    def responses(self) -> dict[Schema, Route | Schema]:
        """The schemas that the API answers with, and what says so: a route, the name, or the schema they are in."""
        found: dict[Schema, Route | Schema] = {}
        for route in self.project.routes.all:
            if self.project.purposes.is_application(route.module):
                model = route.response_model
                for class_ in () if model is None else self.named_in(model.scope, model.expr):
                    if class_ in self.by_class:
                        found.setdefault(self.by_class[class_], route)
        for schema in self.all:
            if self._is_response_by_name(schema):
                found.setdefault(schema, schema)
        pending = list(found)
        while pending:
            outer = pending.pop()
            for inner in outer.parts:
                if inner not in found:
                    found[inner] = outer
                    pending.append(inner)
        return found

    @cached_property
    def alternatives(self) -> frozenset[Class]:
        """The classes of which a field of some schema may hold one or another: `Cat` and `Dog` of `list[Cat | Dog]`."""
        found: set[Class] = set()
        for field in self.fields:
            for node in o.walk(parse_annotation(field.annotation)):
                members = self.project.resolver.union_members(field.scope, node)
                others = [member for member in members if not is_none(member)]
                if len(others) > 1:
                    named = {class_ for each in others for class_ in self.named_in(field.scope, each)}
                    found |= named if len(named) > 1 else set()
        return frozenset(found)

    def use_of(self, response: Schema) -> str:
        """What a response schema is, in words."""
        evidence = self.responses[response]
        if not isinstance(evidence, Schema):
            return f"the response model of {evidence.label}"
        return (
            "a response schema by its name"
            if evidence is response
            else f"part of the response schema `{evidence.name}`"
        )

    def _is_response_by_name(self, schema: Schema) -> bool:
        """`UserResponse` is one, `UserOut` where schemas are kept or a model `User` is, `UserSchema` where that is.

        But no `UserSchema` that requests have in their body, and no route answers with.
        """
        if schema.role != "response":
            return False
        sent, answers = self.project.resources.sent, self.project.resources.answers
        if schema.name.endswith(NEUTRAL) and schema.class_ in sent and schema.class_ not in answers:
            return False
        conventions = self.project.settings.conventions
        if ends_with_word(schema.name, conventions.schema_suffixes.response):
            return True
        stems = (schema.name.removesuffix(suffix) for suffix in conventions.schema_synonyms)
        if any(stem != schema.name and stem in self.project.models.by_name for stem in stems):
            return True
        is_kept = not set(schema.module.parts).isdisjoint(conventions.schema_folders)
        return is_kept and not schema.name.endswith(NEUTRAL)

    def named_in(self, scope: Scope, annotation: o.Node | None) -> Iterator[Class]:
        """The classes of the application in an annotation: `Page[X]`, `list[X] | None`, quoted, through aliases."""
        return self._named_in(scope, annotation, set())

    def _named_in(self, scope: Scope, annotation: o.Node | None, seen: set[tuple[Scope, str]]) -> Iterator[Class]:
        """Every alias is `seen` through once, however often it stands there."""
        match parse_annotation(annotation):
            case o.Name() | o.Attribute() as name:
                symbol = self.project.resolver.resolve(scope, name)
                if isinstance(symbol, Class):
                    yield symbol
                elif (
                    isinstance(symbol, Variable)
                    and symbol.value is not None
                    and (symbol.scope, symbol.name) not in seen
                ):
                    seen.add((symbol.scope, symbol.name))
                    yield from self._named_in(symbol.scope, symbol.value, seen)
            case o.Subscript() as generic:
                wrapper = self.project.resolver.foreign_name(scope, generic.value)
                yield from self._named_in(scope, generic.value, seen)
                items = () if wrapper == "Literal" else generic.items[:1] if wrapper == "Annotated" else generic.items
                for item in items:
                    yield from self._named_in(scope, item, seen)
            case o.Operation(operator="|") as union:
                for operand in union.operands:
                    yield from self._named_in(scope, operand, seen)
            case o.Collection() as arguments:
                for item in arguments.items:
                    yield from self._named_in(scope, item, seen)

    @cached_property
    def uses_orm_mode(self) -> bool:
        """Whether a schema is configured with `orm_mode`, as in Pydantic 1."""
        return any("orm_mode" in schema.config.entries for schema in self.all)

    # --- fields ------------------------------------------------------------------------------------

    @kept
    def fields_of(self, class_: Class) -> list[SchemaField]:
        """The fields written in a class body, in source order."""
        return [
            SchemaField(self.project, class_, statement.target.id, statement)
            for statement in own_statements(class_.node.body)
            if isinstance(statement, o.AnnAssign)
            and isinstance(statement.target, o.Name)
            and not statement.target.id.startswith(("_", "model_config"))
            and not self._is_class_var(class_, statement.annotation)
        ]

    def _is_class_var(self, class_: Class, annotation: o.Expr) -> bool:
        expr = parse_annotation(annotation)
        expr = expr.value if isinstance(expr, o.Subscript) else expr
        return self.project.resolver.foreign_name(class_.scope, expr) == "ClassVar"


def ends_with_word(name: str, suffix: str) -> bool:
    """Whether a CamelCase name ends with these words, and with something before them: Create of FAQCreate."""
    if len(name) <= len(suffix) or not name.endswith(suffix):
        return False
    return suffix[1:2].islower() or not name[-len(suffix) - 1].isupper()


def _starts_with(name: str, prefix: str) -> bool:
    return len(name) > len(prefix) and name.startswith(prefix) and name[len(prefix)].isupper()
