"""Mapped classes, their columns and relationships, and association tables.

Facts about declarative mapping: https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html and
https://docs.sqlalchemy.org/en/20/orm/basic_relationships.html; SQLModel's: https://sqlmodel.tiangolo.com/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation, union_members
from fapi_lint.project.entity import ClassEntity
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable
from fapi_lint.project.values import Located, annotated_calls, dict_entry, dict_items, own_statements
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_DECLARATIVE = ("DeclarativeBase", "DeclarativeBaseNoMeta", "declarative_base", "automap_base")
_SINCE_2 = ("DeclarativeBase", "mapped_column", "async_sessionmaker", "MappedAsDataclass")
"""Names that SQLAlchemy 2.0 brought."""
_SCHEMA_ITEMS = frozenset(
    ["ForeignKey", "CheckConstraint", "Identity", "Sequence", "Computed", "FetchedValue", "Constraint"]
)
_FOREIGN_TABLES = {
    "SQLAlchemyBaseUserTable": "user",
    "SQLAlchemyBaseOAuthAccountTable": "oauth_account",
    "SQLAlchemyBaseAccessTokenTable": "accesstoken",
}
_CREATE_VIEW = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:materialized\s+)?view\s+(?:if\s+not\s+exists\s+)?"
    r"(?:[\"\w]+\.)?[\"`]?(\w+)",
    re.IGNORECASE,
)


class Attribute(Struct, eq=False, dict=True):
    """A mapped attribute where it is written: in a mapped class, an abstract base or a mixin."""

    project: Project
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
        if isinstance(self.statement, o.FunctionDef):
            start = self.statement.name_start
        else:
            start = self.statement.start
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
        arg = self.call.argument(keyword)
        if arg is not None:
            return Located(arg.value, self.scope)
        for star in self.call.args:
            if star.star == "**":
                found = dict_entry(self.project, self.scope, star.value, keyword)
                if found is not None:
                    return found
        return None

    def argument_place(self, keyword: str) -> Place:
        """The argument `keyword` in the call; the attribute's name where it comes through `**shared`."""
        arg = None if self.call is None else self.call.argument(keyword)
        return self.place if arg is None else self.module.place(arg)

    @property
    def has_unknown_arguments(self) -> bool:
        """A `**kwargs` that cannot be seen through."""
        return self.call is not None and any(
            arg.star == "**" and dict_items(self.project, self.scope, arg.value) is None for arg in self.call.args
        )


