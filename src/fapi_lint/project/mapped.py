"""Mapped classes, their columns and relationships, and association tables: one of each.

Facts about declarative mapping: https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html and
https://docs.sqlalchemy.org/en/20/orm/basic_relationships.html; SQLModel's: https://sqlmodel.tiangolo.com/.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, only_member, parse_annotation
from fapi_lint.project.entity import ClassEntity
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable
from fapi_lint.project.type_maps import type_maps
from fapi_lint.project.values import (
    Located,
    annotated_calls,
    dict_entry,
    dict_items,
    has_unseen_arguments,
    spread_entry,
)
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_SCHEMA_ITEMS = frozenset(
    ["ForeignKey", "CheckConstraint", "Identity", "Sequence", "Computed", "FetchedValue", "Constraint"]
)
_REFLECTING = frozenset(["DeferredReflection", "automap_base"])
_AUTOLOAD = ("autoload", "autoload_with")
_FOREIGN_TABLES = {
    "SQLAlchemyBaseUserTable": "user",
    "SQLAlchemyBaseOAuthAccountTable": "oauth_account",
    "SQLAlchemyBaseAccessTokenTable": "accesstoken",
}


class Attribute(Part):
    """A mapped attribute where it is written: in a mapped class, an abstract base or a mixin."""

    owner: Class
    name: str
    statement: o.AnnAssign | o.Assign | o.FunctionDef
    """The assignment, or the `declared_attr` method."""
    annotation: o.Expr | None
    """As written: `Mapped[…]`, or the bare type in a SQLModel."""
    call: o.Call | None
    """`mapped_column(…)`, `Column(…)`, `Field(…)`, `relationship(…)`; None for a bare annotation."""
    scope: Scope
    """Where the names of `call` and `annotation` are resolved."""

    @property
    def module(self) -> Module:
        return self.owner.module

    @property
    def place(self) -> Place:
        """The attribute's name."""
        statement = self.statement
        start = statement.name_start if isinstance(statement, o.FunctionDef) else statement.start
        return Place(self.module.path, start, start + len(self.name))

    @cached_property
    def mapped_type(self) -> o.Expr | None:
        """`X` of `Mapped[X]` (quoted or not); in a SQLModel the annotation itself."""
        annotation = parse_annotation(self.annotation)
        if isinstance(annotation, o.Subscript):
            wrapper = self.project.resolver.external(self.scope, annotation.value)
            if wrapper is not None and wrapper.package == "sqlalchemy":
                return annotation.items[0]
        if self.annotation is not None and self.project.models.is_sqlmodel(self.owner):
            return annotation  # type: ignore[return-value]
        return None

    def argument(self, keyword: str) -> Located | None:
        """The value passed as `keyword`, also through `**shared` where `shared` is a literal dict."""
        if self.call is None:
            return None
        arg = self.call.given(keyword)
        if arg is not None:
            return Located(arg, self._scope_of(arg))
        return spread_entry(self.project, self.scope, self.call, keyword)

    def _scope_of(self, expr: o.Expr) -> Scope:
        """Where an argument is resolved: `friends = relationship(secondary=friends)` means the name outside."""
        outside = self.scope.parent if self.scope.is_class else None
        if outside is None or not isinstance(expr, o.Name) or expr.id != self.name:
            return self.scope
        is_first = all(binding.statement is self.statement for binding in self.scope.bindings.get(self.name, ()))
        return outside if is_first else self.scope

    def argument_place(self, keyword: str) -> Place:
        """The argument `keyword` in the call; the attribute's name where it comes through `**shared`."""
        arg = None if self.call is None else self.call.argument(keyword)
        return self.place if arg is None else self.module.place(arg)

    @property
    def has_unknown_arguments(self) -> bool:
        """A `**kwargs` that cannot be seen through."""
        return self.call is not None and has_unseen_arguments(self.project, self.scope, self.call)


class ForeignKey(Struct, frozen=True, eq=False):
    """A reference to another table's column: `"table.column"` as text, or a model attribute as expression."""

    target: Located
    call: o.Call | None = None

    @property
    def text(self) -> str | None:
        """The target as `[schema.]table.column`, where it is written as text."""
        return o.text(self.target.expr)


