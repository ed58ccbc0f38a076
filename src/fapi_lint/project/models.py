"""Which classes of an application are mapped, and what they map: all models, columns, relationships and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import union_members
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.mapped import Column, Model, Relationship, Table, foreign_table, is_field
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable
from fapi_lint.project.values import Located, own_statements

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_NO_LIBRARY = frozenset(
    ["abc", "builtins", "dataclasses", "enum", "pydantic", "sqlalchemy", "sqlmodel", "typing", "typing_extensions"]
)
"""Packages whose classes make no others declarative, or are known by their names."""
_DECLARATIVE = ("DeclarativeBase", "DeclarativeBaseNoMeta", "declarative_base", "automap_base")
_SINCE_2 = ("DeclarativeBase", "mapped_column", "async_sessionmaker", "MappedAsDataclass")
"""Names that SQLAlchemy 2.0 brought."""
_CREATE_VIEW = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:materialized\s+)?view\s+(?:if\s+not\s+exists\s+)?"
    r"(?:[\"\w]+\.)?[\"`]?(\w+)",
    re.IGNORECASE,
)


class Models(Part):
    """All mapped classes of an application."""

    @cached_property
    def all(self) -> list[Model]:
        """Every mapped class, in file and source order; classes of migrations and tests included."""
        return [Model(self.project, class_) for class_ in self.project.classes if self._is_mapped(class_)]

    @cached_property
    def by_class(self) -> dict[Class, Model]:
        return {model.class_: model for model in self.all}

    def of(self, symbol: object) -> Model | None:
        """The model that a class is."""
        return self.by_class.get(symbol) if isinstance(symbol, Class) else None

    def named(self, scope: Scope, expr: o.Node | None) -> Model | None:
        """The model that an expression names."""
        return self.of(self.project.resolver.resolve(scope, expr))

    @cached_property
    def by_name(self) -> dict[str, list[Model]]:
        return grouped((model.name, model) for model in self.all)

    @cached_property
    def by_module(self) -> dict[Module, list[Model]]:
        """Models by the file that they are written in."""
        return grouped((model.module, model) for model in self.all)

    @cached_property
    def by_table(self) -> dict[str, list[Model]]:
        """Models by literal table name."""
        return grouped((model.table, model) for model in self.all if model.table is not None)

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
        found = {ancestor for model in self.all for ancestor in model.ancestors}
        return sorted(found, key=lambda class_: (class_.module.path, class_.node.start))

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
        variables = (
            Variable(module, name, module.scope, binding.node, binding.annotation, binding.value)
            for module in self.project.modules
            if "Table(" in module.text
            for name, bindings in module.scope.bindings.items()
            for binding in bindings
        )
        is_from = self.project.resolver.is_from
        return [
            Table(self.project, each, each.value)
            for each in variables
            if isinstance(each.value, o.Call) and is_from(each.scope, each.value, "sqlalchemy", "Table")
        ]

    @cached_property
    def has_mapped_columns(self) -> bool:
        """Whether SQLAlchemy is 2.0 or newer and has `mapped_column`: by its version, else by what is imported."""
        version = self.project.versions.sqlalchemy
        if version.at_least(2) or version.is_below(2):
            return version.at_least(2)
        if any(map(self.project.says, _SINCE_2)):
            return True
        return version.lowest is None and not self.project.says("sqlalchemy.ext.declarative")

    # --- classes -----------------------------------------------------------------------------------

    def is_declarative(self, class_: Class) -> bool:
        """Whether the class belongs to a declarative base, mapped or not."""
        return any(
            ancestor.is_from("sqlalchemy", *_DECLARATIVE)
            if isinstance(ancestor, External)
            else self._is_declarative_by_itself(ancestor)
            for ancestor in self.project.resolver.mro(class_)
        ) or self._is_declarative_by_library(class_)

    def _is_declarative_by_library(self, class_: Class) -> bool:
        """Whether a base of some library, or one that cannot be seen, must be declarative, because the class names its
        table and has columns."""
        own = self.project.resolver.own(class_)
        if not any(self._has_columns(each) for each in own if "__tablename__" in each.scope.bindings):
            return False
        foreign = self.project.resolver.foreign(class_)
        return any(base.package not in _NO_LIBRARY for base in foreign) or any(map(self.has_unseen_base, own))

    def has_unseen_base(self, class_: Class) -> bool:
        """Whether nothing is known of a base that is written there: `class User(make_base())`."""
        return len(self.project.resolver.bases(class_)) < sum(not base.keyword for base in class_.node.bases)

    def _has_columns(self, class_: Class) -> bool:
        made = (
            (binding.value.func, binding.annotation)
            if isinstance(binding.value, o.Call)
            else (None, binding.annotation)
            for bindings in class_.scope.bindings.values()
            for binding in bindings
        )
        return any(
            self._is_from_orm(class_, func) or (isinstance(note, o.Subscript) and self._is_from_orm(class_, note.value))
            for func, note in made
        )

    def _is_from_orm(self, class_: Class, expr: o.Node | None) -> bool:
        names = ("Mapped", "mapped_column", "Column", "relationship")
        return self.project.resolver.is_from(class_.scope, expr, "sqlalchemy", *names)

    def _is_declarative_by_itself(self, class_: Class) -> bool:
        for decorator in class_.node.decorators:
            named = decorator.func
            if isinstance(named, o.Attribute) and named.attr in ("mapped", "mapped_as_dataclass"):
                return True
        if self._is_decorated_base(class_):
            return True
        for base in class_.node.bases:
            if base.keyword == "metaclass":
                return self.project.resolver.is_from(class_.enclosing, base.value, "sqlalchemy", "DeclarativeMeta")
        return False

    def is_sqlmodel(self, class_: Class) -> bool:
        """A SQLModel class, table or not."""
        return self.project.says("sqlmodel") and (
            self.project.resolver.is_subclass(class_, "sqlmodel.SQLModel")
            or self.project.resolver.is_subclass(class_, "sqlmodel.main.SQLModel")
        )

    @kept
    def is_dataclass(self, class_: Class) -> bool:
        """Whether mapped attributes of the class are fields of a dataclass."""
        if any(base.name == "MappedAsDataclass" for base in self.project.resolver.foreign(class_)):
            return True
        own = self.project.resolver.own(class_)
        return any("dataclass" in a.module.slice(decorator) for a in own for decorator in a.node.decorators)

    def _is_mapped(self, class_: Class) -> bool:
        abstract = class_.scope.bindings.get("__abstract__")
        if abstract and o.dotted(abstract[-1].value) == "True":
            return False
        if self.is_sqlmodel(class_):
            return any(base.keyword == "table" and o.dotted(base.value) == "True" for base in class_.node.bases)
        if not self.is_declarative(class_) or self._is_base(class_):
            return False
        return any(
            ancestor.scope.bindings.keys() & {"__tablename__", "__table__"}
            if isinstance(ancestor, Class)
            else foreign_table(ancestor) is not None
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
        calls = [decorator.value for decorator in class_.node.decorators if isinstance(decorator.value, o.Call)]
        return any(
            self.project.resolver.is_from(class_.enclosing, call, "sqlalchemy", "as_declarative")
            or (isinstance(call.func, o.Attribute) and call.func.attr == "as_declarative_base")
            for call in calls
        )

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
            is_other = isinstance(symbol, Class) and symbol is not class_
            if isinstance(symbol, Class) and is_other and (self.is_declarative(symbol) or self.is_sqlmodel(symbol)):
                known = self.by_class.get(symbol)
                return known.registry if known is not None else self.registry_of(symbol)
            if isinstance(symbol, Variable) and any(self.project.resolver.made_bases(class_.enclosing, base.value)):
                return self.registry_behind(symbol)
            if isinstance(symbol, External) and symbol.name == "SQLModel":
                return symbol.name
        return None

    def _decorating_registry(self, class_: Class) -> tuple[str, str] | None:
        """The variable that holds the registry of `@mapper_registry.mapped`."""
        for decorator in class_.node.decorators:
            named = decorator.func
            if isinstance(named, o.Attribute):
                symbol = self.project.resolver.resolve(class_.enclosing, named.value)
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
            return self.named(target.scope, expr)
        return candidates[0] if candidates else None

    def users_of(self, class_: Class) -> list[Model]:
        """The models that a class contributes to: itself, or those that inherit it."""
        return self._users.get(class_, [])

    @cached_property
    def _users(self) -> dict[Class, list[Model]]:
        return grouped((ancestor, model) for model in self.all for ancestor in model.ancestors)

    # --- attributes --------------------------------------------------------------------------------

    @kept
    def columns_of(self, class_: Class) -> list[Column]:
        """The columns written in a class body, in source order."""
        return [each for each in self._written(class_) if isinstance(each, Column)]

    @kept
    def relationships_of(self, class_: Class) -> list[Relationship]:
        """The relationships written in a class body, in source order."""
        return [each for each in self._written(class_) if isinstance(each, Relationship)]

    @kept
    def _written(self, class_: Class) -> list[Column | Relationship]:
        return list(self._attributes(class_))

    def _attributes(self, class_: Class) -> Iterator[Column | Relationship]:
        for statement in own_statements(class_.node.body):
            if isinstance(statement, o.AnnAssign) and isinstance(statement.target, o.Name):
                name, annotation = statement.target.id, statement.annotation
                yield from self._attribute(class_, name, statement, annotation, statement.value, class_.scope)
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
        return self.project.resolver.is_from(class_.scope, value, "sqlalchemy", "declared_attr")

    @kept
    def _returned_call(self, function: Function) -> o.Call | None:
        calls = [
            node.value
            for node in o.walk(*function.scope.body)
            if isinstance(node, o.Return) and isinstance(node.value, o.Call)
        ]
        return calls[0] if len(calls) == 1 else None

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
        field_call = value if isinstance(value, o.Call) and is_field(project, Located(value, scope)) else None
        column = Column(project, class_, name, statement, annotation, field_call, scope)
        if column.mapped_type is None or (value is not None and not self.is_sqlmodel(class_)):
            return
        resolver = project.resolver
        for member in union_members(column.mapped_type):
            inner = member.items[-1] if isinstance(member, o.Subscript) and member.items else member
            if resolver.resolve(scope, inner) in self.by_class:
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


def _is_class_var(project: Project, scope: Scope, annotation: o.Expr) -> bool:
    value = annotation.value if isinstance(annotation, o.Subscript) else annotation
    return project.resolver.foreign_name(scope, value) in ("ClassVar", "PrivateAttr")