class ForeignKey(Struct, frozen=True, eq=False):
    """A reference to another table's column: `"table.column"` as text, or a model attribute as expression."""

    target: Located
    call: o.Call | None = None

    @property
    def text(self) -> str | None:
        """The target as `[schema.]table.column`, where it is written as text."""
        return self.target.expr.value if isinstance(self.target.expr, o.String) else None


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
            arg = call.argument(keyword)
            if arg is not None:
                given.append(Located(arg.value, scope))
            shared = call.argument("sa_column_kwargs")
            if shared is not None:
                given.append(dict_entry(self.project, scope, shared.value, keyword))
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
            nested = located.expr.argument("sa_column")
            if nested is not None and isinstance(nested.value, o.Call):
                yield located.scope, nested.value

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
            arg = located.expr.argument("foreign_key")
            if arg is not None and _is_field(self.project, located):
                found.append(ForeignKey(Located(arg.value, located.scope)))
            nested = located.expr.argument("sa_column")
            call = nested.value if nested is not None and isinstance(nested.value, o.Call) else located.expr
            for positional in call.positional:
                inner = positional.value
                if isinstance(inner, o.Call):
                    symbol = self.project.resolver.external(located.scope, inner.func)
                    if symbol is not None and symbol.name == "ForeignKey" and inner.args:
                        target = inner.argument("column", 0)
                        if target is not None:
                            found.append(ForeignKey(Located(target.value, located.scope), inner))
        return tuple(found)

    def flag(self, keyword: str) -> bool | None:
        """The literal True or False passed as `keyword`, anywhere the column is described."""
        for _, call in self._described:
            arg = call.argument(keyword)
            if arg is not None and isinstance(arg.value, o.Name) and arg.value.id in ("True", "False"):
                return arg.value.id == "True"
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
            arg = self.call.argument("argument", 0)
            if arg is not None:
                value = arg.value
                if isinstance(value, o.Lambda):
                    value = value.body
                return Located(value, self.scope)
        inner = self.mapped_type
        while inner is not None:
            members = [m for m in union_members(inner) if not (isinstance(m, o.Name) and m.id == "None")]
            if len(members) != 1:
                return None
            inner = members[0]  # type: ignore[assignment]
            if not isinstance(inner, o.Subscript):
                return Located(inner, self.scope)
            inner = inner.items[-1]
        return None

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
        return located.expr.value if located is not None and isinstance(located.expr, o.String) else None

    @property
    def is_viewonly(self) -> bool:
        located = self.argument("viewonly")
        return located is not None and isinstance(located.expr, o.Name) and located.expr.id == "True"


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
        foreign = (base for base in self.project.resolver.mro(self.class_) if isinstance(base, External))
        return next((table for base in foreign if (table := _foreign_table(base))), None)

    @cached_property
    def is_view(self) -> bool:
        """Mapped to a view or a query, which has no schema of its own.

        `__table__` is no `Table(…)`, its `info` says `is_view`, or some file creates a view of its name.
        """
        for ancestor in self.ancestors:
            for binding in ancestor.scope.bindings.get("__table__", ()):
                if isinstance(binding.value, o.Call):
                    made_by = self.project.resolver.resolve(ancestor.scope, binding.value.func)
                    if not (isinstance(made_by, External) and made_by.is_from("sqlalchemy", "Table")):
                        return True
            for binding in ancestor.scope.bindings.get("__table_args__", ()):
                nodes = o.walk(binding.value) if binding.value is not None else ()
                if any(isinstance(node, o.String) and node.value == "is_view" for node in nodes):
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
        found: dict[str, Column] = {}
        for ancestor in self.ancestors:
            for column in self.project.models.columns_of(ancestor):
                found.setdefault(column.name, column)
        return found

    @cached_property
    def relationships(self) -> dict[str, Relationship]:
        """Own and inherited relationships by attribute name."""
        found: dict[str, Relationship] = {}
        for ancestor in self.ancestors:
            for relationship in self.project.models.relationships_of(ancestor):
                found.setdefault(relationship.name, relationship)
        return found

    @property
    def primary_keys(self) -> list[Column]:
        return [column for column in self.columns.values() if column.is_primary_key]

    @cached_property
    def registry(self) -> object:
        """What tells one declarative base from another: string targets resolve within it."""
        return self.project.models.registry_of(self.class_)