class Column(Attribute):
    """A mapped column where it is written."""

    made_by: Function | None = None
    """The application's own function that makes the column, if `call` is not SQLAlchemy's."""

    @cached_property
    def annotated(self) -> tuple[Located, ...]:
        """The `mapped_column(…)` calls inside an `Annotated` alias of the mapped type."""
        return tuple(annotated_calls(self.project, self.scope, self.mapped_type))

    @cached_property
    def calls(self) -> tuple[Located, ...]:
        """Every call that says something about the column: its own, then those of its `Annotated` alias."""
        own = (Located(self.call, self.scope),) if self.call is not None else ()
        return own + self.annotated

    def argument(self, keyword: str) -> Located | None:
        """The value passed as `keyword`, wherever the column is described: None itself only if there is no other."""
        given = [super().argument(keyword)]
        for scope, call in self._described:
            arg = call.given(keyword)
            if arg is not None:
                given.append(Located(arg, scope))
            shared = call.given("sa_column_kwargs")
            if shared is not None:
                given.append(dict_entry(self.project, scope, shared, keyword))
        values = [value for value in given if value is not None]
        return next((value for value in values if not is_none(value.expr)), values[0] if values else None)

    @property
    def has_unknown_arguments(self) -> bool:
        """A `**kwargs`, or a SQLModel's `sa_column_kwargs`, that cannot be seen through."""
        shared = [(scope, arg) for scope, call in self._described if (arg := call.argument("sa_column_kwargs"))]
        unseen = any(dict_items(self.project, scope, arg.value) is None for scope, arg in shared)
        return unseen or super().has_unknown_arguments

    @property
    def _described(self) -> Iterator[tuple[Scope, o.Call]]:
        """The calls, with the `Column(…)` inside a SQLModel's `Field(…)`."""
        for located in self.calls:
            assert isinstance(located.expr, o.Call)
            yield located.scope, located.expr
            nested = located.expr.given("sa_column")
            if isinstance(nested, o.Call):
                yield located.scope, nested

    @cached_property
    def is_deferred(self) -> bool:
        """Whether it is loaded when it is first read: `deferred(mapped_column(…))`, `mapped_column(deferred=True)`."""
        value = getattr(self.statement, "value", None)
        located = self.argument("deferred")
        is_call = self.project.resolver.is_from(self.scope, value, "sqlalchemy", "deferred")
        return is_call or (located is not None and o.dotted(located.expr) == "True")

    @cached_property
    def type_arg(self) -> Located | None:
        """The column type as written (`String(50)`, `sa.Integer`, `UUID(as_uuid=True)`), not the annotation's."""
        for located in self.calls:
            found = written_type(self.project, located)
            if found is not None:
                return found
        return None

    @cached_property
    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """The column's own foreign keys, those of `__table_args__` left out."""
        found = []
        for located in self.calls:
            assert isinstance(located.expr, o.Call)
            arg = located.expr.given("foreign_key")
            if arg is not None and is_field(self.project, located):
                found.append(ForeignKey(Located(arg, located.scope)))
            nested = located.expr.given("sa_column")
            call = nested if isinstance(nested, o.Call) else located.expr
            for inner in (arg.value for arg in call.positional if isinstance(arg.value, o.Call)):
                target = inner.given("column", 0)
                is_key = self.project.resolver.foreign_name(located.scope, inner) == "ForeignKey"
                if target is not None and is_key:
                    found.append(ForeignKey(Located(target, located.scope), inner))
        return tuple(found)

    @cached_property
    def is_identity(self) -> bool:
        """Whether the database counts its values, by `Identity(…)`: it is not null then, unless it says so."""
        return any(
            self.project.resolver.is_from(scope, arg.value, "sqlalchemy", "Identity")
            for scope, call in self._described
            for arg in call.positional
        )

    def flag(self, keyword: str) -> bool | None:
        """The literal True or False passed as `keyword`, anywhere the column is described."""
        for _, call in self._described:
            arg = call.given(keyword)
            if isinstance(arg, o.Name) and arg.id in ("True", "False"):
                return arg.id == "True"
        return None

    @cached_property
    def is_primary_key(self) -> bool:
        """`primary_key=True`, or named by a `PrimaryKeyConstraint` of the class it is written in."""
        if self.flag("primary_key"):
            return True
        return self.name in _constraint_columns(self.project, self.owner, "PrimaryKeyConstraint")

    @cached_property
    def is_foreign_key(self) -> bool:
        """A foreign key of its own, or named by a `ForeignKeyConstraint` of its class."""
        return bool(self.foreign_keys) or self.name in _constraint_columns(
            self.project, self.owner, "ForeignKeyConstraint"
        )

    @cached_property
    def key_alias(self) -> Variable | None:
        """The `Annotated` alias that makes the column a key, if it is not the column itself that says so."""
        if (self.call is not None and self.call.argument("primary_key") is not None) or not self.annotated:
            return None
        symbol = self.project.resolver.resolve(self.scope, self.mapped_type)
        return symbol if isinstance(symbol, Variable) else None


