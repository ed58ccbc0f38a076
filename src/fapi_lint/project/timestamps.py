"""When rows were made and changed: which models have a column for it, and which mixin gives it to them."""

from __future__ import annotations

from functools import cached_property

from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Model
from fapi_lint.project.module import Module
from fapi_lint.project.pairing import column_name
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Variable

# fmt: off
CREATED = (
    "created_at", "created", "created_on", "created_time", "created_date", "date_created", "create_at", "create_time",
    "creation_date", "creation_time", "inserted_at",
)
UPDATED = (
    "updated_at", "updated", "updated_on", "updated_time", "updated_date", "date_updated", "update_at", "update_time",
    "modified_at", "modified", "modified_on", "modified_time", "date_modified", "last_modified", "last_updated",
)
# fmt: on
"""What applications call them."""
_KNOWN = frozenset(["abc", "builtins", "sqlalchemy", "sqlmodel", "typing", "typing_extensions"])
"""Packages whose base classes bring no columns."""


class Timestamps(Part):
    """The columns `created_at` and `updated_at`, or what the conventions call them."""

    @cached_property
    def names(self) -> tuple[str, str]:
        conventions = self.project.settings.conventions
        return conventions.created_at, conventions.updated_at

    def missing(self, model: Model) -> list[str]:
        """The timestamps that a model has neither itself nor from a base; none where a base cannot be seen."""
        if model.is_view or not self._is_seen(model):
            return []
        given = {column_name(column) for column in model.columns.values()}
        return [
            name
            for name in self.names
            if name not in given and not any(name in ancestor.scope.bindings for ancestor in model.ancestors)
        ]

    def by_another_name(self, model: Model, missing: list[str]) -> str:
        """The column of a model that is one of the missing ones under another name; empty if none is."""
        usual = {*(CREATED if self.names[0] in missing else ()), *(UPDATED if self.names[1] in missing else ())}
        return next((name for name in model.columns if name in usual), "")

    def _is_seen(self, model: Model) -> bool:
        """Whether every base is known, and none brings a table that is defined elsewhere."""
        resolver = self.project.resolver
        for ancestor in model.ancestors:
            if "__table__" in ancestor.scope.bindings:
                return False
            bases = [base for base in ancestor.node.bases if not base.keyword]
            if self.project.models.has_unseen_base(ancestor):
                return False
            if any(self._has_unseen_class(ancestor, base.value) for base in bases):
                return False
        return all(base.package in _KNOWN for base in resolver.foreign(model.class_))

    def _has_unseen_class(self, class_: Class, base: o.Expr) -> bool:
        """`declarative_base(cls=…)` with a class that is none of the application."""
        resolver = self.project.resolver
        symbol = resolver.resolve(class_.enclosing, base)
        made = symbol.value if isinstance(symbol, Variable) else None
        given = made.given("cls") if isinstance(made, o.Call) else None
        if given is None or not isinstance(symbol, Variable):
            return False
        return not isinstance(resolver.resolve(symbol.scope, given), Class)

    @cached_property
    def mixin(self) -> Class | None:
        """The mixin that gives both timestamps, and no other column, to the most models."""
        models = self.project.models
        found = [
            class_
            for class_ in models.mapping_classes
            if {column.name for column in models.columns_of(class_)} == set(self.names)
            and class_ not in models.by_class
            and class_.parent is None
            and all(self._brings_nothing(base) for base in self.project.resolver.bases(class_))
            and self.project.purposes.is_application(class_.module)
        ]
        found.sort(key=lambda class_: len(models.users_of(class_)), reverse=True)
        users = [len(models.users_of(class_)) for class_ in found]
        return found[0] if found and users.count(users[0]) == 1 else None

    @staticmethod
    def _brings_nothing(base: Class | External) -> bool:
        if not isinstance(base, External):
            return False
        return base == External("builtins.object") or base.name in ("MappedAsDataclass", "SQLModel")

    def may_take_mixin(self, model: Model) -> bool:
        """Whether a model can have the mixin for a base, and its module may import it.

        It does so already, or the mixin's module does not need it first.
        """
        if self.mixin is None or not self._goes_with_mixin(model):
            return False
        module = model.module
        imported = any(link.target is self.mixin.module for link in self.project.imports.of(module))
        return imported or module not in self._loaded_by_mixin

    def _goes_with_mixin(self, model: Model) -> bool:
        """Whether the columns of the mixin are there what they are elsewhere, and nobody has to give them."""
        assert self.mixin is not None
        models, mixin = self.project.models, self.mixin
        columns = models.columns_of(mixin)
        if models.is_sqlmodel(mixin) or models.is_sqlmodel(model.class_):
            is_alike = models.is_sqlmodel(mixin) and models.is_sqlmodel(model.class_)
            return is_alike and all(c.argument("default") or c.argument("default_factory") for c in columns)
        if models.is_dataclass(mixin) or models.is_dataclass(model.class_):
            given = [column.argument("init") for column in columns]
            is_alike = models.is_dataclass(mixin) and models.is_dataclass(model.class_)
            return is_alike and all(init is not None and o.dotted(init.expr) == "False" for init in given)
        users = models.users_of(mixin)
        if any(column.type_arg is None for column in columns) and any(user.type_maps for user in users):
            return any(user.registry == model.registry for user in users)  # It says what type the columns have.
        return True

    @cached_property
    def _loaded_by_mixin(self) -> set[Module]:
        return (
            set() if self.mixin is None else self.project.imports.reachable([self.mixin.module]) - {self.mixin.module}
        )