class Table(Struct, eq=False, dict=True):
    """A `Table("name", metadata, Column(…), …)` bound to a module-level name."""

    project: Project
    variable: Variable
    call: o.Call

    @property
    def module(self) -> Module:
        return self.variable.module

    @property
    def name(self) -> str | None:
        """The table's name, where it is a literal."""
        first = self.call.argument("name", 0)
        return first.value.value if first is not None and isinstance(first.value, o.String) else None

    @cached_property
    def columns(self) -> tuple[o.Call, ...]:
        """The `Column(…)` calls."""
        found = []
        for arg in self.call.positional:
            if isinstance(arg.value, o.Call):
                symbol = self.project.resolver.external(self.variable.scope, arg.value.func)
                if symbol is not None and symbol.is_from("sqlalchemy", "Column"):
                    found.append(arg.value)
        return tuple(found)

    def column_name(self, column: o.Call) -> str:
        """The name of one of the columns, empty where it is no literal."""
        first = column.argument("name", 0)
        return first.value.value or "" if first is not None and isinstance(first.value, o.String) else ""

    @cached_property
    def primary_keys(self) -> list[o.Call]:
        """The columns that say so or that a `PrimaryKeyConstraint` of the table names."""
        named = self._constrained("PrimaryKeyConstraint")
        return [
            column
            for column in self.columns
            if ((arg := column.argument("primary_key")) is not None and o.dotted(arg.value) == "True")
            or self.column_name(column) in named
        ]

    def is_foreign_key(self, column: o.Call) -> bool:
        """Whether a column is one, by itself or by a `ForeignKeyConstraint` of the table."""
        if any(self.is_call_of(arg.value, "ForeignKey") for arg in column.positional):
            return True
        return self.column_name(column) in self._constrained("ForeignKeyConstraint")

    def _constrained(self, constraint: str) -> set[str]:
        """The column names that a constraint of the table names as text."""
        found: set[str] = set()
        for arg in self.call.positional:
            if isinstance(arg.value, o.Call) and self.is_call_of(arg.value, constraint):
                for part in arg.value.positional:
                    items = part.value.items if isinstance(part.value, o.Collection) else (part.value,)
                    found.update(item.value for item in items if isinstance(item, o.String) and item.value)
                    if constraint == "ForeignKeyConstraint":
                        break
        return found

    def is_call_of(self, expr: o.Expr, name: str) -> bool:
        if not isinstance(expr, o.Call):
            return False
        symbol = self.project.resolver.external(self.variable.scope, expr.func)
        return symbol is not None and symbol.name == name