class Relationship(Attribute):
    """A `relationship()` where it is written."""

    @cached_property
    def target(self) -> Located | None:
        """What names the related class: the first argument, or the class inside `Mapped[…]`."""
        if self.call is not None:
            value = self.call.given("argument", 0)
            if value is not None:
                if isinstance(value, o.Lambda):
                    value = value.body
                return Located(value, self.scope)
        inner = only_member(self.mapped_type)
        while isinstance(inner, o.Subscript):
            inner = only_member(inner.items[-1])
        return None if inner is None else Located(inner, self.scope)  # type: ignore[arg-type]

    @cached_property
    def target_model(self) -> Model | None:
        """The related model; None where the name is unknown or ambiguous."""
        return self.project.models.resolve_target(self)

    @property
    def backref(self) -> o.Arg | None:
        return None if self.call is None else self.call.argument("backref")

    @property
    def back_populates(self) -> Located | None:
        return self.argument("back_populates")

    @property
    def back_populates_name(self) -> str | None:
        located = self.back_populates
        return None if located is None else o.text(located.expr)

    @property
    def is_viewonly(self) -> bool:
        located = self.argument("viewonly")
        return located is not None and o.dotted(located.expr) == "True"


class Model(ClassEntity):
    """A mapped class with a table of its own, or sharing its parent's."""

    @cached_property
    def table(self) -> str | None:
        """The table's name, where it is a literal in the class or an ancestor."""
        for ancestor in self.ancestors:
            for name in ("__tablename__", "__table__"):
                for binding in ancestor.scope.bindings.get(name, ()):
                    value = binding.value
                    if isinstance(value, o.String):
                        return value.value
                    if isinstance(value, o.Call) and value.args and isinstance(value.args[0].value, o.String):
                        return value.args[0].value.value
        if self.project.models.is_sqlmodel(self.class_):
            return self.name.lower()
        tables = map(foreign_table, self.foreign)
        return next(filter(None, tables), None)

    @cached_property
    def is_view(self) -> bool:
        """Mapped to a view, a query or a table that is read from the database: the class defines no schema.

        `__table__` is no `Table(…)`, its `info` says `is_view`, or some file creates a view of its name.
        """
        if any(base.name in _REFLECTING for base in self.foreign):
            return True
        for ancestor in self.ancestors:
            for binding in ancestor.scope.bindings.get("__table__", ()):
                if isinstance(binding.value, o.Call):
                    if not self.project.resolver.is_from(ancestor.scope, binding.value, "sqlalchemy", "Table"):
                        return True
                    if any(binding.value.argument(keyword) is not None for keyword in _AUTOLOAD):
                        return True
            for binding in ancestor.scope.bindings.get("__table_args__", ()):
                if binding.value is not None and _says(binding.value, "is_view", *_AUTOLOAD):
                    return True
        return self.table is not None and self.table in self.project.models.views

    @property
    def own_columns(self) -> list[Column]:
        return self.project.models.columns_of(self.class_)

    @property
    def own_relationships(self) -> list[Relationship]:
        return self.project.models.relationships_of(self.class_)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Own and inherited columns by attribute name."""
        return self.inherited(self.project.models.columns_of)

    @cached_property
    def relationships(self) -> dict[str, Relationship]:
        """Own and inherited relationships by attribute name."""
        return self.inherited(self.project.models.relationships_of)

    @property
    def primary_keys(self) -> list[Column]:
        return [column for column in self.columns.values() if column.is_primary_key]

    @cached_property
    def registry(self) -> object:
        """What tells one declarative base from another: string targets resolve within it."""
        return self.project.models.registry_of(self.class_)

    @cached_property
    def type_maps(self) -> tuple[Located, ...]:
        """What is passed or assigned as `type_annotation_map` to its bases and their registries."""
        return tuple(type_maps(self.project.resolver, self.ancestors))


class Table(Part):
    """A `Table("name", metadata, Column(…), …)` bound to a module-level name."""

    variable: Variable
    call: o.Call

    @property
    def module(self) -> Module:
        return self.variable.module

    @property
    def name(self) -> str | None:
        """The table's name, where it is a literal."""
        return o.text(self.call.given("name", 0))

    @cached_property
    def is_view(self) -> bool:
        """Whether its `info` says `is_view`, or some file creates a view of its name."""
        info = self.call.given("info")
        return self.name in self.project.models.views or (info is not None and _says(info, "is_view"))

    @cached_property
    def columns(self) -> tuple[o.Call, ...]:
        """The `Column(…)` calls."""
        is_from, scope = self.project.resolver.is_from, self.variable.scope
        calls = (arg.value for arg in self.call.positional if isinstance(arg.value, o.Call))
        return tuple(call for call in calls if is_from(scope, call, "sqlalchemy", "Column"))

    def column_name(self, column: o.Call) -> str:
        """The name of one of the columns, empty where it is no literal."""
        return written_name(column)

    @cached_property
    def primary_keys(self) -> list[o.Call]:
        """The columns that say so or that a `PrimaryKeyConstraint` of the table names."""
        named = self._constrained("PrimaryKeyConstraint")
        return [
            column
            for column in self.columns
            if o.dotted(column.given("primary_key")) == "True" or self.column_name(column) in named
        ]

    def is_foreign_key(self, column: o.Call) -> bool:
        """Whether a column is one, by itself or by a `ForeignKeyConstraint` of the table."""
        if any(self.is_call_of(arg.value, "ForeignKey") for arg in column.positional):
            return True
        return self.column_name(column) in self._constrained("ForeignKeyConstraint")

    def _constrained(self, constraint: str) -> set[str]:
        """The column names that a constraint of the table names as text."""
        calls = (arg.value for arg in self.call.positional if isinstance(arg.value, o.Call))
        return {name for call in calls if self.is_call_of(call, constraint) for name in _constrained(call, constraint)}

    def is_call_of(self, expr: o.Expr, name: str) -> bool:
        return isinstance(expr, o.Call) and self.project.resolver.foreign_name(self.variable.scope, expr) == name