class Models(Struct, eq=False, dict=True):
    """All mapped classes of an application."""

    project: Project
    _columns: dict[Class, list[Column]] = field(default_factory=dict)
    _relationships: dict[Class, list[Relationship]] = field(default_factory=dict)
    _returned: dict[Function, o.Call | None] = field(default_factory=dict)

    @cached_property
    def all(self) -> list[Model]:
        """Every mapped class, in file and source order; classes of migrations and tests included."""
        return [Model(self.project, class_) for class_ in self.project.classes if self._is_mapped(class_)]

    @cached_property
    def by_class(self) -> dict[Class, Model]:
        return {model.class_: model for model in self.all}

    @cached_property
    def by_name(self) -> dict[str, list[Model]]:
        found: dict[str, list[Model]] = {}
        for model in self.all:
            found.setdefault(model.name, []).append(model)
        return found

    @cached_property
    def by_module(self) -> dict[Module, list[Model]]:
        """Models by the file that they are written in."""
        found: dict[Module, list[Model]] = {}
        for model in self.all:
            found.setdefault(model.module, []).append(model)
        return found

    @cached_property
    def by_table(self) -> dict[str, list[Model]]:
        """Models by literal table name."""
        found: dict[str, list[Model]] = {}
        for model in self.all:
            if model.table is not None:
                found.setdefault(model.table, []).append(model)
        return found

    @cached_property
    def views(self) -> frozenset[str]:
        """The names of the views that SQL in any file creates, without their schemas."""
        return frozenset(
            name
            for module in self.project.modules
            if "VIEW" in module.text or "view" in module.text
            for name in _CREATE_VIEW.findall(module.text)
        )

    @cached_property
    def mapping_classes(self) -> list[Class]:
        """Every class whose attributes end up in a mapped class: models, abstract bases, mixins."""
        seen: dict[Class, None] = {}
        for model in self.all:
            for ancestor in model.ancestors:
                seen[ancestor] = None
        return sorted(seen, key=lambda class_: (class_.module.path, class_.node.start))

    @cached_property
    def columns(self) -> list[Column]:
        """Every column, once, where it is written."""
        return [column for class_ in self.mapping_classes for column in self.columns_of(class_)]

    @cached_property
    def relationships(self) -> list[Relationship]:
        """Every relationship, once, where it is written."""
        return [r for class_ in self.mapping_classes for r in self.relationships_of(class_)]

    @cached_property
    def tables(self) -> list[Table]:
        """Every `Table(…)` bound to a module-level name."""
        found = []
        for module in self.project.modules:
            if "Table(" not in module.text:
                continue
            for name, bindings in module.scope.bindings.items():
                for binding in bindings:
                    if isinstance(binding.value, o.Call):
                        symbol = self.project.resolver.external(module.scope, binding.value.func)
                        if symbol is not None and symbol.is_from("sqlalchemy", "Table"):
                            variable = Variable(
                                module, name, module.scope, binding.node, binding.annotation, binding.value
                            )
                            found.append(Table(self.project, variable, binding.value))
        return found

    @cached_property
    def has_mapped_columns(self) -> bool:
        """Whether SQLAlchemy is 2.0 or newer and has `mapped_column`: by its version, else by what is imported."""
        version = self.project.versions.sqlalchemy
        if version.at_least(2) or version.is_below(2):
            return version.at_least(2)
        if any(name in module.text for module in self.project.modules for name in _SINCE_2):
            return True
        return version.lowest is None and not any("sqlalchemy.ext.declarative" in m.text for m in self.project.modules)

    # --- classes -----------------------------------------------------------------------------------

    def is_declarative(self, class_: Class) -> bool:
        """Whether the class belongs to a declarative base, mapped or not."""
        return any(
            ancestor.is_from("sqlalchemy", *_DECLARATIVE)
            if isinstance(ancestor, External)
            else self._is_declarative_by_itself(ancestor)
            for ancestor in self.project.resolver.mro(class_)
        )

    def _is_declarative_by_itself(self, class_: Class) -> bool:
        for decorator in class_.node.decorators:
            value = decorator.value.func if isinstance(decorator.value, o.Call) else decorator.value
            if isinstance(value, o.Attribute) and value.attr in ("mapped", "mapped_as_dataclass"):
                return True
        if self._is_decorated_base(class_):
            return True
        for base in class_.node.bases:
            if base.keyword == "metaclass":
                symbol = self.project.resolver.external(class_.enclosing, base.value)
                return symbol is not None and symbol.is_from("sqlalchemy", "DeclarativeMeta")
        return False

    def is_sqlmodel(self, class_: Class) -> bool:
        """A SQLModel class, table or not."""
        return self._mentions_sqlmodel and (
            self.project.resolver.is_subclass(class_, "sqlmodel.SQLModel")
            or self.project.resolver.is_subclass(class_, "sqlmodel.main.SQLModel")
        )

    @cached_property
    def _mentions_sqlmodel(self) -> bool:
        return any("sqlmodel" in module.text for module in self.project.modules)

    def is_dataclass(self, class_: Class) -> bool:
        """Whether mapped attributes of the class are fields of a dataclass."""
        ancestors = self.project.resolver.mro(class_)
        if any(isinstance(base, External) and base.name == "MappedAsDataclass" for base in ancestors):
            return True
        own = [ancestor for ancestor in ancestors if isinstance(ancestor, Class)]
        return any("dataclass" in a.module.slice(decorator) for a in own for decorator in a.node.decorators)

    def _is_mapped(self, class_: Class) -> bool:
        abstract = class_.scope.bindings.get("__abstract__")
        if abstract and isinstance(abstract[-1].value, o.Name) and abstract[-1].value.id == "True":
            return False
        if self.is_sqlmodel(class_):
            return any(
                base.keyword == "table" and isinstance(base.value, o.Name) and base.value.id == "True"
                for base in class_.node.bases
            )
        if not self.is_declarative(class_) or self._is_base(class_):
            return False
        return any(
            ancestor.scope.bindings.keys() & {"__tablename__", "__table__"}
            if isinstance(ancestor, Class)
            else _foreign_table(ancestor) is not None
            for ancestor in self.project.resolver.mro(class_)
        )

    def _is_base(self, class_: Class) -> bool:
        """The declarative base itself: its direct base is SQLAlchemy's."""
        if self.project.resolver.remade(class_) is not None:
            return True
        if any(
            isinstance(base, External) and base.is_from("sqlalchemy", "DeclarativeBase", "DeclarativeBaseNoMeta")
            for base in self.project.resolver.bases(class_)
        ):
            return True
        return self._is_decorated_base(class_)

    def _is_decorated_base(self, class_: Class) -> bool:
        """`@as_declarative()`, `@mapper_registry.as_declarative_base()`"""
        for decorator in class_.node.decorators:
            func = decorator.value.func if isinstance(decorator.value, o.Call) else None
            symbol = self.project.resolver.external(class_.enclosing, func)
            if symbol is not None and symbol.is_from("sqlalchemy", "as_declarative"):
                return True
            if isinstance(func, o.Attribute) and func.attr == "as_declarative_base":
                return True
        return False

    def registry_of(self, class_: Class) -> object:
        """The declarative base that a class hangs on: a class, or the variable `declarative_base()` made."""
        if self._is_base(class_):
            return class_
        if self._is_declarative_by_itself(class_):
            return self._decorating_registry(class_) or class_
        for base in class_.node.bases:
            if base.keyword:
                continue
            symbol = self.project.resolver.resolve(class_.enclosing, base.value)
            if (
                isinstance(symbol, Class)
                and symbol is not class_
                and (self.is_declarative(symbol) or self.is_sqlmodel(symbol))
            ):
                return self.registry_of(symbol)
            if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
                return self.registry_behind(symbol)
            if isinstance(symbol, External) and symbol.name == "SQLModel":
                return symbol.name
        return None

    def _decorating_registry(self, class_: Class) -> tuple[str, str] | None:
        """The variable that holds the registry of `@mapper_registry.mapped`."""
        for decorator in class_.node.decorators:
            value = decorator.value.func if isinstance(decorator.value, o.Call) else decorator.value
            if isinstance(value, o.Attribute):
                symbol = self.project.resolver.resolve(class_.enclosing, value.value)
                if isinstance(symbol, Variable):
                    return symbol.module.path, symbol.name
        return None

    def registry_behind(self, base: Variable) -> tuple[str, str]:
        """The variable that a declarative base hangs on: itself, or that of `mapper_registry.generate_base()`."""
        maker = base.value.func if isinstance(base.value, o.Call) else None
        if isinstance(maker, o.Attribute) and maker.attr == "generate_base":
            symbol = self.project.resolver.resolve(base.scope, maker.value)
            base = symbol if isinstance(symbol, Variable) else base
        return base.module.path, base.name

    def resolve_target(self, relationship: Relationship) -> Model | None:
        """The model that a relationship leads to. A string resolves within the registry, by class name."""
        target = relationship.target
        if target is None:
            return None
        expr: o.Node | None = target.expr
        if not isinstance(expr, o.String):
            symbol = self.project.resolver.resolve(target.scope, expr)
            if isinstance(symbol, Class):
                return self.by_class.get(symbol)
            if symbol is not None:
                return None
        name = expr.value if isinstance(expr, o.String) else o.dotted(expr)
        if not name:
            return None
        registries = {model.registry for model in self.users_of(relationship.owner)}
        candidates = [
            model
            for model in self.by_name.get(name.rpartition(".")[2], ())
            if model.registry in registries and (model.module.name + "." + model.name).endswith(name)
        ]
        if len(candidates) > 1:
            symbol = self.project.resolver.resolve(target.scope, expr)
            if isinstance(symbol, Class) and symbol in self.by_class:
                return self.by_class[symbol]
            return None
        return candidates[0] if candidates else None

    def users_of(self, class_: Class) -> list[Model]:
        """The models that a class contributes to: itself, or those that inherit it."""
        return self._users.get(class_, [])

    @cached_property
    def _users(self) -> dict[Class, list[Model]]:
        found: dict[Class, list[Model]] = {}
        for model in self.all:
            for ancestor in model.ancestors:
                found.setdefault(ancestor, []).append(model)
        return found

    # --- attributes --------------------------------------------------------------------------------

    def columns_of(self, class_: Class) -> list[Column]:
        """The columns written in a class body, in source order."""
        self._read(class_)
        return self._columns[class_]

    def relationships_of(self, class_: Class) -> list[Relationship]:
        """The relationships written in a class body, in source order."""
        self._read(class_)
        return self._relationships[class_]

    def _read(self, class_: Class) -> None:
        if class_ in self._columns:
            return
        columns: list[Column] = []
        relationships: list[Relationship] = []
        self._columns[class_], self._relationships[class_] = columns, relationships
        for attribute in self._attributes(class_):
            if isinstance(attribute, Column):
                columns.append(attribute)
            else:
                relationships.append(attribute)

    def _attributes(self, class_: Class) -> Iterator[Column | Relationship]:
        for statement in own_statements(class_.node.body):
            if isinstance(statement, o.AnnAssign) and isinstance(statement.target, o.Name):
                yield from self._attribute(
                    class_,
                    statement.target.id,
                    statement,
                    statement.annotation,
                    statement.value,
                    class_.scope,
                )
            elif isinstance(statement, o.Assign):
                for target in statement.targets:
                    if isinstance(target, o.Name):
                        yield from self._attribute(class_, target.id, statement, None, statement.value, class_.scope)
        for method in class_.methods:
            if not any(self._is_declared_attr(class_, d) for d in method.node.decorators):
                continue
            call = self._returned_call(method)
            if call is not None:
                yield from self._attribute(class_, method.name, method.node, method.node.returns, call, method.scope)

    def _is_declared_attr(self, class_: Class, decorator: o.Decorator) -> bool:
        value = decorator.value
        while isinstance(value, o.Attribute) and value.attr in ("directive", "cascading"):
            value = value.value
        symbol = self.project.resolver.external(class_.scope, value)
        return symbol is not None and symbol.is_from("sqlalchemy", "declared_attr")

    def _returned_call(self, function: Function) -> o.Call | None:
        if function not in self._returned:
            calls = [
                node.value
                for node in o.walk(*function.scope.body)
                if isinstance(node, o.Return) and isinstance(node.value, o.Call)
            ]
            self._returned[function] = calls[0] if len(calls) == 1 else None
        return self._returned[function]

    def _attribute(
        self,
        class_: Class,
        name: str,
        statement: o.AnnAssign | o.Assign | o.FunctionDef,
        annotation: o.Expr | None,
        value: o.Expr | None,
        scope: Scope,
    ) -> Iterator[Column | Relationship]:
        project = self.project
        if isinstance(value, o.Call):
            kind, call, made_by = self._kind(scope, value)
            if kind == "column":
                yield Column(project, class_, name, statement, annotation, call, scope, made_by)
                return
            if kind == "relationship":
                yield Relationship(project, class_, name, statement, annotation, call, scope)
                return
            if not self.is_sqlmodel(class_) or kind == "other":
                return
        if annotation is None or name.startswith("__") or isinstance(statement, o.FunctionDef):
            return
        field_call = value if isinstance(value, o.Call) and _is_field(project, Located(value, scope)) else None
        column = Column(project, class_, name, statement, annotation, field_call, scope)
        if column.mapped_type is None or (value is not None and not self.is_sqlmodel(class_)):
            return
        resolver = project.resolver
        for member in union_members(column.mapped_type):
            inner = member.items[-1] if isinstance(member, o.Subscript) and member.items else member
            if isinstance(resolver.resolve(scope, inner), Class) and resolver.resolve(scope, inner) in self.by_class:
                yield Relationship(project, class_, name, statement, annotation, None, scope)
                return
        if _is_class_var(project, scope, annotation):
            return
        yield column

    def _kind(self, scope: Scope, call: o.Call) -> tuple[str, o.Call, Function | None]:
        """`"column"`, `"relationship"`, `"other"` (SQLAlchemy's, neither) or `""`, with the call that says more."""
        symbol = self.project.resolver.resolve(scope, call.func)
        if isinstance(symbol, External):
            if symbol.is_from("sqlalchemy", "Column", "mapped_column") or symbol.is_from(
                "sqlmodel", "Field", "Column", "mapped_column"
            ):
                return "column", call, None
            if symbol.is_from("sqlalchemy", "relationship", "relation") or symbol.is_from("sqlmodel", "Relationship"):
                return "relationship", call, None
            if symbol.is_from("sqlalchemy", "deferred", "column_property") and call.args:
                inner = call.args[0].value
                if isinstance(inner, o.Call):
                    return self._kind(scope, inner)
            return ("other" if symbol.package == "sqlalchemy" else ""), call, None
        if isinstance(symbol, Function) and symbol.parent is None:
            inner_call = self._returned_call(symbol)
            if inner_call is not None:
                kind, _, _ = self._kind(symbol.scope, inner_call)
                if kind == "column":
                    return "column", call, symbol
        return "", call, None


def allows_none(column: Column) -> bool | None:
    """Whether a `Column(…)` may hold NULL by its arguments or as a key; None where they cannot all be seen."""
    for keyword in ("nullable", "primary_key"):
        given = column.argument(keyword)
        if given is not None and o.dotted(given.expr) not in ("True", "False"):
            return None
        if given is not None and (keyword == "nullable" or o.dotted(given.expr) == "True"):
            return keyword == "nullable" and o.dotted(given.expr) == "True"
    return None if column.has_unknown_arguments else not column.is_primary_key


def written_type(project: Project, located: Located) -> Located | None:
    """The column type that a `Column(…)`, `mapped_column(…)` or `Field(…)` call passes, whatever expression it is."""
    call = located.expr
    assert isinstance(call, o.Call)
    explicit = call.argument("type_") or call.argument("sa_type")
    if explicit is not None:
        return Located(explicit.value, located.scope)
    nested = call.argument("sa_column")
    if nested is not None:
        inner = Located(nested.value, located.scope)
        return written_type(project, inner) if isinstance(nested.value, o.Call) else inner
    if _is_field(project, located):
        return None
    for index, arg in enumerate(call.positional):
        value = arg.value.func if isinstance(arg.value, o.Call) else arg.value
        if index == 0 and isinstance(value, o.String):
            continue
        symbol = project.resolver.resolve(located.scope, value)
        if index == 0 and isinstance(symbol, Variable) and isinstance(symbol.value, o.String):
            continue
        if isinstance(symbol, External) and (symbol.name in _SCHEMA_ITEMS or symbol.name.endswith("Constraint")):
            continue
        return Located(arg.value, located.scope)
    return None