def written_name(column: o.Call) -> str:
    """The name in the database that a column's call gives it, empty where it is no literal."""
    return o.text(column.given("name")) or o.text(column.given("name", 0)) or ""


def _says(options: o.Expr, *keys: str) -> bool:
    return any(o.text(node) in keys for node in o.walk(options))


def allows_none(column: Column) -> bool | None:
    """Whether a `Column(…)` may hold NULL by its arguments or as a key; None where they cannot all be seen."""
    for keyword in ("nullable", "primary_key"):
        given = column.argument(keyword)
        if given is not None and o.dotted(given.expr) not in ("True", "False"):
            return None
        if given is not None and (keyword == "nullable" or o.dotted(given.expr) == "True"):
            return keyword == "nullable" and o.dotted(given.expr) == "True"
    return None if column.has_unknown_arguments else not (column.is_primary_key or column.is_identity)


def written_type(project: Project, located: Located) -> Located | None:
    """The column type that a `Column(…)`, `mapped_column(…)` or `Field(…)` call passes, whatever expression it is."""
    call = located.expr
    assert isinstance(call, o.Call)
    explicit = call.given("type_") or call.given("sa_type")
    if explicit is not None:
        return Located(explicit, located.scope)
    nested = call.given("sa_column")
    if nested is not None:
        inner = Located(nested, located.scope)
        return written_type(project, inner) if isinstance(nested, o.Call) else inner
    if is_field(project, located):
        return None
    for index, arg in enumerate(call.positional):
        value = o.called(arg.value)
        if index == 0 and isinstance(value, o.String):
            continue
        symbol = project.resolver.resolve(located.scope, value)
        if index == 0 and isinstance(symbol, Variable) and isinstance(symbol.value, o.String):
            continue
        made = project.resolver.made_by(symbol)  # `numbers = Sequence("numbers")`
        if isinstance(made, External) and (made.name in _SCHEMA_ITEMS or made.name.endswith("Constraint")):
            continue
        return Located(arg.value, located.scope)
    return None


def is_field(project: Project, located: Located) -> bool:
    """Whether a call is SQLModel's or Pydantic's `Field(…)`."""
    return project.resolver.foreign_name(located.scope, located.expr) == "Field"


def foreign_table(base: External) -> str | None:
    """The table that a base class of fastapi-users gives a model: `SQLAlchemyBaseUserTableUUID`."""
    if not base.package.startswith("fastapi_users"):
        return None
    return next((table for name, table in _FOREIGN_TABLES.items() if base.name.startswith(name)), None)


def _constraint_columns(project: Project, class_: Class, constraint: str) -> set[str]:
    """The column names that a constraint of `__table_args__` names as text."""
    names: set[str] = set()
    for binding in class_.scope.bindings.get("__table_args__", ()):
        for node in o.walk(binding.value):
            if isinstance(node, o.Call) and project.resolver.foreign_name(class_.scope, node) == constraint:
                names.update(_constrained(node, constraint))
    return names


def _constrained(call: o.Call, constraint: str) -> Iterator[str]:
    """The columns that `PrimaryKeyConstraint("a", "b")` or `ForeignKeyConstraint(["a"], ["b.id"])` names as text."""
    parts = [arg.value for arg in call.positional]
    for part in parts[:1] if constraint == "ForeignKeyConstraint" else parts:
        items = part.items if isinstance(part, o.Collection) else (part,)
        yield from (item.value for item in items if isinstance(item, o.String) and item.value)