def _is_field(project: Project, located: Located) -> bool:
    """Whether a call is SQLModel's or Pydantic's `Field(…)`."""
    assert isinstance(located.expr, o.Call)
    symbol = project.resolver.external(located.scope, located.expr.func)
    return symbol is not None and symbol.name == "Field"


def _foreign_table(base: External) -> str | None:
    """The table that a base class of fastapi-users gives a model: `SQLAlchemyBaseUserTableUUID`."""
    if not base.package.startswith("fastapi_users"):
        return None
    return next((table for name, table in _FOREIGN_TABLES.items() if base.name.startswith(name)), None)


def _is_class_var(project: Project, scope: Scope, annotation: o.Expr) -> bool:
    value = annotation.value if isinstance(annotation, o.Subscript) else annotation
    symbol = project.resolver.external(scope, value)
    return symbol is not None and symbol.name in ("ClassVar", "PrivateAttr")


def _constraint_columns(project: Project, class_: Class, constraint: str) -> set[str]:
    """The column names that a constraint of `__table_args__` names as text."""
    names: set[str] = set()
    for binding in class_.scope.bindings.get("__table_args__", ()):
        for node in o.walk(binding.value) if binding.value is not None else ():
            if not isinstance(node, o.Call):
                continue
            symbol = project.resolver.external(class_.scope, node.func)
            if symbol is None or symbol.name != constraint:
                continue
            texts = node.positional
            if constraint == "ForeignKeyConstraint" and texts:
                first = texts[0].value
                names.update(i.value for i in getattr(first, "items", ()) if isinstance(i, o.String) and i.value)
            else:
                names.update(a.value.value for a in texts if isinstance(a.value, o.String) and a.value.value)
    return names
